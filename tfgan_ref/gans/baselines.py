"""Baselines for GANs: a generator trained on squared error, and a variational autoencoder.

Neither has a discriminator. Both take the latents, labels, averaging, noise and masks of the GAN types.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError
from tfgan_ref.gans.base import GenerativeModel
from tfgan_ref.gans.batches import shape_of


@keras.saving.register_keras_serializable(package="tfgan_ref")
class MSEGenerator(GenerativeModel):
    """A generator that learns images from labels by squared error, as a supervised network would.

    Nothing tells it which latents belong to which image, so the best it can do is the mean of each class: a
    blurred digit, whatever the latents. That is what an adversarial loss is for.

    Args:
        generator: [latents (N, latent_dim), label (N,)] to images in [-1, 1].
        num_classes: labels are 0 to num_classes - 1.
        settings: ``seed`` and ``ema_decay`` of ``GenerativeModel``.
    """

    tracked = ("g_loss", "g_gradient_norm")

    def __init__(self, generator: keras.Model, *, num_classes: int, **settings: Any) -> None:
        super().__init__(generator, num_classes=num_classes, **settings)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates G once by E |G(z, y) - x|^2, the mean over observed pixels."""
        batch = self.as_batch(data)
        latents = self.latents(shape_of(batch["image"])[0])
        with tf.GradientTape() as tape:
            images = self.generator([latents, *self.batch_labels(batch)], training=self.learning)
            loss = tf.reduce_mean(_observed_error(images, batch))
        norm = self.update_generator(loss, tape)
        return self.finish_step(g_loss=loss, g_gradient_norm=norm)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class VAE(GenerativeModel):
    """The variational autoencoder of Kingma and Welling 2014, with a Gaussian decoder of one variance.

    Args:
        generator: the decoder, latents (N, latent_dim) to images in [-1, 1].
        encoder: images to [mean, log variance] of the latents' posterior, each (N, latent_dim).
        stddev: of the decoder's pixels. A smaller one weighs the reconstruction more against the prior. None
            learns it: the likeliest variance of a batch is its mean squared error (Rybkin et al. 2021).
        settings: ``seed`` and ``ema_decay`` of ``GenerativeModel``.

    Raises:
        InputError: ``stddev`` is not above 0.
    """

    g_networks = ("encoder", "generator")
    tracked = ("g_loss", "reconstruction_error", "divergence", "g_gradient_norm")

    def __init__(
        self, generator: keras.Model, encoder: keras.Model, *, stddev: float | None = 0.5, **settings: Any
    ) -> None:
        if stddev is not None and stddev <= 0:
            raise InputError(f"stddev {stddev} is out of range: it must be above 0")
        super().__init__(generator, **settings)
        self.encoder = encoder
        self.stddev = stddev

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates both networks once by the negative evidence lower bound per pixel (equation 10, one z)."""
        batch = self.as_batch(data)
        images = batch["image"]
        pixels = tf.cast(tf.size(images[0]), tf.float32)
        noise = self.latents(shape_of(images)[0])
        with tf.GradientTape() as tape:
            encoded = self.encoder(images, training=self.learning)
            mean, log_variance = (tf.cast(output, tf.float32) for output in encoded)
            latents = mean + tf.exp(0.5 * log_variance) * noise
            error = tf.reduce_mean(_observed_error(self.generator(latents, training=self.learning), batch))
            divergence = tf.reduce_mean(losses.standard_normal_divergence(mean, log_variance)) / pixels
            if self.stddev is None:
                loss = 0.5 * tf.math.log(error) + divergence
            else:
                loss = error / (2.0 * self.stddev**2) + divergence
        norm = self.update_generator(loss, tape)
        return self.finish_step(
            g_loss=loss, reconstruction_error=error, divergence=divergence, g_gradient_norm=norm
        )


def _observed_error(images: tf.Tensor, batch: dict[str, tf.Tensor]) -> tf.Tensor:
    """Returns (N,) squared errors of ``images`` by the batch's, of which missing pixels do not count."""
    if "mask" in batch:
        images = images * tf.cast(batch["mask"], images.dtype)
    return losses.reconstruction_error(batch["image"], images)
