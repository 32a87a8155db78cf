"""Kernel distances against sums over single pairs."""

import itertools
import math

import numpy as np
import pytest

from tfgan_ref.metrics import kernel as module
from tfgan_ref.metrics import kernel_distance, maximum_mean_discrepancy


def sets(n=30, m=24, d=5, seed=0, mean=0.0, std=1.0):
    rng = np.random.default_rng(seed)
    return mean + std * rng.normal(size=(n, d)), mean + std * (1.2 * rng.normal(size=(m, d)) + 0.3)


def polynomial(x, y):
    return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3


def gaussian(sigma):
    return lambda x, y: math.exp(-sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / (2 * sigma**2))


def brute_force(x, y, kernel, biased=False):
    """The U- or V-statistic of MMD^2, pair by pair."""

    def within(z):
        pairs = [(i, j) for i, j in itertools.product(range(len(z)), repeat=2) if biased or i != j]
        return math.fsum(kernel(z[i], z[j]) for i, j in pairs) / len(pairs)

    across = math.fsum(kernel(a, b) for a, b in itertools.product(x, y)) / (len(x) * len(y))
    return within(x) + within(y) - 2 * across


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("sizes", [(30, 24), (10, 10), (2, 3)])
def test_polynomial_mmd(sizes, biased):
    x, y = sets(*sizes, mean=0.5)
    result = maximum_mean_discrepancy(x, y, estimator="biased" if biased else "unbiased")
    assert result == pytest.approx(brute_force(x.tolist(), y.tolist(), polynomial, biased), rel=1e-11)


@pytest.mark.parametrize("sigma", [1.0, 0.4])
def test_rbf_mean_mmd(sigma):
    x, y = sets()
    scale = np.mean([np.sum((a - b) ** 2) for a, b in itertools.product(x, x)])
    kernel = gaussian(sigma * math.sqrt(scale))
    expected = math.sqrt(brute_force(x, y, kernel, biased=True))
    assert maximum_mean_discrepancy(x, y, "rbf_mean", sigma=sigma) == pytest.approx(expected, rel=1e-11)
    assert maximum_mean_discrepancy(x, y, "rbf_mean", "biased", sigma) == pytest.approx(expected, rel=1e-11)
    unbiased = math.sqrt(brute_force(x, y, kernel))
    assert maximum_mean_discrepancy(x, y, "rbf_mean", "unbiased", sigma) == pytest.approx(unbiased, rel=1e-11)


def test_identical_sets():
    x, _ = sets()
    assert maximum_mean_discrepancy(x, x, estimator="biased") == pytest.approx(0, abs=1e-13)
    assert maximum_mean_discrepancy(x, x, "rbf_mean") == pytest.approx(0, abs=1e-7)
    # The unbiased estimate drops the diagonal of two of the three terms: below zero here, and not clipped.
    kernel = [[polynomial(a, b) for b in x] for a in x]
    expected = 2 * (np.sum(kernel) - np.trace(kernel)) / (30 * 29) - 2 * np.mean(kernel)
    assert expected < 0
    assert maximum_mean_discrepancy(x, x) == pytest.approx(expected, rel=1e-11)


def test_a_large_mean_and_a_tiny_spread_cost_no_digits():
    # In exact arithmetic: multiples of 2^-20 as fractions.
    from fractions import Fraction

    rng = np.random.default_rng(0)
    x, y = (10 + rng.integers(-200, 200, size=(6, 3)) / 2**20 for _ in range(2))
    exact = [[[Fraction(v) for v in row] for row in z.tolist()] for z in (x, y)]

    def mean(z, w, skip):
        pairs = [(i, j) for i in range(6) for j in range(6) if not (skip and i == j)]
        return sum(
            (sum(a * b for a, b in zip(z[i], w[j], strict=True)) / 3 + 1) ** 3 for i, j in pairs
        ) / len(pairs)

    expected = mean(exact[0], exact[0], True) + mean(exact[1], exact[1], True) - 2 * mean(*exact, False)
    assert maximum_mean_discrepancy(x, y) == pytest.approx(float(expected), rel=1e-8)


def draws(n, m, subsets, size, seed=2020):
    rng = np.random.RandomState(seed)
    return [(rng.choice(n, size, replace=False), rng.choice(m, size, replace=False)) for _ in range(subsets)]


