"""Squares cut from pairs of pictures: batches to train on, and examples that show progress."""

import functools
from dataclasses import replace

import numpy as np
import tensorflow as tf

from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.pairs.cutting import FlatPictures, Places, cut
from tfgan_ref.data.pairs.holes import check_hole, known_pixels
from tfgan_ref.data.pairs.pairs import PicturePairs
from tfgan_ref.data.pipeline import (
    EXAMPLES,
    Batch,
    BatchLoader,
    DataShape,
    Tensors,
    TrainingData,
    derived_seed,
    draws_seed,
    spread_indices,
)
from tfgan_ref.errors import InputError, whole_number
from tfgan_ref.randomness import fold_in

Size = tuple[int, int]

# Purposes of the run's seed beside the order of the sources; not 0, by which a seed would stay itself.
_TARGET_ORDER = 1
_STEPS = 2
_EXAMPLES = 3
# Purposes of a step's seed.
_SOURCE_PLACES = 0
_TARGET_PLACES = 1
_HOLES = 2


def training_pairs(
    pairs: PicturePairs, crop: int, seed: int = 0, *, flip: bool = True, hole: str | None = None
) -> TrainingData:
    """Returns pairs of pictures, or two collections, from which squares are cut to train on.

    Args:
        pairs: the pictures.
        crop: side of the squares, in source pixels.
        seed: chooses order, places, mirrors and holes.
        flip: whether half of the squares are mirrored.
        hole: "box" or "free" removes pixels from the sources, see ``known_pixels``; None: no pixels.

    Raises:
        InputError: a picture is smaller than its square, or ``hole`` is unknown.
    """
    side = crop * pairs.scale
    cutter = _Cutter(pairs, crop, hole)
    # The cutter's own: what was read is in memory until then, not twice for the whole run.
    pairs = replace(pairs, sources=cutter.sources.pictures, targets=cutter.targets.pictures)
    return TrainingData(
        pairs,
        DataShape((side, side, pairs.target_channels), source_channels=pairs.source_channels),
        pairs.fingerprint,
        functools.partial(_square_loader, cutter, pairs, seed=seed, flip=flip),
        len(pairs.sources),
        sum(picture.nbytes for picture in (*pairs.sources, *pairs.targets)),
        (_cut_examples(cutter, pairs, EXAMPLES, seed=0),),
    )


