"""Scores of a model, a folder or a data set against real data."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import tfgan_ref
from tfgan_ref import data
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.evaluation import (
    Extractor,
    Features,
    Score,
    check_metrics,
    classifier_for,
    extract_drawn,
    extract_real,
    score,
)
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.run import build
from tfgan_ref.run.sample import Sampler, open_sampler, sampler_of

EXTRACTORS = ("classifier", "inception-fid", "inception-keras")


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
        weights: the feature network's file, where it needs one.
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
    source = _open(model, image_size, n)
    own = data_name is None
    if own:
        data_name, data_dir = _own_data(model)
    arrays, compared = _read_real(source, data_name, data_dir, split, own)
    extractor = make_extractor(features, arrays, weights, resize)
    real = extract_real(arrays, n, extractor, seed)
    labels = source.choose_labels(arrays, n, seed)
    draw = _with_channels(source.drawer(n, seed, labels), arrays.images.shape[-1])
    fake = extract_drawn(draw, min(n, source.available), extractor, f"features of {model}")
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
        label_agreement=_agreement(fake, labels, features, arrays),
        notes=[compared, *_notes(real, fake, n)],
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
    n = settings.evaluate_n
    real = extract_real(arrays, n, extractor, settings.seed)
    sampler = sampler_of(gan)
    source = _Source(arrays.images.shape[1:], n, sampler=sampler)
    draw = source.drawer(n, settings.seed, source.choose_labels(arrays, n, settings.seed))
    return lambda: score(metrics, real, extract_drawn(draw, n, extractor, None), settings.seed)


@dataclass(frozen=True)
class _Source:
    """The source of the images that are scored: a generator or images at hand."""

    image_shape: tuple[int, int, int]
    available: int
    sampler: Sampler | None = None
    arrays: ImageArrays | None = None

    def choose_labels(self, arrays: ImageArrays, n: int, seed: int) -> np.ndarray | None:
        """Returns labels for a conditional generator, as frequent as in the real data if these have any."""
        if self.sampler is None or self.sampler.num_classes is None:
            return None
        if arrays.labels is None or len(arrays.class_names) != self.sampler.num_classes:
            return np.arange(n) % self.sampler.num_classes
        return np.random.default_rng(seed).choice(arrays.labels, n)

    def drawer(self, n: int, seed: int, labels: np.ndarray | None) -> Callable[[int, int], np.ndarray]:
        """Returns the function that gives the images from one number up to another."""
        if self.sampler is None:
            count = len(self.arrays.images)
            chosen = np.arange(count)
            if n < count:
                chosen = np.sort(np.random.default_rng(seed).choice(count, n, replace=False))
            return lambda start, stop: self.arrays.images[chosen[start:stop]]
        latents = self.sampler.latents(n, seed)
        return lambda start, stop: self.sampler.draw(
            latents[start:stop], None if labels is None else labels[start:stop]
        )


def _open(model: str, image_size: int | None, n: int) -> _Source:
    if (Path(model) / "config.json").is_file() or (Path(model) / "saved_model.pb").is_file():
        if image_size is not None:
            raise InputError(f"image_size {image_size}: a generator's samples keep their own size")
        sampler = open_sampler(Path(model))
        shape = sampler.draw(*_one(sampler)).shape[1:]
        return _Source(shape, n, sampler=sampler)
    if Path(model).exists():
        raise InputError(
            f"{model} is neither a run directory nor a SavedModel: for images write folder:{model}"
        )
    arrays = data.read(model, image_size=image_size)
    return _Source(arrays.images.shape[1:], len(arrays.images), arrays=arrays)


def _one(sampler: Sampler) -> tuple[np.ndarray, np.ndarray | None]:
    return sampler.latents(1, 0), None if sampler.num_classes is None else np.zeros(1, np.int32)


def _read_real(
    source: _Source, name: str, data_dir: str | None, split: str, own: bool
) -> tuple[ImageArrays, str]:
    """Reads the real data in the form in which both sides are compared, and says which it is.

    They have the size of the generated images, and of a run's own data the channels, as it was trained on
    them. Other data keep their colours: if only one side has some, both are compared in RGB.
    """
    height, _, channels = source.image_shape
    form = {"image_size": height, "split": split, "data_dir": data_dir}
    arrays = data.read(name, channels=channels if own else None, **form)
    grey = ""
    if {arrays.images.shape[-1], channels} == {1, 3}:
        grey = f", of which the {'generated' if channels == 1 else 'real'} ones are grey"
        arrays = replace(arrays, images=np.broadcast_to(arrays.images, (*arrays.images.shape[:3], 3)))
    elif arrays.images.shape[-1] != channels:
        arrays = data.read(name, channels=channels, **form)
    height, width, channels = arrays.images.shape[1:]
    plural = "s" if channels > 1 else ""
    return arrays, f"both sides are {width}x{height} images with {channels} channel{plural}{grey}"


def _with_channels(draw: Callable[[int, int], np.ndarray], channels: int) -> Callable[[int, int], np.ndarray]:
    """Returns ``draw`` with its images, if they are grey, in as many channels."""

    def drawn(start: int, stop: int) -> np.ndarray:
        images = draw(start, stop)
        return np.broadcast_to(images, (*images.shape[:3], channels))

    return drawn


def _own_data(model: str) -> tuple[str, str | None]:
    if not (Path(model) / "config.json").is_file():
        raise InputError(f"{model} does not say what real data it belongs to: name them with --data")
    settings = build.settings_of(Path(model))
    return settings.data, settings.data_dir


def make_extractor(
    features: str, arrays: ImageArrays, weights: Path | None, resize: str = "tf1"
) -> Extractor:
    """Returns the feature network of that name, with its weights.

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
        return classifier_for(arrays)
    if features == "inception-fid":
        from tfgan_ref.networks.features.inception_fid import InceptionFID

        return InceptionFID(weights=weights, resize=resize)
    from tfgan_ref.networks.features.inception_keras import InceptionKeras

    return InceptionKeras(weights=weights)


def _agreement(fake: Features, labels: np.ndarray | None, features: str, arrays: ImageArrays) -> float | None:
    if labels is None or features != "classifier" or fake.logits.shape[1] <= labels.max():
        return None
    return float(np.mean(fake.logits.argmax(axis=1) == labels))


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
