"""Inception Score and Mode Score against closed forms and sums over single probabilities."""

import math

import numpy as np
import pytest

from tfgan_ref.metrics import inception_score, mode_score

SURE = 1000.0  # a logit above all others by this much leaves them no probability


def one_hot(labels, classes=10):
    return SURE * np.eye(classes)[labels]


def random_logits(n=50, classes=7, seed=0):
    return np.random.default_rng(seed).normal(size=(n, classes)) * 3


def probabilities(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def kl(p, q):
    return math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def brute_score(logits):
    p = probabilities(logits)
    return math.exp(math.fsum(kl(row, p.mean(axis=0)) for row in p) / len(p))


@pytest.mark.parametrize(
    ("labels", "expected"), [([3] * 40, 1), ([0, 1, 2, 3] * 10, 4), (list(range(10)) * 4, 10)]
)
def test_closed_forms(labels, expected):
    assert inception_score(one_hot(labels), splits=1) == (pytest.approx(expected, rel=1e-13), 0)


@pytest.mark.parametrize("splits", [1, 3, 10, 50])
def test_splits(splits):
    logits = random_logits()
    chunks = [logits[i * 50 // splits : (i + 1) * 50 // splits] for i in range(splits)]
    scores = [brute_score(chunk) for chunk in chunks]
    mean, std = inception_score(logits, splits)
    assert mean == pytest.approx(np.mean(scores), rel=1e-12)
    assert std == pytest.approx(np.std(scores), rel=1e-10, abs=1e-14)


def test_a_seed_shuffles_as_randomstate_does():
    logits = random_logits()
    shuffled = logits[np.random.RandomState(2020).permutation(50)]
    assert inception_score(logits, seed=2020) == inception_score(shuffled)
    assert inception_score(logits, seed=2020) != inception_score(logits)


def test_invariances_and_dtype():
    logits = random_logits().astype("float32")
    expected = inception_score(logits, 1)[0]
    assert inception_score(logits.astype("float64"), 1)[0] == expected
    assert inception_score(logits.astype("float64") + 1e4, 1)[0] == pytest.approx(expected, rel=1e-9)
    assert inception_score(logits[:, ::-1], 1)[0] == pytest.approx(expected, rel=1e-13)


def test_mode_score_by_definition():
    real, fake = random_logits(60, seed=1), random_logits(40)
    p, q = probabilities(fake).mean(axis=0), probabilities(real).mean(axis=0)
    assert mode_score(real, fake) == pytest.approx(brute_score(fake) / math.exp(kl(p, q)), rel=1e-12)


def test_mode_score_closed_forms():
    real = one_hot(np.arange(100) % 10)
    assert mode_score(real, real) == pytest.approx(10, rel=1e-13)
    assert mode_score(real, one_hot([0] * 30)) == pytest.approx(0.1, rel=1e-12)
    assert mode_score(real, one_hot(np.arange(40) % 4)) == pytest.approx(1.6, rel=1e-12)
    # The fakes have classes that the real data lack.
    assert mode_score(one_hot([0] * 30), real) == 0


def test_probabilities_below_the_smallest_float_stay_finite():
    logits = np.array([[0.0, -740.0], [0.0, -800.0]])
    assert inception_score(logits, 1)[0] == 1
    # Equal marginals, both far below what a float can hold.
    assert mode_score(np.array([[0.0, -900.0]] * 3), np.array([[0.0, -900.0]] * 3)) == 1


@pytest.mark.parametrize("splits", [0, 51, 1.5])
def test_bad_splits(splits):
    with pytest.raises(ValueError, match="splits"):
        inception_score(random_logits(), splits)
