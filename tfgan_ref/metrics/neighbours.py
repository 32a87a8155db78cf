"""Nearest-neighbour metrics: precision and recall, density and coverage, 1-nearest-neighbour accuracy.

Squared distances are first computed as |x|^2 + |y|^2 - 2 x'y from features shifted to their joint mean, block
by block. Rounding makes that form unfit for ties, which identical and collapsed sets are full of: whatever it
leaves undecided (a distance within rounding of a radius, the order of the nearest few) is decided by the sum
of (x - y)^2 over the features as given. The results are those of a direct computation of all distances.
"""

import functools
import hashlib
from collections.abc import Iterator

import numpy as np

from tfgan_ref.metrics.validation import joint_mean, row_pair, whole_number

REAL, FAKE = 0, 1
BLOCK = 1024
SPARE = 4  # neighbours beyond the k-th that are looked at exactly
PAIR_VALUES = 2**21  # float64 values of the pairs that are subtracted at once


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
    sets = _Sets(*row_pair(real, fake))
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
    sets = _Sets(*row_pair(real, fake))
    k = whole_number(k, "k", 1, len(real) - 1)
    radii = sets.nearest_within(REAL, k)[:, -1]
    ((fakes, balls),) = sets.count_inside(radii, strict=strict)
    return float(fakes.mean() / k), float(np.mean(balls > 0))


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
    sets = _Sets(*row_pair(real, fake))
    to_fake, to_real = sets.nearest_across()
    right_real = sets.nearest_within(REAL, 1)[:, 0] <= to_fake
    right_fake = sets.nearest_within(FAKE, 1)[:, 0] < to_real
    accuracy = (right_real.sum() + right_fake.sum()) / (len(real) + len(fake))
    return float(accuracy), float(right_real.mean()), float(right_fake.mean())


