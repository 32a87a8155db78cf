"""Dropout that is the same on any number of replicas."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from tfgan_ref import randomness


@keras.saving.register_keras_serializable(package="tfgan_ref")
class Dropout(layers.Dropout):
    """``keras.layers.Dropout``, whose replicas would all drop the same: here each has its rows of one mask.

    On one device it is Keras's own, bit for bit.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drops entries of (N, ...) with probability ``rate`` and scales the others by 1 / (1 - rate)."""
        context = tf.distribute.get_replica_context()
        if not training or self.rate == 0 or context is None or context.num_replicas_in_sync == 1:
            return super().call(inputs, training=training)
        seed = tf.cast(tf.convert_to_tensor(self.seed_generator.next()), tf.int32)
        kept = randomness.uniform(inputs.shape, seed, dtype=inputs.dtype) >= self.rate
        return tf.where(kept, inputs / (1.0 - self.rate), tf.zeros_like(inputs))
