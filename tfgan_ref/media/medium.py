"""The kinds of output that generators make, and how each is exported, drawn and written."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import CHUNK, export_generator, numbers
from tfgan_ref.export.translator import export_translator
from tfgan_ref.gans import GenerativeModel, ImageTranslator
from tfgan_ref.media import usage

MOST_NAMES = 20  # of classes in a message
MOST_ROWS = 20  # of classes in the picture of a run's progress
MOST_SHOWN = 200  # samples in a sheet beside the files


# (n, seed, labels (n,)) to samples, some at a time.
Drawing = Callable[[int, int, np.ndarray], Iterator[np.ndarray]]


class SampleWriter(Protocol):
    """A trained generator whose samples are no pictures."""

    def sample(self, n: int, seed: int = 0, label: Any = None) -> Any:
        """Draws ``n`` samples; ``tfgan_ref.load`` says of which form."""

    def write(self, n: int, seed: int, label: str | None, out: Path | None) -> str:
        """Draws ``n`` samples and writes them.

        Args:
            n: number of samples, at least 1.
            seed: the same samples for the same seed.
            label: what to draw, as ``sample.py --label`` names it; None: everything in turn.
            out: a file or folder that does not exist; None: the medium's default.

        Returns:
            What to print: the samples or where they are.

        Raises:
            InputError: an argument cannot be used.
        """


@dataclass(frozen=True)
class Medium:
    """A kind of output: its export, its use and its writing to files.

    Attributes:
        export: writes the averaged generator of (gan, path, shape) as a SavedModel; ``path`` must not exist.
        usage: how to use that SavedModel; ``{path}`` stands for where it is, ``{label}`` for an example.
        served: the output of its ``serving_default`` by which it is known.
        of_gan: makes what writes samples of (gan, shape); None: ``sample.py`` does not draw them, or draws
            pictures.
        of_saved_model: the same of a loaded SavedModel.
        example_label: what ``sample.py --label`` could be, for data of a shape.
    """

    export: Callable[[Any, Path, DataShape], None]
    usage: str
    served: str
    of_gan: Callable[[Any, DataShape], SampleWriter] | None = None
    of_saved_model: Callable[[tf.Module], SampleWriter] | None = None
    example_label: Callable[[DataShape], str] = lambda shape: "all"


def class_labels(n: int, label: str | int | None, names: Sequence[str]) -> np.ndarray:
    """Returns the labels of ``n`` samples.

    Args:
        n: number of samples.
        label: a class: its number; or as text its name or, where no name is a number, its number. None or
            "all": every class in order, see ``labels_in_order``.
        names: what the labels stand for.

    Raises:
        InputError: there is no such class.
    """
    if label in (None, "all"):
        return labels_in_order(n, len(names))
    if label in names:
        return np.full(n, names.index(label))
    by_number = str(label).isdecimal() and not any(name.isdecimal() for name in names)
    if (by_number or isinstance(label, Integral)) and 0 <= int(label) < len(names):
        return np.full(n, int(label))
    if tuple(names) == numbers(len(names)):
        raise InputError(f"label {label!r} is out of range: 0 to {len(names) - 1}, or all")
    shown = [*names[:MOST_NAMES], *(["..."] if len(names) > MOST_NAMES else [])]
    raise InputError(f"label {label!r} is unknown: choose one of {', '.join(shown)}, or all")


def in_pieces(serve: Callable[..., tf.Tensor], *inputs: tf.Tensor) -> Iterator[np.ndarray]:
    """Yields what ``serve`` makes of tensors (N, ...), of ``CHUNK`` rows at a time: any N fits in memory."""
    for start in range(0, len(inputs[0]), CHUNK):
        yield serve(*(tensor[start : start + CHUNK] for tensor in inputs)).numpy()


def drawing(served: Callable[..., dict[str, tf.Tensor]], latent_dim: int) -> Drawing:
    """Returns what draws the samples of a conditional generator, those of its exported ``sample``.

    Args:
        served: its ``serving_default``, from ``latents`` and ``label`` to samples under one name.
        latent_dim: length of a latent vector.
    """

    def serve(latents: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        (samples,) = served(latents=latents, label=label).values()
        return samples

    def draw(n: int, seed: int, labels: np.ndarray) -> Iterator[np.ndarray]:
        latents = randomness.sample_latents(n, latent_dim, randomness.base_seed(seed))
        return in_pieces(serve, latents, tf.constant(labels, tf.int32))

    return draw


def drawing_of_saved_model(loaded: tf.Module) -> Drawing:
    """Returns the same of a SavedModel, which it keeps: the model's functions do not keep its variables."""
    served = loaded.signatures["serving_default"]
    latent_dim = served.structured_input_signature[1]["latents"].shape[1]
    return drawing(lambda **given: loaded.signatures["serving_default"](**given), latent_dim)


