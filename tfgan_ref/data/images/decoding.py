"""Image files decoded to eight bits without transparency, fitted to a size, and collected into one array."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfgan_ref.data.pipeline import shareable
from tfgan_ref.errors import InputError, reason

logger = logging.getLogger(__name__)

# Formats of frames or pages. Those of MPO and PSD are previews and layers of one picture.
_SEVERAL_COUNTED = ("AVIF", "DCX", "FLI", "PNG", "WEBP")  # when the file is opened
_SEVERAL_SOUGHT = ("GIF", "TIFF")

# The limit protects against small files that claim to be huge.
LIMIT_VARIABLE = "TFGAN_MAX_PIXELS"

ImageSize = int | tuple[int, int]  # the side of squares, or (height, width)
ImageFile = Path | BinaryIO  # where it is, or open for reading

_GREY_MODES = ("1", "L", "LA", "La")
_WIDE_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


def set_limit() -> None:
    """Makes the variable TFGAN_MAX_PIXELS, if it is set, Pillow's limit of an image's pixels.

    Raises:
        InputError: it is no whole number of at least 1.
    """
    text = os.environ.get(LIMIT_VARIABLE)
    if text:
        if not (text.isdecimal() and int(text)):
            raise InputError(f"{LIMIT_VARIABLE}={text!r}: must be a whole number of at least 1")
        Image.MAX_IMAGE_PIXELS = int(text)


@contextlib.contextmanager
def open_image(file: ImageFile) -> Iterator[Image.Image]:
    """Opens an image file.

    Raises:
        ValueError: if it has more pixels than Pillow's ``MAX_IMAGE_PIXELS``, see ``set_limit``.
        Exception: whatever Pillow raises for a damaged file.
    """
    set_limit()
    limit = Image.MAX_IMAGE_PIXELS
    how = f"more than {limit}: set the variable {LIMIT_VARIABLE} to allow more"
    try:
        image = Image.open(file)
    except Image.DecompressionBombError as error:  # of twice the limit, before the size is known
        raise ValueError(f"its pixels are {how}") from error
    with image:
        if limit is not None and image.width * image.height > limit:
            raise ValueError(f"{image.width}x{image.height} pixels, {how}")
        yield image


def decode(file: ImageFile) -> Image.Image:
    """Reads an image file: the first frame, turned as its EXIF orientation says, in mode "L" or "RGB".

    Raises:
        ValueError: if it has more pixels than Pillow's ``MAX_IMAGE_PIXELS``, or values that no 8-bit image
            can hold.
        Exception: whatever Pillow raises for a damaged file.
    """
    return decode_first(file)[0]


def decode_first(file: ImageFile) -> tuple[Image.Image, int]:
    """Reads an image file as ``decode``; returns how many frames or pages it has too.

    Raises:
        Exception: as ``decode``.
    """
    with open_image(file) as image:
        kind = image.format
        frames = getattr(image, "n_frames", 1) if kind in _SEVERAL_COUNTED else 1
        decoded = flatten(ImageOps.exif_transpose(image))
    if kind in _SEVERAL_SOUGHT:
        # From a new beginning, and with what is wrong in later frames left alone.
        with contextlib.suppress(Exception), Image.open(file) as image:
            frames = image.n_frames
    return decoded, frames


def damage(error: Exception) -> str:
    """Returns in words what is wrong with a file that cannot be decoded, by the error that it led to."""
    return "no image that Pillow reads" if isinstance(error, UnidentifiedImageError) else reason(error)


def count_frames(image: Image.Image) -> int:
    """Returns how many frames or pages an opened image file has, as ``decode_first`` counts them."""
    with contextlib.suppress(Exception):  # what is wrong in later frames is left alone
        if image.format in (*_SEVERAL_COUNTED, *_SEVERAL_SOUGHT):
            return getattr(image, "n_frames", 1)
    return 1


def flatten(image: Image.Image) -> Image.Image:
    """Returns the image in mode "L" if its mode is grey, else "RGB"; what is transparent shows white.

    Raises:
        ValueError: for 32-bit integers outside [0, 65535] and floats outside [0, 1].
    """
    if is_wide(image):
        return _eight_bits(image)
    mode = "L" if is_grey(image) else "RGB"
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert(mode)


def is_grey(image: Image.Image) -> bool:
    """Returns whether ``flatten`` makes an image grey."""
    return is_wide(image) or image.mode in _GREY_MODES


def is_wide(image: Image.Image) -> bool:
    """Returns whether an image is grey, of more than eight bits."""
    return image.mode in _WIDE_MODES


def check_wide(image: Image.Image) -> int:
    """Returns the value of white in an image that ``is_wide``: 65535, or 1 for floats.

    Raises:
        ValueError: for values that are not from 0 to it.
    """
    pixels = np.asarray(image)
    low, high = pixels.min(), pixels.max()
    largest = 1 if image.mode == "F" else 65535
    if not (low >= 0 and high <= largest):  # NaN fails too
        raise ValueError(f"pixel values from {low} to {high}, allowed are 0 to {largest}")
    return largest


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scales a grey image of wider pixels, 16-bit integers or floats in [0, 1], to mode "L"."""
    largest = check_wide(image)
    pixels = np.asarray(image)
    return Image.fromarray(
        np.rint(pixels * 255).astype(np.uint8) if largest == 1 else from_sixteen_bits(pixels)
    )


