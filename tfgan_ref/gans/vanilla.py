"""The original GAN: Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.gans.gan import GAN, WITHOUT_BOUNDARY, check_targets, refuse_adaptive
from tfgan_ref.gans.techniques import LabelTargets

LOSSES = ("non_saturating", "minimax", "relativistic")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class VanillaGAN(GAN):
    """GAN with cross-entropy: D separates real from fake, G raises the probability that D gives its samples.

    With the relativistic loss D says which of a real and a fake sample is the more real (RpGAN:
    Jolicoeur-Martineau 2019). G's fakes are compared with the last real samples that D learned from;
    ``R3GAN`` takes fresh ones.

    Args:
        generator: latents (N, latent_dim) to images in [-1, 1].
        discriminator: images to logits (N, 1).
        loss: "non_saturating" (section 3 of the paper), "minimax" (its equation 1) or "relativistic".
        label_targets: smoothing and noise of the discriminator's targets.
        settings: those of ``GAN``.

    Raises:
        InputError: unknown loss, or a setting out of range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str = "non_saturating",
        label_targets: LabelTargets | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        self.adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        self.label_targets = label_targets and check_targets(label_targets, loss)
        if self.adaptive and loss in WITHOUT_BOUNDARY:
            refuse_adaptive(f"loss {loss}")

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs one iteration of Algorithm 1: n_critic updates of D, then one of G through the updated D."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            logits = [self.discriminate(fakes, purpose=0)]
            if self.adversarial_loss.paired:
                logits.append(self.real_logits(batch))
            g_loss = self.adversarial_loss.generator(*logits)
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)
