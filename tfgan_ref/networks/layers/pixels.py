"""Batches of RGB images, checked, as the fixed feature networks take them."""

import logging
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan_ref.errors import InputError

_log = logging.getLogger(__name__)


def check_pixels(images: np.ndarray) -> np.ndarray:
    """Returns the images if they are uint8 (N, H, W, 1 or 3).

    Raises:
        InputError: they are not, or there are none.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise InputError(f"images are {images.dtype}, they must be uint8 in [0, 255]")
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise InputError(
            f"images have shape {images.shape}, it must be (N, H, W, 3), or (N, H, W, 1) for grey"
        )
    return images


def resize_clean(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes images (N, H, W, C) in [0, 255] to ``size``, as float32, as Parmar et al. 2022 do.

    Pillow's antialiased bicubic on each channel as floats; what overshoots is clipped, nothing is rounded.
    """
    resized = np.empty((len(images), *size, images.shape[-1]), np.float32)
    for number, channel in np.ndindex(len(images), images.shape[-1]):
        plane = Image.fromarray(images[number, :, :, channel].astype(np.float32))
        resized[number, :, :, channel] = plane.resize(size[::-1], Image.Resampling.BICUBIC)
    return resized.clip(0, 255)


def in_batches(
    network: Callable[[np.ndarray], tuple[tf.Tensor, ...]], images: np.ndarray, batch_size: int
) -> tuple[np.ndarray, ...]:
    """Returns the outputs of ``network`` for images (N, H, W, C), as arrays of N rows, batch by batch."""
    parts = [network(images[start : start + batch_size]) for start in range(0, len(images), batch_size)]
    return tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))


class RGBBatches:
    """Feeds images of any number to a network, batch by batch, and says once that it tiles grey ones.

    Args:
        network: function from uint8 images (n, H, W, 3) to a tuple of tensors, each of n rows.
        batch_size: the most images that it gets at a time.
        name: the network's name for the message.
    """

    def __init__(
        self, network: Callable[[np.ndarray], tuple[tf.Tensor, ...]], batch_size: int, name: str
    ) -> None:
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}, it must be at least 1")
        self.network = network
        self.batch_size = batch_size
        self.name = name
        self._said = False

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """Returns the network's outputs for uint8 images (N, H, W, 1 or 3), as arrays of N rows."""
        images = check_pixels(images)
        if images.shape[-1] == 1 and not self._said:
            _log.warning("grey images are tiled to RGB for %s", self.name)
            self._said = True
        return in_batches(self.network, np.broadcast_to(images, (*images.shape[:-1], 3)), self.batch_size)


def rgb_pair(first: tf.Tensor, second: tf.Tensor, smallest: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns two batches of images in [-1, 1] as float32 (N, H, W, 3), grey ones tiled.

    Args:
        first: images (N, H, W, 1 or 3), of any floating-point type.
        second: as many, of the same size.
        smallest: the least height and width that the network takes.

    Raises:
        InputError: other shapes or types, as far as they are known when a graph is traced.
    """
    first, second = tf.convert_to_tensor(first), tf.convert_to_tensor(second)
    for images in (first, second):
        if not images.dtype.is_floating:
            raise InputError(f"images are {images.dtype.name}, they must be floats in [-1, 1]")
        if images.shape.rank != 4 or images.shape[-1] not in (1, 3):
            raise InputError(
                f"images have shape {images.shape}, it must be (N, H, W, 3), or (N, H, W, 1) for grey"
            )
        if any(side is not None and side < smallest for side in images.shape[1:3]):
            raise InputError(
                f"images have shape {images.shape}, height and width must be at least {smallest}"
            )
    if not first.shape.is_compatible_with(second.shape):
        raise InputError(f"images have shapes {first.shape} and {second.shape}, they must be equal")
    return _as_rgb(first), _as_rgb(second)


def _as_rgb(images: tf.Tensor) -> tf.Tensor:
    images = tf.cast(images, tf.float32)
    return images if images.shape[-1] == 3 else tf.repeat(images, 3, axis=-1)
