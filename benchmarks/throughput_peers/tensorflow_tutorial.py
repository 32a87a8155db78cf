"""A step of the structure of TensorFlow's DCGAN tutorial.

One call of a ``tf.function`` from Python for each step. Both losses are computed from one pass of G and two
of D, under two tapes; both players are then updated at once, G by the gradient through D before its update.
"""

import keras
import tensorflow as tf

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.begin(threads, requests)
    generator, discriminator = common.build(case.generator), common.build(case.discriminator)
    g_optimizer, d_optimizer = common.adam(), common.adam()
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @tf.function
    def train_step(images: tf.Tensor) -> None:
        latents = tf.random.normal([case.batch_size, case.latent_dim])
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

    requests.start(**common.facts())
    for images in common.slices(case):
        train_step(images)
        if not requests.go_on():
            break
