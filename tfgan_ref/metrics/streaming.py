"""Mean and covariance of features that arrive in batches, in float64 and O(d^2) memory."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import rows


class FrechetMoments:
    """Accumulates what `frechet_distance_from_moments` needs, batch by batch.

    Every batch is shifted by the mean of the first one before it is squared, and the scatter matrices of the
    batches are combined with their means (Chan et al. 1983), so that features whose mean is a billion times
    their spread lose no digits. The difference E[xx'] - mm' is never formed.

    Accumulators of several replicas, or of several files, are combined with `merge`.
    """

    def __init__(self) -> None:
        self.count = 0
        self._shift: np.ndarray | None = None  # (d,), fixed by the first batch
        self._mean: np.ndarray | None = None  # (d,), relative to the shift
        self._scatter: np.ndarray | None = None  # (d, d), about the mean

    def update(self, features: np.ndarray) -> None:
        """Adds a batch of shape (n, d), n >= 1.

        Raises:
            InputError: for NaN or infinity, another rank than 2, or another d than before; nothing is added.
        """
        features = rows(features, "features", minimum=1)
        if self._shift is None:
            shift = features.mean(axis=0, dtype=np.float64)
        elif features.shape[1] == len(self._shift):
            shift = self._shift
        else:
            raise InputError(
                f"features has {features.shape[1]} columns, the batches before {len(self._shift)}"
            )
        shifted = features - shift
        mean = shifted.mean(axis=0)
        shifted -= mean
        self._combine(len(features), shift, mean, shifted.T @ shifted)

    def merge(self, other: "FrechetMoments") -> None:
        """Adds all that ``other`` has seen; ``other`` stays as it is.

        Raises:
            InputError: if ``other`` holds features of another d.
        """
        if other.count == 0:
            return
        if self.count and len(self._shift) != len(other._shift):
            raise InputError(
                f"cannot merge moments of {len(other._shift)} dimensions into {len(self._shift)}"
            )
        self._combine(other.count, other._shift, other._mean, other._scatter)

    def _combine(self, count: int, shift: np.ndarray, mean: np.ndarray, scatter: np.ndarray) -> None:
        if self.count == 0:
            self.count, self._shift, self._mean, self._scatter = count, shift, mean.copy(), scatter.copy()
            return
        total = self.count + count
        # Shifts first: they are close to each other and large, their difference is exact.
        difference = (shift - self._shift) + mean - self._mean
        self._scatter += scatter
        self._scatter += np.outer(difference, difference * (self.count * count / total))
        self._mean += difference * (count / total)
        self.count = total

    @property
    def mean(self) -> np.ndarray:
        """The mean of all rows, float64 of shape (d,)."""
        if self.count == 0:
            raise InputError("no features yet: the mean needs at least 1 row")
        return self._shift + self._mean

    @property
    def covariance(self) -> np.ndarray:
        """The covariance of all rows with 1/(N-1), float64 of shape (d, d)."""
        if self.count < 2:
            raise InputError(f"{self.count} rows so far: the covariance needs at least 2")
        return self._scatter / (self.count - 1)
