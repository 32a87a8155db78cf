"""Anomaly scores of pictures by a GAN that was trained on normal ones: by D, and by inversion of G.

The scores are high for what is anomalous, and they only rank: no value of theirs is a threshold.
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan_ref import losses, randomness
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans import BEGAN, EBGAN, GAN, GenerativeModel
from tfgan_ref.gans.gan import features_of
from tfgan_ref.networks.layers.batch import MinibatchDiscrimination
from tfgan_ref.networks.layers.reparametrised import nested_layers

BATCH = 100
ENERGY_POWERS = {EBGAN: 2, BEGAN: 1}  # types whose D is an autoencoder, with the power of its error
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # of Adam


class Inversion(NamedTuple):
    """What a generator can make of N pictures.

    Attributes:
        scores: (1 - weight) ``residuals`` + weight ``feature_residuals``, float32 (N,).
        residuals: sums of |x - G(z)| over the pixels, (N,).
        feature_residuals: sums of |f(x) - f(G(z))| over D's features, (N,).
        reconstructions: G(z), float32 (N, H, W, C) in [-1, 1].
    """

    scores: np.ndarray
    residuals: np.ndarray
    feature_residuals: np.ndarray
    reconstructions: np.ndarray


def discriminator_scores(gan: GenerativeModel, images: np.ndarray | Rows) -> np.ndarray:
    """Computes how far D takes pictures for fakes: float32 (N,), of most types the negative output of D.

    What it means depends on the loss. An optimal D has

    * with cross-entropy the output log p(x) / p_G(x), of the densities of data and fakes;
    * with least squares p(x) / (p(x) + p_G(x)), for targets 1 and 0;
    * with the hinge loss a sign, that of p(x) - p_G(x), and hardly more;
    * as a Wasserstein critic a potential, of no fixed level;
    * in ACGAN the first of these, whatever the class;
    * in EBGAN and BEGAN an energy, the error with which D rebuilds the picture.

    None but the last is about p(x) alone, and no trained D is a density estimator: it has learnt where there
    are data or fakes, elsewhere its output is whatever its layers make of it, and the better G is, the less
    there is to tell. A D that takes labels is asked with each class, and the lowest score counts.

    Args:
        gan: trained on normal pictures.
        images: uint8 (N, H, W, C), of the size of its samples; those on disk are read ``BATCH`` at a time.

    Raises:
        InputError: D does not score single pictures, see ``check_discriminator``.
    """
    check_discriminator(gan)
    discriminator = gan.discriminator
    power = ENERGY_POWERS.get(type(gan))

    @tf.function(autograph=False)
    def score(pictures: tf.Tensor, label: tf.Tensor | None) -> tf.Tensor:
        outputs = tf.nest.flatten(discriminator(_inputs(discriminator, pictures, label), training=False))
        if power is not None:
            return losses.reconstruction_error(pictures, outputs[0], power=power)
        return -tf.cast(outputs[0][:, 0], tf.float32)

    labels = _classes(discriminator, gan)
    scores = [[score(pictures, label).numpy() for label in labels] for pictures in _batches(images)]
    return np.concatenate([np.min(each, axis=0) for each in scores])


def invert(
    gan: GenerativeModel,
    images: np.ndarray | Rows,
    *,
    steps: int = 500,
    learning_rate: float = 0.05,
    weight: float = 0.1,
    seed: int = 0,
    title: str | None = None,
) -> Inversion:
    """Looks for the latents whose picture comes nearest to each given one, as AnoGAN does.

    Schlegl et al. 2017, "Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker
    Discovery" (arXiv 1703.05921), section 2.2: from random latents z on, ``steps`` updates lower

        (1 - weight) sum |x - G(z)| + weight sum |f(x) - f(G(z))|,

    and what is left is the anomaly score. f are D's features before its output (an autoencoder's code),
    G is the averaged generator, the optimizer is Adam. The idea is that a generator of normal pictures cannot
    make an anomalous one. One that lacks some of the normal ones cannot make these either; and nothing keeps
    z where G was trained.

    A picture's score depends on itself and ``seed``, not on the others: all begin from the same z. A
    conditional generator is inverted with each class, in as many times the time, and the lowest score counts.

    Args:
        gan: trained on normal pictures.
        images: uint8 (N, H, W, C), of the size of its samples; those on disk are read ``BATCH`` at a time.
        steps: updates of the latents, at least 1.
        learning_rate: of Adam, above 0.
        weight: of the features, lambda in the paper; from 0 to 1.
        seed: of the first z.
        title: of a progress bar; None: there is none.

    Raises:
        InputError: an argument is out of range, or D does not score single pictures.
    """
    check_discriminator(gan)
    check_at_least(1, steps=steps)
    if not learning_rate > 0:
        raise InputError(f"learning_rate {learning_rate} is out of range: above 0")
    if not 0 <= weight <= 1:
        raise InputError(f"weight {weight} is out of range: from 0 to 1")
    generator, features = gan.sampling_generator, feature_network(gan)
    first = randomness.sample_latents(1, gan.latent_dim, randomness.base_seed(seed))

    def see(latents: tf.Tensor, label: tf.Tensor | None) -> list[tf.Tensor]:
        made = generator(_inputs(generator, latents, label), training=False)
        return [made, features(_inputs(features, made, label), training=False)]

    def measure(wanted: list[tf.Tensor], made: list[tf.Tensor]) -> list[tf.Tensor]:
        parts = [_distances(*pair) for pair in zip(wanted, made, strict=True)]
        return [(1 - weight) * parts[0] + weight * parts[1], *parts]

    @tf.function(autograph=False)
    def search(pictures: tf.Tensor, label: tf.Tensor | None) -> list[tf.Tensor]:
        wanted = [pictures, features(_inputs(features, pictures, label), training=False)]
        latents = minimise(
            lambda latents: measure(wanted, see(latents, label))[0],
            tf.tile(first, [tf.shape(pictures)[0], 1]),
            steps,
            learning_rate,
        )
        made = see(latents, label)
        return [*measure(wanted, made), made[0]]

    labels, found = _classes(generator, gan), []
    disable = None if title else True
    with tqdm(total=len(images), desc=title, unit="picture", file=sys.stderr, disable=disable) as bar:
        for pictures in _batches(images):
            of_classes = [[part.numpy() for part in search(pictures, label)] for label in labels]
            best = np.argmin([scores for scores, *_ in of_classes], axis=0)
            rows = np.arange(len(best))
            found.append([np.stack(parts)[best, rows] for parts in zip(*of_classes, strict=True)])
            bar.update(len(best))
    return Inversion(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def minimise(
    loss: Callable[[tf.Tensor], tf.Tensor], start: tf.Tensor, steps: int, learning_rate: float
) -> tf.Tensor:
    """Lowers ``loss`` of each row by Adam (Kingma and Ba 2015, algorithm 1), in one loop of the graph.

    Unlike Keras's optimizer it has no variables, so that the rows may be of any number.

    Args:
        loss: maps rows (N, d) to losses (N,), each of its row alone.
        start: (N, d).
        steps: updates.
        learning_rate: alpha in the paper.
    """

    def update(step: tf.Tensor, rows: tf.Tensor, mean: tf.Tensor, square: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(rows)
            total = tf.reduce_sum(loss(rows))
        gradient = tape.gradient(total, rows)
        mean = BETA_1 * mean + (1 - BETA_1) * gradient
        square = BETA_2 * square + (1 - BETA_2) * tf.square(gradient)
        root = tf.sqrt(square / (1 - BETA_2**step))
        return [step + 1, rows - learning_rate * mean / (1 - BETA_1**step) / (root + EPSILON), mean, square]

    zeros = tf.zeros_like(start)
    return tf.while_loop(lambda step, *_: step <= steps, update, [tf.constant(1.0), start, zeros, zeros])[1]


def check_discriminator(gan: GenerativeModel) -> None:
    """Checks that ``gan`` has a discriminator that scores single pictures.

    Raises:
        InputError: it has none, or one that grows, or that sees other pictures beside each.
    """
    kind = type(gan).__name__
    if not isinstance(gan, GAN):
        raise InputError(f"{kind} has no discriminator of samples: anomaly scores need one")
    if not hasattr(gan.discriminator, "output"):
        raise InputError(f"the discriminator of {kind} is no functional model: anomaly scores need one")
    if gan.packing > 1:
        raise InputError(
            f"packing {gan.packing}: this discriminator sees packs of pictures, and anomalies are single ones"
        )
    if any(isinstance(layer, MinibatchDiscrimination) for layer in nested_layers(gan.discriminator)):
        raise InputError(
            "minibatch_discrimination: this discriminator's output for a picture depends on those beside it"
        )


def feature_network(gan: GAN) -> keras.Model:
    """Returns the network from D's inputs to its features: of EBGAN and BEGAN, to the autoencoder's code."""
    if type(gan) in ENERGY_POWERS:
        return keras.Model(gan.discriminator.input, gan.discriminator.outputs[1])
    return features_of(gan.discriminator)


def _inputs(network: keras.Model, samples: tf.Tensor, label: tf.Tensor | None) -> tf.Tensor | list[tf.Tensor]:
    """Returns the inputs of a network that takes a label, or none, beside ``samples``: one for all."""
    return samples if len(network.inputs) == 1 else [samples, tf.fill([tf.shape(samples)[0]], label)]


def _classes(network: keras.Model, gan: GenerativeModel) -> list[tf.Tensor | None]:
    """Returns the labels that ``network`` may be given, or [None] if it takes none."""
    return [None] if len(network.inputs) == 1 else [tf.constant(label) for label in range(gan.num_classes)]


def _batches(images: np.ndarray | Rows) -> Iterator[tf.Tensor]:
    for start in range(0, len(images), BATCH):
        yield tf.constant(images[start : start + BATCH], tf.float32) / 127.5 - 1.0


def _distances(wanted: tf.Tensor, made: tf.Tensor) -> tf.Tensor:
    """Returns the sum over all values of the absolute difference of each pair, float32 (N,)."""
    difference = tf.abs(tf.cast(wanted, tf.float32) - tf.cast(made, tf.float32))
    return tf.reduce_sum(difference, axis=list(range(1, len(difference.shape))))
