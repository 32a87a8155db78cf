"""Scores of a model, a folder or a data set against real data."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref.data import ImageArrays, TrainingData
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.evaluation import (
    METRICS,
    OF_CLASSES,
    Extractor,
    Score,
    Sides,
    SmallClassifier,
    check_metrics,
    classifier_for,
    metrics_without,
    score,
)
from tfgan_ref.evaluation.features import EXTRACTORS
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.media.medium import class_names_of
from tfgan_ref.metrics import assigned_accuracy
from tfgan_ref.networks.features.random_convolutions import RandomConvolutions
from tfgan_ref.networks.features.saved_network import SavedNetwork
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.run.build import VERSIONS
from tfgan_ref.run.evaluate_sides import (
    Comparison,
    Source,
    compare_with,
    open_source,
    read_own,
    read_real,
    with_reference,
)
from tfgan_ref.run.sample import sampler_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """The result of an evaluation.

    Attributes:
        settings: everything that the scores depend on.
        extractor: the label of the feature network.
        scores: one for each number.
        floor: what the scores of real images in place of the generated ones are called.
        label_agreement: share of labelled samples that the classifier takes for the class asked for, or None.
        notes: what a reader must know of these scores, one line each.
        seconds: how long it took.
        code_agreement: of InfoGAN's codes, each given one class so that as many samples as possible fit: the
            share that the classifier takes for the class of their code; None for other generators.
    """

    settings: dict[str, Any]
    extractor: str
    scores: list[Score]
    floor: str
    label_agreement: float | None
    notes: list[str]
    seconds: float
    code_agreement: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as JSON values."""
        return asdict(self)

    def table(self) -> str:
        """Returns the scores as text, each with its number of images, its interval and its floor."""
        rows = [("metric", "score", "95 % interval", self.floor, "N", "better")]
        for found in self.scores:
            value = f"{found.value:.4g}" + (f" ±{found.spread:.2g}" if found.spread is not None else "")
            around = "{:.4g} to {:.4g}".format(*found.interval) if found.interval else ""
            rows.append((found.title, value, around, f"{found.floor:.4g}", str(found.n), str(found.better)))
        n = str(self.settings["n_fake"])
        for title, share in (("label", self.label_agreement), ("code", self.code_agreement)):
            if share is not None:
                rows.append((f"{title} agreement", f"{share:.4g}", "", "", n, "high"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [f"features: {self.extractor}", ""]
        for title, *cells, better in rows:
            aligned = [cell.rjust(width) for cell, width in zip(cells, widths[1:-1], strict=True)]
            lines.append("  ".join([title.ljust(widths[0]), *aligned, better]))
        return "\n".join([*lines, "", *self.notes, f"{self.seconds:.0f} s"])


def evaluate(
    model: str,
    *,
    data_name: str | None = None,
    data_dir: str | None = None,
    split: str | None = None,
    image_size: int | None = None,
    metrics: Sequence[str],
    features: str = "classifier",
    weights: Path | None = None,
    resize: str = "tf1",
    n: int = 10000,
    seed: int = 0,
) -> Report:
    """Scores ``model`` against a data set.

    Args:
        model: a run directory, a SavedModel, or images by a name that ``data.read`` takes (folder:PATH, ...).
        data_name: the real data; None for a run directory's own.
        data_dir: where tensorflow-datasets keeps them.
        split: of the real data, what is scored against; None: the test split, or the images that are held
            out of training where there is none.
        image_size: to which images of both sides are resized; None keeps a model's own size.
        metrics: names in ``evaluation.METRICS``.
        features: one of ``EXTRACTORS``.
        weights: the feature network's file or folder, where it needs one.
        resize: how the FID network resizes: "tf1" or "clean".
        n: number of samples, and the most images on either side of a score.
        seed: of the samples and of the choice of images.

    Raises:
        InputError: something cannot be used; the message says what.
    """
    start = time.monotonic()
    check_metrics(metrics)
    check_at_least(12, n=n)
    if features not in EXTRACTORS:
        raise InputError(f"features {features!r} is unknown: choose one of {', '.join(EXTRACTORS)}")
    source = open_source(model, image_size, n)
    if data_name is None:
        real = read_own(model, source, data_dir, split)
    else:
        real = read_real(source, data_name, data_dir, split)
    extractor = make_extractor(features, real.training, weights, resize)
    metrics, left_out = usable_metrics(metrics, extractor)
    comparison = compare_with(real, source, extractor, n, seed)
    metrics, unlabelled = _labelled_metrics(metrics, comparison)
    sides = comparison.sides(f"features of {model}")
    by_class = isinstance(extractor, SmallClassifier) and not extractor.rotations
    predicted = sides.fake.logits.argmax(axis=1) if by_class else None
    scores = [
        replace(found, title=extractor.label) if found.metric == "fid" else found
        for found in score(metrics, sides, seed)
    ]
    return Report(
        settings={
            "model": model,
            "data": real.name,
            "split": split,
            "image_shape": list(real.training.images.shape[1:]),
            "metrics": list(metrics),
            "features": features,
            "weights": str(weights) if weights else None,
            "resize": resize if features == "inception-fid" else None,
            "n_reference": len(sides.reference.features),
            "n_training": len(sides.training.features),
            "n_fake": len(sides.fake.features),
            "seed": seed,
            "versions": VERSIONS,
        },
        extractor=extractor.name,
        scores=scores,
        floor=real.floor,
        label_agreement=float(np.mean(predicted == sides.fake.labels))
        if by_class and sides.fake.labels is not None
        else None,
        notes=[*real.notes, *left_out, *unlabelled, *_notes(sides, n)],
        seconds=time.monotonic() - start,
        code_agreement=assigned_accuracy(comparison.codes, predicted)
        if by_class and comparison.codes is not None
        else None,
    )


def generator_evaluator(
    gan: GenerativeModel, data: TrainingData, settings: Settings
) -> Callable[[], list[Score]]:
    """Returns the function that scores the averaged generator of ``gan``, as it is at each call.

    Args:
        gan: the GAN in training.
        data: its real data.
        settings: those named ``evaluate_...``.

    Raises:
        InputError: one of them cannot be used.
    """
    metrics = settings.evaluate_metrics.split(",")
    check_metrics(metrics)
    weights = Path(settings.evaluate_weights) if settings.evaluate_weights else None
    extractor = make_extractor(settings.evaluate_features, data.items, weights)
    metrics, left_out = usable_metrics(metrics, extractor)
    names = class_names_of(data.shape) or data.items.class_names
    source = Source(data.items.images.shape[1:], settings.evaluate_n, sampler_of(gan, names))
    real = with_reference(data.items, data.held_out, source, settings, settings.data_dir)
    comparison = compare_with(real, source, extractor, settings.evaluate_n, settings.seed)
    metrics, unlabelled = _labelled_metrics(metrics, comparison)
    for note in (*left_out, *unlabelled):
        logger.info("evaluate_every: %s", note)
    return lambda: score(metrics, comparison.sides(None), settings.seed, intervals=False)


def make_extractor(
    features: str, arrays: ImageArrays, weights: Path | None, resize: str = "tf1"
) -> Extractor:
    """Returns the feature network of that name, with its weights.

    The classifier is one of rotations where the data have no labels of two classes.

    Raises:
        InputError: unknown name, images with missing pixels, or weights that are missing or wrong.
    """
    if arrays.masks is not None:
        raise InputError(f"data {arrays.name} has missing pixels: evaluate against complete images")
    if features not in EXTRACTORS:
        raise InputError(f"features {features!r} is unknown: choose one of {', '.join(EXTRACTORS)}")
    if features == "classifier":
        if weights is not None:
            raise InputError("weights: the classifier trains its own, leave out --weights")
        return classifier_for(arrays, rotations=arrays.labels is None or len(np.unique(arrays.labels)) < 2)
    if features == "random-conv":
        if weights is not None:
            raise InputError("weights: random-conv draws its own, leave out --weights")
        return RandomConvolutions(arrays.images.shape[1:])
    if features == "saved-model":
        if weights is None:
            raise InputError("saved-model needs --weights PATH: a SavedModel's folder or a .keras file")
        return SavedNetwork(weights, arrays.images.shape[1:])
    if features == "inception-fid":
        from tfgan_ref.networks.features.inception_fid import InceptionFID

        return InceptionFID(weights=weights, resize=resize)
    from tfgan_ref.networks.features.inception_keras import InceptionKeras

    return InceptionKeras(weights=weights)


def usable_metrics(metrics: Sequence[str], extractor: Extractor) -> tuple[list[str], list[str]]:
    """Returns the metrics that ``extractor`` serves, and what a reader must know of it, one line each.

    Raises:
        InputError: it serves none of them.
    """
    if isinstance(extractor, RandomConvolutions | SavedNetwork):
        why = "these features know no classes"
    elif not isinstance(extractor, SmallClassifier):
        return list(metrics), []
    elif extractor.rotations:
        why = "the data have no labels of two classes"
    else:
        return list(metrics), extractor.notes
    left, notes = metrics_without(metrics, lambda name: name in OF_CLASSES, "predicted classes", why)
    return left, [*extractor.notes, *notes]


def _labelled_metrics(metrics: Sequence[str], comparison: Comparison) -> tuple[list[str], list[str]]:
    """Returns the metrics that what is compared has the labels for, and which are left out, in a line."""
    if comparison.labelled:
        return list(metrics), []
    why = "samples or reference have no labels of the data's classes"
    return metrics_without(metrics, lambda name: METRICS[name].labelled, "labels", why)


def _notes(sides: Sides, n: int) -> list[str]:
    counts = {"reference": sides.reference, "other real": sides.real, "generated": sides.fake}
    fewest, side = min((len(rows.features), side) for side, rows in counts.items())
    notes = []
    if fewest < n:
        notes.append(f"there are {fewest} {side} images: scores are of as many on each side")
    dimensions = sides.reference.features.shape[1]
    if fewest < dimensions:
        notes.append(
            f"{fewest} images are fewer than the {dimensions} dimensions of the features: the Frechet "
            "distance is far too high"
        )
    return notes