def class_names_of(shape: DataShape) -> tuple[str, ...] | None:
    """Returns the names of the classes of data; None where they have no names but their numbers."""
    return (shape.names or {}).get("classes")


def code_names(n: int) -> tuple[str, ...]:
    """Returns the names of the values of a categorical code that means no class of the data."""
    return tuple(f"code {value}" for value in range(n))


def renumbered(labels: np.ndarray, names: tuple[str, ...], onto: tuple[str, ...]) -> np.ndarray:
    """Returns labels of classes called ``names`` as numbers in ``onto``; -1 where that lacks the class."""
    numbers = {name: number for number, name in enumerate(onto)}
    return np.array([numbers.get(name, -1) for name in names])[labels]


def labels_in_order(n: int, classes: int) -> np.ndarray:
    """Returns ``n`` labels, those of class 0 first: n / classes of each, of the first ones one more."""
    return np.sort(np.arange(n) % classes)


def labels_shown(classes: int, each: int) -> np.ndarray:
    """Returns the labels of a run's progress picture: ``each`` of the first ``MOST_ROWS`` classes."""
    return np.repeat(np.arange(min(classes, MOST_ROWS)), each)


def shown_in_sheet(labels: np.ndarray) -> np.ndarray:
    """Returns which samples with these labels, in order, a sheet shows: at most ``MOST_SHOWN`` of them.

    Of more, the first few of each of the first ``MOST_ROWS`` classes.
    """
    if len(labels) <= MOST_SHOWN:
        return np.arange(len(labels))
    _, starts, counts = np.unique(labels, return_index=True, return_counts=True)
    each = MOST_SHOWN // min(len(starts), MOST_ROWS)
    of_classes = zip(starts[:MOST_ROWS], counts, strict=False)
    return np.concatenate([np.arange(start, start + min(count, each)) for start, count in of_classes])


def file_stem(index: int, count: int, name: str = "") -> str:
    """Returns the name, less suffix, of one file among ``count`` that are sorted by their numbers.

    ``name`` comes from a data set: nothing in it may lead out of the folder.
    """
    number = f"{index:0{max(3, len(str(count - 1)))}d}"
    return "_".join([number, *([re.sub(r"[^\w-]", "_", name)[:40]] if name else [])])


def _export_pictures(gan: GenerativeModel, path: Path, shape: DataShape) -> None:
    export_generator(
        gan.sampling_generator, path, num_classes=gan.num_classes, class_names=class_names_of(shape)
    )


def _export_translations(gan: ImageTranslator, path: Path, shape: DataShape) -> None:
    export_translator(
        gan.sampling_generator,
        path,
        inputs=gan.inputs_taken,
        stride=gan.stride,
        scale=gan.scale,
        margin=gan.margin,
        backward=getattr(gan, "ema_backward", None),
    )


PICTURES = Medium(_export_pictures, usage.PICTURES, "images")
TRANSLATIONS = Medium(_export_translations, usage.TRANSLATIONS, "images")
