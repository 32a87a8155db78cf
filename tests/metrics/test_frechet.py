"""The Frechet distance against closed forms and the textbook formula, and its streaming moments."""

import warnings

import numpy as np
import pytest

from tests.conftest import slow_ones
from tfgan_ref.metrics import FrechetMoments, frechet_distance, frechet_distance_from_moments
from tfgan_ref.metrics.frechet import _mean_and_root


def features(n, d, seed=0, rank=None, mean=0.0):
    """Correlated Gaussian features, of a lower rank if asked."""
    rng = np.random.default_rng(seed)
    return mean + rng.normal(size=(n, rank or d)) @ rng.normal(size=(rank or d, d))


def by_symmetric_root(x, y):
    """|m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2, the textbook form."""
    s1, s2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    values, vectors = np.linalg.eigh(s1)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ s2 @ root), 0)).sum()
    return np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(s1) + np.trace(s2) - 2 * cross


def from_moments(x, y):
    return frechet_distance_from_moments(
        x.mean(0), np.cov(x, rowvar=False), y.mean(0), np.cov(y, rowvar=False)
    )


def distance(x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frechet_distance(x, y)


@pytest.mark.parametrize("d", [1, 3, 64])
def test_diagonal_gaussians(d):
    rng = np.random.default_rng(d)
    m1, m2 = rng.normal(size=(2, d))
    s1, s2 = rng.uniform(0.1, 3, size=(2, d))
    expected = np.sum((m1 - m2) ** 2) + np.sum((s1 - s2) ** 2)
    result = frechet_distance_from_moments(m1, np.diag(s1**2), m2, np.diag(s2**2))
    assert result == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", slow_ones([256, 2048], [2048]))
def test_unit_shift(d):
    assert frechet_distance_from_moments(np.zeros(d), np.eye(d), np.ones(d), np.eye(d)) == d


@pytest.mark.parametrize("n", [80, 5000])
def test_textbook_form(n):
    x, y = features(n, 24), features(n + 30, 24, seed=1, mean=0.3)
    assert distance(x, y) == pytest.approx(by_symmetric_root(x, y), rel=1e-11)
    assert from_moments(x, y) == pytest.approx(by_symmetric_root(x, y), rel=1e-11)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (features(40, 90), features(50, 90, 1)),  # N < d
        (features(40, 60), features(500, 60, 1)),  # N < d in one set only
        (features(300, 64, rank=10), features(300, 64, 1, rank=10)),
        (features(300, 64, rank=10), features(300, 64, 1)),
        (features(300, 64) * 1e-4, features(300, 64, 1)),
        (features(300, 20) * np.logspace(0, -9, 20), features(300, 20, 1) * np.logspace(0, -9, 20)),
    ],
)
def test_both_routes_agree_to_rounding_also_where_a_matrix_square_root_fails(x, y):
    trace = np.var(x, axis=0).sum() + np.var(y, axis=0).sum()
    assert distance(x, y) == pytest.approx(from_moments(x, y), abs=1e-12 * trace, rel=1e-12)
    assert distance(y, x) == pytest.approx(distance(x, y), abs=1e-13 * trace)
    assert from_moments(y, x) == pytest.approx(from_moments(x, y), abs=1e-13 * trace)


@pytest.mark.parametrize("x", [features(50, 128), features(200, 64), features(300, 64, rank=5)])
def test_identical_sets(x):
    trace = np.var(x, axis=0).sum()
    for result in (distance(x, x), from_moments(x, x)):
        assert 0 <= result <= 1e-12 * trace


def test_collapsed_set():
    x = features(100, 5)
    point = np.full((60, 5), 2.0)
    expected = np.sum((x.mean(0) - 2) ** 2) + np.var(x, axis=0, ddof=1).sum()
    assert distance(x, point) == pytest.approx(expected, rel=1e-13)
    assert distance(point, point + 3) == pytest.approx(5 * 9, rel=1e-14)


@pytest.mark.parametrize("mean", [1000.0, 1e6])
def test_a_large_mean_costs_no_digits(mean):
    # Multiples of 2^-20 are exact at both places.
    x, y = (np.round(features(n, 6, seed) * 2**20) / 2**20 for n, seed in ((90, 0), (70, 1)))
    assert distance(x + mean, y + mean) == pytest.approx(distance(x, y), rel=1e-9)


def test_invariances():
    x, y = features(200, 12), features(150, 12, 1)
    rng = np.random.default_rng(2)
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    expected = distance(x, y)
    assert distance(x @ rotation + 5, y @ rotation + 5) == pytest.approx(expected, rel=1e-11)
    assert distance(rng.permutation(x), rng.permutation(y)) == pytest.approx(expected, rel=1e-12)
    assert distance(3 * x, 3 * y) == pytest.approx(9 * expected, rel=1e-12)


