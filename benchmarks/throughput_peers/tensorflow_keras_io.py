"""A step of the structure of keras-io's DCGAN example.

``Model.train_step`` under ``fit`` with what ``compile`` chooses by itself. D sees fakes and real images in
one concatenated batch with noisy labels; G makes a second batch for its own update. The example leaves
Keras's training mode off; here it is on, so that batch norm and dropout work as in the other contestants.
"""

import keras
import tensorflow as tf

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.begin(threads, requests)
    gan = ConcatenatingGAN(common.build(case.generator), common.build(case.discriminator), case.latent_dim)
    gan.compile(common.adam(), common.adam(), keras.losses.BinaryCrossentropy(from_logits=True))
    common.fit(gan, common.slices(case), requests)


class ConcatenatingGAN(keras.Model):
    """The two players with the example's order of work; label 1 means fake."""

    def __init__(self, generator: keras.Model, discriminator: keras.Model, latent_dim: int) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim

    def compile(
        self,
        g_optimizer: keras.optimizers.Optimizer,
        d_optimizer: keras.optimizers.Optimizer,
        loss_function: keras.losses.Loss,
    ) -> None:
        """Attaches both optimizers, the loss and the two running means."""
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        self.loss_function = loss_function
        self.d_mean = keras.metrics.Mean(name="d_loss")
        self.g_mean = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The two running means."""
        return [self.d_mean, self.g_mean]

    def train_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D on one concatenated batch, then G through D on new fakes."""
        n = tf.shape(images)[0]
        fakes = self.generator(keras.random.normal((n, self.latent_dim)), training=True)
        mixed = tf.concat([fakes, images], axis=0)
        labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.loss_function(labels, self.discriminator(mixed, training=True))
        variables = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, variables), variables, strict=True))

        latents = keras.random.normal((n, self.latent_dim))
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.generator(latents, training=True), training=True)
            g_loss = self.loss_function(tf.zeros((n, 1)), logits)
        variables = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, variables), variables, strict=True))

        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        return {"d_loss": self.d_mean.result(), "g_loss": self.g_mean.result()}
