"""Small generators from pictures to pictures, with random weights that show in every output pixel."""

import keras
import numpy as np
from keras import layers

BIAS = keras.initializers.RandomNormal(stddev=0.3, seed=9)


def convolution(filters, seed, size=3, **settings):
    kernel = keras.initializers.GlorotUniform(seed=seed)
    return layers.Conv2D(
        filters, size, padding="same", kernel_initializer=kernel, bias_initializer=BIAS, **settings
    )


def picture(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def enlarging(scale=1, channels=3, output_channels=3, seed=0):
    """Two convolutions of 3x3, the second one on ``scale`` times more pixels: a margin of 2."""
    source = keras.Input((None, None, channels), name="source")
    x = layers.ReLU()(convolution(6, seed)(source))
    x = layers.UpSampling2D(scale)(x) if scale > 1 else x
    x = convolution(output_channels, seed + 1, activation="tanh", dtype="float32")(x)
    return keras.Model(source, x)


def shrinking(channels=3, seed=0):
    """As CycleGAN's: quarters of the size, then back; sides must be multiples of 4."""
    source = keras.Input((None, None, channels), name="source")
    x = layers.ReLU()(convolution(6, seed, strides=4)(source))
    x = layers.UpSampling2D(4)(layers.ReLU()(convolution(6, seed + 1)(x)))
    x = layers.Concatenate()([x, source])
    return keras.Model(source, convolution(channels, seed + 2, activation="tanh", dtype="float32")(x))


def filling(seed=0):
    """Takes a mask; a margin of 1."""
    source, mask = keras.Input((None, None, 3), name="source"), keras.Input((None, None, 1), name="mask")
    x = layers.Concatenate()([source, mask])
    return keras.Model([source, mask], convolution(3, seed, activation="tanh", dtype="float32")(x))


def styling(seed=0):
    """Adds what the mean of a style says to every pixel."""
    source, style = keras.Input((None, None, 3), name="source"), keras.Input((None, None, 3), name="target")
    shift = layers.Reshape((1, 1, 3))(
        layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(seed=seed + 1))(
            layers.GlobalAveragePooling2D()(style)
        )
    )
    x = layers.Add()([convolution(3, seed)(source), shift])
    return keras.Model([source, style], layers.Activation("tanh", dtype="float32")(x))
