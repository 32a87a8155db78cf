"""Fully connected networks for points in a few dimensions, on which mode coverage can be counted exactly."""

from collections.abc import Sequence

import keras
from keras import layers

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream
from tfgan_ref.networks.layers.virtual_batch import (
    ReferenceBatch,
    SkipReference,
    VirtualBatchNormalization,
)


def point_generator(
    latent_dim: int = 2,
    dim: int = 2,
    widths: Sequence[int] = (128, 128, 128),
    *,
    reference: int | None = None,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to points (N, dim), unbounded.

    ReLU, whose corners let a continuous map jump from mode to mode within few latents. ``reference`` is the
    size of the reference batch with which hidden layers have virtual batch norm; None: they have none.
    """
    check_at_least(1, latent_dim=latent_dim, dim=dim, widths=widths)
    fresh = initializer_stream(initializer, seed)
    latents = keras.Input((latent_dim,), name="latents")
    x = latents if reference is None else ReferenceBatch(reference, seed=seed)(latents)
    for width in widths:
        x = layers.Dense(width, kernel_initializer=fresh())(x)
        x = x if reference is None else VirtualBatchNormalization(reference)(x)
        x = layers.ReLU()(x)
    x = x if reference is None else SkipReference(reference)(x)
    points = layers.Dense(dim, kernel_initializer=fresh(), dtype="float32", name="points")(x)
    return keras.Model(latents, points, name="point_generator")


def point_features(
    dim: int = 2,
    widths: Sequence[int] = (128, 128, 128),
    *,
    spectral_norm: bool = False,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator's body from points (N, dim) to features (N, widths[-1])."""
    check_at_least(1, dim=dim, widths=widths)
    fresh = initializer_stream(initializer, seed)
    points = keras.Input((dim,), name="points")
    x = points
    for number, width in enumerate(widths):
        dense = layers.Dense(width, kernel_initializer=fresh())
        x = (SpectralNormalization(dense, seed=seed + number) if spectral_norm else dense)(x)
        x = layers.LeakyReLU(0.2)(x)
    return keras.Model(points, x, name="point_features")


def point_discriminator(
    dim: int = 2,
    widths: Sequence[int] = (128, 128, 128),
    *,
    spectral_norm: bool = False,
    minibatch_discrimination: bool = False,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator from points (N, dim) to logits (N, 1).

    The arguments are those of ``point_features`` and of ``discriminator``, which puts the logit on it.
    """
    shared = {"spectral_norm": spectral_norm, "initializer": initializer, "seed": seed}
    features = point_features(dim, widths, **shared)
    return discriminator(features, minibatch_discrimination=minibatch_discrimination, **shared)
