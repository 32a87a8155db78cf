"""Kernel initialisers and dropout that a network's seed decides."""

import itertools
import math
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
    # LeCun et al. 1998, section 4.6: variance 1 / fan_in.
    "lecun": partial(keras.initializers.VarianceScaling, 1.0, "fan_in", "untruncated_normal"),
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
    """Dropout that draws 16 bits for an entry, in half the time of Keras's, and one mask for all replicas.

    ``rate`` is rounded to a multiple of 1 / 65,536, and what is kept is scaled by the rounded one, so that
    the mean is unchanged. Replicas each take their own rows of the mask, where those of
    ``keras.layers.Dropout`` would drop the same. With ``noise_shape``, and for a rate nearer to 0 or 1 than
    half of 1 / 65,536, it is Keras's own. The arguments are those of ``keras.layers.Dropout``.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Drops entries of (N, ...) with probability ``rate`` and scales the others by 1 / (1 - rate)."""
        dropped = round(self.rate * 2**16)  # of the 65,536 values of a draw
        if not training or self.noise_shape is not None or not 0 < dropped < 2**16:
            return super().call(inputs, training=training)
        n, *inner = shape = keras.ops.shape(inputs)
        entries = math.prod(inner)
        seed = tf.cast(tf.convert_to_tensor(self.seed_generator.next()), tf.int32)
        # Two entries of one sample from each 32 bits: both halves of a word are random and independent.
        words = randomness.draw_rows(
            tf.random.stateless_uniform, [n, (entries + 1) // 2], 0, seed, None, None, dtype=tf.uint32
        )
        # From -2^15 up: TensorFlow compares signed ones on every device.
        draws = tf.reshape(tf.bitcast(words, tf.int16), [n, -1])[:, :entries]
        kept = tf.reshape(draws, shape) >= tf.constant(dropped - 2**15, tf.int16)
        return inputs * (tf.cast(kept, inputs.dtype) * (2**16 / (2**16 - dropped)))
