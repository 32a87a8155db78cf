"""The metrics as ``keras.metrics.Metric``, for loops and callbacks that speak Keras."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


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
        (n, real_mean, _), (m, fake_mean, _) = self.sides
        real, fake = (_root(scatter.value, count.value) for count, _, scatter in self.sides)
        cross = tf.reduce_sum(tf.linalg.svd(tf.matmul(real, fake, transpose_b=True), compute_uv=False))
        traces = tf.reduce_sum(real**2) + tf.reduce_sum(fake**2)
        means = tf.reduce_sum((real_mean.value - fake_mean.value) ** 2)
        distance = tf.maximum(means + traces - 2.0 * cross, 0.0)
        return tf.where(tf.minimum(n.value, m.value) < 2.0, tf.constant(np.nan, tf.float64), distance)

    def _side(self, side: str) -> tuple[keras.Variable, keras.Variable, keras.Variable]:
        d = self.dimensions
        return tuple(
            self.add_variable(shape, keras.initializers.Zeros(), dtype="float64", name=f"{side}_{name}")
            for name, shape in (("count", ()), ("mean", (d,)), ("scatter", (d, d)))
        )


def _root(scatter: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Returns A (d, d) with A'A the covariance of ``count`` rows, given their scatter matrix (d, d)."""
    eigenvalues, vectors = tf.linalg.eigh(scatter / tf.maximum(count - 1.0, 1.0))
    # What is zero up to rounding may come out as a little more, whose root is much more.
    smallest = scatter.shape[0] * np.finfo(np.float64).eps * eigenvalues[-1]
    return tf.sqrt(tf.where(eigenvalues > smallest, eigenvalues, 0.0))[:, None] * tf.transpose(vectors)


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
