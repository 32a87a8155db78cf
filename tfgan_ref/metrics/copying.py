"""Whether generated rows are copies of training rows, by distances that are exact also for equal rows."""

from typing import NamedTuple

import numpy as np

from tfgan_ref.metrics.distances import FAKE, REAL, Distances
from tfgan_ref.metrics.validation import row_pair


class Memorisation(NamedTuple):
    """Whether generated rows are nearer to training rows than to held-out rows."""

    share: float  # of the generated rows that are, 0 to 1
    expected: float  # of that without memorisation
    p_value: float  # of so large a share by chance
    error: float  # standard deviation of the share without memorisation


def memorisation(training: np.ndarray, held_out: np.ndarray, fake: np.ndarray) -> Memorisation:
    """Computes the share of fakes to which a training row is nearer than any held-out row is.

    Equal distances count half. If the fakes know nothing of which rows were trained on, any n of the n + h
    training and held-out rows might as well have been the training rows: a share of n / (n + h) is expected,
    whatever the distribution of the fakes, good or bad, whatever the data and the dimension. Copies of
    training rows have 1.

    The p-value is one-sided, of drawing n of the n + h rows without replacement: with c the number of fakes
    that a row is nearest to, the sum of c over the training rows has the variance n h / (n + h) S^2, where
    S^2 is that of c over all rows with 1 / (n + h - 1); its limit is normal.

    Args:
        training: features that the generator has seen, (n, d).
        held_out: features of the same distribution that it has not seen, (h, d).
        fake: generated features, (M, d).

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or unequal d.
    """
    from scipy.special import ndtr  # imported here: SciPy is slow to load

    training, held_out = row_pair(training, held_out, ("training", "held_out"))
    training, fake = row_pair(training, fake, ("training", "fake"))
    sides = training, held_out
    nearest = [Distances(side, fake).nearest_across()[FAKE] for side in sides]
    wins = (1 + np.sign(nearest[1][0] - nearest[0][0])) / 2  # of the training rows
    counts = [
        np.bincount(index, won, len(side))
        for side, (_, index), won in zip(sides, nearest, (wins, 1 - wins), strict=True)
    ]
    expected = len(training) / (len(training) + len(held_out))
    excess = counts[0].sum() - expected * len(fake)
    spread = np.sqrt(expected * len(held_out) * np.concatenate(counts).var(ddof=1))
    # Without spread all rows are nearest equally often, which speaks for nothing.
    p_value = float(ndtr(-excess / spread)) if spread else 0.5
    return Memorisation(float(wins.mean()), expected, p_value, float(spread / len(fake)))


def authenticity(training: np.ndarray, fake: np.ndarray) -> float:
    """Computes the share of fakes that are no copies of training rows (Alaa et al. 2022, arXiv 2102.08921).

    A fake is authentic if it is farther from its nearest training row than that row is from its own nearest
    training row. Copies have 0. Rows of the training distribution have, not 1, but 1 less the chance that
    nearest neighbours are mutual, which for a smooth density and many rows depends on the dimension only: 1/3
    in one, 0.378 in two and 0.407 in three dimensions (Clark and Evans 1955). In many dimensions rows are
    never so many, and it is more: compare with the share of held-out rows. Fakes that are far from all
    training rows have more, and such as are crowded in the middle of the data less, without any copy.

    Args:
        training: features that the generator has seen, (N, d).
        fake: generated features, (M, d).

    Returns:
        The share, in [0, 1].

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or unequal d.
    """
    sets = Distances(*row_pair(training, fake, ("training", "fake")))
    _, (distances, nearest) = sets.nearest_across()
    return float(np.mean(distances > sets.nearest_within(REAL, 1)[nearest, 0]))
