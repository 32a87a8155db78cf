"""What a finite number of samples does to a score: its bias taken out, and an interval around it.

A score of N rows is off by a bias that falls with 1/N (the Frechet distance: by far the larger error) and
by chance. Both functions take any metric of (real, fake) whose expectation is a power series in 1/N.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.frechet import frechet_distance
from tfgan_ref.metrics.validation import positive, row_pair, whole_number

Metric = Callable[[np.ndarray, np.ndarray], float]


class Interval(NamedTuple):
    """A score, by default without its bias, and an interval for the score of infinitely many rows."""

    value: float
    low: float
    high: float


def extrapolate(
    metric: Metric,
    real: np.ndarray,
    fake: np.ndarray,
    points: int = 15,
    smallest: float = 0.2,
    seed: int = 0,
) -> tuple[float, float]:
    """Extrapolates a metric to infinitely many rows by a straight line in 1/N.

    Chong and Forsyth 2020, "Effectively unbiased FID and Inception Score" (arXiv 1911.07023): the
    metric of random subsets at equal steps of N, a least-squares line in 1/N, its value at 0. They draw the
    fakes only and keep the real statistics, whose bias stays; here both sets shrink by one factor, so that
    the bias of both goes, also where their sizes differ.

    Terms in 1/N^2 stay: let the smallest subset have several times as many rows as dimensions (theirs has
    5,000 of 50,000 rows for 2,048, which is 0.1).

    Args:
        metric: of (real, fake) to a number.
        real: features of shape (N, d).
        fake: features of shape (M, d).
        points: subsets, at least 3.
        smallest: share of the rows in the smallest subset, above 0 and below 1.
        seed: of the subsets.

    Returns:
        The intercept, and its standard error by the residuals of the line. The error does not hold the
        chance of having drawn these rows: see `jackknife_interval`.

    Raises:
        InputError: for bad features, points or share, or fewer than 2 rows in the smallest subset.
    """
    real, fake = row_pair(real, fake)
    points = whole_number(points, "points", 3)
    if not positive(smallest, "smallest") < 1:
        raise InputError(f"smallest must be above 0 and below 1, not {smallest!r}")
    if int(smallest * min(len(real), len(fake))) < 2:
        raise InputError(
            f"smallest {smallest} leaves fewer than 2 of {min(len(real), len(fake))} rows: give more rows"
        )
    generator = np.random.default_rng(seed)
    shares = np.linspace(smallest, 1.0, points)
    scores = []
    for share in shares:
        subsets = (rows[generator.permutation(len(rows))[: int(share * len(rows))]] for rows in (real, fake))
        scores.append(metric(*subsets))
    design = np.stack([np.ones(points), 1 / shares], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    line = inverse @ design.T @ scores
    variance = np.sum((scores - design @ line) ** 2) / (points - 2)
    return float(line[0]), float(np.sqrt(variance * inverse[0, 0]))


def frechet_infinity(
    real: np.ndarray, fake: np.ndarray, points: int = 15, smallest: float = 0.2, seed: int = 0
) -> tuple[float, float]:
    """Computes the Frechet distance of infinitely many rows (FID-infinity) by `extrapolate`.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        points: subsets, at least 3.
        smallest: share of the rows in the smallest subset.
        seed: of the subsets.

    Returns:
        The distance, below 0 by chance where the sets are alike, and the standard error of the line.

    Raises:
        InputError: as `extrapolate` and `frechet_distance` do.
    """
    return extrapolate(frechet_distance, real, fake, points, smallest, seed)


def jackknife_interval(
    metric: Metric,
    real: np.ndarray,
    fake: np.ndarray,
    halves: int = 50,
    level: float = 0.95,
    corrected: bool = True,
    seed: int = 0,
) -> Interval:
    """Computes a confidence interval of a metric by the delete-half jackknife.

    Shao and Wu 1989, "A general theory for jackknife variance estimation": the scores of random halves of the
    rows, drawn without replacement, have around the score s of all rows the variance that s has around the
    truth (of a mean of variance v: v / (N/2) - v / N = v / N), also where a score jumps when a row is left
    out, as those of nearest neighbours do. With h their mean, 2 s - h is free of the bias in 1/N.

    A bootstrap would not do: drawing with replacement repeats rows. That is to the Frechet distance as if
    there were fewer, so that it lies above the score by about the bias over again; and rows that are repeated
    lie in each other's balls, which wrecks precision, recall and coverage.

    The interval is about the score of infinitely many rows: where the bias is large it need not hold s. For
    scores of nearest neighbours, whose bias is small, the correction is more noise than the score has:
    without it their interval is around s and half as wide again as it has to be. Near a true distance of 0
    the Frechet distance is not smooth, and its interval is twice as wide as it has to be. Nothing of this is
    about other seeds of the training.

    Args:
        metric: of (real, fake) to a number; called once for each half and once for all rows.
        real: features of shape (N, d), independent rows.
        fake: features of shape (M, d).
        halves: how many, at least 2.
        level: chance of the interval, above 0 and below 1.
        corrected: whether the bias is taken out; not for precision, recall, density and coverage.
        seed: of the halves.

    Raises:
        InputError: for bad features, fewer than 4 rows, or bad halves or level.
    """
    from scipy.special import stdtrit  # imported here: SciPy is slow to load

    real, fake = row_pair(real, fake)
    whole_number(min(len(real), len(fake)), "the number of rows", 4)
    halves = whole_number(halves, "halves", 2)
    if not positive(level, "level") < 1:
        raise InputError(f"level must be above 0 and below 1, not {level!r}")
    generator = np.random.default_rng(seed)
    scores = np.empty(halves)
    for half in range(halves):
        kept = (rows[generator.permutation(len(rows))[: len(rows) // 2]] for rows in (real, fake))
        scores[half] = metric(*kept)
    value = metric(real, fake)
    if corrected:
        value = 2 * value - scores.mean()
    width = stdtrit(halves - 1, (1 + level) / 2) * scores.std(ddof=1)
    return Interval(float(value), float(value - width), float(value + width))
