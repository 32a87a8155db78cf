"""A step of the structure of keras-io's WGAN-GP example.

``Model.train_step`` under ``fit`` with what ``compile`` chooses by itself. Every update of the critic is on
the same real images and on fakes of its own, drawn under the critic's tape; G draws others for its update.
"""

import keras
import tensorflow as tf

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests

PENALTY_WEIGHT = 10.0


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.begin(threads, requests)
    gan = PenalisedGAN(common.build(case.generator), common.build(case.discriminator), case)
    gan.compile(common.adam(), common.adam())
    common.fit(gan, common.slices(case), requests)


class PenalisedGAN(keras.Model):
    """The two players with the example's order of work."""

    def __init__(self, generator: keras.Model, critic: keras.Model, case: Case) -> None:
        super().__init__()
        self.generator = generator
        self.critic = critic
        self.latent_dim = case.latent_dim
        self.n_critic = case.n_critic

    def compile(
        self, g_optimizer: keras.optimizers.Optimizer, c_optimizer: keras.optimizers.Optimizer
    ) -> None:
        """Attaches both optimizers."""
        super().compile()
        self.g_optimizer, self.c_optimizer = g_optimizer, c_optimizer

    def train_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates the critic several times, then G."""
        n = tf.shape(images)[0]
        for _ in range(self.n_critic):
            latents = tf.random.normal((n, self.latent_dim))
            with tf.GradientTape() as tape:
                fakes = self.generator(latents, training=True)
                fake_scores = self.critic(fakes, training=True)
                real_scores = self.critic(images, training=True)
                c_loss = tf.reduce_mean(fake_scores) - tf.reduce_mean(real_scores)
                c_loss += PENALTY_WEIGHT * self.penalty(images, fakes)
            variables = self.critic.trainable_variables
            self.c_optimizer.apply_gradients(zip(tape.gradient(c_loss, variables), variables, strict=True))

        latents = tf.random.normal((n, self.latent_dim))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(self.critic(self.generator(latents, training=True), training=True))
        variables = self.generator.trainable_variables
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, variables), variables, strict=True))
        return {"c_loss": c_loss, "g_loss": g_loss}

    def penalty(self, images: tf.Tensor, fakes: tf.Tensor) -> tf.Tensor:
        """Returns the mean of (gradient norm - 1)^2 between real and fake images."""
        mixing = tf.random.normal((tf.shape(images)[0], 1, 1, 1))
        points = images + mixing * (fakes - images)
        with tf.GradientTape() as tape:
            tape.watch(points)
            scores = self.critic(points, training=True)
        gradients = tape.gradient(scores, points)
        norms = tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3]))
        return tf.reduce_mean((norms - 1.0) ** 2)
