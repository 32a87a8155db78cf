"""Wasserstein distances against enumeration, a dense linear programme and closed forms."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance as one_dimension

from tfgan_ref.metrics import monge_distance, sliced_wasserstein_distance, transport, wasserstein_distance


def rng():
    return np.random.default_rng(0)


def test_all_permutations():
    x, y = rng().normal(size=(2, 6, 3))
    costs = cdist(x, y)
    expected = min(costs[range(6), order].mean() for order in itertools.permutations(range(6)))
    assert wasserstein_distance(x, y) == pytest.approx(expected, rel=1e-14)


def test_closed_forms():
    x = rng().normal(size=(80, 5))
    shift = np.array([3.0, 0, -4, 0, 0])
    assert wasserstein_distance(x, rng().permutation(x)) == 0
    assert wasserstein_distance(x, rng().permutation(x) + shift) == pytest.approx(5, rel=1e-13)
    assert wasserstein_distance(x, np.repeat(x, 3, axis=0)) == pytest.approx(0, abs=1e-15)
    # From a point, all mass moves there.
    expected = np.linalg.norm(x - 1, axis=1).mean()
    assert wasserstein_distance(x, np.ones((80, 5))) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("sizes", [(8, 12), (7, 9), (30, 30)])
@pytest.mark.parametrize("route", ["assignment", "programme"])
def test_any_sizes_against_the_dense_programme(sizes, route):
    n, m = sizes
    x, y = rng().normal(size=(n, 3)), rng().normal(size=(m, 3)) + 0.5
    sums = np.concatenate([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
    masses = np.repeat([1 / n, 1 / m], [n, m])
    expected = linprog(cdist(x, y).ravel(), A_eq=sums, b_eq=masses, method="highs-ds").fun
    result = wasserstein_distance(x, y) if route == "assignment" else transport._transport(cdist(x, y))
    assert result == pytest.approx(expected, rel=1e-9)


def test_coprime_sizes():
    # Points on a line in the plane: the closed form of one dimension holds.
    x, y = rng().normal(size=97), rng().normal(size=89) * 2
    direction = np.array([0.6, 0.8])
    expected = one_dimension(x, y)
    assert wasserstein_distance(np.outer(x, direction), np.outer(y, direction)) == pytest.approx(
        expected, rel=1e-12
    )
    assert wasserstein_distance(x[:, None], y[:, None]) == pytest.approx(expected, rel=1e-13)


def test_one_dimension_has_no_size_limit():
    x, y = rng().normal(size=(2, 20_000, 1))
    expected = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean()
    assert wasserstein_distance(x, y) == pytest.approx(expected, rel=1e-10)


def test_invariances_and_dtype():
    x, y = rng().normal(size=(50, 4)), rng().normal(size=(40, 4)) + 1
    rotation = np.linalg.qr(rng().normal(size=(4, 4)))[0]
    expected = wasserstein_distance(x, y)
    assert wasserstein_distance(y, x) == pytest.approx(expected, rel=1e-13)
    assert wasserstein_distance(x @ rotation + 1000, y @ rotation + 1000) == pytest.approx(
        expected, rel=1e-10
    )
    x32, y32 = x.astype("float32"), y.astype("float32")
    assert wasserstein_distance(x32, y32) == wasserstein_distance(x32.astype(float), y32.astype(float))


def test_sliced():
    x, y = rng().normal(size=(70, 4)), rng().normal(size=(50, 4)) + 1
    directions = np.random.default_rng(3).normal(size=(16, 4))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    expected = np.mean([one_dimension(x @ w, y @ w) for w in directions])
    assert sliced_wasserstein_distance(x, y, 16, seed=3) == pytest.approx(expected, rel=1e-12)
    assert sliced_wasserstein_distance(x, y) < wasserstein_distance(x, y)
    assert sliced_wasserstein_distance(x, x[::-1]) == pytest.approx(0, abs=1e-14)
    # In two dimensions the mean of |cos| over directions is 2 / pi.
    plane = rng().normal(size=(20, 2))
    shifted = sliced_wasserstein_distance(plane, plane + np.array([3.0, 4.0]), 20_000)
    assert shifted == pytest.approx(5 * 2 / np.pi, rel=0.02)


def torch_fidelitys_mind(x, y, directions):
    """The formula of torch-fidelity's metric_mind.py, for sets of equal size."""
    left, right = np.sort(x @ directions.T, axis=0), np.sort(y @ directions.T, axis=0)
    return 3 * x.shape[1] * np.mean((left - right) ** 2)


@pytest.mark.parametrize("block", [64, 7])
def test_mind_is_torch_fidelitys(block, monkeypatch):
    monkeypatch.setattr(transport, "BLOCK", block)
    x, y = rng().normal(size=(70, 4)), 1.5 * rng().normal(size=(70, 4)) + 1
    directions = np.random.default_rng(3).normal(size=(16, 4))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    expected = torch_fidelitys_mind(x, y, directions)
    assert monge_distance(x, y, directions) == pytest.approx(expected, rel=1e-12)
    assert monge_distance(x, y, 16, seed=3) == pytest.approx(expected, rel=1e-12)
    assert monge_distance(x + 1e6, y + 1e6, directions) == pytest.approx(expected, rel=1e-8)


def test_mind_of_unequal_sizes():
    """Both sets repeated to a common size have the same distribution functions."""
    x, y = rng().normal(size=(12, 3)), rng().normal(size=(8, 3)) + 0.5
    directions = np.linalg.qr(rng().normal(size=(3, 3)))[0]
    expected = torch_fidelitys_mind(np.repeat(x, 2, axis=0), np.repeat(y, 3, axis=0), directions)
    assert monge_distance(x, y, directions) == pytest.approx(expected, rel=1e-12)
    assert monge_distance(x, np.repeat(x, 5, axis=0)) == pytest.approx(0, abs=1e-24)


def test_mind_of_a_shift():
    """3 d times the mean squared length of the shift's projections: 3 |s|^2 over d right angles."""
    x, shift = rng().normal(size=(40, 5)), np.array([1.0, -2, 0, 0.5, 3])
    basis = np.linalg.qr(rng().normal(size=(5, 5)))[0]
    shifted = rng().permutation(x) + shift
    assert monge_distance(x, shifted, basis) == pytest.approx(3 * shift @ shift, rel=1e-12)
    directions = basis[:2]
    expected = 15 * np.mean((directions @ shift) ** 2)
    assert monge_distance(x, shifted, directions) == pytest.approx(expected, rel=1e-12)
    # By mu in each coordinate: 3 d mu^2 in expectation.
    assert monge_distance(x, x + 2.0, 20_000) == pytest.approx(3 * 5 * 4, rel=0.02)


def test_errors():
    with pytest.raises(ValueError, match="too large"):
        wasserstein_distance(np.zeros((5001, 2)), np.zeros((5001, 2)))
    with pytest.raises(ValueError, match="too large"):
        wasserstein_distance(np.zeros((701, 2)), np.zeros((700, 2)))
    with pytest.raises(ValueError, match="projections"):
        sliced_wasserstein_distance(np.zeros((3, 2)), np.zeros((3, 2)), 0)
    with pytest.raises(ValueError, match="projections must be at least 1"):
        monge_distance(np.zeros((3, 2)), np.zeros((3, 2)), 0)
    with pytest.raises(ValueError, match="projections have 3 columns, features 2"):
        monge_distance(np.zeros((3, 2)), np.zeros((3, 2)), np.ones((4, 3)))
