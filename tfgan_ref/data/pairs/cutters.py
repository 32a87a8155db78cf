"""Cutters of squares from pairs of pictures: from pictures in memory, and from pictures on disk."""

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf

from tfgan_ref.data.order import Order
from tfgan_ref.data.pairs.cutting import FlatPictures, Places, cut
from tfgan_ref.data.pairs.holes import Hole, check_hole, known_pixels
from tfgan_ref.data.pairs.pairs import PicturePairs
from tfgan_ref.data.pairs.stored import SquareRows, StoredPairs
from tfgan_ref.data.pipeline import Tensors
from tfgan_ref.data.streams.rows import candidate_places, read_rows
from tfgan_ref.errors import InputError, whole_number

Size = tuple[int, int]


class _WithHoles:
    """What cutters of pairs in memory and on disk share: the sizes of squares, and holes in the sources."""

    def __init__(self, pairs: PicturePairs | StoredPairs, crop: int | None, hole: Hole | None) -> None:
        self.source_size, self.target_size = _check_crop(pairs, crop)
        if hole is not None:
            check_hole(hole, self.source_size)
        if isinstance(hole, np.ndarray):
            # A tensor, which graphs take as it is: an array would be a constant in each of them. On the CPU,
            # where holes are drawn.
            with tf.device("CPU:0"):
                hole = tf.constant(hole)
        self.hole = hole

    def known(self, n: int, seed: tf.Tensor) -> Tensors:
        """Returns which pixels of n sources are known, as ``mask``; nothing without holes."""
        return {} if self.hole is None else {"mask": known_pixels(self.hole, n, self.source_size, seed)}


class Cutter(_WithHoles):
    """Cutter of squares from both sides, which are in memory."""

    rows = None

    def __init__(self, pairs: PicturePairs, crop: int | None, hole: Hole | None, *, flip: bool) -> None:
        super().__init__(pairs, crop, hole)
        self.scale, self.flip = pairs.scale, flip
        self.paired = pairs.paired
        self.sources, self.targets = FlatPictures(pairs.sources), FlatPictures(pairs.targets)
        self.arrays = {"source": self.sources.pixels, "target": self.targets.pixels}

    def choose(self, positions: tf.Tensor, *sides: tuple[Order, tf.Tensor]) -> Tensors:
        """Returns which pixels of either side the squares have.

        Args:
            positions: of the order, int64 (B,).
            sides: the order and the random numbers, float32 (B, 3), of the pairs, or of sources and targets.
        """
        kept = ((self.sources, self.source_size), (self.targets, self.target_size))
        places = [
            pictures.places(order(positions), fractions, size, self.flip)
            for (pictures, size), (order, fractions) in zip(kept, sides, strict=False)
        ]
        return self._pixels(*places)

    def centres(self, sources: tf.Tensor, targets: tf.Tensor) -> Tensors:
        """Returns squares from the middle of sources and, where there are no pairs, of targets."""
        places = [self.sources.centres(sources, self.source_size)]
        if not self.paired:
            places.append(self.targets.centres(targets, self.target_size))
        return self.squares(self._pixels(*places), self.arrays)

    def squares(self, chosen: Tensors, arrays: Tensors) -> Tensors:
        """Returns the squares that were chosen, uint8 ``source`` and ``target``."""
        return {
            name: cut(pixels, chosen[f"{name}_rows"], chosen[f"{name}_columns"])
            for name, pixels in arrays.items()
        }

    def _pixels(self, sources: Places, targets: Places | None = None) -> Tensors:
        targets = sources.enlarged(self.scale) if targets is None else targets
        source_rows, source_columns = self.sources.pixel_indices(sources, self.source_size)
        target_rows, target_columns = self.targets.pixel_indices(targets, self.target_size)
        return {
            "source_rows": source_rows, "source_columns": source_columns,
            "target_rows": target_rows, "target_columns": target_columns,
        }  # fmt: skip