def height_and_width(image_size: ImageSize) -> tuple[int, int]:
    """Returns the height and width that ``image_size`` stands for."""
    return image_size if isinstance(image_size, tuple) else (image_size, image_size)


def fit(image: Image.Image, image_size: ImageSize | None) -> Image.Image:
    """Scales the image (Lanczos, antialiased) until it covers ``image_size`` and keeps the middle of it."""
    if image_size is None or image.size == (box := height_and_width(image_size)[::-1]):
        return image
    return ImageOps.fit(image, box, Image.Resampling.LANCZOS)


def to_pixels(image: Image.Image, channels: int | None = None) -> np.ndarray:
    """Returns the image as uint8 (H, W, channels), grey by ITU-R 601 luma; None keeps its channels."""
    if channels is not None:
        image = flatten(image).convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis]


def from_pixels(pixels: np.ndarray) -> Image.Image:
    """Returns an array, uint8 (H, W, 1), (H, W, 3) or (H, W, 4) for RGBA, as an image."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def from_sixteen_bits(values: np.ndarray) -> np.ndarray:
    """Scales whole numbers from [0, 65535] to [0, 255], rounded to uint8."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


class Collection:
    """Images of one data set, collected one after another, already fitted to ``image_size``.

    They are written into one array as they come: there is no second copy of them at any time.

    Args:
        name: the data set's name for messages.
        capacity: the most images that it may hold.
        channels: of its array, 1 or 3; None is 3 if any image is coloured, else 1.
        image_size: side of the square, or (height, width), that all images are fitted to; None if they must
            have one size already.
        named: whether messages name the images (they are files).
    """

    def __init__(
        self, name: str, image_size: ImageSize | None, *, capacity: int, channels: int | None, named: bool
    ) -> None:
        self.name = name
        self.image_size = image_size
        self.named = named
        self._capacity = capacity
        self._channels = channels
        self._pixels: np.ndarray | None = None
        self._count = 0
        self._first: tuple[tuple[int, int], str] | None = None
        self._smallest: tuple[tuple[int, int], str] | None = None
        self._enlarged = 0

    def __len__(self) -> int:
        return self._count

    def add(self, pixels: np.ndarray, size: tuple[int, int], image_name: str) -> None:
        """Adds one image.

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
        if self.image_size is not None and is_smaller(size, self.image_size):
            self._enlarged += 1
            if self._smallest is None or min(size) < min(self._smallest[0]):
                self._smallest = (size, image_name)
        if self._pixels is None:
            self._pixels = self._empty(*pixels.shape[:2], self._channels or pixels.shape[-1])
        if pixels.shape[-1] > self._pixels.shape[-1]:
            if self._channels is None:  # the first image in colour after grey ones
                grey = self._pixels
                self._pixels = self._empty(*pixels.shape)
                self._pixels[: self._count] = grey[: self._count]
            else:
                pixels = to_pixels(from_pixels(pixels), self._channels)
        self._pixels[self._count] = pixels
        self._count += 1

    def _empty(self, height: int, width: int, channels: int) -> np.ndarray:
        # What is never written to takes no memory: the system gives pages when they are first used.
        return shareable(np.empty((self._capacity, height, width, channels), np.uint8), copy=False)

    def to_array(self) -> np.ndarray:
        """Returns uint8 (N, H, W, channels); warns in one line if images were enlarged."""
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
        return self._pixels[: self._count]


def is_smaller(size: tuple[int, int], image_size: ImageSize) -> bool:
    """Returns whether an image of (width, height) must be enlarged to cover ``image_size``."""
    height, width = height_and_width(image_size)
    return size[0] < width or size[1] < height


def warn_enlarged(
    name: str, enlarged: int, n: int, image_size: ImageSize, smallest: tuple[int, int], file: str | None
) -> None:
    """Warns in one line that images are smaller than asked for."""
    height, width = height_and_width(image_size)
    which = f"{smallest[0]}x{smallest[1]}" + (f", {file}" if file else "")
    logger.warning(
        f"{name}: {enlarged} of {n} images are smaller than {width}x{height} "
        f"(the smallest is {which}) and are enlarged"
    )
