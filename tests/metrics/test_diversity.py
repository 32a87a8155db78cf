"""The Vendi score against closed forms and the eigenvalues of all similarities."""

import numpy as np
import pytest

from tfgan_ref.metrics import vendi_score

ORDERS = [0.5, 1, 2, np.inf]


@pytest.mark.parametrize("order", ORDERS)
def test_closed_forms(order):
    """K directions at right angles, equally often, count as k; one direction as 1, whatever the lengths."""
    for k in (1, 2, 5):
        directions = np.eye(6)[np.arange(30) % k] * np.arange(1, 31)[:, None]
        assert vendi_score(directions, order) == pytest.approx(k, rel=1e-12)


def test_unequal_shares():
    """Of right angles in shares p: exp of the entropy, (sum p^q)^(1/(1-q)), 1 / max p."""
    rows = np.eye(2)[[0, 0, 0, 1]]
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert vendi_score(rows) == pytest.approx(np.exp(entropy), rel=1e-12)
    assert vendi_score(rows, 2) == pytest.approx(1 / (0.75**2 + 0.25**2), rel=1e-12)
    assert vendi_score(rows, np.inf) == pytest.approx(4 / 3, rel=1e-12)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(20, 6), (6, 20)])
def test_eigenvalues_of_all_cosines(order, shape):
    rows = np.random.default_rng(0).normal(0.3, 1, size=shape)
    lengths = np.linalg.norm(rows, axis=1)
    values = np.linalg.eigvalsh(rows @ rows.T / np.outer(lengths, lengths) / len(rows))
    values = values[values > 1e-12]
    if order == 1:
        expected = np.exp(-np.sum(values * np.log(values)))
    else:
        expected = 1 / values.max() if order == np.inf else np.sum(values**order) ** (1 / (1 - order))
    assert vendi_score(rows, order) == pytest.approx(expected, rel=1e-6)
    assert 1 <= vendi_score(rows, order) <= 6
    assert vendi_score(rows * 1e200, order) == pytest.approx(vendi_score(rows, order), rel=1e-12)


def test_copies_change_nothing_and_fewer_modes_lower_it():
    rows = np.random.default_rng(0).normal(size=(40, 8))
    assert vendi_score(np.repeat(rows, 3, axis=0)) == pytest.approx(vendi_score(rows), rel=1e-12)
    assert vendi_score(rows[np.arange(40) % 4]) < 4.0001 < vendi_score(rows)


@pytest.mark.parametrize("order", [0, -1, np.nan, "x", None])
def test_bad_order(order):
    with pytest.raises(ValueError, match="order must be"):
        vendi_score(np.eye(3), order)


def test_rows_of_zeros_are_refused():
    with pytest.raises(ValueError, match="row of zeros"):
        vendi_score(np.array([[1.0, 0], [0, 0]]))
