"""Fully connected generator and discriminator of Goodfellow et al. 2014, with the tutorials' widths."""

import math
from collections.abc import Sequence

import keras
from keras import layers

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.seeded import Dropout, initializer_stream


def mlp_generator(
    latent_dim: int = 100,
    image_shape: tuple[int, int, int] = (28, 28, 1),
    widths: Sequence[int] = (128, 256, 512),
    *,
    batch_norm: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to images (N, *image_shape) in [-1, 1]."""
    check_at_least(1, latent_dim=latent_dim, image_shape=image_shape, widths=widths)
    fresh = initializer_stream(initializer, seed)
    latents = keras.Input((latent_dim,), name="latents")
    x = latents
    for width in widths:
        x = layers.Dense(width, kernel_initializer=fresh(), use_bias=not batch_norm)(x)
        if batch_norm:
            x = layers.BatchNormalization(momentum=0.8)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Dense(math.prod(image_shape), kernel_initializer=fresh())(x)
    x = layers.Reshape(image_shape)(x)
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="mlp_generator")


def mlp_features(
    image_shape: tuple[int, int, int] = (28, 28, 1),
    widths: Sequence[int] = (512, 256),
    *,
    dropout: float = 0.0,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator's body, from images (N, *image_shape) to features (N, widths[-1])."""
    check_at_least(1, image_shape=image_shape, widths=widths)
    check_at_least(0, below=1, dropout=dropout)
    fresh = initializer_stream(initializer, seed)
    images = keras.Input(image_shape, name="images")
    x = layers.Flatten()(images)
    for number, width in enumerate(widths):
        x = layers.Dense(width, kernel_initializer=fresh())(x)
        x = layers.LeakyReLU(0.2)(x)
        if dropout:
            x = Dropout(dropout, seed=seed + number)(x)
    return keras.Model(images, x, name="mlp_features")


def mlp_discriminator(
    image_shape: tuple[int, int, int] = (28, 28, 1),
    widths: Sequence[int] = (512, 256),
    *,
    dropout: float = 0.0,
    minibatch_discrimination: bool = False,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator from images (N, *image_shape) in [-1, 1] to logits (N, 1).

    The arguments are those of ``mlp_features`` and of ``discriminator``, which puts the logit on it.
    """
    shared = {"initializer": initializer, "seed": seed}
    features = mlp_features(image_shape, widths, dropout=dropout, **shared)
    return discriminator(features, minibatch_discrimination=minibatch_discrimination, **shared)
