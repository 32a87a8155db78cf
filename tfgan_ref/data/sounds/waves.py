"""Sound recordings of one length, and the batches that training reads from them."""

import functools
import zlib
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.arrays import check_range
from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.pipeline import Batch, BatchLoader, DataShape, Tensors, TrainingData, shareable
from tfgan_ref.data.streams.rows import Rows, candidate_places, read_rows
from tfgan_ref.errors import InputError

# What a telephone's band needs, and what sound cards can do.
SAMPLE_RATES = (1000, 192_000)
_FULL_SCALE = 32767


@dataclass(frozen=True)
class Waves:
    """Recordings of one length and rate, with their classes and groups of speakers where they are known.

    Tensors share the memory of the audio, as of ``ImageArrays``: do not write to it. Audio on disk (``Rows``)
    is read when it is asked for.

    Attributes:
        name: what to call the data set in messages.
        audio: int16 of shape (N, T), N and T at least 1; in memory or on disk.
        sample_rate: samples per second.
        labels: int32 of shape (N,), from 0 up, or None.
        class_names: one name per class; empty when there are no labels.
        groups: int32 of shape (N,), of the speakers (or men, women and children), or None.
        group_names: one name per group; empty when there are no groups.

    Raises:
        InputError: if the arrays are not as described, a number has no name, or the rate is out of range.
    """

    name: str
    audio: np.ndarray | Rows
    sample_rate: int
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    group_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.audio.dtype != np.int16 or self.audio.ndim != 2 or 0 in self.audio.shape:
            raise InputError(
                f"{self.name}: audio is {self.audio.dtype} of shape {self.audio.shape}, "
                "it must be int16 of shape (N, T) with at least one sample"
            )
        if isinstance(self.audio, np.ndarray):
            object.__setattr__(self, "audio", shareable(self.audio))
        check_rate(self.name, self.sample_rate)
        self._check_numbers("labels", self.labels, "class names", self.class_names)
        self._check_numbers("groups", self.groups, "group names", self.group_names)

    def _check_numbers(
        self, what: str, numbers: np.ndarray | None, names_of: str, names: tuple[str, ...]
    ) -> None:
        if numbers is None:
            if names:
                raise InputError(f"{self.name}: {len(names)} {names_of} but no {what}")
            return
        if numbers.dtype != np.int32 or numbers.shape != (len(self.audio),):
            raise InputError(
                f"{self.name}: {what} are {numbers.dtype} of shape {numbers.shape}, "
                f"they must be int32 of shape ({len(self.audio)},)"
            )
        check_range(self.name, numbers, len(names))

    def __len__(self) -> int:
        return len(self.audio)

    @property
    def length(self) -> int:
        """Returns the number of samples in each recording."""
        return self.audio.shape[1]

    @property
    def fingerprint(self) -> str:
        """Returns the shape, the rate and a checksum of the recordings, as a file name.

        That of recordings on disk is of their files: names, sizes and some of the contents.
        """
        if isinstance(self.audio, Rows):
            return self.audio.fingerprint
        checksum = zlib.crc32(np.ascontiguousarray(self.audio))
        for numbers in (self.labels, self.groups):
            checksum = zlib.crc32(b"" if numbers is None else np.ascontiguousarray(numbers), checksum)
        return "x".join(map(str, (*self.audio.shape, self.sample_rate))) + f"-{checksum:08x}"

    def floats(self) -> np.ndarray:
        """Returns the recordings as float32 (N, T) in [-1, 1]."""
        return to_float(self.audio[:])

    def take(self, chosen: np.ndarray) -> "Waves":
        """Returns some of the recordings: ``chosen`` is an index array or a mask, (N,) of bool."""
        audio = self.audio.take(chosen) if isinstance(self.audio, Rows) else self.audio[chosen]
        labels, groups = (None if part is None else part[chosen] for part in (self.labels, self.groups))
        return Waves(self.name, audio, self.sample_rate, labels, self.class_names, groups, self.group_names)


def training_waves(waves: Waves, seed: int = 0) -> TrainingData:
    """Returns recordings to train on, with or without labels, in an order that ``seed`` chooses."""
    names = {"classes": waves.class_names, "sample_rate": (str(waves.sample_rate),)}
    return TrainingData(
        waves,
        DataShape((waves.length, 1), len(waves.class_names) or None, names=names),
        waves.fingerprint,
        functools.partial(wave_loader, waves, seed=seed),
        len(waves.audio),
        waves.audio.nbytes,
        faults=waves.audio.faults if isinstance(waves.audio, Rows) else None,
    )


def wave_batches(waves: Waves, batch_size: int, start_step: int = 0, *, seed: int) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches, in the order of ``batches`` of images.

    Args:
        waves: the recordings.
        batch_size: recordings per batch; may be more than there are.
        start_step: the number of batches to leave out, of a run that is resumed.
        seed: chooses the order, any whole number from 0 up.

    Returns:
        Dicts of ``audio``, float32 of shape (batch_size, T, 1) in [-1, 1], and, if there are labels,
        ``label``, int32 of shape (batch_size,).

    Raises:
        InputError: if a number is out of its range.
    """
    return wave_loader(waves, batch_size, seed=seed).dataset(start_step)


def wave_loader(waves: Waves, batch_size: int, *, seed: int) -> BatchLoader:
    """Returns the loader of ``wave_batches``; arguments and errors are the same."""
    rows = waves.audio if isinstance(waves.audio, Rows) else None
    # Captured as they are, on the CPU, as in ``image_loader``.
    with tf.device("CPU:0"):
        order = shuffled_order(len(waves), seed)
        kept = {} if rows else {"audio": tf.experimental.dlpack.from_dlpack(waves.audio.__dlpack__())}
        labels = None if waves.labels is None else tf.constant(waves.labels)

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        if rows:
            return {"indices": candidate_places(order, tf.ensure_shape(positions, (batch_size,)))}
        indices = tf.ensure_shape(order(positions), (batch_size,))
        return {"indices": indices} | ({} if labels is None else {"label": tf.gather(labels, indices)})

    def gather(chosen: Tensors, arrays: Tensors) -> Tensors:
        if rows:
            audio, indices = read_rows(rows, chosen["indices"])
            return {"audio": audio} | ({} if labels is None else {"label": tf.gather(labels, indices)})
        values = {"audio": tf.gather(arrays["audio"], chosen["indices"])}
        return values | ({} if labels is None else {"label": chosen["label"]})

    def finish(values: Tensors) -> Batch:
        return values | {"audio": tf.maximum(tf.cast(values["audio"], tf.float32) / 32767.0, -1.0)[..., None]}

    return BatchLoader(batch_size, choose, gather, finish, kept, rows)


def check_rate(name: str, sample_rate: int) -> None:
    """Raises InputError unless ``sample_rate`` is in the range of sound: 1,000 to 192,000 per second."""
    low, high = SAMPLE_RATES
    if not low <= sample_rate <= high:
        raise InputError(f"{name}: sample_rate {sample_rate} is out of range: {low} to {high}")


def to_int16(samples: np.ndarray) -> np.ndarray:
    """Converts samples to int16, clipped to [-1, 1]."""
    return np.rint(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)


def to_float(samples: np.ndarray) -> np.ndarray:
    """Converts int16 samples to float32 in [-1, 1]."""
    return np.maximum(samples.astype(np.float32) / _FULL_SCALE, -1.0)
