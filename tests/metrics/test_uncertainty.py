"""Extrapolation and intervals against closed forms and simulations with known distances."""

import numpy as np
import pytest
from scipy.stats import norm

from tfgan_ref.metrics import (
    density_coverage,
    extrapolate,
    frechet_distance,
    frechet_infinity,
    jackknife_interval,
    maximum_mean_discrepancy,
)

D = 4
SHIFT, SCALE = np.array([0.5, 0, -0.5, 0]), 1.3
DISTANCE = 0.5 + D * (SCALE - 1) ** 2  # Frechet, of N(0, I) and N(SHIFT, SCALE^2 I)


def gaussians(seed, n=300, m=400):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, D)), SHIFT + SCALE * rng.normal(size=(m, D))


def biased(real, fake):
    """A score with a bias in 1/N and nothing else."""
    return 7 + 100 / len(real) - 30 / len(fake)


def mean_difference(real, fake):
    return fake[:, 0].mean() - real[:, 0].mean()


def test_a_bias_in_one_over_n_is_gone():
    real, fake = np.zeros((400, 2)), np.zeros((1000, 2))
    value, error = extrapolate(biased, real, fake, smallest=0.25, points=4)
    assert value == pytest.approx(7, rel=1e-12)
    assert error == pytest.approx(0, abs=1e-12)
    assert jackknife_interval(biased, real, fake) == pytest.approx((7, 7, 7), rel=1e-11)


def test_extrapolation_is_the_line_of_least_squares():
    real, fake = gaussians(0)
    value, error = extrapolate(frechet_distance, real, fake, points=5, smallest=0.2, seed=3)
    sizes = [(60, 80), (120, 160), (180, 240), (240, 320), (300, 400)]
    rng = np.random.default_rng(3)
    scores = [
        frechet_distance(real[rng.permutation(300)[:n]], fake[rng.permutation(400)[:m]]) for n, m in sizes
    ]
    line, covariance = np.polyfit(1 / np.linspace(0.2, 1, 5), scores, 1, cov=True)
    assert value == pytest.approx(line[1], rel=1e-10)
    assert error == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-8)
    assert frechet_infinity(real, fake, 5, seed=3) == (value, error)


def test_frechet_infinity_of_gaussians():
    """Of few rows the distance is too large; its extrapolation is right on average."""
    plain = [frechet_distance(*gaussians(seed, 80, 80)) for seed in range(30)]
    line = [frechet_infinity(*gaussians(seed, 80, 80), points=8)[0] for seed in range(30)]
    jackknife = [jackknife_interval(frechet_distance, *gaussians(seed, 80, 80)).value for seed in range(30)]
    noise = np.std(jackknife) / np.sqrt(30)
    assert np.mean(plain) > DISTANCE + 3 * noise
    assert np.mean(line) == pytest.approx(DISTANCE, abs=3 * noise)
    assert np.mean(jackknife) == pytest.approx(DISTANCE, abs=3 * noise)


def test_interval_of_a_mean():
    """Its error is that of both means together."""
    real, fake = gaussians(0, 200, 300)
    value, low, high = jackknife_interval(mean_difference, real, fake, halves=3000, level=0.9, seed=2)
    error = np.sqrt(real[:, 0].var(ddof=1) / 200 + fake[:, 0].var(ddof=1) / 300)
    assert high - value == pytest.approx(norm.ppf(0.95) * error, rel=0.05)
    assert high - value == pytest.approx(value - low, rel=1e-9)
    assert value == pytest.approx(mean_difference(real, fake), abs=error / 10)


def test_uncorrected_interval_has_the_same_width_around_the_score():
    real, fake = gaussians(0)
    score = frechet_distance(real, fake)
    whole = jackknife_interval(frechet_distance, real, fake)
    value, low, high = jackknife_interval(frechet_distance, real, fake, corrected=False)
    assert value == score > whole.value
    assert (score - low, high - score) == pytest.approx((whole.high - whole.value,) * 2, rel=1e-9)


def test_seeds_and_input():
    real, fake = gaussians(0)
    kept = real.copy()
    first = jackknife_interval(frechet_distance, real, fake)
    assert jackknife_interval(frechet_distance, real, fake) == first
    assert jackknife_interval(frechet_distance, real, fake, seed=1) != first
    assert frechet_infinity(real, fake, seed=1) != frechet_infinity(real, fake)
    np.testing.assert_array_equal(real, kept)


@pytest.mark.parametrize(
    ("function", "settings", "message"),
    [
        (jackknife_interval, {"halves": 1}, "halves must be at least 2, not 1"),
        (jackknife_interval, {"level": 1}, "level must be above 0 and below 1"),
        (extrapolate, {"points": 2}, "points must be at least 3"),
        (extrapolate, {"smallest": 1.0}, "smallest must be above 0 and below 1"),
        (extrapolate, {"smallest": 0.05}, "fewer than 2 of 20 rows"),
    ],
)
def test_bad_settings(function, settings, message):
    with pytest.raises(ValueError, match=message):
        function(frechet_distance, *gaussians(0, 20, 30), **settings)


def test_too_few_rows_have_no_halves():
    with pytest.raises(ValueError, match="number of rows must be at least 4, not 3"):
        jackknife_interval(frechet_distance, *gaussians(0, 3, 30))


def true_kid():
    """E k(x, x') + E k(y, y') - 2 E k(x, y) from the moments of the Gaussians."""

    def moments(mean, scale):
        eye = np.eye(D) * scale**2
        pairs = [np.einsum(f"{a},{b}->ijk", eye, mean) for a, b in (("ij", "k"), ("ik", "j"), ("jk", "i"))]
        return mean, np.outer(mean, mean) + eye, np.einsum("i,j,k->ijk", mean, mean, mean) + sum(pairs)

    def kernel(left, right):
        first, second, third = (np.sum(a * b) for a, b in zip(left, right, strict=True))
        return third / D**3 + 3 * second / D**2 + 3 * first / D + 1

    x, y = moments(np.zeros(D), 1.0), moments(SHIFT, SCALE)
    return kernel(x, x) + kernel(y, y) - 2 * kernel(x, y)


CASES = {
    "frechet": (frechet_distance, gaussians, DISTANCE, True),
    "kid": (maximum_mean_discrepancy, gaussians, true_kid(), True),
    # Of infinitely many rows of one distribution, a ball that holds k of them misses the others in 1 of 2^k.
    "coverage": (
        lambda x, y: density_coverage(x, y)[1],
        lambda seed: np.random.default_rng(seed).normal(size=(2, 400, D)),
        1 - 2.0**-5,
        False,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(name):
    metric, draw, truth, corrected = CASES[name]
    found = [jackknife_interval(metric, *draw(seed), corrected=corrected) for seed in range(100)]
    held = np.mean([low <= truth <= high for _, low, high in found])
    assert held >= 0.9
    # Exact intervals are 4 standard deviations wide.
    width = np.mean([high - low for _, low, high in found])
    assert width < (5 if corrected else 8) * np.std([value for value, _, _ in found])
