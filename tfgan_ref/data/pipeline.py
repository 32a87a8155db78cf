"""The tf.data pipeline of all kinds of data: endless batches, each of them a function of its step.

A kind of data says in three parts how the items at given positions of its order become a batch (a
``BatchLoader``); the rest is here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_ref.data.streams.faults import Faults
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import whole_number

MOST_COUNTS = 8  # classes that are named with their numbers of items
EXAMPLES = 6  # items that show a translator's progress
_ALIGNMENT = 64  # of the memory of a tensor, in bytes

Tensors = dict[str, tf.Tensor]
Batch = Tensors


class DataShape(NamedTuple):
    """The shape of the data that networks are built for, and the names of their classes."""

    sample_shape: tuple[int, ...]  # of what the generator makes in training: (H, W, C) for images
    num_classes: int | None = None  # None: the data have no labels
    source_channels: int | None = None  # of the images that a translator starts from; None: no translator
    names: dict[str, tuple[str, ...]] | None = None  # what numbers stand for: classes, words, attributes


@dataclass(frozen=True)
class BatchLoader:
    """How the batch of a step comes about, in three parts, of which the last two can run on any device.

    Attributes:
        batch_size: items per batch; may be more than there are.
        choose: maps the positions of a batch's items, int64 (batch_size,), and the step, an int32 scalar, to
            small tensors: which items, where to cut them, all that is drawn. It runs on the host, since the
            order and the random numbers are the host's, and must depend on these arguments only.
        gather: maps what was chosen and ``arrays`` to the items' values as they are kept, such as uint8.
        finish: maps these values to the batch.
        arrays: what ``gather`` reads from: tensors that share the memory of the data.
        rows: what ``gather``, which then runs on the host too, reads from disk or makes of what is in memory;
            None: it reads ``arrays``.
    """

    batch_size: int
    choose: Callable[[tf.Tensor, tf.Tensor], Tensors]
    gather: Callable[[Tensors, Tensors], Tensors]
    finish: Callable[[Tensors], Batch]
    arrays: Tensors
    rows: Rows | None = None

    def dataset(
        self,
        start_step: int = 0,
        last_part: Literal["choose", "gather", "finish"] = "finish",
        shard: Callable[[tf.data.Dataset], tf.data.Dataset] | None = None,
    ) -> tf.data.Dataset:
        """Returns the endless data set of the batches of all steps from ``start_step`` on.

        Position p = step * batch_size + i is in epoch p // N of N items, so that every batch is full and may
        span epochs.

        Args:
            start_step: the number of batches to leave out, of a run that is resumed.
            last_part: after which part to stop, where the others run on a device.
            shard: maps the data set of what ``choose`` returns to that of what is to be read here, where
                others read the rest; None: all of it.

        Raises:
            InputError: ``batch_size`` is no whole number from 1 up, or ``start_step`` none from 0 up.
        """
        whole_number("batch_size", self.batch_size, 1)
        whole_number("start_step", start_step, 0)

        def choose(step: tf.Tensor) -> Tensors:
            positions = step * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)
            return self.choose(positions, tf.cast(step, tf.int32))

        def read(chosen: Tensors) -> Tensors:
            result = chosen if last_part == "choose" else self.gather(chosen, self.arrays)
            return self.finish(result) if last_part == "finish" else result

        options = tf.data.Options()
        # There is nothing to optimize here, and the rewritten graph would hold a second copy of the data.
        options.experimental_optimization.apply_default_optimizations = False
        # A device may take less time for a step than the host for its choice: several are made at a time.
        calls = None if last_part == "finish" else tf.data.AUTOTUNE
        if self.rows is not None:
            # Threads that wait for the disk must not be those that decode what was read.
            options.threading.private_threadpool_size = calls = 2
        steps = tf.data.Dataset.counter(start_step)
        if shard is None:
            dataset = steps.map(lambda step: read(choose(step)), num_parallel_calls=calls)
        else:
            dataset = shard(steps.map(choose)).map(read, num_parallel_calls=calls)
        return dataset.prefetch(tf.data.AUTOTUNE).with_options(options)


@dataclass(frozen=True)
class TrainingData:
    """Data in memory or on disk, with the settings of the batches that a run trains on.

    Attributes:
        items: the data, of the class of their kind, such as ``ImageArrays``.
        shape: what networks must know of them.
        fingerprint: a text that differs for other data, to recognise them when a run is resumed.
        loader: maps a batch size to the loader of batches.
        count: the number of items.
        memory: bytes of what is trained on, decoded.
        examples: arguments that a recipe's ``draw`` takes beside the GAN.
        held_out: items of the same kind that are not trained on, where there are some.
        faults: the damaged items of data that are read from disk; None: they are in memory.
    """

    items: Any
    shape: DataShape
    fingerprint: str
    loader: Callable[[int], BatchLoader]
    count: int
    memory: int
    examples: tuple[dict[str, np.ndarray], ...] = ()
    held_out: Any = None
    faults: Faults | None = None

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

    def batches(self, batch_size: int, start_step: int = 0) -> tf.data.Dataset:
        """Returns the endless data set of batches, from the one of ``start_step`` on."""
        return self.loader(batch_size).dataset(start_step)


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
