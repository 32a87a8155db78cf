"""Frechet distance between the Gaussians fitted to two feature sets (FID when the features are Inception's).

Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule", equation 6:

    |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2).

With S1 = A'A and S2 = B'B the last trace is the nuclear norm of A B' (the sum of its singular values), so no
product of covariances is ever square-rooted. A square root of S1 S2 turns rounding errors eps of a
rank-deficient covariance into sqrt(eps); singular values keep them at eps.
"""

import warnings

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import check_finite, real_array, row_pair


def frechet_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Computes the Frechet distance of two feature sets, with 1/(N-1) covariances.

    Works from the features themselves (QR or the small N x N product), never from a d x d covariance: exact
    to float64 rounding also for fewer rows than dimensions, but the score is then strongly biased upwards, as
    it is to a lesser degree for every finite N. Compare scores of equal N only.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).

    Returns:
        The squared distance, in [0, inf); 0 for identical sets.

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or unequal d.
    """
    real, fake = row_pair(real, fake)
    fewest = min(len(real), len(fake))
    if fewest < real.shape[1]:
        warnings.warn(
            f"Frechet distance from {fewest} rows of {real.shape[1]} dimensions: fewer rows than dimensions "
            "give a score that is far too high",
            stacklevel=2,
        )
    mean_real, root_real = _mean_and_root(real)
    mean_fake, root_fake = _mean_and_root(fake)
    return _distance(mean_real - mean_fake, root_real, root_fake)


def frechet_distance_from_moments(
    mean_real: np.ndarray, cov_real: np.ndarray, mean_fake: np.ndarray, cov_fake: np.ndarray
) -> float:
    """Computes the Frechet distance of two Gaussians given by their means (d,) and covariances (d, d).

    Directions in which a covariance is zero up to its own rounding, d * eps * its largest entry, are dropped.

    Returns:
        The squared distance, in [0, inf).

    Raises:
        InputError: for NaN or infinity, shapes that do not fit, or a covariance that is not symmetric
        positive
            semi-definite.
    """
    mean_real, cov_real = _moments(mean_real, cov_real, "real")
    mean_fake, cov_fake = _moments(mean_fake, cov_fake, "fake")
    if mean_real.shape != mean_fake.shape:
        raise InputError(f"mean_real has {len(mean_real)} entries and mean_fake has {len(mean_fake)}")
    return _distance(mean_real - mean_fake, _cholesky(cov_real, "real"), _cholesky(cov_fake, "fake"))


def _distance(mean_difference: np.ndarray, root_real: np.ndarray, root_fake: np.ndarray) -> float:
    """Combines the means and the factors A, B of the covariances A'A, B'B."""
    cross = np.linalg.norm(root_real @ root_fake.T, "nuc") if len(root_real) and len(root_fake) else 0.0
    traces = np.sum(root_real**2) + np.sum(root_fake**2)
    # The exact value is never negative; what rounding leaves below zero is noise of size eps * trace.
    return max(0.0, float(mean_difference @ mean_difference + traces - 2 * cross))


def _mean_and_root(features: np.ndarray, block: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and a factor A of min(N, d) rows with A'A the covariance; O(block * d) memory."""
    count, dimensions = features.shape
    block = block or max(4 * dimensions, 1024)
    starts = range(0, count, block)
    # Summed from the first row, so that a mean far larger than the spread costs no digits.
    first = features[0].astype(np.float64)
    mean = first + sum((features[start : start + block] - first).sum(axis=0) for start in starts) / count
    if count <= dimensions:
        return mean, (features - mean) / np.sqrt(count - 1)
    triangle = np.empty((0, dimensions))
    for start in starts:
        triangle = np.linalg.qr(np.concatenate([triangle, features[start : start + block] - mean]), mode="r")
    return mean, triangle / np.sqrt(count - 1)


def _moments(mean: np.ndarray, covariance: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    mean = np.atleast_1d(real_array(mean, f"mean_{name}")).astype(np.float64)
    covariance = np.atleast_2d(real_array(covariance, f"cov_{name}")).astype(np.float64)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)) or len(mean) == 0:
        raise InputError(
            f"mean_{name} and cov_{name} must be of shapes (d,) and (d, d), "
            f"not {mean.shape} and {covariance.shape}"
        )
    check_finite(mean, f"mean_{name}")
    check_finite(covariance, f"cov_{name}")
    if np.abs(covariance - covariance.T).max() > 1e-6 * np.abs(covariance).max():
        raise InputError(f"cov_{name} is not symmetric")
    return mean, (covariance + covariance.T) / 2


def _cholesky(covariance: np.ndarray, name: str) -> np.ndarray:
    """Returns A (rank, d) with A'A = covariance.

    Pivoted Cholesky stops at the numerical rank. Against the truncated eigenvectors it is as accurate and six
    times faster, which leaves the singular values as the only large cost.
    """
    from scipy.linalg import lapack  # imported here: SciPy is slow to load

    dimensions, largest = len(covariance), max(0.0, covariance.diagonal().max())
    tolerance = dimensions * np.finfo(np.float64).eps * largest
    triangle, pivots, rank, _ = lapack.dpstrf(covariance.T, tol=tolerance)  # in LAPACK's memory order
    if largest == 0:
        rank = 0
    root = np.zeros((rank, dimensions))
    root[:, pivots - 1] = np.triu(triangle)[:rank]
    if rank < dimensions and np.abs(root.T @ root - covariance).max() > 1e-6 * largest:
        raise InputError(f"cov_{name} is not positive semi-definite")
    return root
