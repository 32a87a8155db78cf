"""Patches of pictures, by whose pixels the benchmarks of translators compare distributions."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

SIDE = 8  # of a patch, in pixels

Places = list[list[tuple[int, int]]]  # first row and column of the patches of each picture


def places_anywhere(sizes: Iterable[Sequence[int]], count: int) -> Places:
    """Draws ``count`` places in pictures of each of ``sizes``, height and width first, the same each time."""
    rng = np.random.default_rng(0)
    return [
        [
            tuple(int(share * (side - SIDE + 1)) for share, side in zip(rng.random(2), size[:2], strict=True))
            for _ in range(count)
        ]
        for size in sizes
    ]


def places_in_holes(masks: np.ndarray, count: int) -> Places:
    """Draws ``count`` places of patches whose middle is a pixel of the hole, the same each time.

    The pixels of a hole are equally likely and come with replacement. The middle is row and column SIDE / 2,
    counted from 0, of the patch; a patch that would leave the picture is moved to its border.

    Args:
        masks: bool (N, H, W), True for known pixels, with a hole in each.
        count: of the places in each.
    """
    rng = np.random.default_rng(0)
    places = []
    for known in masks:
        hole = np.argwhere(~known)
        middles = hole[rng.integers(len(hole), size=count)]
        corners = np.clip(middles - SIDE // 2, 0, np.array(known.shape) - SIDE)
        places.append([(int(top), int(left)) for top, left in corners])
    return places


def patches(pictures: Sequence[np.ndarray], places: Places) -> np.ndarray:
    """Returns the pixels of patches, in [0, 1]: (patches of all pictures, SIDE * SIDE * C).

    Args:
        pictures: uint8 (H, W, C) each.
        places: of the patches of each.
    """
    return np.stack(list(_patches(pictures, places)))


def _patches(pictures: Sequence[np.ndarray], places: Places) -> Iterator[np.ndarray]:
    for picture, corners in zip(pictures, places, strict=True):
        for top, left in corners:
            yield picture[top : top + SIDE, left : left + SIDE].ravel() / 255.0
