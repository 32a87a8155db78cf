"""Historical averaging: weights are pulled towards the mean of their own past."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError


class WeightHistory(keras.layers.Layer):
    """The mean of a network's weights before each of its updates: Salimans et al. 2016, section 3.3.

    The paper adds |theta - mean(theta[1], ..., theta[t])|^2 to the loss. The mean is kept online, so that any
    number of steps takes as much memory as one.

    Args:
        weight: of that term.
        variables: the trainable ones of the network.

    Raises:
        InputError: ``weight`` is not above 0.
    """

    def __init__(self, weight: float, variables: Sequence[keras.Variable]) -> None:
        if weight <= 0:
            raise InputError(f"historical_averaging {weight} is out of range: at least 0")
        super().__init__(name="history", trainable=False, dtype="float32")
        self.weight = weight
        self.means = [
            self.add_weight(
                shape=variable.shape, initializer="zeros", dtype=variable.dtype, trainable=False, name="mean"
            )
            for variable in variables
        ]
        self.updates = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="updates"
        )
        self.built = True

    def record(self, variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
        """Takes the values before an update into the means and returns the gradients of the term by them.

        The means are constants in it, as the past is.
        """
        self.updates.assign_add(1)
        gradients = []
        for mean, variable in zip(self.means, variables, strict=True):
            present = tf.convert_to_tensor(variable.value)
            mean.assign_add((present - mean) / tf.cast(self.updates.value, present.dtype))
            gradients.append(2.0 * self.weight * (present - mean))
        return gradients
