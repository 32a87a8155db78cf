"""Nearest-neighbour metrics against all distances computed directly."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import betabinom

from tfgan_ref.metrics import (
    clipped_density_coverage,
    density_coverage,
    distances,
    nearest_neighbour_accuracy,
    precision_recall,
)


def within(distances, radii, strict):
    return distances < radii if strict else distances <= radii


def radii_of(x, k):
    """Distance to the k-th nearest other row, from all distances."""
    distances = cdist(x, x)
    np.fill_diagonal(distances, np.inf)
    return np.sort(distances, axis=1)[:, k - 1]


def brute_precision_recall(x, y, k, strict):
    across = cdist(x, y)
    precision = within(across, radii_of(x, k)[:, None], strict).any(axis=0).mean()
    return precision, within(across, radii_of(y, k), strict).any(axis=1).mean()


def brute_density_coverage(x, y, k, strict):
    inside = within(cdist(x, y), radii_of(x, k)[:, None], strict)
    return inside.sum() / (k * len(y)), inside.any(axis=1).mean()


def brute_clipped(x, y, k):
    radii, across, own = radii_of(x, k), cdist(x, y), cdist(x, x)
    np.fill_diagonal(own, np.inf)
    clipped = np.minimum(radii, np.median(radii))[:, None]
    inside, best = (np.minimum((part <= clipped).sum(axis=0), k).mean() for part in (across, own))
    held = np.minimum((across < radii[:, None]).sum(axis=1), k).mean() / k
    # What m good fakes of len(y) are expected to give.
    expected = [betabinom(m, k, len(x) - k).expect(lambda j: np.minimum(j, k)) / k for m in range(len(y) + 1)]
    return min(1.0, inside / best), np.interp(held, expected, np.linspace(0, 1, len(y) + 1))


def brute_accuracy(x, y):
    rows = np.concatenate([x, y])
    is_real = np.arange(len(rows)) < len(x)
    distances = cdist(rows, rows)
    np.fill_diagonal(distances, np.inf)
    right = is_real[distances.argmin(axis=1)] == is_real  # the first of equal distances
    return right.mean(), right[is_real].mean(), right[~is_real].mean()


def rng():
    return np.random.default_rng(0)


def gaussians(d=6, n=60, m=45):
    return rng().normal(size=(n, d)), rng().normal(size=(m, d)) * 1.1 + 0.4


def cases():
    x, y = gaussians()
    lattice = rng().integers(0, 4, size=(80, 3)).astype(float)
    modes = rng().normal(size=(3, 6))
    return {
        "gaussians": (x, y),
        "identical": (x, x),
        "permuted": (x, x[::-1]),
        "odd width": (rng().normal(size=(50, 7)) / 3,) * 2,
        "one dimension": (x[:, :1], y[:, :1]),
        "overlapping rows": (x, np.concatenate([x[:20], y])),
        "three modes": (x, modes[np.arange(45) % 3]),
        "three modes of the data": (x, x[np.arange(45) % 3]),
        "lattice": (lattice[:40], lattice[40:]),
        "both collapsed": (np.ones((12, 4)), np.ones((9, 4))),
        "collapsed apart": (np.ones((12, 4)), np.zeros((9, 4))),
        "mean 1000": (x + 1000, y + 1000),
        "mean 1e6": (1e6 + x / 1000, 1e6 + y / 1000),
        "tiny spread, apart": (10 + x * 1e-6, y * 1e-6),
        "two clusters": (np.concatenate([x * 1e-6, 1 + x * 1e-6]), np.concatenate([y * 1e-6, 1 + y * 1e-6])),
        "few rows": (x[:4], y[:5]),
    }


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("block", [1024, 7])
def test_all_against_brute_force(name, block, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK", block)
    x, y = cases()[name]
    for k in (1, 3, 5):
        for strict in (False, True):
            if k < min(len(x), len(y)):
                assert precision_recall(x, y, k, strict) == brute_precision_recall(x, y, k, strict)
            if k < len(x):
                expected = brute_density_coverage(x, y, k, strict)
                assert density_coverage(x, y, k, strict) == pytest.approx(expected, rel=1e-14)
    assert nearest_neighbour_accuracy(x, y) == brute_accuracy(x, y)


@pytest.mark.parametrize("d", [3, 33, 2048])
def test_identical_sets(d):
    """Closed forms: balls of k + 1 rows when closed, k when open; a copy is always the nearest."""
    x = rng().normal(size=(100, d))
    copy = rng().permutation(x)
    assert precision_recall(x, copy) == (1, 1)
    assert density_coverage(x, copy, 5, strict=True) == (1, 1)
    assert density_coverage(x, copy, 5, strict=False) == (pytest.approx(6 / 5), 1)
    assert nearest_neighbour_accuracy(x, copy) == (0, 0, 0)


@pytest.mark.parametrize("name", ["gaussians", "identical", "three modes", "lattice", "mean 1000"])
@pytest.mark.parametrize("k", [1, 5])
def test_clipped_against_brute_force(name, k):
    x, y = cases()[name]
    x, y = x[:25], y[:20]
    assert clipped_density_coverage(x, y, k) == pytest.approx(brute_clipped(x, y, k), rel=1e-9)


def test_clipped_scores_are_the_share_of_good_samples():
    real, fake = rng().normal(size=(2, 600, 4))
    for bad in (0, 200, 420):
        fake[:bad] += 100
        good = 1 - bad / 600
        assert clipped_density_coverage(real, fake) == pytest.approx((good, good), abs=0.05)
    assert clipped_density_coverage(real, real + 100) == (0, 0)


def test_outliers_of_the_data_do_not_make_bad_samples_good():
    """A far real row has a ball that reaches the data: everything lies inside, unless it is clipped."""
    real, fake = rng().normal(size=(500, 2)), 20 + rng().normal(size=(500, 2))
    real[0] = 40
    assert density_coverage(real, fake)[0] > 0.1
    assert clipped_density_coverage(real, fake)[0] == 0


def test_separable_sets():
    x, y = gaussians()
    assert precision_recall(x, y + 100) == (0, 0)
    assert density_coverage(x, y + 100) == (0, 0)
    assert nearest_neighbour_accuracy(x, y + 100) == (1, 1, 1)


def test_equal_distributions():
    x, y = rng().normal(size=(2, 400, 4))
    accuracy, real, fake = nearest_neighbour_accuracy(x, y)
    assert accuracy == pytest.approx((real + fake) / 2)
    assert abs(accuracy - 0.5) < 0.1


def test_ties_go_to_the_real_rows():
    # Each row is at distance 1 from one row of either set.
    x, y = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([[-1.0], [2.0], [9.0], [12.0]])
    accuracy = nearest_neighbour_accuracy(x, y)
    assert accuracy == (0.5, 1.0, 0.0)


def test_samples_on_the_border_count_for_precision_and_not_for_density():
    x, y = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([[-1.0], [2.0], [9.0], [12.0]])
    assert precision_recall(x, y, k=1) == (1, 1)
    assert density_coverage(x, y, k=1) == (0, 0)


def test_invariances_and_dtype():
    x, y = gaussians(8, 150, 120)
    rotation = np.linalg.qr(rng().normal(size=(8, 8)))[0]
    metrics = precision_recall, density_coverage, clipped_density_coverage, nearest_neighbour_accuracy
    for metric in metrics:
        expected = metric(x, y)
        assert metric(x @ rotation + 3, y @ rotation + 3) == expected
        assert metric(rng().permutation(x), rng().permutation(y)) == expected
        x32, y32 = x.astype("float32"), y.astype("float32")
        assert metric(x32, y32) == metric(x32.astype("float64"), y32.astype("float64"))
    assert precision_recall(y, x) == precision_recall(x, y)[::-1]


def test_large_collapsed_sets_are_not_compared_pair_by_pair(monkeypatch):
    x = np.repeat(rng().normal(size=(3, 16)), 200, axis=0)
    compared = []
    exact = distances.Distances._exact
    monkeypatch.setattr(
        distances.Distances,
        "_exact",
        lambda self, *pairs: compared.append(len(pairs[2])) or exact(self, *pairs),
    )
    assert precision_recall(x, x) == (1, 1)
    assert sum(compared) < 30 * len(x)


@pytest.mark.parametrize("k", [0, 45, 2.5, True, "3"])
def test_bad_k(k):
    with pytest.raises(ValueError, match="k must be"):
        precision_recall(*gaussians(), k=k)


def test_k_of_density_is_limited_by_the_real_set_only():
    x, y = gaussians()
    density_coverage(x, y[:2], k=59)
    with pytest.raises(ValueError, match="k must be from 1 to 59"):
        density_coverage(x, y, k=60)
