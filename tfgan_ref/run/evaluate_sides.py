"""The sides of an evaluation: the images that are scored, and the real data, in the same form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import data
from tfgan_ref.data import ImageArrays
from tfgan_ref.data.streams.derived import DerivedRows
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import (
    Extractor,
    Features,
    Sides,
    SmallClassifier,
    chosen_rows,
    extract_drawn,
    extract_images,
    extract_real,
)
from tfgan_ref.media.medium import code_names, renumbered
from tfgan_ref.recipes.settings import SamplingSettings
from tfgan_ref.run import build
from tfgan_ref.run.sample import Sampler, open_sampler
from tfgan_ref.training.run_directory import RunDirectory


@dataclass(frozen=True)
class Source:
    """The source of the images that are scored: a generator or images at hand."""

    image_shape: tuple[int, int, int]
    available: int
    sampler: Sampler | None = None
    arrays: ImageArrays | None = None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes that its images have; empty without labels."""
        if self.sampler is None:
            return self.arrays.class_names
        return tuple(self.sampler.class_names or ())

    def choose_labels(self, arrays: ImageArrays, n: int, seed: int) -> np.ndarray | None:
        """Returns labels: for a generator, as frequent as classes of these names in the data.

        If the data have none of its classes, every class comes in turn. Those of images at hand are their
        own. None where there are no classes.
        """
        if self.sampler is None:
            return None if self.arrays.labels is None else self.arrays.labels[self._chosen(n, seed)]
        if self.sampler.num_classes is None:
            return None
        if arrays.labels is not None:
            known = renumbered(arrays.labels, arrays.class_names, self.class_names)
            known = known[known >= 0]
            if len(known):
                return np.random.default_rng(seed).choice(known, n)
        return np.arange(n) % self.sampler.num_classes

    def drawer(self, n: int, seed: int, labels: np.ndarray | None) -> Callable[[int, int], np.ndarray]:
        """Returns the function that gives the images from one number up to another."""
        if self.sampler is None:
            chosen = self._chosen(n, seed)
            return lambda start, stop: self.arrays.images[chosen[start:stop]]
        latents = self.sampler.latents(n, seed)
        return lambda start, stop: self.sampler.draw(
            latents[start:stop], None if labels is None else labels[start:stop]
        )

    def extract(
        self,
        n: int,
        seed: int,
        labels: np.ndarray | None,
        channels: int,
        extractor: Extractor,
        title: str | None,
    ) -> tuple[Features, np.ndarray]:
        """Computes the features of ``n`` images, or of fewer where some are damaged on disk.

        Args:
            n: number of images.
            seed: of the samples, or of the choice of images.
            labels: those that ``choose_labels`` returned.
            channels: in how many grey images are shown.
            extractor: the network.
            title: of a progress bar; None: there is none.

        Returns:
            The features, without labels, and the places among the ``n`` of the images that they are of.
        """
        if self.sampler is None:
            chosen = self._chosen(n, seed)
            found, numbers = extract_images(self.arrays, chosen, extractor, title, channels)
            return found, np.searchsorted(chosen, numbers)
        draw = with_channels(self.drawer(n, seed, labels), channels)
        return extract_drawn(draw, n, extractor, title), np.arange(n)

    def _chosen(self, n: int, seed: int) -> np.ndarray:
        return chosen_rows(len(self.arrays.images), n, seed)


@dataclass(frozen=True)
class Real:
    """The real data of an evaluation.

    Attributes:
        name: of the data set.
        training: what the generator was trained on, or the data set's part for that.
        reference: what is scored against; None: one half of ``training``, against the other half.
        notes: what a reader must know of them, one line each.
    """

    name: str
    training: ImageArrays
    reference: ImageArrays | None
    notes: list[str]

    @property
    def floor(self) -> str:
        """Returns what the scores of real images in place of the generated ones are called."""
        return "real vs real" if self.reference is None else "training set"


