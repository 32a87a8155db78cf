"""Mode statistics of samples whose coverage is known."""

import math

import numpy as np
import pytest

from tfgan_ref.metrics import mode_statistics, stacked_mode_statistics

ANGLES = 2 * np.pi * np.arange(8) / 8
RING = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def test_a_perfect_ring():
    noise = np.random.default_rng(0).normal(size=(8 * 2500, 2))
    samples = RING.repeat(2500, axis=0) + 0.01 * noise
    result = mode_statistics(samples, RING, 0.01)
    assert result.modes == 8
    # P(|z| < 3) of a standard Gaussian in the plane.
    assert result.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.002)
    assert result.reverse_kl == pytest.approx(0, abs=1e-4)
    assert result.counts.sum() == result.high_quality * len(samples)


def test_two_of_eight_modes():
    samples = RING[[0] * 30 + [5] * 10]
    result = mode_statistics(samples, RING, 0.01)
    assert (result.modes, result.high_quality) == (2, 1)
    assert result.reverse_kl == pytest.approx(math.log(8) + 0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    np.testing.assert_array_equal(result.counts, [30, 0, 0, 0, 0, 10, 0, 0])
    single = mode_statistics(RING[[3] * 5], RING, 0.01)
    assert single.reverse_kl == pytest.approx(math.log(8))
    # JSD of a point mass and the uniform distribution over 8.
    expected = (math.log(1 / (9 / 16)) + 7 / 8 * math.log(2) + 1 / 8 * math.log((1 / 8) / (9 / 16))) / 2
    assert single.jsd == pytest.approx(expected)


def test_exact_coverage():
    result = mode_statistics(RING, RING, 0.01)
    assert (result.modes, result.high_quality, result.reverse_kl, result.jsd) == (8, 1, 0, 0)


def test_the_threshold_is_strict_and_mixed_samples_count():
    centres = np.array([[0.0, 0.0], [10.0, 0.0]])
    samples = np.array([[3.0, 0.0], [np.nextafter(3.0, 0), 0.0], [9.0, 0.0], [5.1, 0.0]])
    result = mode_statistics(samples, centres, 1.0)
    np.testing.assert_array_equal(result.counts, [1, 1])
    assert result.high_quality == 0.5
    assert mode_statistics(samples, centres, 1.0, threshold=3.5).high_quality == 0.75


def test_one_std_per_axis():
    centres = np.array([[0.0, 0.0], [0.0, 100.0]])
    samples = np.array([[2.9, 0.0], [0.0, 29.0], [2.9, 29.0], [0.0, 31.0]])
    result = mode_statistics(samples, centres, np.array([1.0, 10.0]))
    np.testing.assert_array_equal(result.counts, [2, 0])


def test_only_junk():
    result = mode_statistics(RING * 5, RING, 0.01)
    assert (result.modes, result.high_quality) == (0, 0)
    assert math.isnan(result.reverse_kl)
    assert math.isnan(result.jsd)


@pytest.mark.parametrize("std", [0, -1, np.nan, [1, 1, 1], [[1, 1]]])
def test_bad_std(std):
    with pytest.raises(ValueError, match="std must be"):
        mode_statistics(RING, RING, std)


def test_stacked():
    result = stacked_mode_statistics(np.arange(1000))
    assert (result.modes, result.reverse_kl, result.jsd) == (1000, 0, 0)
    collapsed = stacked_mode_statistics(np.full(50, 7))
    assert collapsed.modes == 1
    assert collapsed.reverse_kl == pytest.approx(math.log(1000))
    half = stacked_mode_statistics(np.arange(500).repeat(3))
    assert half.reverse_kl == pytest.approx(math.log(2))


def test_stacked_finite_sample_bias():
    # To first order the KL of n uniform draws over m classes is (m - 1) / (2 n).
    labels = np.random.default_rng(0).integers(0, 1000, 26_000)
    assert stacked_mode_statistics(labels).reverse_kl == pytest.approx(999 / 52_000, rel=0.1)


def test_digits_are_read_as_hundreds_tens_and_ones():
    digits = np.array([[1, 2, 3], [0, 0, 9], [9, 9, 9]], dtype=np.uint8)
    np.testing.assert_array_equal(np.flatnonzero(stacked_mode_statistics(digits).counts), [9, 123, 999])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1000], "from 0 to 999"),
        ([-1, 0], "from 0 to 999"),
        ([0.0, 1.0], "whole numbers"),
        ([[0, 1], [2, 3]], "shape"),
        ([[0, 1, 10], [2, 3, 4]], "digits"),
        ([1], "at least 2"),
    ],
)
def test_bad_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        stacked_mode_statistics(np.array(labels))
