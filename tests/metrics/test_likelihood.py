"""The feature likelihood divergence against its definition."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize_scalar
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from tfgan_ref.metrics import feature_likelihood_divergence, likelihood


def rng(seed=0):
    return np.random.default_rng(seed)


def densities(centres, widths, rows):
    normals = [multivariate_normal(c, w).logpdf(rows) for c, w in zip(centres, widths, strict=True)]
    return np.stack(normals, axis=1)


def test_likelihood_of_a_mixture(monkeypatch):
    centres, rows, widths = rng().normal(size=(5, 3)), rng(1).normal(size=(11, 3)), rng(2).uniform(0.1, 2, 5)
    expected = logsumexp(densities(centres, widths, rows), axis=1).mean() - np.log(5)
    for block in (4, 1024):
        monkeypatch.setattr(likelihood, "BLOCK", block)
        assert likelihood._log_likelihood(centres, widths, rows) == pytest.approx(expected, rel=1e-12)


def test_the_fit_is_a_maximum(monkeypatch):
    """At the widths found, no change of any width raises the likelihood with the background."""
    monkeypatch.setattr(likelihood, "ITERATIONS", 2000)
    centres, rows = rng().normal(size=(4, 2)), rng(1).normal(size=(30, 2))
    middle = rows.mean(axis=0)

    def fitted(logarithms):
        far = multivariate_normal(middle * 0.9, np.exp(logarithms[-1])).logpdf(rows * 0.9)
        parts = densities(centres, np.exp(logarithms[:-1]), rows) - np.log(4)
        return np.logaddexp(logsumexp(parts, axis=1), far).mean()

    widths = np.log(likelihood._fit(centres, rows))
    best = minimize_scalar(lambda width: -fitted(np.append(widths, width)), (-1, 1), tol=1e-10)
    slopes = approx_fprime(np.append(widths, best.x), fitted, 1e-6)
    np.testing.assert_allclose(slopes, 0, atol=1e-5)
    assert np.ptp(widths) > 1


def test_held_out_rows_have_about_zero_and_copies_are_caught():
    training, held_out, others = np.split(rng().normal(size=(900, 6)), 3)
    fine, gap = feature_likelihood_divergence(training, held_out, others)
    assert abs(fine) < 10
    copied, copied_gap = feature_likelihood_divergence(training, held_out, rng().permutation(training))
    assert copied > 1000
    assert copied_gap < -1000 < gap
    shifted, _ = feature_likelihood_divergence(training, held_out, others + 2)
    collapsed, _ = feature_likelihood_divergence(training, held_out, others[np.arange(300) % 3])
    assert min(shifted, collapsed) > fine + 10


def test_half_of_the_training_set_against_itself_is_zero():
    """The baseline: fakes that are the first half, and a training set that is fitted by the second."""
    training, held_out = rng().normal(size=(40, 3)), rng(1).normal(size=(30, 3))
    halves = np.array_split(np.random.default_rng(5).permutation(40), 2)
    scaled = [(rows - held_out.mean(axis=0)) / held_out.std(axis=0) for rows in (training, held_out)]
    widths = likelihood._fit(scaled[0][halves[0]], scaled[0][halves[1]])
    baseline = likelihood._log_likelihood(scaled[0][halves[0]], widths, scaled[1])
    fake = rng(2).normal(size=(20, 3))
    centres = (fake - held_out.mean(axis=0)) / held_out.std(axis=0)
    fitted = likelihood._fit(centres, scaled[0])
    on_held_out, on_training = (likelihood._log_likelihood(centres, fitted, rows) for rows in scaled[::-1])
    found = feature_likelihood_divergence(training, held_out, fake, seed=5)
    expected = (baseline - on_held_out) * 100 / 3, (on_held_out - on_training) * 100 / 3
    assert found == pytest.approx(expected, rel=1e-12)


def test_units_of_the_features_do_not_matter_and_constant_ones_are_harmless():
    training, held_out, fake = rng().normal(size=(3, 60, 4))
    held_out[:, 3] = training[:, 3] = fake[:, 3] = 0
    expected = feature_likelihood_divergence(training, held_out, fake)
    units = np.array([1e-3, 1, 1e3, 1])
    scaled = feature_likelihood_divergence(*(rows * units + 7 for rows in (training, held_out, fake)))
    assert scaled == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(expected).all()


def test_bad_arguments_are_named():
    good = rng().normal(size=(8, 3))
    with pytest.raises(ValueError, match="number of training rows must be at least 4, not 3"):
        feature_likelihood_divergence(good[:3], good, good)
    with pytest.raises(ValueError, match="held_out holds NaN"):
        feature_likelihood_divergence(good, good * np.nan, good)
    with pytest.raises(ValueError, match="training has 3 columns, fake 2"):
        feature_likelihood_divergence(good, good, good[:, :2])