class StoredCutter(_WithHoles):
    """Cutter of squares from pictures on disk, which it reads."""

    def __init__(self, pairs: StoredPairs, crop: int | None, hole: Hole | None, *, flip: bool) -> None:
        super().__init__(pairs, crop, hole)
        sizes = (self.source_size, self.target_size)
        parts = [sizes] if pairs.paired else [(size,) for size in sizes]
        self.sides = [SquareRows(pairs, i, part, flip) for i, part in enumerate(parts)]
        self.rows = self.sides[0]
        self.arrays: Tensors = {}

    def choose(self, positions: tf.Tensor, *sides: tuple[Order, tf.Tensor]) -> Tensors:
        """Returns which items to read and the random numbers of their places, see ``Cutter.choose``."""
        chosen = {}
        for i, (order, fractions) in enumerate(sides):
            chosen |= {f"items_{i}": candidate_places(order, positions), f"places_{i}": fractions}
        return chosen

    def centres(self, sources: tf.Tensor, targets: tf.Tensor) -> Tensors:
        """Returns squares from the middle, see ``Cutter.centres``."""
        chosen = zip(self.sides, (sources, targets), strict=False)
        return self._named(tf.constant(rows[indices.numpy()]) for rows, indices in chosen)

    def squares(self, chosen: Tensors, arrays: Tensors) -> Tensors:
        """Reads the squares that were chosen, see ``Cutter.squares``."""
        return self._named(
            read_rows(rows, chosen[f"items_{i}"], chosen[f"places_{i}"])[0]
            for i, rows in enumerate(self.sides)
        )

    def _named(self, values: Iterable[tf.Tensor]) -> Tensors:
        both = [square for rows, read in zip(self.sides, values, strict=True) for square in rows.split(read)]
        return dict(zip(("source", "target"), both, strict=True))


def make_cutter(
    pairs: PicturePairs | StoredPairs, crop: int | None, hole: Hole | None, *, flip: bool
) -> Cutter | StoredCutter:
    """Returns the cutter of pairs in memory or on disk.

    Args:
        pairs: the pictures.
        crop: side of the squares of sources, in pixels; None: all that there is of pictures of one size.
        hole: "box", "free", "brush" or masks, see ``known_pixels``; None: no hole.
        flip: whether half of the squares are mirrored.

    Raises:
        InputError: a picture is smaller than its square, there is no ``crop`` and sizes differ, or ``hole``
            cannot be used.
    """
    return (StoredCutter if isinstance(pairs, StoredPairs) else Cutter)(pairs, crop, hole, flip=flip)


def _check_crop(pairs: PicturePairs | StoredPairs, crop: int | None) -> tuple[Size, Size]:
    """Returns the heights and widths of the squares of sources and of targets."""
    sources, targets = (
        (pairs.source_sizes, pairs.source_name),
        (pairs.target_sizes, pairs.target_name),
    )
    if crop is None:
        return _only_size(pairs.name, *sources), _only_size(pairs.name, *targets)
    whole_number("crop", crop, 1)
    for (sizes, picture_name), side in ((sources, crop), (targets, pairs.scale * crop)):
        for i in np.flatnonzero(_known(sizes) & (sizes.min(axis=1) < side)):
            raise InputError(
                f"{pairs.name}: {picture_name(i)} is {_as_text(sizes[i])}, smaller than the squares of "
                f"{side}x{side} to cut: crop {crop} is too large"
            )
    return (crop, crop), (pairs.scale * crop, pairs.scale * crop)


def _only_size(name: str, sizes: np.ndarray, picture_name: Callable[[int], str]) -> Size:
    first = int(np.argmax(_known(sizes)))
    for i in np.flatnonzero(_known(sizes) & (sizes != sizes[first]).any(axis=1)):
        raise InputError(
            f"{name}: pictures of different sizes, {picture_name(first)} is {_as_text(sizes[first])} and "
            f"{picture_name(i)} is {_as_text(sizes[i])}: pass crop"
        )
    height, width = sizes[first].tolist()
    return height, width


def _known(sizes: np.ndarray) -> np.ndarray:
    """Returns which sizes are known, bool (N,): those of damaged files on disk are 0."""
    return sizes.all(axis=1)


def _as_text(size: np.ndarray) -> str:
    return f"{size[1]}x{size[0]}"
