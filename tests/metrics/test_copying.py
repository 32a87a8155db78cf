"""Copies of training rows against brute force and against what held-out rows must have."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import ndtr

from tfgan_ref.metrics import authenticity, memorisation


def rng(seed=0):
    return np.random.default_rng(seed)


def test_share_and_p_value_by_definition():
    training, held_out, fake = (
        rng().normal(size=(30, 3)),
        rng(1).normal(size=(20, 3)),
        rng(2).normal(size=(25, 3)),
    )
    fake[:5] = held_out[:5]  # ties, which count half
    near = [cdist(side, training).min(axis=1) for side in (fake, held_out)]
    wins = np.sign(near[1][:, None] - near[0])
    share = np.mean((wins + 1) / 2)
    _, ties = np.unique(np.concatenate(near), return_counts=True)
    variance = (46 - np.sum(ties**3 - ties) / (45 * 44)) / (12 * 25 * 20)
    found = memorisation(training, held_out, fake)
    assert found.share == pytest.approx(share, rel=1e-12)
    z = (share - 0.5) / np.sqrt(variance)
    assert found.p_value == pytest.approx(1 - ndtr(z), rel=1e-9)


def test_a_copy_of_the_training_set_is_caught_and_a_held_out_set_is_not():
    rows = rng().normal(size=(600, 8))
    training, held_out, others = np.split(rows, 3)
    copied = memorisation(training, held_out, rng().permutation(training))
    assert copied.share == 1
    assert copied.p_value < 1e-50
    assert authenticity(training, training) == 0
    honest = memorisation(training, held_out, others)
    assert abs(honest.share - 0.5) < 0.1
    assert honest.p_value > 0.01
    assert authenticity(training, others) > 0.35
    half = np.concatenate([training[:100], others[:100]])
    assert memorisation(training, held_out, half).p_value < 1e-6
    assert authenticity(training, half) == pytest.approx(authenticity(training, others[:100]) / 2)
    # Far from everything is no copy.
    assert memorisation(training, held_out, others + 100) == (0, 1)
    assert authenticity(training, others + 100) == 1


def test_held_out_rows_have_a_half_in_expectation_and_p_values_are_uniform():
    found = [memorisation(*np.split(rng(seed).exponential(size=(90, 2)), 3)) for seed in range(100)]
    shares, p_values = np.array(found).T
    assert abs(shares.mean() - 0.5) < 3 * shares.std() / 10
    assert abs(p_values.mean() - 0.5) < 3 * np.sqrt(1 / 12) / 10


def test_no_p_value_where_all_distances_are_equal():
    assert memorisation(np.ones((5, 2)), np.ones((4, 2)), np.ones((3, 2))) == (0.5, 0.5)


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
