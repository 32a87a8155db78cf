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
    """A score without the bias of finite N, and the interval that holds the score of infinitely many rows."""

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
    metric: Metric, real: np.ndarray, fake: np.ndarray, groups: int = 20, level: float = 0.95, seed: int = 0
) -> Interval:
    """Computes a confidence interval of a metric by the delete-a-group jackknife.

    Both sets are dealt into g groups. With s the score of all rows and s_i that of all but group i of both
    sets, the pseudo-values g s - (g - 1) s_i have the mean `value`, free of the bias in 1/N (Quenouille
    1956), and that mean has the standard error of g independent numbers, with g - 1 degrees of freedom of
    Student's t (Tukey 1958).

    A bootstrap would not do: drawing with replacement repeats rows, which lowers the rank and shifts the
    covariance as if there were fewer rows, so that the Frechet distance of its draws lies above the score by
    about the bias over again, and its repeats lie in each other's balls, which wrecks recall and coverage.
    Without replacement no row repeats.

    The interval is about the score of infinitely many rows: where the bias is large it need not hold the
    score of these. Near a true distance of 0 the Frechet distance is no longer smooth, and the interval is
    too wide rather than too narrow. It says nothing of other seeds of the training.

    Args:
        metric: of (real, fake) to a number; called g + 1 times.
        real: features of shape (N, d), independent rows.
        fake: features of shape (M, d).
        groups: g, from 2 to min(N, M) / 2.
        level: chance of the interval, above 0 and below 1.
        seed: of the groups.

    Raises:
        InputError: for bad features, groups or level.
    """
    from scipy.special import stdtrit  # imported here: SciPy is slow to load

    real, fake = row_pair(real, fake)
    groups = whole_number(groups, "groups", 2, min(len(real), len(fake)) // 2)
    if not positive(level, "level") < 1:
        raise InputError(f"level must be above 0 and below 1, not {level!r}")
    generator = np.random.default_rng(seed)
    dealt = [generator.permutation(len(rows)) % groups for rows in (real, fake)]
    without = [metric(real[dealt[0] != group], fake[dealt[1] != group]) for group in range(groups)]
    pseudo = groups * metric(real, fake) - (groups - 1) * np.array(without)
    value = float(pseudo.mean())
    half = float(stdtrit(groups - 1, (1 + level) / 2) * pseudo.std(ddof=1) / np.sqrt(groups))
    return Interval(value, value - half, value + half)
