"""Kernel initialisers and dropout that a network's seed decides."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from tfgan_ref import randomness
from tfgan_ref.errors import InputError

INITIALIZERS: dict[str, Callable[..., keras.Initializer]] = {
    # Radford et al. 2016, section 4: zero-centred normal, standard deviation 0.02.
    "normal02": partial(keras.initializers.RandomNormal, 0.0, 0.02),
    # Glorot and Bengio 2010: variance 2 / (fan_in + fan_out).
    "xavier": keras.initializers.GlorotUniform,
    # He et al. 2015: variance 2 / fan_in, made for ReLU.
    "he": keras.initializers.HeNormal,
    # Saxe et al. 2014.
    "orthogonal": keras.initializers.Orthogonal,
}


def initializer_stream(name: str, seed: int) -> Callable[[], keras.Initializer]:
    """Returns a function that gives a fresh initialiser, with a seed of its own, at each call.

    One initialiser instance shared by two layers of the same shape would give them identical weights.

    Raises:
        InputError: ``name`` is not one of ``INITIALIZERS``.
    """
    if name not in INITIALIZERS:
        raise InputError(f"initializer {name!r} is unknown: choose one of {', '.join(INITIALIZERS)}")
    # Spaced by a large prime, so that networks with neighbouring seeds share no layer's seed.
    numbers = itertools.count(seed * 1_000_003)
    return partial(next, (INITIALIZERS[name](seed=number % 2**31) for number in numbers))


@keras.saving.register_keras_serializable(package="tfgan_ref")
class Dropout(layers.Dropout):
    """Dropout whose replicas each take their own rows of one mask.

    With ``keras.layers.Dropout`` all replicas would drop the same. On one device it is Keras's own, bit for
    bit.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drops entries of (N, ...) with probability ``rate`` and scales the others by 1 / (1 - rate)."""
        context = tf.distribute.get_replica_context()
        if not training or self.rate == 0 or context is None or context.num_replicas_in_sync == 1:
            return super().call(inputs, training=training)
        seed = tf.cast(tf.convert_to_tensor(self.seed_generator.next()), tf.int32)
        kept = randomness.uniform(inputs.shape, seed, dtype=inputs.dtype) >= self.rate
        return tf.where(kept, inputs / (1.0 - self.rate), tf.zeros_like(inputs))
