"""Least squares GAN: Mao et al. 2017, "Least Squares Generative Adversarial Networks"."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.gans.gan import GAN, check_targets
from tfgan_ref.gans.techniques import LabelTargets


@keras.saving.register_keras_serializable(package="tfgan_ref")
class LSGAN(GAN):
    """GAN with squared errors: D's targets are 1 for real and 0 for fake, G's target is 1.

    Unlike cross-entropy it also punishes fakes that D takes for real but that lie far from its boundary, 1/2.

    Args:
        generator: latents (N, latent_dim), and a label if there are classes, to images in [-1, 1].
        discriminator: images (and label) to outputs (N, 1), linear: 1 is real, 0 is fake.
        label_targets: smoothing and noise of the discriminator's targets.
        settings: those of ``GAN``.

    Raises:
        InputError: a setting is out of range.
    """

    adversarial_loss = losses.LEAST_SQUARES

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        label_targets: LabelTargets | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        self.label_targets = label_targets and check_targets(label_targets, "least_squares")

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times by equation 9, then G once through the updated D."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = losses.least_squares_generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)
