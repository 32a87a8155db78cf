"""The tf.data pipeline of all kinds of data: endless batches, each of them a function of its step.

A kind of data says how the items at given positions of its order become a batch; the rest is here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import whole_number

MOST_COUNTS = 8  # classes that are named with their numbers of items
EXAMPLES = 6  # items that show a translator's progress
_ALIGNMENT = 64  # of the memory of a tensor, in bytes

Batch = dict[str, tf.Tensor]


class DataShape(NamedTuple):
    """The shape of the data that networks are built for, and the names of their classes."""

    sample_shape: tuple[int, ...]  # of what the generator makes in training: (H, W, C) for images
    num_classes: int | None = None  # None: the data have no labels
    source_channels: int | None = None  # of the images that a translator starts from; None: no translator
    names: dict[str, tuple[str, ...]] | None = None  # what numbers stand for: classes, words, attributes


@dataclass(frozen=True)
class TrainingData:
    """Data in memory, with the settings of the batches that a run trains on.

    Attributes:
        items: the data, of the class of their kind, such as ``ImageArrays``.
        shape: what networks must know of them.
        fingerprint: a text that differs for other data, to recognise them when a run is resumed.
        batches: maps a batch size and the step to begin at (default 0) to the endless data set of batches.
        count: the number of items.
        memory: bytes of what is trained on.
        examples: arguments that a recipe's ``draw`` takes beside the GAN.
        held_out: items of the same kind that are not trained on, where there are some.
    """

    items: Any
    shape: DataShape
    fingerprint: str
    batches: Callable[..., tf.data.Dataset]
    count: int
    memory: int
    examples: tuple[dict[str, np.ndarray], ...] = ()
    held_out: Any = None

    def class_counts(self) -> str:
        """Returns in words the classes of labelled items, with their counts; "" without labels.

        Of more than ``MOST_COUNTS`` classes it names the first ones, the smallest and the largest.
        """
        if not self.shape.num_classes:
            return ""
        labels, given = getattr(self.items, "labels", None), self.shape.names or {}
        if labels is None:  # data of a recipe outside the package
            return f" in {self.shape.num_classes:,} classes"
        names = given.get("classes") or given.get("topics") or range(self.shape.num_classes)
        counts = np.bincount(labels, minlength=len(names))
        chosen = [*range(min(len(names), MOST_COUNTS))]
        if len(names) > MOST_COUNTS:
            chosen += [int(counts.argmin()), int(counts.argmax())]
        said = [f"{names[k]}: {counts[k]:,}" for k in chosen]
        if len(names) > MOST_COUNTS:
            said = [*said[:-2], f"..., smallest {said[-2]}, largest {said[-1]}"]
        # Names of files may hold bytes that are no text, which cannot be printed.
        text = f" in {len(names):,} classes ({', '.join(said)})"
        return " ".join(text.encode("utf-8", "replace").decode().splitlines())


def shareable(array: np.ndarray, *, copy: bool = True) -> np.ndarray:
    """Returns the array itself if a tensor can share its memory, else another one that can.

    ``tf.constant`` copies an array twice. ``tf.experimental.dlpack.from_dlpack(array.__dlpack__())`` of what
    this returns copies nothing: the tensor is the array, which must not be changed any more.

    Args:
        array: what is needed in memory.
        copy: whether another array has the values of this one; False for ``np.empty``, to be filled later.
    """
    if array.flags.carray and array.__array_interface__["data"][0] % _ALIGNMENT == 0:
        return array
    memory = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -memory.__array_interface__["data"][0] % _ALIGNMENT
    result = memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    if copy:
        result[...] = array
    return result


def endless_batches(
    make_batch: Callable[[tf.Tensor, tf.Tensor], Batch], batch_size: int, start_step: int
) -> tf.data.Dataset:
    """Returns the endless data set of the batches of all steps from ``start_step`` on.

    Args:
        make_batch: maps the positions of a batch's items, int64 (batch_size,), and the step, an int32 scalar,
            to the batch. Position p = step * batch_size + i is in epoch p // N of N items, so that every
            batch is full and may span epochs. It must depend on these arguments only.
        batch_size: items per batch; may be more than there are.
        start_step: the number of batches to leave out, of a run that is resumed.

    Raises:
        InputError: ``batch_size`` is no whole number from 1 up, or ``start_step`` none from 0 up.
    """
    whole_number("batch_size", batch_size, 1)
    whole_number("start_step", start_step, 0)

    def batch_of_step(step: tf.Tensor) -> Batch:
        positions = step * batch_size + tf.range(batch_size, dtype=tf.int64)
        return make_batch(positions, tf.cast(step, tf.int32))

    options = tf.data.Options()
    # There is nothing to optimize here, and the rewritten graph would hold a second copy of the data.
    options.experimental_optimization.apply_default_optimizations = False
    dataset = tf.data.Dataset.counter(start_step).map(batch_of_step)
    return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


def check_order(batch_size: int, seed: int, start_step: int) -> None:
    """Raises InputError unless batch_size >= 1, seed >= 0 and start_step >= 0, all whole."""
    whole_number("batch_size", batch_size, 1)
    whole_number("seed", seed, 0)
    whole_number("start_step", start_step, 0)


def spread_indices(n: int, count: int) -> tf.Tensor:
    """Returns n indices spread evenly over [0, count), the middle of each of n equal parts: int64 (n,)."""
    return tf.constant((2 * np.arange(n, dtype=np.int64) + 1) * count // (2 * n))


def derived_seed(seed: int, purpose: int) -> int:
    """Returns a seed for an order, independent of ``seed`` itself and of its other purposes (from 1 up)."""
    return int(np.random.SeedSequence([seed, purpose]).generate_state(1, np.uint64)[0])


def draws_seed(seed: int, purpose: int) -> tf.Tensor:
    """Returns the (2,) int32 seed of TensorFlow's stateless functions, for a purpose of ``seed``."""
    words = np.random.SeedSequence([seed, purpose]).generate_state(2, np.uint32)
    with tf.device("CPU:0"):
        return tf.constant(words.view(np.int32))
