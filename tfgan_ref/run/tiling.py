"""A generator applied to pictures of any size in tiles, so that memory does not grow with the picture."""

import math
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from tfgan_ref.errors import InputError


class Span(NamedTuple):
    """One tile along one axis, in pixels of the source."""

    start: int  # where the tile begins
    length: int  # may reach beyond the picture, which is then mirrored
    first: int  # the tile's result is kept from here
    last: int  # up to here, exclusive


def check_tile(tile: int, margin: int, stride: int) -> None:
    """Checks that tiles of this side have pixels that depend on nothing outside of them.

    Raises:
        InputError: ``tile`` is too small.
    """
    least = 2 * _rounded_up(margin, stride) + stride
    if tile < least:
        raise InputError(f"tile {tile} is out of range: at least {least} with the model's margin of {margin}")


def apply_tiled(
    function: Callable[[np.ndarray], np.ndarray],
    picture: np.ndarray,
    *,
    tile: int | None,
    margin: int | None,
    scale: int,
    stride: int,
) -> np.ndarray:
    """Applies ``function`` to a picture tile by tile, with the result that it has on the whole picture.

    Each tile overlaps its neighbours by twice the margin, and only pixels at least the margin away from
    edges within the picture are kept. Tiles begin at multiples of the stride and have one size, the least
    with which no more of them are needed; a side that is not above ``tile`` is not cut.

    Args:
        function: from (h, w, C) to (scale * h, scale * w, C'), of any type; it mirrors beyond the lower and
            right borders what is no multiple of ``stride``, as ``export_translator.mirror`` does.
        picture: (H, W, C).
        tile: the longest side of a tile, margins included; rounded down to a multiple of ``stride``. None,
            like no margin: the whole picture at once.
        margin: source pixels around an output pixel on which it depends; None: all of them.
        scale: of the result.
        stride: at which steps the function's result does not depend on where a tile begins.

    Returns:
        (scale * H, scale * W, C') of the type that ``function`` returns.

    Raises:
        InputError: ``tile`` is too small for the margin.
    """
    if tile is None or margin is None:
        return function(picture)
    check_tile(tile, margin, stride)
    height, width = picture.shape[:2]
    tile -= tile % stride
    tiles = [
        (down, across)
        for down in _spans(height, tile, _rounded_up(margin, stride), stride)
        for across in _spans(width, tile, _rounded_up(margin, stride), stride)
    ]
    if len(tiles) == 1:
        return function(picture)
    result = None
    for down, across in tqdm(tiles, unit="tile", file=sys.stderr, leave=False, disable=None):
        made = function(picture[np.ix_(_positions(down, height), _positions(across, width))])
        if result is None:
            result = np.empty((scale * height, scale * width, made.shape[-1]), made.dtype)
        rows, columns = (slice(scale * span.first, scale * span.last) for span in (down, across))
        top, left = scale * down.start, scale * across.start
        result[rows, columns] = made[
            rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
        ]
    return result


def _spans(side: int, tile: int, overlap: int, stride: int) -> list[Span]:
    if side <= tile:
        return [Span(0, side, 0, side)]
    mirrored = _rounded_up(side, stride)
    count = math.ceil((mirrored - 2 * overlap) / (tile - 2 * overlap))
    step = _rounded_up(math.ceil((mirrored - 2 * overlap) / count), stride)
    length = step + 2 * overlap
    starts = [*range(0, mirrored - length, step), mirrored - length]
    firsts = [0, *(start + overlap for start in starts[1:])]
    return [
        Span(*span) for span in zip(starts, [length] * len(starts), firsts, [*firsts[1:], side], strict=True)
    ]


def _rounded_up(number: int, stride: int) -> int:
    """Returns the least multiple of the stride that is at least ``number``."""
    return math.ceil(number / stride) * stride


def _positions(span: Span, side: int) -> np.ndarray:
    """Returns the picture's rows, or columns, of a tile; beyond the border they are mirrored."""
    positions = np.arange(span.start, span.start + span.length)
    return np.minimum(positions, 2 * side - 1 - positions)
