"""Heads and labels: what turns a body into a discriminator, or a network into a conditional one."""

from collections.abc import Callable

import keras
from keras import layers
from keras.initializers import RandomNormal

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.batch import MinibatchDiscrimination
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream

COMBINE = ("concat", "hadamard", "projection")


def _logit(
    features: keras.KerasTensor, initializer: keras.Initializer, spectral_norm: bool = False, seed: int = 0
) -> keras.KerasTensor:
    # float32 under every precision policy: the losses' exponentials need its range.
    dense = layers.Dense(1, kernel_initializer=initializer, dtype="float32", name="logits")
    return (SpectralNormalization(dense, seed=seed) if spectral_norm else dense)(features)


def minibatch_features(
    features: keras.Model, seed: int = 0, *, kernels: int = 16, kernel_dim: int = 8
) -> keras.Model:
    """Adds to each sample's ``features`` how near the batch's others are (``MinibatchDiscrimination``)."""
    layer = MinibatchDiscrimination(
        kernels, kernel_dim, kernel_initializer=keras.initializers.GlorotUniform(seed=seed)
    )
    return keras.Model(features.input, layer(features.output), name=features.name)


def discriminator(
    features: keras.Model,
    *,
    spectral_norm: bool = False,
    minibatch_discrimination: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator from its body: samples to logits (N, 1).

    Args:
        features: the body, samples to features (N, F).
        spectral_norm: whether the logit's layer is spectrally normalised; the body is so if it was built so.
        minibatch_discrimination: whether it sees how near the batch's samples are to each other.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Raises:
        InputError: another initialiser.
    """
    if minibatch_discrimination:
        features = minibatch_features(features, seed + 1)
    fresh = initializer_stream(initializer, seed + 1)
    # The layers are connected again rather than nested, so that a reader sees one flat list of them.
    logits = _logit(features.output, fresh(), spectral_norm, seed)
    return keras.Model(features.input, logits, name="discriminator")


def auxiliary_discriminator(
    features: keras.Model,
    *,
    num_classes: int,
    minibatch_discrimination: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator that also classifies: samples to [logits (N, 1), class logits (N, classes)].

    Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs". The arguments are those
    of ``discriminator``; labels are 0 to num_classes - 1.
    """
    if minibatch_discrimination:
        features = minibatch_features(features, seed + 1)
    fresh = initializer_stream(initializer, seed + 1)
    logits = _logit(features.output, fresh())
    classes = layers.Dense(num_classes, kernel_initializer=fresh(), dtype="float32", name="class_logits")
    return keras.Model(features.input, [logits, classes(features.output)], name="auxiliary_discriminator")


def gaussian_encoder(
    features: keras.Model, latent_dim: int, *, initializer: str = "normal02", seed: int = 0
) -> keras.Model:
    """Builds a VAE's encoder from its body: images to [mean, log variance], each float32 (N, latent_dim)."""
    fresh = initializer_stream(initializer, seed + 1)
    outputs = [
        layers.Dense(latent_dim, kernel_initializer=fresh(), dtype="float32", name=name)(features.output)
        for name in ("mean", "log_variance")
    ]
    return keras.Model(features.input, outputs, name="gaussian_encoder")


def conditional_generator(
    build: Callable[[int], keras.Model],
    latent_dim: int,
    *,
    num_classes: int,
    combine: str = "concat",
    embedding_dim: int = 10,
    seed: int = 0,
) -> keras.Model:
    """Builds a generator of (latents, label), around an unconditional one.

    Args:
        build: makes the unconditional generator from the length of its latents.
        latent_dim: length of a latent vector.
        num_classes: labels are 0 to num_classes - 1.
        combine: "concat" puts the label's embedding behind the latents (Mirza and Osindero 2014), "hadamard"
            multiplies them, moved to a mean of 1, with it; "projection" is about the discriminator and
            concatenates here.
        embedding_dim: length of the concatenated embedding. Small beside the latents: at 50 of 114 inputs the
            generator made one picture per class.
        seed: seed of the embedding.

    Returns:
        A model from [latents (N, latent_dim), label (N,) int32] to images.

    Raises:
        InputError: unknown ``combine``.
    """
    if combine not in COMBINE:
        raise InputError(f"combine {combine!r} is unknown: choose one of {', '.join(COMBINE)}")
    latents = keras.Input((latent_dim,), name="latents")
    label = keras.Input((), dtype="int32", name="label")
    if combine == "hadamard":
        # A product with latents of mean 0 has mean 0 under every label: its signs would tell nothing of it.
        # Factors that differ more drown the latents: the generator made one picture per class.
        scale = layers.Embedding(num_classes, latent_dim, embeddings_initializer=RandomNormal(1.0, 0.5, seed))
        merged = layers.Multiply()([layers.Rescaling(1.0, offset=1.0)(latents), scale(label)])
    else:
        unit_normal = RandomNormal(0.0, 1.0, seed)
        embedding = layers.Embedding(num_classes, embedding_dim, embeddings_initializer=unit_normal)
        merged = layers.Concatenate()([latents, embedding(label)])
    images = build(merged.shape[-1])(merged)
    return keras.Model([latents, label], images, name="conditional_generator")


def conditional_discriminator(
    build: Callable[[int], keras.Model],
    image_shape: tuple[int, ...],
    *,
    num_classes: int,
    combine: str = "concat",
    spectral_norm: bool = False,
    minibatch_discrimination: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator of (images, label), around an unconditional body.

    Args:
        build: makes the body, images to flat features, from the number of its input channels.
        image_shape: (height, width, channels); of other samples, (time, channels).
        num_classes: labels are 0 to num_classes - 1.
        combine: "concat" puts the label's embedding behind the features, for a joint hidden layer (Mirza and
            Osindero 2014); "hadamard" multiplies the features with it; "projection" adds its inner product
            with the features to the logit (Miyato and Koyama 2018, equation 4; their features are summed over
            the positions: those of ``dcgan_features(pooling="sum")``).
        spectral_norm: whether the logit's layer and a projection's embedding are spectrally normalised; the
            body is so if ``build`` makes it so.
        minibatch_discrimination: whether it sees how near the batch's samples are to each other.
        initializer: a name in ``networks.INITIALIZERS``, for the logit and a projection's embedding.
        seed: seed of the logit's and the embedding's initialisers.

    Returns:
        A model from [images (N, *image_shape), label (N,) int32] to logits (N, 1).

    Raises:
        InputError: unknown ``combine``, or no class.
    """
    if combine not in COMBINE:
        raise InputError(f"combine {combine!r} is unknown: choose one of {', '.join(COMBINE)}")
    check_at_least(1, num_classes=num_classes)
    fresh = initializer_stream(initializer, seed + 1)
    body = build(image_shape[-1])
    images = keras.Input(image_shape, name="images")
    label = keras.Input((), dtype="int32", name="label")
    if minibatch_discrimination:
        body = minibatch_features(body, seed + 1)
    features = body(images)
    dim = features.shape[-1]
    if combine == "concat":
        # An entry is as large as a feature, so that the label decides which hidden units count.
        unit_normal = RandomNormal(0.0, 1.0, seed)
        embedding = layers.Embedding(num_classes, 64, embeddings_initializer=unit_normal)
        joint = layers.Dense(128, kernel_initializer=fresh())
        if spectral_norm:
            joint = SpectralNormalization(joint, seed=seed + 1)
        features = layers.LeakyReLU(0.2)(joint(layers.Concatenate()([features, embedding(label)])))
    if combine == "hadamard":
        # Adam changes all weights by about its rate, but a factor counts by the logit's weight of its
        # feature, about 1 / 50 at first: times 50, labels are learnt as fast as by a projection.
        scale = layers.Embedding(num_classes, dim, embeddings_initializer=RandomNormal(0.0, 0.004, seed))
        features = layers.Multiply()([features, layers.Rescaling(50.0, offset=1.0)(scale(label))])
    if combine == "projection":
        embedding = layers.Embedding(num_classes, dim, embeddings_initializer=fresh())
        if spectral_norm:
            embedding = SpectralNormalization(embedding, seed=seed + 1)
        inner = layers.Dot(axes=1, dtype="float32")([features, embedding(label)])
        logits = layers.Add(dtype="float32")([_logit(features, fresh(), spectral_norm, seed), inner])
    else:
        logits = _logit(features, fresh(), spectral_norm, seed)
    return keras.Model([images, label], logits, name="conditional_discriminator")
