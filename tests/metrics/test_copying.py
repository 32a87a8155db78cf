"""Copies of training rows against brute force and against what held-out rows must have."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import ndtr

from tfgan_ref.metrics import authenticity, memorisation


def rng(seed=0):
    return np.random.default_rng(seed)


def test_share_and_p_value_by_definition():
    """Against brute force, and the p-value against all ways of choosing the training rows."""
    rows, fake = rng(0).normal(size=(9, 2)), rng(1).normal(size=(40, 2))
    rows[1] = rows[0]  # the nearest of two equal rows, which count half each where they are on two sides
    found = memorisation(rows[1:6], rows[[0, 6, 7, 8]], fake)
    near = cdist(fake, rows).argsort(axis=1, kind="stable")[:, 0]
    counts = np.bincount(near, minlength=9).astype(float)
    counts[:2] = counts[:2].sum() / 2
    assert found.share == pytest.approx(counts[1:6].sum() / 40)
    assert found.expected == 5 / 9
    sums = np.array([counts[list(chosen)].sum() for chosen in itertools.combinations(range(9), 5)])
    assert sums.mean() == pytest.approx(40 * 5 / 9)
    z = (counts[1:6].sum() - sums.mean()) / sums.std()
    assert found.p_value == pytest.approx(1 - ndtr(z), rel=1e-9)
    assert found.error == pytest.approx(sums.std() / 40)


def test_a_copy_of_the_training_set_is_caught_and_a_held_out_set_is_not():
    rows = rng().normal(size=(600, 8))
    training, held_out, others = np.split(rows, 3)
    copied = memorisation(training, held_out, rng().permutation(training))
    assert (copied.share, copied.expected) == (1, 0.5)
    assert copied.p_value < 1e-50
    assert authenticity(training, training) == 0
    half = np.concatenate([training[:100], others[:100]])
    assert memorisation(training, held_out, half).p_value < 1e-6
    assert authenticity(training, half) == pytest.approx(authenticity(training, others[:100]) / 2)
    # Good or bad, too narrow or far from everything: no copies.
    for fakes in (others, 0.1 * others, 3 * others, others + 5, others[:1].repeat(200, axis=0)):
        assert memorisation(training, held_out, fakes).p_value > 0.01
    assert authenticity(training, others) > 0.35
    assert authenticity(training, others + 100) == 1


def test_the_share_is_as_expected_whatever_the_fakes_and_p_values_are_uniform():
    found = []
    for seed in range(120):
        rows = rng(seed).exponential(size=(90, 2))
        found.append(memorisation(rows[:60], rows[60:], rng(seed + 1000).normal(size=(40, 2))))
    shares, expected, p_values, _ = np.array(found).T
    assert (expected == 2 / 3).all()
    assert abs(shares.mean() - 2 / 3) < 3 * shares.std() / np.sqrt(120)
    assert abs(p_values.mean() - 0.5) < 3 * np.sqrt(1 / 12 / 120)


def test_no_p_value_where_all_distances_are_equal():
    assert memorisation(np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2))).share == 0.5
    pairs = np.array([[0.0], [10]])
    assert memorisation(pairs, pairs + 1, np.array([[0.0], [1], [10], [11]])) == (0.5, 0.5, 0.5, 0)


@pytest.mark.parametrize(("d", "expected"), [(1, 1 / 3), (3, 1 - 0.5926)])
def test_authenticity_of_held_out_rows_is_that_of_mutual_neighbours(d, expected):
    """Clark and Evans: mutual in V / U, of one ball and the union of two that hold each other's centres."""
    found = authenticity(*rng(d).uniform(size=(2, 2000, d)))
    assert found == pytest.approx(expected, abs=0.04)


def test_authenticity_by_definition():
    training, fake = rng().integers(0, 5, size=(40, 3)).astype(float), rng(1).normal(2, 1.5, size=(60, 3))
    across, within = cdist(fake, training), cdist(training, training)
    np.fill_diagonal(within, np.inf)
    expected = np.mean(across.min(axis=1) > within.min(axis=1)[across.argmin(axis=1)])
    assert 0 < expected < 1
    assert authenticity(training, fake) == expected


def test_bad_arguments_are_named():
    good = rng().normal(size=(6, 3))
    with pytest.raises(ValueError, match="training has 3 columns, held_out 2"):
        memorisation(good, good[:, :2], good)
    with pytest.raises(ValueError, match="fake holds NaN"):
        memorisation(good, good, good * np.nan)
    with pytest.raises(ValueError, match="training has 1 rows"):
        authenticity(good[:1], good)
