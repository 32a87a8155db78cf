"""The metrics as ``keras.metrics.Metric``, for loops and callbacks that speak Keras."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.metrics.frechet import frechet_distance_from_moments


class FrechetDistance(keras.metrics.Metric):
    """The Frechet distance of all features seen since the last reset, in O(d^2) memory and in the graph.

    Moments are combined batch by batch about their means (Chan et al. 1983) in float64.

    Args:
        dimensions: d.
        name: of the metric.
    """

    def __init__(self, dimensions: int, name: str = "frechet_distance") -> None:
        super().__init__(name=name, dtype="float64")
        self.dimensions = dimensions
        self.sides = [self._side(side) for side in ("real", "fake")]

    def update_state(self, real: tf.Tensor, fake: tf.Tensor) -> None:
        """Adds features (n, d) of real and (m, d) of generated images, n and m at least 1."""
        for (count, mean, scatter), features in zip(self.sides, (real, fake), strict=True):
            features = tf.cast(features, tf.float64)
            size = tf.cast(tf.shape(features)[0], tf.float64)
            batch_mean = tf.reduce_mean(features, axis=0)
            centred = features - batch_mean
            total = count.value + size
            difference = batch_mean - mean.value
            between = tf.tensordot(difference, difference, axes=0) * (count.value * size / total)
            scatter.assign_add(tf.matmul(centred, centred, transpose_a=True) + between)
            mean.assign_add(difference * (size / total))
            count.assign(total)

    def result(self) -> tf.Tensor:
        """Returns the distance, a float64 scalar; NaN until both sides have two rows."""
        moments = [variable.value for side in self.sides for variable in side]
        return tf.ensure_shape(tf.numpy_function(_distance, moments, tf.float64), ())

    def _side(self, side: str) -> tuple[keras.Variable, keras.Variable, keras.Variable]:
        d = self.dimensions
        return tuple(
            self.add_variable(shape, keras.initializers.Zeros(), dtype="float64", name=f"{side}_{name}")
            for name, shape in (("count", ()), ("mean", (d,)), ("scatter", (d, d)))
        )


def _distance(*moments: np.ndarray) -> np.float64:
    sides = moments[:3], moments[3:]
    if min(count for count, _, _ in sides) < 2:
        return np.float64(np.nan)
    arguments = [value for count, mean, scatter in sides for value in (mean, scatter / (count - 1))]
    return np.float64(frechet_distance_from_moments(*arguments))


class CollectedMetric(keras.metrics.Metric):
    """Any function of ``tfgan_ref.metrics`` on the features of all batches, which it keeps in memory.

    Args:
        function: of (real, fake) features to a number, or to several of which the first counts.
        name: of the metric.
    """

    def __init__(self, function: Callable[[np.ndarray, np.ndarray], object], name: str) -> None:
        super().__init__(name=name, dtype="float64")
        self.function = function
        self.batches: list[tuple[np.ndarray, np.ndarray]] = []

    def update_state(self, real: tf.Tensor, fake: tf.Tensor) -> None:
        """Adds features (n, d) and (m, d); works eagerly only."""
        self.batches.append((np.asarray(real), np.asarray(fake)))

    def result(self) -> float:
        """Returns the metric of all features; NaN before the first batch."""
        if not self.batches:
            return float("nan")
        value = self.function(*(np.concatenate(side) for side in zip(*self.batches, strict=True)))
        return float(value[0] if isinstance(value, tuple) else value)

    def reset_state(self) -> None:
        """Forgets all batches."""
        self.batches = []
