"""Convolutional pair for 28x28 images of "GANs vs. MNIST", with its shapes put right.

The article reshapes a 128-wide layer to 7x7x256 and doubles the size once where 28 needs it twice.
"""

import keras
from keras import layers

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.seeded import Dropout, initializer_stream


def conv28_generator(
    latent_dim: int = 100,
    channels: int = 1,
    *,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to images (N, 28, 28, channels) in [-1, 1]."""
    check_at_least(1, latent_dim=latent_dim, channels=channels)
    fresh = initializer_stream(initializer, seed)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(7 * 7 * 256, kernel_initializer=fresh(), use_bias=False)(latents)
    x = layers.BatchNormalization(momentum=0.8)(x)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Reshape((7, 7, 256))(x)
    for filters in (128, 64):
        x = layers.Conv2DTranspose(
            filters, 4, strides=2, padding="same", kernel_initializer=fresh(), use_bias=False
        )(x)
        x = layers.BatchNormalization(momentum=0.8)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(channels, 7, padding="same", kernel_initializer=fresh())(x)
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="conv28_generator")


def conv28_features(
    channels: int = 1,
    *,
    dropout: float = 0.3,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator's body, from images (N, 28, 28, channels) to features (N, 7 * 7 * 128)."""
    check_at_least(1, channels=channels)
    check_at_least(0, below=1, dropout=dropout)
    fresh = initializer_stream(initializer, seed)
    images = keras.Input((28, 28, channels), name="images")
    x = images
    for number, filters in enumerate((64, 128)):
        x = layers.Conv2D(filters, 4, strides=2, padding="same", kernel_initializer=fresh())(x)
        x = layers.LeakyReLU(0.2)(x)
        if dropout:
            x = Dropout(dropout, seed=seed + number)(x)
    return keras.Model(images, layers.Flatten()(x), name="conv28_features")


def conv28_discriminator(
    channels: int = 1,
    *,
    dropout: float = 0.3,
    minibatch_discrimination: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator from images (N, 28, 28, channels) in [-1, 1] to logits (N, 1).

    The arguments are those of ``conv28_features`` and of ``discriminator``, which puts the logit on it.
    """
    shared = {"initializer": initializer, "seed": seed}
    features = conv28_features(channels, dropout=dropout, **shared)
    return discriminator(features, minibatch_discrimination=minibatch_discrimination, **shared)
