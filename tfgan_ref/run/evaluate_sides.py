"""The two sides of an evaluation: the images that are scored, and the real data, in the same form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tfgan_ref import data
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
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

    def choose_labels(self, arrays: ImageArrays, n: int, seed: int) -> np.ndarray | None:
        """Returns labels for a conditional generator, as frequent as classes of these names in the data.

        If the data have none of its classes, every class comes in turn.
        """
        if self.sampler is None or self.sampler.num_classes is None:
            return None
        if arrays.labels is not None:
            numbers = {name: number for number, name in enumerate(self.sampler.class_names)}
            of_classes = np.array([numbers.get(name, -1) for name in arrays.class_names])
            known = of_classes[arrays.labels]
            known = known[known >= 0]
            if len(known):
                return np.random.default_rng(seed).choice(known, n)
        return np.arange(n) % self.sampler.num_classes

    def label_agreement(self, arrays: ImageArrays, labels: np.ndarray, logits: np.ndarray) -> float | None:
        """Returns the share of samples that the data's classifier takes for the class that was asked for.

        None if the data lack one of those classes.
        """
        numbers = {name: number for number, name in enumerate(arrays.class_names)}
        wanted = np.array([numbers.get(name, -1) for name in self.sampler.class_names])[labels]
        return float(np.mean(logits.argmax(axis=1) == wanted)) if wanted.min() >= 0 else None

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
    arrays = data.read(model, image_size=image_size)
    return Source(arrays.images.shape[1:], len(arrays.images), arrays=arrays)


def _one(sampler: Sampler) -> tuple[np.ndarray, np.ndarray | None]:
    return sampler.latents(1, 0), None if sampler.num_classes is None else np.zeros(1, np.int32)


def read_real(source: Source, name: str, data_dir: str | None, split: str) -> tuple[ImageArrays, str]:
    """Reads real data in the form in which both sides are compared, and says which it is.

    They are scaled and cropped to the height and width of the generated images. They keep their colours: if
    only one side has some, both are compared in RGB.

    Raises:
        InputError: they cannot be read.
    """
    *size, channels = source.image_shape
    form = {"image_size": tuple(size), "split": split, "data_dir": data_dir}
    arrays = data.read(name, **form)
    grey = ""
    if {arrays.images.shape[-1], channels} == {1, 3}:
        grey = f", of which the {'generated' if channels == 1 else 'real'} ones are grey"
        arrays = replace(arrays, images=np.broadcast_to(arrays.images, (*arrays.images.shape[:3], 3)))
    elif arrays.images.shape[-1] != channels:
        arrays = data.read(name, channels=channels, **form)
    return arrays, _form(arrays, grey)


def read_own(model: str, source: Source, data_dir: str | None, split: str) -> tuple[str, ImageArrays, str]:
    """Reads the data of the run ``model`` in the form that they had in training.

    Args:
        model: the run directory.
        source: the run, opened.
        data_dir: where tensorflow-datasets keeps them; None: where it did in training.
        split: "train", which the run was trained on, or another one, which is scaled and cropped likewise.

    Returns:
        Their name, they, and in what form both sides are compared.

    Raises:
        InputError: ``model`` is no run, the data cannot be read, or they are not those of its training.
    """
    if not (Path(model) / "config.json").is_file():
        raise InputError(f"{model} does not say what real data it belongs to: name them with --data")
    _, settings, _, fingerprint = build.parse_config(RunDirectory.open(Path(model)))
    where = {"split": split, "data_dir": data_dir or settings.data_dir}
    if split == "train":
        arrays = data.read(settings.data, image_size=settings.image_size, channels=settings.channels, **where)
        if arrays.fingerprint != fingerprint:
            raise InputError(
                f"data {settings.data} is not what run {model} was started with: put it back, or name the "
                "real data with --data"
            )
    else:
        *size, channels = source.image_shape
        arrays = data.read(settings.data, image_size=tuple(size), channels=channels, **where)
    return settings.data, arrays, _form(arrays)


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
