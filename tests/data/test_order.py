"""The order of images: permutations, chance, balance."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.order import balanced_order, shuffled_order


def indices(order, start, stop):
    return order(tf.range(start, stop, dtype=tf.int64)).numpy()


# Sizes on both sides of the two ways to shuffle, and of powers of two.
@pytest.mark.parametrize("n", [1, 2, 3, 10, 255, 256, 257, 1000, 1024, 65536, 70000])
def test_every_epoch_is_a_permutation(n):
    order = shuffled_order(n, seed=7)
    for epoch in (0, 1, 5):
        assert np.array_equal(np.sort(indices(order, epoch * n, (epoch + 1) * n)), np.arange(n))


@pytest.mark.parametrize("n", [50, 2000])
def test_epochs_and_seeds_differ(n):
    first, second = np.split(indices(shuffled_order(n, seed=0), 0, 2 * n), 2)
    other = indices(shuffled_order(n, seed=1), 0, n)
    for a, b in ((first, second), (first, other), (second, other), (first, np.arange(n))):
        assert np.mean(a == b) < 0.2


def test_epochs_do_not_repeat_after_256():
    order = shuffled_order(600, seed=3)
    epochs = {tuple(indices(order, 600 * epoch, 600 * epoch + 600)) for epoch in range(0, 1024, 16)}
    assert len(epochs) == 64


@pytest.mark.parametrize("n", [60, 6000, 60_000])
def test_batches_of_sorted_images_hold_classes_as_chance_does(n):
    # The count of one of 10 equal classes among 30 drawn from n has the hypergeometric variance.
    drawn = indices(shuffled_order(n, seed=5), 0, 120_000).reshape(-1, 30)
    counts = np.stack([np.sum(drawn * 10 // n == label, axis=1) for label in range(10)])
    expected = 30 * 0.1 * 0.9 * (n - 30) / (n - 1)
    assert np.var(counts) == pytest.approx(expected, rel=0.1)


def test_large_seeds_and_neighbours_differ():
    seeds = [0, 1, 2**31, 2**32, 2**64, 2**64 + 1]
    assert len({tuple(indices(shuffled_order(40, seed), 0, 40)) for seed in seeds}) == len(seeds)


def test_positions_are_independent_of_how_they_are_asked():
    order = shuffled_order(37, seed=2)
    assert np.array_equal(indices(order, 30, 100), indices(order, 0, 200)[30:100])


LABELS = np.array([5] * 400 + [2] * 30 + [9] * 3, np.int32)  # unequal, unordered, with gaps
FEW_LABELS = np.array([5] * 40 + [2] * 7 + [9] * 3, np.int32)  # few enough to be ranked, not shuffled by bits


def test_balanced_blocks_hold_each_class_once():
    drawn = LABELS[indices(balanced_order(LABELS, seed=1), 0, 3 * 900)].reshape(-1, 3)
    assert np.array_equal(np.sort(drawn, axis=1), np.tile([2, 5, 9], (900, 1)))
    assert len({tuple(block) for block in drawn}) == 6  # all orders of three classes occur


@pytest.mark.parametrize("labels", [LABELS, FEW_LABELS], ids=["many", "few"])
def test_balanced_visits_go_through_all_members_before_repeating(labels):
    drawn = indices(balanced_order(labels, seed=1), 0, 3 * 800)
    for label in (2, 5, 9):
        members = np.flatnonzero(label == labels)
        visits = drawn[labels[drawn] == label]
        rounds = visits[: len(visits) // len(members) * len(members)].reshape(-1, len(members))
        assert np.array_equal(np.sort(rounds, axis=1), np.tile(members, (len(rounds), 1)))
        assert not np.array_equal(rounds[0], rounds[1])


def test_balanced_seeds_differ_and_positions_stand_alone():
    order = balanced_order(LABELS, seed=1)
    assert np.array_equal(indices(order, 100, 300), indices(order, 0, 300)[100:])
    assert not np.array_equal(indices(order, 0, 300), indices(balanced_order(LABELS, seed=2), 0, 300))


def test_permutations_do_not_come_back():
    """Seed words of few random bits would give few different permutations (256 of 2,000)."""
    order = shuffled_order(300, 0)
    firsts = {
        tuple(order(tf.range(epoch * 300, epoch * 300 + 8, dtype=tf.int64)).numpy()) for epoch in range(600)
    }
    assert len(firsts) == 600
