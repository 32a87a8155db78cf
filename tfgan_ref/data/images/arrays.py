"""A data set in memory."""

import zlib
from dataclasses import dataclass

import numpy as np

from tfgan_ref.errors import InputError

# A label is a class number; a larger one is a mistake (a file's offset, a hash, a time).
MAXIMUM_CLASSES = 1_000_000


@dataclass(frozen=True)
class ImageArrays:
    """Images of one size, with their class numbers where they are known.

    Attributes:
        name: what to call the data set in messages.
        images: uint8 of shape (N, H, W, C), N at least 1.
        labels: int32 of shape (N,), from 0 up, or None.
        class_names: one name per class; empty when there are no labels.
        masks: bool of shape (N, H, W), False where a pixel is missing; None when none is.

    Raises:
        InputError: if the arrays are not as described, or a label has no class name.
    """

    name: str
    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    masks: np.ndarray | None = None

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 4:
            raise InputError(
                f"{self.name}: images are {images.dtype} of shape {images.shape}, "
                "they must be uint8 of shape (N, H, W, C)"
            )
        if 0 in images.shape:
            raise InputError(
                f"{self.name}: images have shape {images.shape}, there must be at least one pixel"
            )
        self._check_masks()
        if labels is None:
            if self.class_names:
                raise InputError(f"{self.name}: {len(self.class_names)} class names but no labels")
            return
        if labels.dtype != np.int32 or labels.shape != (len(images),):
            raise InputError(
                f"{self.name}: labels are {labels.dtype} of shape {labels.shape}, "
                f"they must be int32 of shape ({len(images)},)"
            )
        check_range(self.name, labels, len(self.class_names))

    def _check_masks(self) -> None:
        if self.masks is None:
            return
        if self.masks.dtype != np.bool_ or self.masks.shape != self.images.shape[:3]:
            raise InputError(
                f"{self.name}: masks are {self.masks.dtype} of shape {self.masks.shape}, "
                f"they must be bool of shape {self.images.shape[:3]}"
            )
        if not self.masks.any():
            raise InputError(
                f"{self.name}: every pixel is missing: masks are True where a pixel was observed"
            )

    @property
    def fingerprint(self) -> str:
        """What tells these images, labels and masks from others: shape and checksum, as a file name."""
        checksum = zlib.crc32(np.ascontiguousarray(self.images))
        if self.labels is not None:
            checksum = zlib.crc32(np.ascontiguousarray(self.labels), checksum)
        if self.masks is not None:
            checksum = zlib.crc32(np.packbits(self.masks), checksum)
        return "x".join(map(str, self.images.shape)) + f"-{checksum:08x}"


def check_range(name: str, labels: np.ndarray, classes: int) -> None:
    """Raises InputError unless every label is in [0, classes)."""
    for label in (labels.min(), labels.max()):
        if not 0 <= label < classes:
            raise InputError(f"{name}: label out of range: {label}, allowed are 0 to {classes - 1}")


def numbered_classes(name: str, labels: np.ndarray) -> tuple[str, ...]:
    """Names the classes of ``labels`` by their numbers, "0" up to the largest.

    Raises:
        InputError: if a label is negative or no class number (a million or more).
    """
    check_range(name, labels, MAXIMUM_CLASSES)
    return tuple(str(number) for number in range(int(labels.max()) + 1))
