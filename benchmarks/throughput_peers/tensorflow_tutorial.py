"""A step of the structure of TensorFlow's DCGAN tutorial.

One call of a ``tf.function`` from Python for each step. Both losses are computed from one pass of G and two
of D, under two tapes; both players are then updated at once, G by the gradient through D before its update.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.begin(threads, requests)
    generator, discriminator = common.build(case.generator), common.build(case.discriminator)
    train_step = make_step(
        generator, discriminator, common.adam(), common.adam(), (case.batch_size, case.latent_dim)
    )
    requests.start(**common.facts())
    for images in common.slices(case):
        train_step(images)
        if not requests.go_on():
            break


def make_step(
    generator: keras.Model,
    discriminator: keras.Model,
    g_optimizer: keras.optimizers.Optimizer,
    d_optimizer: keras.optimizers.Optimizer,
    latents_shape: tuple[int, int],
) -> Callable[[tf.Tensor], None]:
    """Returns the step, from images in [-1, 1] (N, H, W, C); it draws latents of the same shape each time."""
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def train_step(images: tf.Tensor) -> None:
        latents = tf.random.normal(latents_shape)
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fakes = generator(latents, training=True)
            real_logits = discriminator(images, training=True)
            fake_logits = discriminator(fakes, training=True)
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        g_variables, d_variables = generator.trainable_variables, discriminator.trainable_variables
        g_gradients = g_tape.gradient(g_loss, g_variables)
        d_gradients = d_tape.gradient(d_loss, d_variables)
        g_optimizer.apply_gradients(zip(g_gradients, g_variables, strict=True))
        d_optimizer.apply_gradients(zip(d_gradients, d_variables, strict=True))

    return train_step