@pytest.mark.parametrize("name", ["polynomial", "rbf"])
@pytest.mark.parametrize(("subsets", "size"), [(6, 20), (1, 4)])  # all pairs at once; subset by subset
def test_kernel_distance_follows_the_protocol(name, subsets, size):
    x, y = sets(40, 36)
    kernel = polynomial if name == "polynomial" else gaussian(1.5)
    values = [brute_force(x[i], y[j], kernel) for i, j in draws(40, 36, subsets, size)]
    mean, std = kernel_distance(x, y, subsets, size, name, sigma=1.5)
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-13)
    assert std == pytest.approx(np.std(values), rel=1e-9, abs=1e-13)


def test_both_routes_agree(monkeypatch):
    x, y = sets(90, 80, 12)
    expected = kernel_distance(x, y, 20, 30)
    monkeypatch.setattr(module, "MOST_WEIGHTS", 0)
    assert kernel_distance(x, y, 20, 30) == pytest.approx(expected, rel=1e-10)


def large(seed=0, shift=0.5):
    """Features of more dimensions than most, whose distance is small beside their kernel values."""
    rng = np.random.default_rng(seed)
    return 1 + rng.normal(size=(500, 256)), 1 + shift + 1.05 * rng.normal(size=(450, 256))


@pytest.mark.parametrize("route", ["at once", "one by one"])
def test_products_in_float32_change_nothing(route, monkeypatch):
    if route == "one by one":
        monkeypatch.setattr(module, "MOST_WEIGHTS", 0)
    x, y = large()
    expected = kernel_distance(x, y, 12, 400)
    monkeypatch.setattr(module, "FEW_ROWS", 0)
    values = kernel_distance(x, y, 12, 400)
    assert values == pytest.approx(expected, abs=1e-9 * expected[0])
    assert values != expected  # it was float32


def test_float64_where_float32_would_not_do(monkeypatch):
    """The nearer the distance is to 0, the more the errors of float32 count."""
    monkeypatch.setattr(module, "FEW_ROWS", 0)
    for (x, y), expected in (
        (large(), np.float32),
        ((large()[0], large(1)[0]), np.float64),
        (large(shift=0.1), np.float64),
    ):
        kernel = module.PolynomialKernel(module.joint_mean(x, y))
        subsets = draws(len(x), len(y), 1, 400)
        assert module._precision(kernel, x, y, subsets) is expected


def test_blocks_change_nothing(monkeypatch):
    x, y = sets(50, 43)
    expected = maximum_mean_discrepancy(x, y), maximum_mean_discrepancy(x, y, "rbf_mean")
    monkeypatch.setattr(module._kernel_sums, "__defaults__", (np.float64, 7))
    monkeypatch.setattr(module, "CHUNK", 20)
    assert maximum_mean_discrepancy(x, y) == pytest.approx(expected[0], rel=1e-11)
    assert maximum_mean_discrepancy(x, y, "rbf_mean") == pytest.approx(expected[1], rel=1e-11)


def test_seed_and_dtype():
    x, y = (z.astype("float32") for z in sets(60, 60))
    assert kernel_distance(x, y, 5, 20) == kernel_distance(x.astype(float), y.astype(float), 5, 20)
    assert kernel_distance(x, y, 5, 20) != kernel_distance(x, y, 5, 20, seed=0)
    assert maximum_mean_discrepancy(x, y) == maximum_mean_discrepancy(x.astype(float), y.astype(float))


def test_collapsed_fakes():
    x, _ = sets()
    point = np.ones((20, 5))
    expected = brute_force(x.tolist(), point.tolist(), polynomial)
    assert maximum_mean_discrepancy(x, point) == pytest.approx(expected, rel=1e-11)
    with pytest.raises(ValueError, match="all rows of real are equal"):
        maximum_mean_discrepancy(point, x, "rbf_mean")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"subset_size": 31}, "more than the number of rows"),
        ({"subset_size": 1}, "subset_size must be at least 2"),
        ({"subsets": 0, "subset_size": 5}, "subsets"),
        ({"kernel": "linear", "subset_size": 5}, "polynomial, rbf"),
        ({"sigma": 0, "subset_size": 5}, "sigma"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        kernel_distance(*sets(), **settings)


def test_bad_names_of_mmd():
    with pytest.raises(ValueError, match="rbf_mean"):
        maximum_mean_discrepancy(*sets(), kernel="rbf")
    with pytest.raises(ValueError, match="unbiased, biased"):
        maximum_mean_discrepancy(*sets(), estimator="u")
