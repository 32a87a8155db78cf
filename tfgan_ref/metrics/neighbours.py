"""Nearest-neighbour metrics: precision and recall, density and coverage, plain and clipped, 1-NN accuracy."""

import numpy as np

from tfgan_ref.metrics.distances import FAKE, REAL, Distances
from tfgan_ref.metrics.validation import row_pair, whole_number


def precision_recall(
    real: np.ndarray, fake: np.ndarray, k: int = 3, strict: bool = False
) -> tuple[float, float]:
    """Computes improved precision and recall (Kynkaanniemi et al. 2019, equations 1 and 2).

    Around each row of a set lies a ball that reaches to its k-th nearest neighbour in the set, itself not
    counted. Precision is the share of fakes within some ball of the real set, recall the share of real rows
    within some ball of the fake set.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        k: which neighbour, 1 to min(N, M) - 1.
        strict: whether a row on the surface of a ball is outside, as in the prdc package; inside by default.

    Returns:
        Precision and recall, each in [0, 1].

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2, unequal d or a bad k.
    """
    sets = Distances(*row_pair(real, fake))
    k = whole_number(k, "k", 1, min(len(real), len(fake)) - 1)
    radii_real, radii_fake = (sets.nearest_within(side, k)[:, -1] for side in (REAL, FAKE))
    (fakes, _), (reals, _) = sets.count_inside(radii_real, radii_fake, strict=strict)
    return float(np.mean(fakes > 0)), float(np.mean(reals > 0))


def density_coverage(
    real: np.ndarray, fake: np.ndarray, k: int = 5, strict: bool = True
) -> tuple[float, float]:
    """Computes density and coverage (Naeem et al. 2020, equations 3 and 4).

    With the balls of `precision_recall` around the real rows: density is the number of balls that a fake lies
    in, averaged over the fakes and divided by k; coverage is the share of balls that hold a fake.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        k: which neighbour, 1 to N - 1.
        strict: whether a row on the surface of a ball is outside, as in the authors' prdc package.

    Returns:
        Density, in [0, N / k], and coverage, in [0, 1].

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2, unequal d or a bad k.
    """
    sets = Distances(*row_pair(real, fake))
    k = whole_number(k, "k", 1, len(real) - 1)
    radii = sets.nearest_within(REAL, k)[:, -1]
    ((fakes, balls),) = sets.count_inside(radii, strict=strict)
    return float(fakes.mean() / k), float(np.mean(balls > 0))


def clipped_density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> tuple[float, float]:
    """Computes Clipped Density and Clipped Coverage (Salvy et al. 2025, arXiv 2507.01761).

    Both read as the share of good samples. Clipped Density takes the balls of `density_coverage` with no
    radius above the median one; of each fake it takes the number of balls that it lies in over k, at most 1,
    and divides the mean of these by that of the real rows, a row's own ball left out; at most 1. Clipped
    Coverage takes the whole balls; of each it takes the number of fakes inside over k, at most 1. Their mean
    y is turned into a share m / M, where y is what m good fakes are expected to give. With m rows of the real
    distribution the number in a ball has a beta-binomial law of m trials and parameters k and N - k, so that

        E y = 1 - sum over j < k of (1 - j / k) C(m, j) B(k + j, N - k + m - j) / B(k, N - k).

    Follows the authors' program, surfaces included (inside for density, outside for coverage); between two m
    the share is interpolated here, and their program takes y for 0 below m = k.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        k: which neighbour, 1 to N - 1.

    Returns:
        Clipped Density and Clipped Coverage, each in [0, 1]. Real rows of their own have 1 but for chance.

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2, unequal d or a bad k.
    """
    real, fake = row_pair(real, fake)
    k = whole_number(k, "k", 1, len(real) - 1)
    sets = Distances(real, fake)
    radii = sets.nearest_within(REAL, k)[:, -1]
    median = np.median(np.sqrt(radii))
    clipped = np.where(np.sqrt(radii) <= median, radii, median**2)
    ((fakes, _),) = sets.count_inside(clipped, strict=False)
    ((own, _),) = Distances(real, real).count_inside(clipped, strict=False)
    good = np.minimum(own - 1, k).mean()
    density = min(1.0, float(np.minimum(fakes, k).mean() / good))
    ((_, balls),) = sets.count_inside(radii, strict=True)
    shares = np.arange(len(fake) + 1) / len(fake)
    coverage = np.interp(np.minimum(balls, k).mean() / k, _expected_coverage(len(real), len(fake), k), shares)
    return density, float(coverage)


def _expected_coverage(count: int, fakes: int, k: int) -> np.ndarray:
    """Returns E min(J, k) / k for J of the beta-binomial law of m = 0 ... ``fakes`` trials (fakes + 1,)."""
    from scipy.special import betaln, gammaln  # imported here: SciPy is slow to load

    m, expected = np.arange(fakes + 1.0), np.ones(fakes + 1)
    for j in range(min(k, fakes + 1)):
        trials = m[j:]
        choices = gammaln(trials + 1) - gammaln(j + 1) - gammaln(trials - j + 1)
        chances = np.exp(choices + betaln(k + j, count - k + trials - j) - betaln(k, count - k))
        expected[j:] -= (1 - j / k) * chances
    return expected


def nearest_neighbour_accuracy(real: np.ndarray, fake: np.ndarray) -> tuple[float, float, float]:
    """Computes the leave-one-out accuracy of a 1-nearest-neighbour classifier of real against fake.

    Lopez-Paz & Oquab 2017; Xu et al. 2018, section 2.2. Equal distributions give 0.5, separable ones 1, a
    generator that copies the real set 0. At equal distances the neighbour is the first row of (real, fake).

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).

    Returns:
        The accuracy over all rows, over the real rows, and over the fakes, each in [0, 1].

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or unequal d.
    """
    sets = Distances(*row_pair(real, fake))
    (to_fake, _), (to_real, _) = sets.nearest_across()
    right_real = sets.nearest_within(REAL, 1)[:, 0] <= to_fake
    right_fake = sets.nearest_within(FAKE, 1)[:, 0] < to_real
    accuracy = (right_real.sum() + right_fake.sum()) / (len(real) + len(fake))
    return float(accuracy), float(right_real.mean()), float(right_fake.mean())
