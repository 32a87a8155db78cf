"""Shuffled and class-balanced orders of items, and which of them to mirror, as functions of (seed, position).

There is no shuffle buffer and no state to save: a run that is resumed at step k computes the positions of
step k and reads the items that it would have read.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import whole_number

# Purposes, so that the same number serves as an epoch in one place and as a block in another.
_IMAGES = 0
_CLASSES = 1
_MEMBERS = 2
_MIRRORS = 3
_PLACES = 4

# TensorFlow's index shuffle walks a cycle of at least 2**16 indices until it meets one below n: 0.1 ms per
# index for n = 10. Up to this n it is faster to compare each index with all others.
_SMALL = 256
# The wrapper tf.random.experimental.index_shuffle takes 4 rounds, which still shows a pattern: batches of
# 60,000 sorted images hold classes more evenly than chance (0.77 of its variance; 1.00 with 8 rounds, as
# tf.data uses).
_ROUNDS = 8

Order = Callable[[tf.Tensor], tf.Tensor]


def shuffled_order(n: int, seed: int) -> Order:
    """Orders n items so that each run of n positions (an epoch) is a new permutation of all of them.

    Args:
        n: the number of items, at least 1.
        seed: any whole number from 0 up.

    Returns:
        A function from positions, int64 (B,), to item indices, int64 (B,) in [0, n).
    """
    key = tf.constant(np.random.SeedSequence(whole_number("seed", seed, 0)).generate_state(1, np.uint64)[0])
    return lambda positions: _permuted(positions, n, _hash(key, _IMAGES))


def balanced_order(labels: np.ndarray, seed: int) -> Order:
    """Orders items so that all classes come equally often, whatever their sizes.

    Each run of K positions holds each of the K classes present once, in a new permutation. The visits to a
    class go through its members as ``shuffled_order`` does: a new permutation each time all have been seen.

    Args:
        labels: class numbers, (N,).
        seed: any whole number from 0 up.

    Returns:
        A function from positions, int64 (B,), to item indices, int64 (B,) in [0, N).
    """
    _, sizes = np.unique(labels, return_counts=True)
    classes, largest = len(sizes), int(sizes.max())
    members = tf.constant(np.argsort(labels, kind="stable"), tf.int64)  # class after class
    starts = tf.constant(np.cumsum(sizes) - sizes, tf.int64)
    sizes = tf.constant(sizes, tf.int64)
    key = tf.constant(np.random.SeedSequence(whole_number("seed", seed, 0)).generate_state(1, np.uint64)[0])

    def order(positions: tf.Tensor) -> tf.Tensor:
        chosen = _permuted(positions, classes, _hash(key, _CLASSES))
        visits = positions // classes  # each block visits each class once
        size = tf.gather(sizes, chosen)
        keys = _hash(key, _MEMBERS, chosen, visits // size)
        return tf.gather(members, tf.gather(starts, chosen) + _shuffled(visits % size, keys, size, largest))

    return order


def mirror_choices(seed: int) -> Order:
    """Returns a function from positions, int64 (B,), to whether to mirror what is there, bool (B,)."""
    key = tf.constant(np.random.SeedSequence(whole_number("seed", seed, 0)).generate_state(1, np.uint64)[0])

    def mirrored(positions: tf.Tensor) -> tf.Tensor:
        return _hash(key, _MIRRORS, positions) % 2 == 0

    return mirrored


def crop_places(seed: int) -> Order:
    """Returns a function from positions, int64 (B,), to where to crop what is there.

    Those are float32 (B, 2) in [0, 1): shares of what is cropped away that lie above and on the left.

    """
    key = tf.constant(np.random.SeedSequence(whole_number("seed", seed, 0)).generate_state(1, np.uint64)[0])

    def places(positions: tf.Tensor) -> tf.Tensor:
        hashes = _hash(key, _PLACES, positions[:, tf.newaxis], tf.range(2, dtype=tf.int64))
        bits = tf.bitwise.right_shift(hashes, tf.constant(40, tf.uint64))  # as many as a float32 holds
        return tf.cast(tf.cast(bits, tf.int64), tf.float32) / 2**24

    return places


def _permuted(positions: tf.Tensor, n: int, key: tf.Tensor) -> tf.Tensor:
    """Maps each position to its place in its epoch's permutation of [0, n)."""
    sizes = tf.fill(tf.shape(positions), tf.constant(n, tf.int64))
    return _shuffled(positions % n, _hash(key, positions // n), sizes, n)


def _shuffled(indices: tf.Tensor, keys: tf.Tensor, sizes: tf.Tensor, largest: int) -> tf.Tensor:
    """Maps each index to its place in the permutation of [0, size) that its key chooses.

    Args:
        indices: int64 (B,), each in [0, size).
        keys: uint64 (B,), hashes.
        sizes: int64 (B,).
        largest: no size is above it.
    """
    if largest > _SMALL:
        return _index_shuffle(indices, keys, sizes)
    others = tf.range(largest, dtype=tf.int64)[tf.newaxis]
    ranks = _hash(keys[:, tf.newaxis], others)  # its order is the permutation
    own = tf.gather(ranks, indices[:, tf.newaxis], batch_dims=1)
    return tf.math.count_nonzero((ranks < own) & (others < sizes[:, tf.newaxis]), axis=1)


def _index_shuffle(indices: tf.Tensor, keys: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """Computes ``_shuffled`` with TensorFlow's index shuffle (a block cipher of few bits).

    Below 2**16 it uses the low 8 bits of each of its three seed words: they must be bits of a hash, or the
    permutations would repeat after 256 epochs.
    """
    words = [tf.bitwise.right_shift(keys, tf.constant(shift, tf.uint64)) for shift in (0, 20, 40)]
    seeds = tf.bitcast(tf.stack(words, axis=1), tf.int64)
    # The raw op: the wrapper pads a matrix of seeds at its rows instead of its columns, and fails.
    return tf.raw_ops.RandomIndexShuffle(index=indices, seed=seeds, max_index=sizes - 1, rounds=_ROUNDS)


def _hash(key: tf.Tensor, *numbers: int | tf.Tensor) -> tf.Tensor:
    """Mixes non-negative numbers into a key, one after another: SplitMix64 (Steele et al. 2014), uint64."""
    for number in numbers:
        key = key + (tf.cast(number, tf.uint64) + 1) * tf.constant(0x9E3779B97F4A7C15, tf.uint64)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            shifted = tf.bitwise.right_shift(key, tf.constant(shift, tf.uint64))
            key = tf.bitwise.bitwise_xor(key, shifted) * tf.constant(factor, tf.uint64)
    return key
