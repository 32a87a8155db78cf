"""Shares, guesses and agreement against closed forms, SciPy's tests and the published example."""

import math
import re

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.conftest import ROOT
from tfgan_ref.errors import InputError
from tfgan_ref.metrics import binomial_interval, binomial_p_value, fleiss_kappa


def test_the_interval_of_all_or_none_has_a_closed_form():
    # A share p gives n successes in n trials with the chance p^n: the lowest p with p^n = 0.025.
    assert binomial_interval(10, 10) == pytest.approx((1, 0.025**0.1, 1))
    assert binomial_interval(0, 10) == pytest.approx((0, 0, 1 - 0.025**0.1))
    assert binomial_interval(0, 4, level=0.5) == pytest.approx((0, 0, 1 - 0.25**0.25))
    nothing = binomial_interval(0, 0)
    assert math.isnan(nothing.value)
    assert nothing[1:] == (0, 1)


@pytest.mark.parametrize(("successes", "trials"), [(1, 1), (7, 20), (31, 50), (50, 50), (260, 500)])
def test_intervals_and_p_values_are_those_of_scipy(successes, trials):
    reference = binomtest(successes, trials)
    exact = reference.proportion_ci(0.95, "exact")
    assert binomial_interval(successes, trials) == pytest.approx((successes / trials, *exact))
    assert binomial_p_value(successes, trials) == pytest.approx(reference.pvalue)


def test_the_interval_lacks_a_half_where_the_test_says_so():
    for successes in range(51):
        _, low, high = binomial_interval(successes, 50)
        assert (not low <= 0.5 <= high) == (binomial_p_value(successes, 50) < 0.05)


def test_the_table_in_the_docs_is_true():
    rows = re.findall(
        r"^\| ([\d,]+) \| (0\.\d+) to (0\.\d+) \| (0\.\d+) \|$",
        (ROOT / "docs" / "metrics.md").read_text(),
        re.MULTILINE,
    )
    assert len(rows) == 5
    for answers, *printed in rows:
        n = int(answers.replace(",", ""))
        _, low, high = binomial_interval(n // 2, n)
        least = next(k for k in range(n // 2, n) if binomial_p_value(k, n) < 0.05) / n
        assert [float(number) for number in printed] == pytest.approx([low, high, least], abs=5.1e-4)


def test_p_values_of_few_guesses_can_be_counted():
    assert binomial_p_value(0, 0) == 1
    assert binomial_p_value(5, 10) == 1
    assert binomial_p_value(0, 5) == binomial_p_value(5, 5) == 2 / 32
    assert binomial_p_value(1, 5) == pytest.approx(2 * (1 + 5) / 32)


def test_kappa_of_the_published_example():
    # The worked example of the article "Fleiss' kappa" in Wikipedia: 14 raters, 10 subjects, 5 categories.
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    assert fleiss_kappa(np.array(counts)) == pytest.approx(0.210, abs=5e-4)


def test_kappa_in_closed_form():
    assert fleiss_kappa(np.array([[3, 0], [0, 3], [3, 0]])) == pytest.approx(1)
    # Two people who never agree, and use both answers as often: agreement 0 against 1/2 by chance.
    assert fleiss_kappa(np.array([[1, 1]] * 4)) == pytest.approx(-1)
    # Agreement 1 and 1/3, so 2/3; shares 2/3 and 1/3, so 5/9 by chance: (6 - 5) / (9 - 5).
    assert fleiss_kappa(np.array([[3, 0], [1, 2]])) == pytest.approx(0.25)
    # An item with one answer says nothing; of unequal numbers, each item counts once.
    assert fleiss_kappa(np.array([[3, 0], [1, 2], [0, 1]])) == pytest.approx(0.25)
    # Agreement 1 and 0, so 1/2; shares 4/5 and 1/5, so 17/25 by chance.
    assert fleiss_kappa(np.array([[3, 0], [1, 1]])) == pytest.approx((1 / 2 - 17 / 25) / (1 - 17 / 25))
    assert math.isnan(fleiss_kappa(np.array([[2, 0], [3, 0]])))
    assert math.isnan(fleiss_kappa(np.array([[1, 0], [0, 1]])))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: binomial_interval(3, 2), "successes must be from 0 to 2, not 3"),
        (lambda: binomial_interval(1, 2, level=1), "level must be above 0 and below 1, not 1"),
        (lambda: binomial_p_value(1, -1), "trials must be at least 0, not -1"),
        (lambda: fleiss_kappa(np.array([1, 2])), "counts must be whole numbers from 0 up, of shape"),
        (lambda: fleiss_kappa(np.array([[1, -1]])), "counts must be whole numbers from 0 up, of shape"),
        (lambda: fleiss_kappa(np.array([[0.5, 1]])), "counts must be whole numbers from 0 up, of shape"),
    ],
)
def test_bad_numbers_are_named(call, message):
    with pytest.raises(InputError, match=message):
        call()
