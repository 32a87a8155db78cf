"""Wasserstein distances between feature sets: the exact one, sliced ones, and MIND."""

import math

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import joint_mean, row_pair, rows, whole_number

MOST_ROWS = 5000  # of an assignment: O(n^3) time, n^2 float64 values
MOST_PAIRS = 250_000  # of a linear programme, one variable each
BLOCK = 64  # directions that are projected onto at once


def wasserstein_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Computes the exact Wasserstein-1 (earth mover's) distance with Euclidean cost and uniform weights.

    Xu et al. 2018, section 2.2: the minimum over couplings w of sum_ij w_ij |x_i - y_j|. Sets of equal size,
    or whose least common multiple is at most 5,000, are an assignment problem (2,000 rows take seconds, 5,000
    some ten); others are a linear programme of at most 250,000 pairs (some seconds). In one dimension there
    is no limit.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).

    Returns:
        The distance, in [0, inf).

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2, unequal d, or sets too large.
    """
    real, fake = row_pair(real, fake)
    if real.shape[1] == 1:
        return _one_dimension(real[:, 0].astype(np.float64), fake[:, 0].astype(np.float64))
    rows, pairs = math.lcm(len(real), len(fake)), len(real) * len(fake)
    if rows > MOST_ROWS and (len(real) == len(fake) or pairs > MOST_PAIRS):
        raise InputError(
            f"the exact Wasserstein distance of {len(real)} and {len(fake)} rows is too large: use at most "
            f"{MOST_ROWS} rows of equal number, or sliced_wasserstein_distance"
        )
    from scipy.spatial.distance import cdist  # imported here: SciPy is slow to load

    costs = cdist(real, fake)
    if rows > MOST_ROWS:
        return _transport(costs)
    return _assignment(costs, rows)


def sliced_wasserstein_distance(
    real: np.ndarray, fake: np.ndarray, projections: int = 128, seed: int = 0
) -> float:
    """Computes the sliced Wasserstein-1 distance: the mean of the projections' over random directions.

    Rabin et al. 2011 with the exponent 1; not the "SWD" of progressive GANs, which is measured on patches of
    a Laplacian pyramid. At most the exact distance, and O(N log N).

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        projections: number of directions, uniform on the sphere.
        seed: of the directions.

    Returns:
        The distance, in [0, inf).

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2, unequal d or no projection.
    """
    real, fake = row_pair(real, fake)
    directions = _directions(whole_number(projections, "projections", 1), real.shape[1], seed)
    centre = joint_mean(real, fake)
    left, right = ((features - centre) @ directions.T for features in (real, fake))
    return float(np.mean([_one_dimension(x, y) for x, y in zip(left.T, right.T, strict=True)]))


def monge_distance(
    real: np.ndarray, fake: np.ndarray, projections: int | np.ndarray = 1000, seed: int = 0
) -> float:
    """Computes MIND, 3 d times the mean squared Wasserstein-2 distance of random projections.

    Berthet et al. 2026 (arXiv 2605.06797), where the features are Inception's. In one dimension

        W^2 = integral over t of (F^-1(t) - G^-1(t))^2,

    the mean squared difference of the sorted values where both sets are of equal size; that of unequal sets
    is exact too. A shift of all rows by s gives 3 d times the mean of (u's)^2 over the directions u, which is
    3 |s|^2 in expectation. As torch-fidelity's for equal sizes and the same directions; torch-fidelity
    drops rows of the larger set. The paper itself was not read: its formula is that of torch-fidelity.

    Args:
        real: features of shape (N, d).
        fake: features of shape (M, d).
        projections: the number of directions, drawn uniformly from the sphere, or directions (P, d), which
            are used as they are.
        seed: of the directions.

    Returns:
        The distance, in [0, inf); 0 for identical sets.

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2, unequal d or no direction.
    """
    real, fake = row_pair(real, fake)
    if np.ndim(projections):
        directions = rows(projections, "projections", 1).astype(np.float64)
        if directions.shape[1] != real.shape[1]:
            raise InputError(
                f"projections have {directions.shape[1]} columns, features {real.shape[1]}: "
                "they must be equal"
            )
    else:
        directions = _directions(whole_number(projections, "projections", 1), real.shape[1], seed)
    # The quantile functions are constant between these points, in units of 1 / (N M).
    points = np.union1d(np.arange(len(real) + 1) * len(fake), np.arange(len(fake) + 1) * len(real))
    widths, starts = np.diff(points) / points[-1], points[:-1]
    centre = joint_mean(real, fake)
    total = 0.0
    for start in range(0, len(directions), BLOCK):
        left, right = (
            np.sort((features - centre) @ directions[start : start + BLOCK].T, axis=0)
            for features in (real, fake)
        )
        total += np.sum(widths @ (left[starts // len(fake)] - right[starts // len(real)]) ** 2)
    return float(3 * real.shape[1] * total / len(directions))


def _directions(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Returns unit vectors (count, d), uniform on the sphere."""
    directions = np.random.default_rng(seed).normal(size=(count, dimensions))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def _one_dimension(x: np.ndarray, y: np.ndarray) -> float:
    """Returns the integral of |F - G| over the two distribution functions."""
    points = np.sort(np.concatenate([x, y]))
    below_x, below_y = (np.searchsorted(np.sort(v), points[:-1], side="right") / len(v) for v in (x, y))
    return float(np.abs(below_x - below_y) @ np.diff(points))


def _assignment(costs: np.ndarray, rows: int) -> float:
    """Solves by assignment: each row is repeated to ``rows`` rows, a common multiple of both sizes."""
    from scipy.optimize import linear_sum_assignment

    repeated = costs.repeat(rows // costs.shape[0], axis=0).repeat(rows // costs.shape[1], axis=1)
    return float(repeated[linear_sum_assignment(repeated)].mean())


def _transport(costs: np.ndarray) -> float:
    """Solves the transportation problem exactly: a vertex of its polytope has whole-numbered flows."""
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    count, other = costs.shape
    divisor = math.gcd(count, other)
    constraints = vstack(
        [kron(eye_array(count), np.ones((1, other))), kron(np.ones((1, count)), eye_array(other))]
    )
    masses = np.repeat([other // divisor, count // divisor], [count, other])
    largest = costs.max() or 1.0
    solution = linprog(costs.ravel() / largest, A_eq=constraints.tocsr(), b_eq=masses, method="highs-ipm")
    flow = np.rint(solution.x) if solution.success else np.zeros(costs.size)
    if not np.array_equal(constraints @ flow, masses):
        raise RuntimeError(f"the linear programme of the Wasserstein distance failed: {solution.message}")
    return float(flow @ costs.ravel() / flow.sum())
