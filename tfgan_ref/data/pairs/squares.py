"""Squares cut from pairs of pictures: batches to train on, and examples that show progress."""

import functools
import zlib
from dataclasses import replace

import numpy as np
import tensorflow as tf

from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.pairs.cutters import Cutter, StoredCutter, make_cutter
from tfgan_ref.data.pairs.holes import Hole
from tfgan_ref.data.pairs.pairs import PicturePairs
from tfgan_ref.data.pairs.stored import StoredPairs
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
from tfgan_ref.errors import whole_number
from tfgan_ref.randomness import fold_in

# Purposes of the run's seed beside the order of the sources; not 0, by which a seed would stay itself.
_TARGET_ORDER = 1
_STEPS = 2
_EXAMPLES = 3
# Purposes of a step's seed.
_SOURCE_PLACES = 0
_TARGET_PLACES = 1
_HOLES = 2
_SOURCE_SEEDS = 3


def training_pairs(
    pairs: PicturePairs | StoredPairs,
    crop: int,
    seed: int = 0,
    *,
    flip: bool = True,
    hole: Hole | None = None,
) -> TrainingData:
    """Returns pairs of pictures, or two collections, from which squares are cut to train on.

    Args:
        pairs: the pictures.
        crop: side of the squares, in source pixels.
        seed: chooses order, places, mirrors and holes.
        flip: whether half of the squares are mirrored.
        hole: "box", "free" or "brush" removes pixels from the sources, see ``known_pixels``, or masks do, see
            ``read_masks``; None: no pixels are removed.

    Raises:
        InputError: a picture is smaller than its square, or ``hole`` cannot be used.
    """
    side = crop * pairs.scale
    cutter = make_cutter(pairs, crop, hole, flip=flip)
    if isinstance(cutter, Cutter):
        # The cutter's own: what was read is in memory until then, not twice for the whole run.
        pairs = replace(pairs, sources=cutter.sources.pictures, targets=cutter.targets.pictures)
    fingerprint, memory = pairs.fingerprint, pairs.nbytes
    if isinstance(hole, np.ndarray):
        fingerprint += f"-{zlib.crc32(np.ascontiguousarray(hole)):08x}"
        memory += hole.nbytes
    return TrainingData(
        pairs,
        DataShape((side, side, pairs.target_channels), source_channels=pairs.source_channels),
        fingerprint,
        functools.partial(_square_loader, cutter, pairs, seed=seed),
        pairs.source_count,
        memory,
        (_cut_examples(cutter, pairs, EXAMPLES, seed=0),),
        faults=pairs.faults if isinstance(pairs, StoredPairs) and pairs.on_disk else None,
    )


def pair_batches(
    pairs: PicturePairs | StoredPairs,
    batch_size: int,
    start_step: int = 0,
    *,
    seed: int,
    crop: int | None = None,
    flip: bool = True,
    hole: Hole | None = None,
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
        hole: None, "box" (one rectangle), "free" (straight strokes) or "brush" (strokes that bend), see
            ``known_pixels``; or masks, bool (M, crop, crop), True for known pixels: each square gets one.

    Returns:
        Dicts of float32 in [-1, 1]: ``source`` (batch_size, crop, crop, Cs) and ``target`` (batch_size,
        scale * crop, scale * crop, Ct); with a hole also ``mask`` (batch_size, crop, crop, 1), 1 where a
        pixel is known and 0 in the hole, where ``source`` is 0.

    Raises:
        InputError: if an argument is out of its range, a picture is smaller than its square, or there is no
            ``crop`` and sizes differ.
    """
    loader = _square_loader(make_cutter(pairs, crop, hole, flip=flip), pairs, batch_size, seed=seed)
    return loader.dataset(start_step)


def _square_loader(
    cutter: Cutter | StoredCutter, pairs: PicturePairs | StoredPairs, batch_size: int, *, seed: int
) -> BatchLoader:
    source_order = shuffled_order(pairs.source_count, seed)
    target_order = shuffled_order(pairs.target_count, derived_seed(seed, _TARGET_ORDER))
    steps_seed = draws_seed(seed, _STEPS)

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        step_seed = fold_in(steps_seed, step)

        def drawn(purpose: int, count: int = 3) -> tf.Tensor:
            return tf.random.stateless_uniform((batch_size, count), fold_in(step_seed, purpose))

        places = drawn(_SOURCE_PLACES)
        if isinstance(pairs, StoredPairs) and pairs.degraded:
            places = tf.concat([places, drawn(_SOURCE_SEEDS, 2)], axis=1)
        sides = [(source_order, places)]
        if not pairs.paired:
            sides.append((target_order, drawn(_TARGET_PLACES)))
        return cutter.choose(positions, *sides) | cutter.known(batch_size, fold_in(step_seed, _HOLES))

    def gather(chosen: Tensors, arrays: Tensors) -> Tensors:
        mask = {name: value for name, value in chosen.items() if name == "mask"}
        return cutter.squares(chosen, arrays) | mask

    return BatchLoader(batch_size, choose, gather, _finish, cutter.arrays, cutter.rows)


def _finish(values: Tensors) -> Batch:
    batch = {name: tf.cast(values[name], tf.float32) / 127.5 - 1.0 for name in ("source", "target")}
    if "mask" in values:
        # Not a product with the mask: -0.0 would tell that a missing pixel was dark.
        batch["source"] = tf.where(values["mask"], batch["source"], 0.0)
        batch["mask"] = tf.cast(values["mask"], tf.float32)
    return batch


def example_pairs(
    pairs: PicturePairs | StoredPairs, n: int, *, seed: int, crop: int | None = None, hole: Hole | None = None
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
    return _cut_examples(make_cutter(pairs, crop, hole, flip=False), pairs, n, seed=seed)


def _cut_examples(
    cutter: Cutter | StoredCutter, pairs: PicturePairs | StoredPairs, n: int, *, seed: int
) -> dict[str, np.ndarray]:
    with tf.device("CPU:0"):
        indices = spread_indices(n, pairs.source_count), spread_indices(n, pairs.target_count)
        squares = cutter.centres(*indices) | cutter.known(n, draws_seed(seed, _EXAMPLES))
        batch = _finish(squares)
    return {name: values.numpy() for name, values in batch.items()}
