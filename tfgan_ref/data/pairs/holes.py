"""Holes in pictures, for learning to fill them."""

import math

import tensorflow as tf

from tfgan_ref.errors import InputError

HOLES = ("box", "free")
_SMALLEST_SIDE = 8
_STROKES = (4, 8)  # fewest and most
# Of the shorter side.
_STROKE_LENGTH = (1 / 6, 1 / 2)
_STROKE_RADIUS = (1 / 40, 1 / 16)


def known_pixels(hole: str, n: int, size: tuple[int, int], seed: tf.Tensor) -> tf.Tensor:
    """Draws which pixels of n pictures are known, all but one hole in each.

    Args:
        hole: "box", one rectangle with sides of 1/4 to 1/2 of the picture's, anywhere within it; or "free",
            4 to 8 thick straight strokes anywhere, as the free-form masks of Yu et al. 2019 (DeepFillv2) but
            without their bends.
        n: the number of pictures.
        size: their height and width, at least 8 (see ``check_hole``).
        seed: (2,) integers; they determine the holes.

    Returns:
        bool (n, height, width, 1), False in the hole, which holds at least one pixel.
    """
    missing = (_boxes if hole == "box" else _strokes)(n, *size, seed)
    return ~missing[..., tf.newaxis]


def check_hole(hole: str, size: tuple[int, int]) -> None:
    """Raises InputError unless ``hole`` is "box" or "free" and pictures of ``size`` have room for it."""
    if hole not in HOLES:
        raise InputError(f"hole {hole!r} is unknown: choose one of {', '.join(HOLES)}")
    if min(size) < _SMALLEST_SIDE:
        raise InputError(
            f"hole {hole!r} needs pictures of at least {_SMALLEST_SIDE}x{_SMALLEST_SIDE}, "
            f"these are {size[1]}x{size[0]}"
        )


def _boxes(n: int, height: int, width: int, seed: tf.Tensor) -> tf.Tensor:
    uniform = tf.random.stateless_uniform((n, 4), seed)
    rows = _interval(height, uniform[:, 0:1], uniform[:, 1:2])
    columns = _interval(width, uniform[:, 2:3], uniform[:, 3:4])
    return rows[:, :, tf.newaxis] & columns[:, tf.newaxis]


def _interval(side: int, for_length: tf.Tensor, for_start: tf.Tensor) -> tf.Tensor:
    """Maps two (n, 1) uniform numbers to an interval of 1/4 to 1/2 of ``side``: bool (n, side)."""
    shortest, longest = math.ceil(side / 4), side // 2
    length = shortest + tf.floor(for_length * (longest - shortest + 1))
    start = tf.floor(for_start * (side - length + 1))
    pixels = tf.range(side, dtype=tf.float32)
    return (pixels >= start) & (pixels < start + length)


def _strokes(n: int, height: int, width: int, seed: tf.Tensor) -> tf.Tensor:
    fewest, most = _STROKES
    side = min(height, width)
    uniform = tf.random.stateless_uniform((n, 6, most), seed)[..., tf.newaxis, tf.newaxis]
    y, x, turn, for_length, for_radius, for_count = tf.unstack(uniform, axis=1)  # (n, most, 1, 1) each
    length = side * (_STROKE_LENGTH[0] + (_STROKE_LENGTH[1] - _STROKE_LENGTH[0]) * for_length)
    radius = side * (_STROKE_RADIUS[0] + (_STROKE_RADIUS[1] - _STROKE_RADIUS[0]) * for_radius)
    down = tf.range(height, dtype=tf.float32)[:, tf.newaxis] + 0.5 - y * height
    right = tf.range(width, dtype=tf.float32) + 0.5 - x * width
    # The nearest point of a segment is where the pixel's projection falls, or an end of it.
    projected = down * tf.sin(2 * math.pi * turn) + right * tf.cos(2 * math.pi * turn)
    nearest = tf.clip_by_value(projected, 0.0, length)
    squared = down**2 + right**2 - 2 * nearest * projected + nearest**2
    # A pixel around the start is always nearer than sqrt(1/2).
    painted = squared <= tf.maximum(radius, math.sqrt(0.5)) ** 2
    count = fewest + tf.floor(for_count[:, :1] * (most - fewest + 1))
    drawn = tf.range(most, dtype=tf.float32)[:, tf.newaxis, tf.newaxis] < count
    return tf.reduce_any(painted & drawn, axis=1)
