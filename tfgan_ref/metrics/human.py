"""Statistics of what people answer about pictures: shares with intervals, guessing, and agreement."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.uncertainty import Interval
from tfgan_ref.metrics.validation import as_array, positive, whole_number


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Computes a share and its exact confidence interval (Clopper and Pearson 1934).

    It holds the true share with a chance of at least ``level`` for every share and number of trials. It
    lacks 1/2 exactly where `binomial_p_value` is below 1 - ``level``.

    Args:
        successes: from 0 to ``trials``.
        trials: independent ones with one chance of success; with none the share is NaN, the interval [0, 1].
        level: chance of the interval, above 0 and below 1.

    Raises:
        InputError: for bad numbers or level.
    """
    from scipy.special import betaincinv  # imported here: SciPy is slow to load

    trials = whole_number(trials, "trials", 0)
    successes = whole_number(successes, "successes", 0, trials)
    if not positive(level, "level") < 1:
        raise InputError(f"level must be above 0 and below 1, not {level!r}")
    failures, tail = trials - successes, (1 - level) / 2
    low = betaincinv(successes, failures + 1, tail) if successes else 0.0
    high = betaincinv(successes + 1, failures, 1 - tail) if failures else 1.0
    return Interval(successes / trials if trials else float("nan"), float(low), float(high))


def binomial_p_value(successes: int, trials: int) -> float:
    """Computes the p-value of the two-sided exact binomial test against a chance of 1/2, a guess of two.

    Args:
        successes: from 0 to ``trials``.
        trials: independent ones; with none the value is 1.

    Returns:
        The chance that guesses are right as often as this or as rarely, or more extremely so.

    Raises:
        InputError: for bad numbers.
    """
    from scipy.special import bdtr  # imported here: SciPy is slow to load

    trials = whole_number(trials, "trials", 0)
    successes = whole_number(successes, "successes", 0, trials)
    return min(1.0, 2 * float(bdtr(min(successes, trials - successes), trials, 0.5))) if trials else 1.0


def fleiss_kappa(counts: np.ndarray) -> float:
    """Computes the agreement of several people beyond that of chance (Fleiss 1971).

    Kappa is 1 where all agree on each item, around 0 where they agree as often as answers would that are
    drawn with the frequencies of all answers, and may be negative. Items with fewer than two answers say
    nothing and are left out; for unequal numbers of answers, each item's agreement is among its own, and
    counts as much as any other's.

    Args:
        counts: whole numbers of shape (items, categories): how many people chose what for which item.

    Returns:
        Kappa; NaN if no item has two answers, or all answers are the same.

    Raises:
        InputError: for counts of another shape or kind.
    """
    counts = as_array(counts, "counts")
    if counts.ndim != 2 or counts.dtype.kind not in "iu" or (counts < 0).any():
        raise InputError("counts must be whole numbers from 0 up, of shape (items, categories)")
    answers = counts.sum(axis=1)
    counts, answers = counts[answers > 1].astype(np.float64), answers[answers > 1].astype(np.float64)
    if not len(counts):
        return float("nan")
    agreement = np.mean((np.sum(counts**2, axis=1) - answers) / (answers * (answers - 1)))
    by_chance = np.sum((counts.sum(axis=0) / counts.sum()) ** 2)
    return float((agreement - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")