@dataclass(frozen=True)
class Comparison:
    """Everything that a generator's scores need but its samples.

    Attributes:
        reference, real, training: see ``Sides``.
        draw: makes the features of the samples; with a title, under a progress bar.
        labelled: whether samples and reference have labels of the training images' classes.
        codes: of the samples, from a generator whose labels are codes that mean no class; None: they do.
    """

    reference: Features
    real: Features
    training: Features
    draw: Callable[[str | None], Features]
    labelled: bool
    codes: np.ndarray | None = None

    def sides(self, title: str | None) -> Sides:
        """Draws the samples; with a ``title``, under a progress bar."""
        return Sides(self.reference, self.draw(title), self.real, self.training)


def compare_with(real: Real, source: Source, extractor: Extractor, n: int, seed: int) -> Comparison:
    """Computes the features of the real images, and says how the samples' are computed.

    The classifier, which is fast, sees all training images and ``n`` samples, for the label agreement; a slow
    network only as many as the scores take.
    """
    fast = isinstance(extractor, SmallClassifier)
    training = extract_real(real.training, len(real.training.images) if fast else n, extractor, seed)
    classes = real.training.class_names
    if real.reference is None:
        order = np.random.default_rng(seed).permutation(len(training.features))
        reference, others = (training.take(rows) for rows in np.array_split(order, 2))
    else:
        reference, others = extract_real(real.reference, n, extractor, seed), training
        if reference.labels is not None:
            labels = renumbered(reference.labels, real.reference.class_names, classes)
            reference = reference._replace(labels=None if labels.min() < 0 else labels)
    count = min(n, source.available)
    if not fast:
        count = min(count, len(reference.features), len(others.features))
    asked = source.choose_labels(real.reference or real.training, count, seed)
    labels = None if asked is None else renumbered(asked, source.class_names, classes)
    if labels is not None and labels.min() < 0:
        labels = None
    channels = real.training.images.shape[-1]

    def draw(title: str | None) -> Features:
        found, places = source.extract(count, seed, asked, channels, extractor, title)
        return found._replace(labels=None if labels is None else labels[places])

    return Comparison(
        reference,
        others,
        training,
        draw,
        labels is not None and reference.labels is not None,
        asked if source.class_names == code_names(len(source.class_names)) else None,
    )


def open_source(model: str, image_size: int | None, n: int) -> Source:
    """Opens what is scored: a run, a SavedModel, or images by a name that ``data.read`` takes.

    Raises:
        InputError: it cannot be opened, or is a generator and ``image_size`` is given.
    """
    if (Path(model) / "config.json").is_file() or (Path(model) / "saved_model.pb").is_file():
        if image_size is not None:
            raise InputError(f"image_size {image_size}: a generator's samples keep their own size")
        sampler = open_sampler(Path(model))
        shape = sampler.draw(*_one(sampler)).shape[1:]
        return Source(shape, n, sampler=sampler)
    if Path(model).exists():
        raise InputError(
            f"{model} is neither a run directory nor a SavedModel: for images write folder:{model}"
        )
    arrays = data.read(model, image_size=image_size, stream="auto")
    return Source(arrays.images.shape[1:], len(arrays.images), arrays=arrays)


def _one(sampler: Sampler) -> tuple[np.ndarray, np.ndarray | None]:
    return sampler.latents(1, 0), None if sampler.num_classes is None else np.zeros(1, np.int32)


def read_real(source: Source, name: str, data_dir: str | None, split: str | None) -> Real:
    """Reads real data in the form in which both sides are compared.

    They are scaled and cropped to the height and width of the generated images. They keep their colours: if
    only one side has some, both are compared in RGB. Large ones stay on disk, see ``streams``.

    Args:
        source: the images that are scored.
        name: the data set.
        data_dir: where tensorflow-datasets keeps it.
        split: what is scored against; None: its test split, or images that are held out where it has none.

    Raises:
        InputError: they cannot be read.
    """
    *size, channels = source.image_shape
    form = {"image_size": tuple(size), "data_dir": data_dir, "stream": "auto"}
    arrays = data.read(name, **form)
    grey = ""
    if {arrays.images.shape[-1], channels} == {1, 3}:
        grey = f", of which the {'generated' if channels == 1 else 'real'} ones are grey"
    elif arrays.images.shape[-1] != channels:
        form["channels"] = channels
        arrays = data.read(name, **form)
    held_out = None
    if arrays.whole and split is None:
        arrays, held_out = data.hold_out_images(arrays, SamplingSettings.hold_out)
    reference, notes = _reference(arrays, held_out, name, split, form)
    if grey:
        arrays, reference = (part and _in_rgb(part) for part in (arrays, reference))
    return Real(name, arrays, reference, [_form(arrays, grey), *notes])


