"""Holes in pictures, for learning to fill them."""

import math

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.randomness import fold_in

HOLES = ("box", "free", "brush")
# One of ``HOLES``; or masks, bool (M, height, width), True for known pixels, see ``mask_files``.
Hole = str | np.ndarray
_SMALLEST_SIDE = 8
_STROKES = (4, 8)  # fewest and most
# Of the shorter side.
_STROKE_LENGTH = (1 / 6, 1 / 2)
_STROKE_RADIUS = (1 / 40, 1 / 16)
# Of "brush", by the authors' code: strokes; straight parts of each; its width, of the shorter side, as the
# code has 12 to 40 of 256 pixels; the angle between a part and the rows, and how far it may be from that.
_BRUSHES = (1, 3)
_BRUSH_PARTS = (4, 11)
_BRUSH_WIDTH = (12 / 256, 40 / 256)
_BRUSH_ANGLE, _BRUSH_SPREAD = 2 * math.pi / 5, 2 * math.pi / 15


def known_pixels(hole: str | tf.Tensor, n: int, size: tuple[int, int], seed: tf.Tensor) -> tf.Tensor:
    """Draws which pixels of n pictures are known, all but one hole in each.

    Args:
        hole: "box", one rectangle with sides of 1/4 to 1/2 of the picture's, anywhere within it; "free", 4 to
            8 thick straight strokes anywhere; "brush", 1 to 3 strokes that bend, the free-form masks of Yu et
            al. 2019 (DeepFillv2, algorithm 1) by the numbers of the authors' code; or masks, bool (M, height,
            width), of which each picture gets one, all equally likely.
        n: the number of pictures.
        size: their height and width, at least 8 (see ``check_hole``).
        seed: (2,) integers; they determine the holes.

    Returns:
        bool (n, height, width, 1), False in the hole, which holds at least one pixel.
    """
    if not isinstance(hole, str):
        chosen = tf.random.stateless_uniform((n,), seed, 0, hole.shape[0], tf.int32)
        return tf.gather(hole, chosen)[..., tf.newaxis]
    missing = {"box": _boxes, "free": _strokes, "brush": _brushes}[hole](n, *size, seed)
    return ~missing[..., tf.newaxis]


def check_hole(hole: Hole, size: tuple[int, int]) -> None:
    """Checks that holes can be drawn in pictures of a size.

    Raises:
        InputError: ``hole`` is unknown or has no room in pictures of ``size``; or masks are no bool array
            of that size, or one of them has no hole or nothing but a hole.
    """
    if not isinstance(hole, str):
        _check_masks(hole, size)
    elif hole not in HOLES:
        raise InputError(f"hole {hole!r} is unknown: choose one of {', '.join(HOLES)}")
    elif min(size) < _SMALLEST_SIDE:
        raise InputError(
            f"hole {hole!r} needs pictures of at least {_SMALLEST_SIDE}x{_SMALLEST_SIDE}, "
            f"these are {size[1]}x{size[0]}"
        )


def _check_masks(masks: np.ndarray, size: tuple[int, int]) -> None:
    if masks.dtype != bool or masks.ndim != 3 or masks.shape[1:] != size or not len(masks):
        raise InputError(
            f"masks must be bool (M, {size[0]}, {size[1]}), as the pictures are {size[1]}x{size[0]}, "
            f"not {masks.dtype} of shape {masks.shape}"
        )
    for number, known in enumerate(masks):
        if known.all() or not known.any():
            what = "everything is known, so that it has no hole" if known.all() else "nothing is known"
            raise InputError(f"mask {number}: {what}")


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


def _brushes(n: int, height: int, width: int, seed: tf.Tensor) -> tf.Tensor:
    """Draws strokes from a start anywhere; each of their parts turns back from the one before.

    Lengths of parts are normal, with an eighth of the diagonal as mean and half of it as deviation, cut at 0
    and at twice the mean; their ends stay within the picture. The authors' code rounds ends to whole pixels,
    and all its strokes run to the right: here half of the masks are mirrored, and half are upside down.
    """
    (fewest, most), (fewest_parts, most_parts) = _BRUSHES, _BRUSH_PARTS
    uniform = tf.random.stateless_uniform((n, 6, most, 1, 1), fold_in(seed, 0))
    y, x, below_mean, above_mean, for_width, for_parts = tf.unstack(uniform, axis=1)  # (n, most, 1, 1) each
    for_angle = tf.random.stateless_uniform((n, most, 1, 1, most_parts), fold_in(seed, 1))
    for_length = tf.random.stateless_normal((n, most, 1, 1, most_parts), fold_in(seed, 2))
    for_mask = tf.random.stateless_uniform((n, 3), fold_in(seed, 3))
    count = fewest + tf.floor(for_mask[:, :1] * (most - fewest + 1))
    drawn = (tf.range(most, dtype=tf.float32) < count)[..., tf.newaxis, tf.newaxis]
    parts = fewest_parts + tf.floor(for_parts * (most_parts - fewest_parts + 1))
    thinnest, thickest = (share * min(height, width) for share in _BRUSH_WIDTH)
    # A pixel around a corner is always nearer than sqrt(1/2).
    radius = tf.maximum((thinnest + (thickest - thinnest) * for_width) / 2, math.sqrt(0.5))
    below, above = _BRUSH_SPREAD * below_mean[..., tf.newaxis], _BRUSH_SPREAD * above_mean[..., tf.newaxis]
    angles = _BRUSH_ANGLE - below + (below + above) * for_angle
    angles *= tf.constant([(-1.0) ** (part + 1) for part in range(most_parts)])
    mean_length = math.hypot(height, width) / 8
    lengths = tf.clip_by_value(mean_length * (1 + for_length / 2), 0.0, 2 * mean_length)
    rows = tf.range(height, dtype=tf.float32)[:, tf.newaxis] + 0.5
    columns = tf.range(width, dtype=tf.float32) + 0.5
    y, x = y * height, x * width
    painted = tf.zeros((n, most, height, width), tf.bool)
    for part in range(most_parts):
        end_y = tf.clip_by_value(y + lengths[..., part] * tf.sin(angles[..., part]), 0.0, float(height))
        end_x = tf.clip_by_value(x + lengths[..., part] * tf.cos(angles[..., part]), 0.0, float(width))
        near = _squared_distance(rows, columns, (y, x), (end_y, end_x)) <= radius**2
        painted |= near & drawn & (part < parts)
        y, x = end_y, end_x
    missing = tf.reduce_any(painted, axis=1)
    for axis in (1, 2):
        turned = for_mask[:, axis, tf.newaxis, tf.newaxis] < 0.5
        missing = tf.where(turned, tf.reverse(missing, [axis]), missing)
    return missing


def _squared_distance(
    rows: tf.Tensor,
    columns: tf.Tensor,
    start: tuple[tf.Tensor, tf.Tensor],
    end: tuple[tf.Tensor, tf.Tensor],
) -> tf.Tensor:
    """Returns the squared distance of each pixel from the segments between two points, (n, k, H, W)."""
    down, right = rows - start[0], columns - start[1]
    along_y, along_x = end[0] - start[0], end[1] - start[1]
    # A segment of no length is its start.
    squared_length = tf.maximum(along_y**2 + along_x**2, 1e-12)
    share = tf.clip_by_value((down * along_y + right * along_x) / squared_length, 0.0, 1.0)
    return (down - share * along_y) ** 2 + (right - share * along_x) ** 2
