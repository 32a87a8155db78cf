"""Many images, of any sizes, into one array."""

import logging

import numpy as np

from tfgan_ref.data.images.decoding import fit, from_pixels, to_pixels
from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)


class Collection:
    """The images of one data set as they come in, already fitted to ``image_size``.

    Args:
        name: the data set's name for messages.
        image_size: side of the square that all images are fitted to; None if they must have one size already.
        named: whether messages name the images (they are files).
    """

    def __init__(self, name: str, image_size: int | None, *, named: bool) -> None:
        self.name = name
        self.image_size = image_size
        self.named = named
        self._pixels: list[np.ndarray] = []
        self._first: tuple[tuple[int, int], str] | None = None
        self._smallest: tuple[tuple[int, int], str] | None = None
        self._enlarged = 0

    def __len__(self) -> int:
        return len(self._pixels)

    def add(self, pixels: np.ndarray, size: tuple[int, int], image_name: str) -> None:
        """Takes in one image.

        Args:
            pixels: uint8 (H, W, 1 or 3), after fitting.
            size: width and height before fitting.
            image_name: the file, or which image of the data set it is.

        Raises:
            InputError: if sizes differ and no ``image_size`` was given.
        """
        self._first = self._first or (size, image_name)
        if self.image_size is None and size != self._first[0]:
            (width, height), first_name = self._first
            raise InputError(
                f"{self.name}: images of different sizes, {first_name} is {width}x{height} and {image_name} "
                f"is {size[0]}x{size[1]}: pass image_size to scale and crop them all to one square"
            )
        if self.image_size is not None and min(size) < self.image_size:
            self._enlarged += 1
            if self._smallest is None or min(size) < min(self._smallest[0]):
                self._smallest = (size, image_name)
        self._pixels.append(pixels)

    def to_array(self, channels: int | None) -> np.ndarray:
        """Returns uint8 (N, H, W, channels): None is 3 if any image is coloured, else 1.

        Says in one warning if images were enlarged.
        """
        if self._smallest is not None:
            size, image_name = self._smallest
            warn_enlarged(
                self.name,
                self._enlarged,
                len(self),
                self.image_size,
                size,
                image_name if self.named else None,
            )
        channels = channels or max(pixels.shape[-1] for pixels in self._pixels)
        result = np.empty((len(self), *self._pixels[0].shape[:2], channels), np.uint8)
        for row, pixels in zip(result, self._pixels, strict=True):
            row[...] = pixels if pixels.shape[-1] <= channels else to_pixels(from_pixels(pixels), channels)
        return result


def fit_array(name: str, images: np.ndarray, image_size: int | None, channels: int | None) -> np.ndarray:
    """Resizes images that are in one array, uint8 (N, H, W, C), and converts their channels.

    Args:
        name: the data set's name for messages.
        images: the images; C is 1, 3 or 4 (RGBA).
        image_size: side of the squares to scale and crop to; None keeps the size.
        channels: 1 or 3; None keeps the channels.
    """
    height, width = images.shape[1:3]
    if image_size in (None, height) and image_size in (None, width) and channels in (None, images.shape[-1]):
        return images
    if image_size is not None and min(width, height) < image_size:
        warn_enlarged(name, len(images), len(images), image_size, (width, height), None)
    first = to_pixels(fit(from_pixels(images[0]), image_size), channels)
    result = np.empty((len(images), *first.shape), np.uint8)
    for row, pixels in zip(result, images, strict=True):
        row[...] = to_pixels(fit(from_pixels(pixels), image_size), channels)
    return result


def warn_enlarged(
    name: str, enlarged: int, n: int, image_size: int, smallest: tuple[int, int], file: str | None
) -> None:
    """Says in one line that images are smaller than asked for."""
    which = f"{smallest[0]}x{smallest[1]}" + (f", {file}" if file else "")
    logger.warning(
        f"{name}: {enlarged} of {n} images are smaller than {image_size}x{image_size} "
        f"(the smallest is {which}) and are enlarged"
    )
