"""Discriminator of SRGAN: Ledig et al. 2017, figure 4."""

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream

NORMALISATIONS = ("none", "batch")


def sr_discriminator(
    image_size: int = 96,
    channels: int = 3,
    width: int = 64,
    *,
    dense: int = 1024,
    normalisation: str = "batch",
    spectral_norm: bool = False,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds the network that tells real pictures from enlarged ones; its defaults are the paper's.

    Eight 3x3 convolutions, every second one halving the picture, filters doubling from ``width`` to 8 times
    as many, LeakyReLU of slope 0.2, then two fully connected layers. The paper's sigmoid is part of the loss.

    Args:
        image_size: side of the square pictures, a multiple of 16.
        channels: 1 or 3.
        width: filters of the first layer.
        dense: units of the hidden fully connected layer.
        normalisation: of all convolutions but the first: "batch", or "none".
        spectral_norm: whether all layers have spectral norm 1.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from pictures (N, size, size, channels) in [-1, 1] to logits (N, 1), float32.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(1, channels=channels, width=width, dense=dense)
    _check(image_size, normalisation)
    fresh = initializer_stream(initializer, seed)

    def normalised(layer: layers.Layer, number: int) -> layers.Layer:
        return SpectralNormalization(layer, seed=seed + number) if spectral_norm else layer

    images = keras.Input((image_size, image_size, channels), name="images")
    x = images
    for number in range(8):
        batch_norm = normalisation == "batch" and number > 0
        convolution = layers.Conv2D(
            width * 2 ** (number // 2),
            3,
            strides=1 + number % 2,
            padding="same",
            kernel_initializer=fresh(),
            use_bias=not batch_norm,
        )
        x = normalised(convolution, number)(x)
        if batch_norm:
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = normalised(layers.Dense(dense, kernel_initializer=fresh()), 8)(layers.Flatten()(x))
    features = keras.Model(images, layers.LeakyReLU(0.2)(x))
    return discriminator(features, spectral_norm=spectral_norm, initializer=initializer, seed=seed + 9)


def _check(image_size: int, normalisation: str) -> None:
    if image_size < 16 or image_size % 16:
        raise InputError(f"image_size {image_size} is out of range: a multiple of 16")
    if normalisation not in NORMALISATIONS:
        raise InputError(
            f"normalisation {normalisation!r} is unknown: choose one of {', '.join(NORMALISATIONS)}"
        )