def pair_batches(
    pairs: PicturePairs,
    batch_size: int,
    start_step: int = 0,
    *,
    seed: int,
    crop: int | None = None,
    flip: bool = True,
    hole: str | None = None,
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches of squares.

    As in ``batches``, every batch is full, each run of N positions holds each of the N pictures once, and the
    batch of a step depends on the arguments and the step only. A pair's two squares show the same place, both
    mirrored or neither; if there are no pairs, each side has its own order, places and mirrors.

    Args:
        pairs: the pictures.
        batch_size: squares per batch and side.
        start_step: the number of batches to leave out, of a run that is resumed.
        seed: chooses order, places, mirrors and holes; any whole number from 0 up.
        crop: side of the squares that are cut from sources, in pixels; those of targets are ``pairs.scale``
            times larger. None takes pictures as they are, which must then have one size on each side.
        flip: whether half of the squares are mirrored, left to right.
        hole: None, "box" (one rectangle) or "free" (brush strokes), see ``known_pixels``.

    Returns:
        Dicts of float32 in [-1, 1]: ``source`` (batch_size, crop, crop, Cs) and ``target`` (batch_size,
        scale * crop, scale * crop, Ct); with a hole also ``mask`` (batch_size, crop, crop, 1), 1 where a
        pixel is known and 0 in the hole, where ``source`` is 0.

    Raises:
        InputError: if an argument is out of its range, a picture is smaller than its square, or there is no
            ``crop`` and sizes differ.
    """
    loader = _square_loader(_Cutter(pairs, crop, hole), pairs, batch_size, seed=seed, flip=flip)
    return loader.dataset(start_step)


def _square_loader(
    cutter: "_Cutter", pairs: PicturePairs, batch_size: int, *, seed: int, flip: bool
) -> BatchLoader:
    source_order = shuffled_order(len(pairs.sources), seed)
    target_order = shuffled_order(len(pairs.targets), derived_seed(seed, _TARGET_ORDER))
    steps_seed = draws_seed(seed, _STEPS)

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        step_seed = fold_in(steps_seed, step)

        def drawn(purpose: int) -> tf.Tensor:
            return tf.random.stateless_uniform((batch_size, 3), fold_in(step_seed, purpose))

        places = cutter.sources.places(
            source_order(positions), drawn(_SOURCE_PLACES), cutter.source_size, flip
        )
        if pairs.paired:
            target_places = places.enlarged(pairs.scale)
        else:
            target_places = cutter.targets.places(
                target_order(positions), drawn(_TARGET_PLACES), cutter.target_size, flip
            )
        return cutter.choose(places, target_places, fold_in(step_seed, _HOLES))

    return BatchLoader(batch_size, choose, _gather, _finish, cutter.arrays)


def _gather(chosen: Tensors, arrays: Tensors) -> Tensors:
    values = {name: cut(a, chosen[f"{name}_rows"], chosen[f"{name}_columns"]) for name, a in arrays.items()}
    return values | ({"mask": chosen["mask"]} if "mask" in chosen else {})


def _finish(values: Tensors) -> Batch:
    batch = {name: tf.cast(values[name], tf.float32) / 127.5 - 1.0 for name in ("source", "target")}
    if "mask" in values:
        # Not a product with the mask: -0.0 would tell that a missing pixel was dark.
        batch["source"] = tf.where(values["mask"], batch["source"], 0.0)
        batch["mask"] = tf.cast(values["mask"], tf.float32)
    return batch


def example_pairs(
    pairs: PicturePairs, n: int, *, seed: int, crop: int | None = None, hole: str | None = None
) -> dict[str, np.ndarray]:
    """Returns one fixed batch, to follow the progress of training: squares from the middle, not mirrored.

    Args:
        pairs: the pictures.
        n: how many squares of each side; their pictures are spread evenly over the collection, and come more
            than once if there are fewer.
        seed: chooses the holes, any whole number from 0 up.
        crop: as in ``pair_batches``.
        hole: as in ``pair_batches``.

    Returns:
        What a batch of ``pair_batches`` holds, as NumPy arrays.

    Raises:
        InputError: as in ``pair_batches``.
    """
    whole_number("n", n, 1)
    whole_number("seed", seed, 0)
    return _cut_examples(_Cutter(pairs, crop, hole), pairs, n, seed=seed)


def _cut_examples(cutter: "_Cutter", pairs: PicturePairs, n: int, *, seed: int) -> dict[str, np.ndarray]:
    with tf.device("CPU:0"):
        places = cutter.sources.centres(spread_indices(n, len(pairs.sources)), cutter.source_size)
        if pairs.paired:
            target_places = places.enlarged(pairs.scale)
        else:
            target_places = cutter.targets.centres(spread_indices(n, len(pairs.targets)), cutter.target_size)
        chosen = cutter.choose(places, target_places, draws_seed(seed, _EXAMPLES))
        batch = _finish(_gather(chosen, cutter.arrays))
    return {name: values.numpy() for name, values in batch.items()}


class _Cutter:
    """Cutter of squares from both sides, with holes in the sources."""

    def __init__(self, pairs: PicturePairs, crop: int | None, hole: str | None) -> None:
        self.source_size, self.target_size = _check_crop(pairs, crop)
        if hole is not None:
            check_hole(hole, self.source_size)
        self.hole = hole
        self.sources, self.targets = FlatPictures(pairs.sources), FlatPictures(pairs.targets)
        self.arrays = {"source": self.sources.pixels, "target": self.targets.pixels}

    def choose(self, source_places: Places, target_places: Places, hole_seed: tf.Tensor) -> Tensors:
        """Returns which pixels of either side the squares have, and which of the sources are known."""
        source_rows, source_columns = self.sources.pixel_indices(source_places, self.source_size)
        target_rows, target_columns = self.targets.pixel_indices(target_places, self.target_size)
        chosen = {
            "source_rows": source_rows, "source_columns": source_columns,
            "target_rows": target_rows, "target_columns": target_columns,
        }  # fmt: skip
        if self.hole is not None:
            chosen["mask"] = known_pixels(self.hole, source_rows.shape[0], self.source_size, hole_seed)
        return chosen


def _check_crop(pairs: PicturePairs, crop: int | None) -> tuple[Size, Size]:
    """Returns the heights and widths of the squares of sources and of targets."""
    sides = ((pairs.sources, pairs.source_name, 1), (pairs.targets, pairs.target_name, pairs.scale))
    if crop is None:
        for pictures, picture_name, _ in sides:
            for i, picture in enumerate(pictures):
                if picture.shape != pictures[0].shape:
                    raise InputError(
                        f"{pairs.name}: pictures of different sizes, {picture_name(0)} is "
                        f"{_as_text(pictures[0])} and {picture_name(i)} is {_as_text(picture)}: pass crop"
                    )
        return pairs.sources[0].shape[:2], pairs.targets[0].shape[:2]
    whole_number("crop", crop, 1)
    for pictures, picture_name, scale in sides:
        side = scale * crop
        for i, picture in enumerate(pictures):
            if min(picture.shape[:2]) < side:
                raise InputError(
                    f"{pairs.name}: {picture_name(i)} is {_as_text(picture)}, smaller than the squares of "
                    f"{side}x{side} to cut: crop {crop} is too large"
                )
    return (crop, crop), (pairs.scale * crop, pairs.scale * crop)


def _as_text(picture: np.ndarray) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"
