"""Distances within and between two feature sets, and what nearest-neighbour metrics ask of them.

Squared distances are first computed as |x|^2 + |y|^2 - 2 x'y from features shifted to their joint mean, block
by block and in float32, which takes half the time. Whatever its rounding leaves undecided (a distance near a
radius, which rows are the nearest few) is computed again in float64. Rounding makes that form, too, unfit for
ties, which identical and collapsed sets are full of: what float64 leaves undecided is decided by the sum of
(x - y)^2 over the features as given. The results are those of a direct computation of all distances.
"""

import functools
import hashlib
from collections.abc import Iterator

import numpy as np

from tfgan_ref.metrics.validation import joint_mean

REAL, FAKE = 0, 1
BLOCK = 1024
SPARE = 4  # neighbours beyond the k-th that are looked at exactly
MOST_DOUBT = 1 / 256  # of a block's pairs: subtracting more one by one takes longer than the block in float64
PAIR_VALUES = 2**21  # float64 values of the pairs that are subtracted at once


class Distances:
    """The two feature sets and the squared distances within and between them."""

    def __init__(self, real: np.ndarray, fake: np.ndarray, block: int | None = None) -> None:
        self.block = block or BLOCK
        self.given = (real, fake)
        self.centre = joint_mean(real, fake)
        self.norms = tuple(self._norms(side) for side in (REAL, FAKE))
        # In units of the longest row, a power of two, no square leaves the range of float32.
        self.unit = 2.0 ** np.ceil(np.log2(max(norms.max() for norms in self.norms) or 1.0))
        self.screens = tuple(self._screen(side) for side in (REAL, FAKE))
        self.screen_norms = tuple((norms / self.unit).astype(np.float32) for norms in self.norms)
        # Bounds of the rounding error of a squared distance, relative to |x|^2 + |y|^2.
        terms = 4 * (8 + np.sqrt(real.shape[1]))
        self.rounding, self.screen_rounding = (terms * np.finfo(t).eps for t in (np.float64, np.float32))

    def _pieces(self, side: int) -> Iterator[slice]:
        count = len(self.given[side])
        return (slice(start, min(start + self.block, count)) for start in range(0, count, self.block))

    def _shifted(self, side: int, rows: slice | np.ndarray) -> np.ndarray:
        # Made anew each time: a float64 copy of all features would be most of the memory.
        return self.given[side][rows] - self.centre

    def _norms(self, side: int) -> np.ndarray:
        pieces = (self._shifted(side, rows) for rows in self._pieces(side))
        return np.concatenate([np.einsum("nd,nd->n", piece, piece) for piece in pieces])

    def _screen(self, side: int) -> np.ndarray:
        screen, root = np.empty(self.given[side].shape, np.float32), np.sqrt(self.unit)
        for rows in self._pieces(side):
            screen[rows] = self._shifted(side, rows) / root
        return screen

    def nearest_within(self, side: int, k: int) -> np.ndarray:
        """Returns the squared distances (N, k) to the k nearest other rows of the same set, ascending."""
        count = len(self.given[side])
        nearest = _Candidates(count, min(k + SPARE, count - 1))
        for rows, columns, squared in self._blocks(side, side):
            nearest.update(rows, columns, squared)
            if columns != rows:
                nearest.update(columns, rows, squared.T)
        return self._exact_neighbours(side, side, nearest, k)[0]

    def nearest_across(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """Finds the nearest fake of each real row, and the other way round.

        Returns:
            For the real rows and for the fakes: the squared distances and the nearest row's numbers.
        """
        sizes = [len(features) for features in self.given]
        fakes = _Candidates(sizes[REAL], min(1 + SPARE, sizes[FAKE]))
        reals = _Candidates(sizes[FAKE], min(1 + SPARE, sizes[REAL]))
        for rows, columns, squared in self._blocks(REAL, FAKE):
            fakes.update(rows, columns, squared)
            reals.update(columns, rows, squared.T)
        of_real, of_fake = (
            self._exact_neighbours(side, 1 - side, nearest, 1)
            for side, nearest in ((REAL, fakes), (FAKE, reals))
        )
        return (of_real[0][:, 0], of_real[1][:, 0]), (of_fake[0][:, 0], of_fake[1][:, 0])

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
        sums = self.norms[side][centres] + self.norms[1 - side].max()
        # A radius of 0 comes from equal rows: only such rows can be inside. Collapsed sets have N^2 of them.
        points = np.flatnonzero(radii == 0)
        inside, in_doubt = _compare(squared, radii / self.unit, self.screen_rounding * (sums / self.unit))
        in_doubt[points] = False
        if np.count_nonzero(in_doubt) > MOST_DOUBT * in_doubt.size:
            squared = self._squared(side, 1 - side, centres, members)
            inside, in_doubt = _compare(squared, radii, self.rounding * sums)
            in_doubt[points] = False
        if len(points) and not strict:
            first, second = self._row_numbers[side][centres], self._row_numbers[1 - side][members]
            inside[points] = first[points, None] == second
        elif len(points):
            inside[points] = False
        row, column = np.nonzero(in_doubt)
        exact = self._exact(side, 1 - side, row + centres.start, column + members.start)
        inside[row, column] = exact < radii[row] if strict else exact <= radii[row]
        return inside

    def _blocks(self, left: int, right: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """Yields squared distances in float32, in units of ``unit``, block by block.

        Within one set these are only the blocks on and above the diagonal.
        """
        within = left == right
        for rows in self._pieces(left):
            for columns in self._pieces(right):
                if within and columns.start < rows.start:
                    continue
                squared = self.screens[left][rows] @ self.screens[right][columns].T
                squared *= -2
                squared += self.screen_norms[left][rows, None]
                squared += self.screen_norms[right][columns]
                if within and rows == columns:
                    np.fill_diagonal(squared, np.inf)  # a row is not its own neighbour
                yield rows, columns, squared

    def _squared(self, left: int, right: int, rows: slice | np.ndarray, columns: slice) -> np.ndarray:
        """Returns squared distances in float64."""
        squared = self._shifted(left, rows) @ self._shifted(right, columns).T
        squared *= -2
        squared += self.norms[left][rows, None]
        squared += self.norms[right][columns]
        return squared

    def _exact_neighbours(
        self, left: int, right: int, nearest: "_Candidates", k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the exact squared distances (N, k) of the k nearest candidates, ascending, and which.

        Where rows beyond the candidates could be as near, the candidates are found again in float64.
        """
        count, candidates = nearest.index.shape
        exact, index = self._exact_candidates(left, right, np.arange(count), nearest.index)
        others = len(self.given[right]) - (left == right)
        if candidates < others:
            margin = self.screen_rounding * (self.norms[left] + self.norms[right].max())
            unsure = np.flatnonzero(nearest.squared.max(axis=1) * self.unit - margin < exact[:, k - 1])
            for start in range(0, len(unsure), self.block):
                rows = unsure[start : start + self.block]
                again = _Candidates(len(rows), candidates)
                for columns in self._pieces(right):
                    squared = self._squared(left, right, rows, columns)
                    if left == right:
                        own = np.flatnonzero((rows >= columns.start) & (rows < columns.stop))
                        squared[own, rows[own] - columns.start] = np.inf
                    again.update(slice(0, len(rows)), columns, squared)
                exact[rows], index[rows] = self._exact_candidates(left, right, rows, again.index)
        return exact[:, :k], index[:, :k]

    def _exact_candidates(
        self, left: int, right: int, rows: np.ndarray, index: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the exact squared distances of ``rows`` to their candidates, ascending, and which."""
        exact = self._exact(left, right, np.repeat(rows, index.shape[1]), index.ravel()).reshape(index.shape)
        order = np.argsort(exact, axis=1)
        return np.take_along_axis(exact, order, 1), np.take_along_axis(index, order, 1)

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


def _compare(squared: np.ndarray, radii: np.ndarray, margin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns which distances are less than the radii for sure, and which are within ``margin`` of them."""
    low, high = (bound.astype(squared.dtype)[:, None] for bound in (radii - margin, radii + margin))
    inside = squared < low
    return inside, (squared <= high) & ~inside


def _digest(row: np.ndarray) -> bytes:
    return hashlib.blake2b(row.tobytes(), digest_size=16).digest()