class _Sets:
    """The two feature sets and the squared distances within and between them."""

    def __init__(self, real: np.ndarray, fake: np.ndarray, block: int | None = None) -> None:
        self.block = block or BLOCK
        self.given = (real, fake)
        centre = joint_mean(real, fake)
        self.shifted = tuple(features - centre for features in self.given)
        self.norms = tuple(np.einsum("nd,nd->n", features, features) for features in self.shifted)
        # Bound of the rounding error of a squared distance, relative to |x|^2 + |y|^2.
        self.rounding = 4 * (8 + np.sqrt(real.shape[1])) * np.finfo(np.float64).eps

    def nearest_within(self, side: int, k: int) -> np.ndarray:
        """Returns the squared distances (N, k) to the k nearest other rows of the same set, ascending."""
        count = len(self.given[side])
        nearest = _Candidates(count, min(k + SPARE, count - 1))
        for rows, columns, squared in self._blocks(side, side):
            nearest.update(rows, columns, squared)
            if columns != rows:
                nearest.update(columns, rows, squared.T)
        return self._exact_neighbours(side, side, nearest)[:, :k]

    def nearest_across(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the squared distances of real rows to their nearest fakes, and the other way round."""
        sizes = [len(features) for features in self.given]
        fakes = _Candidates(sizes[REAL], min(1 + SPARE, sizes[FAKE]))
        reals = _Candidates(sizes[FAKE], min(1 + SPARE, sizes[REAL]))
        for rows, columns, squared in self._blocks(REAL, FAKE):
            fakes.update(rows, columns, squared)
            reals.update(columns, rows, squared.T)
        return self._exact_neighbours(REAL, FAKE, fakes)[:, 0], self._exact_neighbours(FAKE, REAL, reals)[
            :, 0
        ]

    def count_inside(self, *radii: np.ndarray, strict: bool) -> list[tuple[np.ndarray, np.ndarray]]:
        """Counts which rows lie in the balls of the other set.

        Args:
            radii: the squared radii of the balls around the real rows and, if given, around the fakes.
            strict: whether the surface is outside.

        Returns:
            For each set of balls: the number of balls around each row of the other set, and the number of
            such rows in each ball.
        """
        sizes = [len(features) for features in self.given]
        counts = [(np.zeros(sizes[1 - side], int), np.zeros(sizes[side], int)) for side in range(len(radii))]
        for rows, columns, squared in self._blocks(REAL, FAKE):
            for side, (others, balls) in enumerate(counts):
                centres, members = (rows, columns) if side == REAL else (columns, rows)
                distances = squared if side == REAL else squared.T
                inside = self._inside(side, centres, members, distances, radii[side][centres], strict)
                others[members] += np.count_nonzero(inside, axis=0)
                balls[centres] += np.count_nonzero(inside, axis=1)
        return counts

    def _inside(
        self, side: int, centres: slice, members: slice, squared: np.ndarray, radii: np.ndarray, strict: bool
    ) -> np.ndarray:
        """Returns which ``members`` of the other set (columns) lie in the balls ``centres`` of ``side``."""
        margin = self.rounding * (self.norms[side][centres] + self.norms[1 - side].max())
        inside = squared < (radii - margin)[:, None]
        in_doubt = (squared <= (radii + margin)[:, None]) & ~inside
        # A radius of 0 comes from equal rows: only such rows can be inside. Collapsed sets have N^2 of them.
        points = np.flatnonzero(radii == 0)
        if len(points):
            in_doubt[points] = False
            if not strict:
                first, second = self._row_numbers[side][centres], self._row_numbers[1 - side][members]
                inside[points] = first[points, None] == second
        row, column = np.nonzero(in_doubt)
        exact = self._exact(side, 1 - side, row + centres.start, column + members.start)
        inside[row, column] = exact < radii[row] if strict else exact <= radii[row]
        return inside

    def _blocks(self, left: int, right: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Yields squared distances block by block; within one set only blocks on and above the diagonal."""
        within = left == right
        for start in range(0, len(self.given[left]), self.block):
            rows = slice(start, min(start + self.block, len(self.given[left])))
            for other in range(start if within else 0, len(self.given[right]), self.block):
                columns = slice(other, min(other + self.block, len(self.given[right])))
                squared = self.shifted[left][rows] @ self.shifted[right][columns].T
                squared *= -2
                squared += self.norms[left][rows, None]
                squared += self.norms[right][columns]
                if within and rows == columns:
                    np.fill_diagonal(squared, np.inf)  # a row is not its own neighbour
                yield rows, columns, squared

    def _exact_neighbours(self, left: int, right: int, nearest: "_Candidates") -> np.ndarray:
        """Returns the exact squared distances of the candidates, ascending in each row."""
        count, candidates = nearest.index.shape
        exact = self._exact(left, right, np.repeat(np.arange(count), candidates), nearest.index.ravel())
        return np.sort(exact.reshape(count, candidates), axis=1)

    def _exact(self, left: int, right: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Returns the sum of (x - y)^2 for pairs of rows."""
        squared = np.empty(len(rows))
        step = max(1, PAIR_VALUES // self.given[left].shape[1])
        for start in range(0, len(rows), step):
            pairs = slice(start, start + step)
            first, second = self.given[left][rows[pairs]], self.given[right][columns[pairs]]
            difference = np.subtract(first, second, dtype=np.float64)
            squared[pairs] = np.einsum("pd,pd->p", difference, difference)
        return squared

    @functools.cached_property
    def _row_numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """One number per row of each set, the same for equal rows and only for them."""
        numbers: dict[bytes, int] = {}
        return tuple(
            # Adding 0 makes -0 and 0 equal in their bytes, too.
            np.array(
                [numbers.setdefault(_digest(row.astype(np.float64) + 0.0), len(numbers)) for row in features]
            )
            for features in self.given
        )


class _Candidates:
    """The nearest few columns of each row, from blocks of distances."""

    def __init__(self, rows: int, count: int) -> None:
        self.squared = np.full((rows, count), np.inf)
        self.index = np.zeros((rows, count), int)

    def update(self, rows: slice, columns: slice, squared: np.ndarray) -> None:
        count = self.index.shape[1]
        found = np.argpartition(squared, min(count, squared.shape[1]) - 1)[:, :count]
        values = np.concatenate([self.squared[rows], np.take_along_axis(squared, found, 1)], axis=1)
        index = np.concatenate([self.index[rows], found + columns.start], axis=1)
        best = np.argpartition(values, count - 1)[:, :count]
        self.squared[rows] = np.take_along_axis(values, best, 1)
        self.index[rows] = np.take_along_axis(index, best, 1)


def _digest(row: np.ndarray) -> bytes:
    return hashlib.blake2b(row.tobytes(), digest_size=16).digest()