def test_float32_features_give_the_float64_answer():
    x, y = features(100, 20).astype("float32"), features(100, 20, 1, mean=10).astype("float32")
    assert distance(x, y) == distance(x.astype("float64"), y.astype("float64"))


def test_blocks_change_nothing():
    x = features(500, 7, mean=3)
    mean, root = _mean_and_root(x, block=33)
    np.testing.assert_allclose(mean, x.mean(0), rtol=1e-14)
    np.testing.assert_allclose(root.T @ root, np.cov(x, rowvar=False), rtol=1e-12, atol=1e-13)


def test_fewer_rows_than_dimensions_warns():
    with pytest.warns(UserWarning, match="10 rows of 20 dimensions"):
        frechet_distance(features(10, 20), features(30, 20))


@pytest.mark.filterwarnings("ignore:Frechet distance from 10 rows")
def test_few_rows_give_what_their_moments_give():
    x, y = features(10, 20), features(30, 20, 1)
    moments = [part for rows in (x, y) for part in (rows.mean(0), np.cov(rows, rowvar=False))]
    assert frechet_distance(x, y) == pytest.approx(frechet_distance_from_moments(*moments), rel=1e-6)


def test_covariance_of_one_dimension_may_be_a_scalar():
    x, y = features(30, 1), features(20, 1, 1)
    expected = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert from_moments(x, y) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        ([[1, 0.5], [0, 1]], "not symmetric"),
        ([[1, 2], [2, 1]], "positive semi-definite"),
        ([[-1, 0], [0, -1]], "positive semi-definite"),
        ([[1, np.nan], [np.nan, 1]], "NaN"),
        ([[1, 0, 0]], "shapes"),
    ],
)
def test_bad_moments(covariance, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance_from_moments(np.zeros(2), covariance, np.zeros(2), np.eye(2))


def accumulate(x, size):
    moments = FrechetMoments()
    for start in range(0, len(x), size):
        moments.update(x[start : start + size])
    return moments


@pytest.mark.parametrize(("mean", "std"), [(0, 1), (1e6, 1e-3), (-1000, 1)])
@pytest.mark.parametrize("size", [1, 7, 64])
def test_streaming_moments(mean, std, size):
    x = mean + std * features(300, 5)
    exact = x - x[0]  # exact in floats: the rows are close to each other
    expected = np.cov(exact, rowvar=False)
    moments = accumulate(x, size)
    assert moments.count == 300
    np.testing.assert_allclose(moments.mean, x[0] + exact.mean(0), rtol=1e-15, atol=1e-14 * std)
    np.testing.assert_allclose(moments.covariance, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_streaming_when_the_first_batch_is_an_outlier():
    x = features(200, 4)
    x[:20] += 1e5
    expected = np.cov(x, rowvar=False)
    np.testing.assert_allclose(accumulate(x, 20).covariance, expected, atol=1e-12 * expected.max())


def test_merging_replicas():
    x = 1e6 + 1e-3 * features(301, 5)
    whole, left, right = accumulate(x, 50), accumulate(x[:120], 25), accumulate(x[120:], 30)
    left.merge(right)
    left.merge(FrechetMoments())
    assert left.count == whole.count
    np.testing.assert_allclose(left.mean, whole.mean, rtol=1e-15)
    limit = 1e-12 * np.abs(whole.covariance).max()
    np.testing.assert_allclose(left.covariance, whole.covariance, rtol=0, atol=limit)
    empty = FrechetMoments()
    empty.merge(right)
    empty.update(x[:120])
    np.testing.assert_allclose(empty.covariance, whole.covariance, rtol=0, atol=limit)
    assert right.count == 181


def test_streaming_float32_batches():
    x = features(100, 4, mean=100).astype("float32")
    np.testing.assert_allclose(
        accumulate(x, 9).covariance, np.cov(x.astype("float64"), rowvar=False), rtol=1e-12
    )


def test_streaming_errors():
    moments = FrechetMoments()
    with pytest.raises(ValueError, match="no features"):
        _ = moments.mean
    moments.update(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="at least 2"):
        _ = moments.covariance
    with pytest.raises(ValueError, match="4 columns"):
        moments.update(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="NaN"):
        moments.update(np.full((2, 3), np.nan))
    with pytest.raises(ValueError, match="cannot merge"):
        moments.merge(accumulate(np.zeros((2, 4)), 2))
    assert moments.count == 1
