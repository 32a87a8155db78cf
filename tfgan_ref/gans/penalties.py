"""Penalties on the gradient of the critic by its input. They hold the tape; ``losses`` has their formulas.

All are computed in float32 on float32 points whatever the networks' precision: a squared gradient leaves the
range of float16. The critic must score each sample by itself: batch norm in it makes them meaningless.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.networks.layers.batch import MinibatchDiscrimination, MinibatchStddev
from tfgan_ref.networks.layers.reparametrised import nested_layers
from tfgan_ref.networks.sequences.wavegan import PhaseShuffle

Critic = Callable[[tf.Tensor], tf.Tensor]
KNOWN = ("keras.", "tfgan_ref.")  # modules whose layers are known
# They look at the other samples of a call, draw one number for all of them, or do what is not known.
BATCH_LAYERS = (
    keras.layers.BatchNormalization,
    keras.layers.Lambda,
    MinibatchDiscrimination,
    MinibatchStddev,
    PhaseShuffle,
)


def values_and_gradients(critic: Critic, points: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns ``critic`` (N, 1) at ``points``, and its gradients by its input, flat: (N, D) float32."""
    points = tf.cast(points, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(points)
        values = critic(points)
    return values, tf.reshape(tape.gradient(values, points), [shape_of(points)[0], -1])


def input_gradients(critic: Critic, points: tf.Tensor) -> tf.Tensor:
    """Returns the gradients of ``critic`` (N, 1) by its input at ``points``, flat: (N, D) float32."""
    return values_and_gradients(critic, points)[1]


def interpolate_norms(critic: Critic, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns gradient norms (N,) at one random point between each real and fake sample.

    Gulrajani et al. 2017, Algorithm 1, lines 4 to 6: x = e * real + (1 - e) * fake with one e per example,
    uniform on [0, 1].
    """
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    mixing = randomness.uniform([shape_of(real)[0]] + [1] * (len(real.shape) - 1), seed)
    return losses.gradient_norms(input_gradients(critic, mixing * real + (1.0 - mixing) * fake))


def perturbed_norms(critic: Critic, real: tf.Tensor, seed: tf.Tensor, spread: float = 0.5) -> tf.Tensor:
    """Returns gradient norms (N,) at real samples with noise (DRAGAN: Kodali et al. 2017, Algorithm 1).

    As in the authors' code, a point lies between a sample x and x' = x + ``spread`` * s * u, with s the
    standard deviation of the batch and u one number per value: x + alpha * (x' - x) with one alpha per
    sample; u and alpha are uniform on [0, 1].
    """
    real = tf.cast(real, tf.float32)
    noise = spread * tf.math.reduce_std(real) * randomness.uniform(shape_of(real), seed)
    of_each = [shape_of(real)[0], *(1 for _ in real.shape[1:])]
    alpha = randomness.uniform(of_each, randomness.fold_in(seed, 1))
    return losses.gradient_norms(input_gradients(critic, real + alpha * noise))


def r1_penalty(critic: Critic, samples: tf.Tensor) -> tf.Tensor:
    """1/2 E |grad D(x)|^2: at real samples Mescheder et al. 2018, equation 9 without its gamma.

    At fakes it is their R2, equation 10.
    """
    return losses.zero_centred_penalty(input_gradients(critic, samples))


def refuse_batch_norm(discriminator: keras.Model, name: str) -> None:
    """Checks that no layer of ``discriminator``, however deeply nested, is a batch norm.

    Raises:
        InputError: one is.
    """
    for layer in nested_layers(discriminator):
        if isinstance(layer, keras.layers.BatchNormalization):
            raise InputError(
                f"{name} penalises the gradient by each sample: its discriminator has batch norm "
                f"({layer.name}), build it without, or with layer norm"
            )


def scores_each_alone(discriminator: keras.Model) -> bool:
    """Whether no layer of ``discriminator``, however deeply nested, looks at more than one sample of a call.

    One that neither Keras nor this package has may do so, and so may a function of tensors.
    """
    layers = nested_layers(discriminator)
    parts = [part for layer in layers for part in (layer, *getattr(layer, "operations", ()))]
    return all(
        isinstance(part, keras.layers.Layer)
        and type(part).__module__.startswith(KNOWN)
        and not isinstance(part, BATCH_LAYERS)
        for part in parts
    )
