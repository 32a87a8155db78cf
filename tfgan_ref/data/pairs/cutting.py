"""Rectangles cut from pictures of any sizes, as TensorFlow operations."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import tensorflow as tf

from tfgan_ref.data.pipeline import shareable


class Places(NamedTuple):
    """Places where rectangles are cut, one per element of the batch.

    Attributes:
        indices: from which picture, int64 (B,).
        tops: first row, int64 (B,).
        lefts: first column, int64 (B,).
        mirrored: whether left and right are swapped, bool (B,).
    """

    indices: tf.Tensor
    tops: tf.Tensor
    lefts: tf.Tensor
    mirrored: tf.Tensor

    def enlarged(self, scale: int) -> Self:
        """Returns the same places of pictures that are ``scale`` times higher and wider."""
        return self._replace(tops=scale * self.tops, lefts=scale * self.lefts)


class Sizes:
    """Sizes of pictures, and where rectangles are cut from them.

    Args:
        sizes: heights and widths, int64 (N, 2).

    Attributes:
        sizes: the same as a tensor.
    """

    def __init__(self, sizes: np.ndarray) -> None:
        # On the CPU: the memory of a GPU is for training.
        with tf.device("CPU:0"):
            self.sizes = tf.constant(sizes)

    def places(self, indices: tf.Tensor, fractions: tf.Tensor, size: tuple[int, int], flip: bool) -> Places:
        """Maps random numbers to places, all equally likely.

        Args:
            indices: of the pictures, int64 (B,).
            fractions: float32 (B, 3) in [0, 1): for the row, the column and whether to mirror.
            size: height and width of what is cut, no larger than any of the pictures.
            flip: whether half of the rectangles are mirrored.
        """
        choices = tf.cast(tf.gather(self.sizes, indices) - size + 1, tf.float32)
        corners = tf.cast(fractions[:, :2] * choices, tf.int64)  # a product below `choices`, rounded or not
        return Places(indices, corners[:, 0], corners[:, 1], (fractions[:, 2] < 0.5) & flip)

    def centres(self, indices: tf.Tensor, size: tuple[int, int]) -> Places:
        """Returns the places in the middle of pictures, not mirrored."""
        corners = (tf.gather(self.sizes, indices) - size) // 2
        return Places(indices, corners[:, 0], corners[:, 1], tf.zeros_like(indices, tf.bool))


class FlatPictures(Sizes):
    """Pictures of one channel count, pixel after pixel in one array: no padding, one gather for a batch.

    Args:
        pictures: uint8 (h, w, C) each.

    Attributes:
        pictures: the same pictures, views of the array.
        pixels: the array, uint8 (pixels of all pictures, C), as a tensor.
    """

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        channels = pictures[0].shape[-1]
        sizes = np.array([picture.shape[:2] for picture in pictures], np.int64)
        areas = sizes.prod(axis=1)
        ends = np.cumsum(areas)
        pixels = shareable(np.empty((ends[-1], channels), np.uint8), copy=False)
        parts = np.split(pixels, ends[:-1])
        self.pictures = tuple(
            part.reshape(picture.shape) for part, picture in zip(parts, pictures, strict=True)
        )
        for own, picture in zip(self.pictures, pictures, strict=True):
            own[...] = picture
        super().__init__(sizes)
        with tf.device("CPU:0"):
            self.starts = tf.constant(np.cumsum(areas) - areas)
            self.pixels = tf.experimental.dlpack.from_dlpack(pixels.__dlpack__())

    def pixel_indices(self, places: Places, size: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns where in ``pixels`` the rectangles of ``size``, height and width, at ``places`` are.

        Returns:
            Int64 (B, h) and (B, w): the pixel of a row and a column is at the sum of both. See ``cut``.
        """
        height, width = size
        across = tf.range(width, dtype=tf.int64)
        columns = tf.where(places.mirrored[:, tf.newaxis], width - 1 - across, across)
        columns += places.lefts[:, tf.newaxis]
        rows = places.tops[:, tf.newaxis] + tf.range(height, dtype=tf.int64)
        starts, widths = tf.gather(self.starts, places.indices), tf.gather(self.sizes[:, 1], places.indices)
        return starts[:, tf.newaxis] + rows * widths[:, tf.newaxis], columns


def cut(pixels: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
    """Returns the rectangles that ``pixel_indices`` found in flat ``pixels``: uint8 (B, h, w, C)."""
    return tf.gather(pixels, rows[:, :, tf.newaxis] + columns[:, tf.newaxis])
