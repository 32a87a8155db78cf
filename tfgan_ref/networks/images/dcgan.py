"""DCGAN by the rules of Radford, Metz and Chintala 2016, section 3, at 12 to 256 pixels.

Strided convolutions instead of pooling, no hidden fully connected layers, batch norm everywhere but in the
generator's output and the discriminator's input layer, ReLU and tanh in the generator, LeakyReLU in the
discriminator. Powers of two start from 4x4, as the paper's 64, others from 3x3, 5x5 or 7x7: 28 = 7 * 2 * 2.
"""

from functools import partial
from typing import Any

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least, check_value
from tfgan_ref.networks.layers.heads import discriminator
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS, NORMALISERS
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import Dropout, initializer_stream
from tfgan_ref.networks.layers.virtual_batch import (
    ReferenceBatch,
    SkipReference,
    VirtualBatchNormalization,
)

# Image size: (first feature map's side, number of doublings): 12, 16, 20, 24, 28, ... 256.
SIZES = dict(
    sorted((side * 2**n, (side, n)) for side in (3, 4, 5, 7) for n in range(2, 7) if side * 2**n <= 256)
)
_ALLOWED = ", ".join(map(str, SIZES))
POOLING = ("flatten", "sum")


def dcgan_generator(
    latent_dim: int = 100,
    image_size: int = 64,
    channels: int = 3,
    *,
    width: int = 64,
    kernel_size: int = 5,
    batch_norm: bool = True,
    reference: int | None = None,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to images (N, size, size, channels) in [-1, 1].

    Args:
        latent_dim: length of a latent vector.
        image_size: 3, 4, 5 or 7, doubled at least twice, up to 256: one of ``SIZES``.
        channels: 1 or 3.
        width: filters of the last hidden layer; each layer before it has twice as many (the paper's is 128).
        kernel_size: side of the kernels (the paper's is 5).
        batch_norm: whether hidden layers have it, as the paper's do.
        reference: size of the reference batch of virtual batch norm, which then takes its place; None: none.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Raises:
        InputError: another image size or initialiser, or a ``reference`` below 1.
    """
    check_at_least(1, latent_dim=latent_dim, channels=channels, width=width, kernel_size=kernel_size)
    if image_size not in SIZES:
        raise InputError(f"image_size {image_size} is not built by DCGAN: choose one of {_ALLOWED}")
    side, doublings = SIZES[image_size]
    fresh = initializer_stream(initializer, seed)
    filters = width * 2 ** (doublings - 1)
    latents = keras.Input((latent_dim,), name="latents")
    normaliser = NORMALISERS["batch"]
    x = latents
    if reference is not None:
        normaliser = partial(VirtualBatchNormalization, reference)
        x = ReferenceBatch(reference, seed=seed)(x)
    # The projection of the latents, reshaped to the first feature map: figure 1 of the paper.
    x = layers.Dense(side * side * filters, kernel_initializer=fresh(), use_bias=not batch_norm)(x)
    x = layers.Reshape((side, side, filters))(x)
    x = normaliser()(x) if batch_norm else x
    x = layers.ReLU()(x)
    for _ in range(doublings - 1):
        filters //= 2
        x = layers.Conv2DTranspose(
            filters,
            kernel_size,
            strides=2,
            padding="same",
            kernel_initializer=fresh(),
            use_bias=not batch_norm,
        )(x)
        x = normaliser()(x) if batch_norm else x
        x = layers.ReLU()(x)
    if reference is not None:
        x = SkipReference(reference)(x)
    x = layers.Conv2DTranspose(channels, kernel_size, strides=2, padding="same", kernel_initializer=fresh())(
        x
    )
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="dcgan_generator")


def dcgan_features(
    image_size: int = 64,
    channels: int = 3,
    *,
    width: int = 64,
    kernel_size: int = 5,
    normalisation: str = "batch",
    spectral_norm: bool = False,
    dropout: float = 0.0,
    pooling: str = "flatten",
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator's body, from images (N, size, size, channels) in [-1, 1] to features (N, F).

    ``spectral_norm``, ``dropout``, ``pooling="sum"`` and a ``normalisation`` other than "batch" ("none",
    "layer", "instance") leave the paper's rules: for objectives in which the discriminator may not couple the
    samples of a batch, for small data, and for the projection of Miyato and Koyama 2018, whose features are
    the sums of each map over its positions.
    """
    check_at_least(1, channels=channels, width=width, kernel_size=kernel_size)
    check_at_least(0, below=1, dropout=dropout)
    check_value("normalisation", normalisation, NORMALISATIONS)
    if image_size not in SIZES:
        raise InputError(f"image_size {image_size} is not built by DCGAN: choose one of {_ALLOWED}")
    if pooling not in POOLING:
        raise InputError(f"pooling {pooling!r} is unknown: choose one of {', '.join(POOLING)}")
    side, doublings = SIZES[image_size]
    fresh = initializer_stream(initializer, seed)
    images = keras.Input((image_size, image_size, channels), name="images")
    x = images
    for number in range(doublings):
        kind = normalisation if number > 0 else "none"
        convolution = layers.Conv2D(
            width * 2**number,
            kernel_size,
            strides=2,
            padding="same",
            kernel_initializer=fresh(),
            use_bias=kind == "none",
        )
        x = (SpectralNormalization(convolution, seed=seed + number) if spectral_norm else convolution)(x)
        if kind != "none":
            x = NORMALISERS[kind]()(x)
        x = layers.LeakyReLU(0.2)(x)
        if dropout:
            x = Dropout(dropout, seed=seed + number)(x)
    if pooling == "sum":
        x = layers.Rescaling(side * side)(layers.GlobalAveragePooling2D()(x))
    else:
        x = layers.Flatten()(x)
    return keras.Model(images, x, name="dcgan_features")


def dcgan_discriminator(
    image_size: int = 64,
    channels: int = 3,
    *,
    spectral_norm: bool = False,
    minibatch_discrimination: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
    **body: Any,
) -> keras.Model:
    """Builds a discriminator from images (N, size, size, channels) in [-1, 1] to logits (N, 1).

    The arguments are those of ``dcgan_features`` and of ``discriminator``, which puts the logit on it.
    """
    shared = {"spectral_norm": spectral_norm, "initializer": initializer, "seed": seed}
    features = dcgan_features(image_size, channels, **shared, **body)
    return discriminator(features, minibatch_discrimination=minibatch_discrimination, **shared)
