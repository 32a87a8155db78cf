"""Scores of anomalies against brute force, closed forms and scikit-learn."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri
from sklearn.metrics import average_precision_score, roc_auc_score

from tfgan_ref.errors import InputError
from tfgan_ref.metrics import auroc, auroc_interval, average_precision


def rng(seed=0):
    return np.random.default_rng(seed)


def test_area_and_precision_by_hand():
    # The anomalous 3 beats two of the normal ones and ties with one, 2 beats one and ties with one.
    assert auroc([1, 2, 3], [3, 2]) == pytest.approx((2.5 + 1.5) / 6)
    # At 3: one of two found is anomalous; at 2: two of four.
    assert average_precision([1, 2, 3], [3, 2]) == pytest.approx((1 / 2 + 2 / 4) / 2)


@pytest.mark.parametrize("ties", [1, 0.25, None])
def test_against_brute_force_and_scikit_learn(ties):
    normal, anomalous = rng(0).normal(size=70), rng(1).normal(0.7, 2, size=40)
    if ties:
        normal, anomalous = (np.round(side / ties) for side in (normal, anomalous))
    wins = np.sign(anomalous[:, None] - normal) / 2 + 0.5
    assert auroc(normal, anomalous) == pytest.approx(wins.mean(), abs=1e-15)
    labels, scores = np.repeat([0, 1], [70, 40]), np.concatenate([normal, anomalous])
    assert auroc(normal, anomalous) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
    expected = average_precision_score(labels, scores)
    assert average_precision(normal, anomalous) == pytest.approx(expected, abs=1e-12)
    value, low, high = auroc_interval(normal, anomalous, 0.9)
    spread = np.sqrt(wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 70)
    assert value == auroc(normal, anomalous)
    assert (high - value, value - low) == pytest.approx(2 * [ndtri(0.95) * spread])


def test_extremes():
    low, high = np.arange(5.0), np.arange(7.0) + 5
    assert auroc(low, high) == average_precision(low, high) == 1
    assert auroc(high, low) == 0
    assert auroc_interval(low, high) == (1, 1, 1)
    same = np.ones(6)
    assert auroc(same, same[:2]) == 0.5
    assert average_precision(same, same[:2]) == 2 / 8
    assert average_precision(high, low[:1]) == 1 / 8  # the last of all


def test_the_interval_holds_the_truth_as_often_as_it_says_and_stays_in_range():
    truth = ndtr(1.5 / np.sqrt(2))  # of two unit normals 1.5 apart
    found = np.array(
        [auroc_interval(rng(k).normal(size=60), rng(k + 999).normal(1.5, 1, 30)) for k in range(300)]
    )
    value, low, high = found.T
    assert abs(value.mean() - truth) < 3 * value.std() / np.sqrt(300)
    assert 0.9 < np.mean((low <= truth) & (truth <= high)) < 0.98
    assert (low >= 0).all()
    assert (high <= 1).all()
    near_one = auroc_interval([0, 1, 2, 3, 4.5], [4, 5, 6])
    assert near_one.high == 1
    assert auroc_interval([4, 5, 6], [0, 1, 2, 3, 4.5]).low == 0


@pytest.mark.parametrize("metric", [auroc, average_precision, auroc_interval])
def test_bad_scores_are_named(metric):
    with pytest.raises(InputError, match=r"anomalous must be of shape \(N,\), one score per sample"):
        metric([1, 2], [[1, 2]])
    with pytest.raises(InputError, match="normal has 0 scores, at least"):
        metric([], [1, 2])
    with pytest.raises(InputError, match="normal holds NaN"):
        metric([1, np.nan], [1, 2])


def test_an_interval_needs_two_scores_and_a_level():
    with pytest.raises(InputError, match="anomalous has 1 scores, at least 2 are needed"):
        auroc_interval([1, 2], [3])
    with pytest.raises(InputError, match="level must be above 0 and below 1, not 1"):
        auroc_interval([1, 2], [3, 4], 1)
