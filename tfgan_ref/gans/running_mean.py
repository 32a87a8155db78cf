"""Running means of what a step reports, equal on all replicas."""

import keras
import tensorflow as tf


class RunningMean(keras.metrics.Metric):
    """The mean since the last reset.

    Keras's own has a value of its own on each replica, which one process of several can neither show nor save
    without the others. This one is given what all replicas agree on.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.total, self.count = (
            keras.Variable(
                "zeros",
                shape=(),
                dtype="float32",
                trainable=False,
                aggregation="only_first_replica",
                name=part,
            )
            for part in ("total", "count")
        )

    def update_state(self, value: tf.Tensor) -> None:
        """Adds a scalar."""
        self.total.assign_add(tf.cast(value, tf.float32))
        self.count.assign_add(1.0)

    def result(self) -> tf.Tensor:
        """Returns the mean; 0 if there was nothing."""
        return tf.math.divide_no_nan(tf.convert_to_tensor(self.total), tf.convert_to_tensor(self.count))


def mean_over_replicas(values: list[tf.Tensor]) -> list[tf.Tensor]:
    """Returns the means of scalars over all replicas, in one exchange."""
    together = tf.stack([tf.cast(value, tf.float32) for value in values])
    context = tf.distribute.get_replica_context()
    return tf.unstack(context.all_reduce(tf.distribute.ReduceOp.MEAN, together))
