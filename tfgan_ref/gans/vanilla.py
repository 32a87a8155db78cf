"""The original GAN: Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.gans.base import GAN, accuracies


class VanillaGAN(GAN):
    """D learns to tell real from fake by cross-entropy, G to be taken for real.

    Args:
        generator: latents (N, latent_dim) to images in [-1, 1].
        discriminator: images to logits (N, 1).
        loss: "non_saturating" (section 3 of the paper) or "minimax" (its equation 1).
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
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        self.adversarial_loss = losses.adversarial_loss(loss)

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One iteration of Algorithm 1: n_critic updates of D, then one of G through the updated D.

        The last update of D and that of G share their fakes, which saves a pass through G.
        """
        *earlier, last = self.split_batch(batch)
        for k, real in enumerate(earlier):
            fakes = self.generator(self.latents(real["image"].shape[0], k), training=True)
            self.discriminator_step([real["image"]], [fakes], k)
        with tf.GradientTape() as g_tape:
            fakes = self.generator(self.latents(last["image"].shape[0], len(earlier)), training=True)
            with g_tape.stop_recording():
                tracked = self.discriminator_step([last["image"]], [fakes], len(earlier))
            fake_logits = self.discriminate([fakes], purpose=0)
            g_loss = self.adversarial_loss.generator(fake_logits)
        norm = self.update(g_loss, g_tape, self.g_optimizer, self.generator.trainable_variables)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int
    ) -> dict[str, tf.Tensor]:
        """The k-th update of D in this step, on its inputs; returns what is tracked of it."""
        fakes = self.past_or_present(fakes, k)
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            targets = self.label_targets(real_logits, self.step_seed(randomness.LABEL_NOISE, k))
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits, *targets)
            objective = d_loss + self.discriminator_penalty()
        norm = self.update(objective, tape, self.d_optimizer, self.discriminator.trainable_variables)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}
