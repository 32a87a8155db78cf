"""Sound recordings of one length in memory, and how samples are numbers."""

import zlib
from dataclasses import dataclass

import numpy as np

from tfgan_ref.data.images.arrays import check_range
from tfgan_ref.errors import InputError

# What a telephone's band needs, and what sound cards can do.
SAMPLE_RATES = (1000, 192_000)
_FULL_SCALE = 32767


@dataclass(frozen=True)
class Waves:
    """Recordings of one length and rate, with their classes and groups of speakers where they are known.

    Attributes:
        name: what to call the data set in messages.
        audio: int16 of shape (N, T), N and T at least 1.
        sample_rate: samples per second.
        labels: int32 of shape (N,), from 0 up, or None.
        class_names: one name per class; empty when there are no labels.
        groups: int32 of shape (N,), of the speakers (or men, women and children), or None.
        group_names: one name per group; empty when there are no groups.

    Raises:
        InputError: if the arrays are not as described, a number has no name, or the rate is out of range.
    """

    name: str
    audio: np.ndarray
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
        """Samples in each recording."""
        return self.audio.shape[1]

    @property
    def fingerprint(self) -> str:
        """What tells these recordings from others: shape, rate and checksum, as a file name."""
        checksum = zlib.crc32(np.ascontiguousarray(self.audio))
        for numbers in (self.labels, self.groups):
            checksum = zlib.crc32(b"" if numbers is None else np.ascontiguousarray(numbers), checksum)
        return "x".join(map(str, (*self.audio.shape, self.sample_rate))) + f"-{checksum:08x}"

    def floats(self) -> np.ndarray:
        """Returns the recordings as float32 (N, T) in [-1, 1]."""
        return to_float(self.audio)

    def take(self, chosen: np.ndarray) -> "Waves":
        """Returns some of the recordings: ``chosen`` is an index array or a mask, (N,) of bool."""
        parts = (None if part is None else part[chosen] for part in (self.audio, self.labels, self.groups))
        audio, labels, groups = parts
        return Waves(self.name, audio, self.sample_rate, labels, self.class_names, groups, self.group_names)


def check_rate(name: str, sample_rate: int) -> None:
    """Raises InputError unless ``sample_rate`` is one that sound has: 1,000 to 192,000 per second."""
    low, high = SAMPLE_RATES
    if not low <= sample_rate <= high:
        raise InputError(f"{name}: sample_rate {sample_rate} is out of range: {low} to {high}")


def to_int16(samples: np.ndarray) -> np.ndarray:
    """Turns samples in [-1, 1] into int16; what is louder is clipped."""
    return np.rint(np.clip(samples, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)


def to_float(samples: np.ndarray) -> np.ndarray:
    """Turns int16 samples into float32 in [-1, 1]."""
    return np.maximum(samples.astype(np.float32) / _FULL_SCALE, -1.0)
