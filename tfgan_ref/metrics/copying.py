"""Whether generated rows are copies of training rows, by distances that are exact also for equal rows."""

from typing import NamedTuple

import numpy as np

from tfgan_ref.metrics.distances import FAKE, REAL, Distances
from tfgan_ref.metrics.validation import row_pair


class Memorisation(NamedTuple):
    """How near generated rows are to training rows, against held-out rows."""

    share: float  # of pairs in which the generated row is nearer to a training row, 0 to 1
    p_value: float  # of held-out rows having such a share by chance


def memorisation(training: np.ndarray, held_out: np.ndarray, fake: np.ndarray) -> Memorisation:
    """Computes the share of fakes that are nearer to a training row than a held-out row is.

    The test of Meehan et al. 2020, "A non-parametric test to detect data-copying in generative models",
    without its cells: over all pairs of a fake x and a held-out row y, the share with
    d(x, T) < d(y, T), where d(., T) is the distance to the nearest training row and equal distances count
    half. Fakes that are distributed as the held-out rows have 1/2 in expectation, whatever the distribution,
    the dimension and the numbers of rows; copies of training rows have 1. Given T the distances are two
    independent samples, so that the one-sided p-value of Mann and Whitney holds (its normal limit).

    Fakes that are far from all data have less than 1/2: judge quality by other metrics.

    Args:
        training: features that the generator has seen, (N, d).
        held_out: features of the same distribution that it has not seen, (H, d).
        fake: generated features, (M, d).

    Returns:
        The share and the p-value; a small p-value with a share above 1/2 says that the generator copies.

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or unequal d.
    """
    from scipy.stats import mannwhitneyu  # imported here: SciPy is slow to load

    training, held_out = row_pair(training, held_out, ("training", "held_out"))
    training, fake = row_pair(training, fake, ("training", "fake"))
    near_fake, near_held_out = (
        Distances(training, side).nearest_across()[FAKE][0] for side in (fake, held_out)
    )
    test = mannwhitneyu(
        near_fake, near_held_out, use_continuity=False, alternative="less", method="asymptotic"
    )
    pairs = len(fake) * len(held_out)
    # The p-value is NaN if all distances are equal, which speaks for nothing.
    return Memorisation(float(1 - test.statistic / pairs), float(np.nan_to_num(test.pvalue, nan=0.5)))


def authenticity(training: np.ndarray, fake: np.ndarray) -> float:
    """Computes the share of fakes that are no copies of training rows (Alaa et al. 2022, arXiv 2102.08921).

    A fake is authentic if it is farther from its nearest training row than that row is from its own nearest
    training row. Copies have 0. Rows of the training distribution have 1 less the chance that nearest
    neighbours are mutual, which for a smooth density and many rows depends on the dimension only: 1/3 in one,
    0.378 in two and 0.407 in three dimensions, rising to 1/2 (Clark and Evans 1955). "No copies" is therefore
    1/3 to 1/2, not 1; more says that the fakes are far from all training rows.

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