def read_own(model: str, source: Source, data_dir: str | None, split: str | None) -> Real:
    """Reads the data of the run ``model`` in the form that they had in training, in memory or on disk.

    Pictures that are in the run's cache are read from there; nothing is written to it.

    Args:
        model: the run directory.
        source: the run, opened.
        data_dir: where tensorflow-datasets keeps them; None: where it did in training.
        split: what is scored against; None: the test split, scaled and cropped likewise, or the images that
            the run held out where there is none.

    Raises:
        InputError: ``model`` is no run, the data cannot be read, or they are not those of its training.
    """
    if not (Path(model) / "config.json").is_file():
        raise InputError(f"{model} does not say what real data it belongs to: name them with --data")
    _, settings, _, fingerprint = build.parse_config(RunDirectory.open(Path(model)))
    name, where = settings.data, data_dir or settings.data_dir
    form = settings.group("image_size", "channels", "stream", "cache")
    arrays = data.read(name, data_dir=where, write_cache=False, **form)
    held_out = None
    if arrays.whole:
        arrays, held_out = data.hold_out_images(arrays, settings.hold_out)
    if arrays.fingerprint != fingerprint:
        raise InputError(
            f"data {name} is not what run {model} was started with: put it back, or name the real data with "
            "--data"
        )
    return with_reference(arrays, held_out, source, settings, where, split)


def with_reference(
    training: ImageArrays,
    held_out: ImageArrays | None,
    source: Source,
    settings: SamplingSettings,
    data_dir: str | None,
    split: str | None = None,
) -> Real:
    """Returns the real data of a run from what it is trained on and what it held out."""
    *size, channels = source.image_shape
    form = {"image_size": tuple(size), "channels": channels, "data_dir": data_dir, "write_cache": False}
    form |= settings.group("stream", "cache")
    reference, notes = _reference(training, held_out, settings.data, split, form)
    return Real(settings.data, training, reference, [_form(training), *notes])


def _reference(
    training: ImageArrays, held_out: ImageArrays | None, name: str, split: str | None, form: dict[str, Any]
) -> tuple[ImageArrays | None, list[str]]:
    """Returns what is scored against, None for the halves of ``training``, and what to say of it."""
    if split == "train":
        return None, ["the reference is one half of the images of split train, the other half its floor"]
    if split is None and training.whole:
        if held_out is None:
            return None, [
                "no images were held out of training: the reference is one half of the training images"
            ]
        count = len(held_out.images)
        return held_out, [f"the reference are {count} images of {name} that were held out of training"]
    reference = data.read(name, split=split or "test", **form)
    return reference, [f"the reference are images of split {split or 'test'} of {name}"]


def _in_rgb(arrays: ImageArrays) -> ImageArrays:
    images = arrays.images
    if images.shape[-1] == 3:
        return arrays
    if isinstance(images, Rows):
        rgb = DerivedRows(images, (*images.shape[1:3], 3), lambda grey: grey.repeat(3, axis=-1), "rgb")
    else:
        rgb = np.broadcast_to(images, (*images.shape[:3], 3))
    return replace(arrays, images=rgb)


def _form(arrays: ImageArrays, grey: str = "") -> str:
    height, width, channels = arrays.images.shape[1:]
    plural = "s" if channels > 1 else ""
    return (
        f"both sides are {width}x{height} images with {channels} channel{plural}{grey}; "
        "images of another size were scaled to cover that and cropped to the middle"
    )


def with_channels(draw: Callable[[int, int], np.ndarray], channels: int) -> Callable[[int, int], np.ndarray]:
    """Returns ``draw`` with its images, if they are grey, in as many channels."""

    def drawn(start: int, stop: int) -> np.ndarray:
        images = draw(start, stop)
        return np.broadcast_to(images, (*images.shape[:3], channels))

    return drawn
