"""Scores of a model, a folder or a data set against real data."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tfgan_ref
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.evaluation import (
    Extractor,
    Features,
    Score,
    SmallClassifier,
    check_metrics,
    classifier_for,
    extract_drawn,
    extract_real,
    metrics_without_classes,
    score,
)
from tfgan_ref.evaluation.features import EXTRACTORS
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.networks.features.random_convolutions import RandomConvolutions
from tfgan_ref.networks.features.saved_network import SavedNetwork
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.run.evaluate_sides import Source, open_source, read_own, read_real, with_channels
from tfgan_ref.run.sample import sampler_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """The result of an evaluation.

    Attributes:
        settings: everything that the scores depend on.
        extractor: the label of the feature network.
        scores: one for each number.
        label_agreement: share of a conditional generator's samples that the classifier takes for the class
            asked for, or None.
        notes: what a reader must know of these scores, one line each.
        seconds: how long it took.
    """

    settings: dict[str, Any]
    extractor: str
    scores: list[Score]
    label_agreement: float | None
    notes: list[str]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as JSON values."""
        return asdict(self)

    def table(self) -> str:
        """Returns the scores as text, each with its floor."""
        lines = [f"features: {self.extractor}", ""]
        lines.append(f"{'metric':30} {'score':>12} {'real vs real':>14}   {'rows':>13}  better")
        for found in self.scores:
            value = f"{found.value:.4g}" + (f" ±{found.spread:.2g}" if found.spread is not None else "")
            rows = f"{found.rows[0]}/{found.rows[1]}"
            lines.append(f"{found.title:30} {value:>12} {found.floor:>14.4g}   {rows:>13}  {found.better}")
        if self.label_agreement is not None:
            lines.append(f"{'label agreement':30} {self.label_agreement:>12.4g} {'':>14}   {'':>13}  high")
        return "\n".join([*lines, "", *self.notes, f"{self.seconds:.0f} s"])


def evaluate(
    model: str,
    *,
    data_name: str | None = None,
    data_dir: str | None = None,
    split: str = "train",
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
        split: of the real data.
        image_size: to which images of both sides are resized; None keeps a model's own size.
        metrics: names in ``evaluation.METRICS``.
        features: one of ``EXTRACTORS``.
        weights: the feature network's file or folder, where it needs one.
        resize: how the FID network resizes: "tf1" or "clean".
        n: number of samples, and the most real images that are used.
        seed: of the samples, of the real images chosen and of the floor's halves.

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
        data_name, arrays, compared = read_own(model, source, data_dir, split)
    else:
        arrays, compared = read_real(source, data_name, data_dir, split)
    extractor = make_extractor(features, arrays, weights, resize)
    metrics, left_out = usable_metrics(metrics, extractor)
    real = extract_real(arrays, n, extractor, seed)
    labels = source.choose_labels(arrays, n, seed)
    draw = with_channels(source.drawer(n, seed, labels), arrays.images.shape[-1])
    fake = extract_drawn(draw, min(n, source.available), extractor, f"features of {model}")
    classified = labels is not None and isinstance(extractor, SmallClassifier) and not extractor.rotations
    scores = [
        replace(found, title=extractor.label) if found.metric == "fid" else found
        for found in score(metrics, real, fake, seed)
    ]
    return Report(
        settings={
            "model": model,
            "data": data_name,
            "split": split,
            "image_shape": list(arrays.images.shape[1:]),
            "metrics": list(metrics),
            "features": features,
            "weights": str(weights) if weights else None,
            "resize": resize if features == "inception-fid" else None,
            "n_real": len(real.features),
            "n_fake": len(fake.features),
            "seed": seed,
            "versions": {
                "tfgan_ref": tfgan_ref.__version__,
                "tensorflow": tf.__version__,
                "keras": keras.__version__,
            },
        },
        extractor=extractor.name,
        scores=scores,
        label_agreement=source.label_agreement(arrays, labels, fake.logits) if classified else None,
        notes=[compared, *left_out, *_notes(real, fake, n)],
        seconds=time.monotonic() - start,
    )


def generator_evaluator(
    gan: GenerativeModel, arrays: ImageArrays, settings: Settings
) -> Callable[[], list[Score]]:
    """Returns the function that scores the averaged generator of ``gan``, as it is at each call.

    Args:
        gan: the GAN in training.
        arrays: its real data.
        settings: those named ``evaluate_...``.

    Raises:
        InputError: one of them cannot be used.
    """
    metrics = settings.evaluate_metrics.split(",")
    check_metrics(metrics)
    weights = Path(settings.evaluate_weights) if settings.evaluate_weights else None
    extractor = make_extractor(settings.evaluate_features, arrays, weights)
    metrics, notes = usable_metrics(metrics, extractor)
    for note in notes:
        logger.info("evaluate_every: %s", note)
    n = settings.evaluate_n
    real = extract_real(arrays, n, extractor, settings.seed)
    sampler = sampler_of(gan, arrays.class_names)
    source = Source(arrays.images.shape[1:], n, sampler=sampler)
    draw = source.drawer(n, settings.seed, source.choose_labels(arrays, n, settings.seed))
    return lambda: score(metrics, real, extract_drawn(draw, n, extractor, None), settings.seed)


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
    left, notes = metrics_without_classes(metrics, why)
    return left, [*extractor.notes, *notes]


def _notes(real: Features, fake: Features, n: int) -> list[str]:
    notes = []
    for side, rows in (("real", real), ("generated", fake)):
        if len(rows.features) < n:
            notes.append(f"{len(rows.features)} {side} images, fewer than n = {n}: all of them are used")
    dimensions, fewest = real.features.shape[1], min(len(real.features), len(fake.features))
    if fewest < dimensions:
        notes.append(
            f"{fewest} images are fewer than the {dimensions} dimensions of the features: the Frechet "
            "distance is far too high"
        )
    return notes
