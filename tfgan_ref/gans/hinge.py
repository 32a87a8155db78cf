"""The hinge loss: Lim and Ye 2017, "Geometric GAN", as SNGAN, SAGAN and BigGAN use it."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.gans.gan import GAN


@keras.saving.register_keras_serializable(package="tfgan_ref")
class HingeGAN(GAN):
    """GAN whose D moves real samples above 1 and fakes below -1, and no further; G raises D's output.

    With a discriminator of spectrally normalised layers this is SNGAN (Miyato et al. 2018, equations 16, 17).
    """

    adversarial_loss = losses.HINGE

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times by equation 16, then G once by equation 17 through the updated D."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = losses.wasserstein_generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)
