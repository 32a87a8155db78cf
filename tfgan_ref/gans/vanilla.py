"""The original GAN: Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.base import GAN, accuracies
from tfgan_ref.gans.techniques import LabelTargets

LOSSES = ("non_saturating", "minimax")


class VanillaGAN(GAN):
    """D learns to tell real from fake by cross-entropy, G to be taken for real.

    Args:
        generator: latents (N, latent_dim) to images in [-1, 1].
        discriminator: images to logits (N, 1).
        loss: "non_saturating" (section 3 of the paper) or "minimax" (its equation 1).
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
        if loss not in LOSSES:
            raise InputError(f"loss {loss!r} is unknown: choose one of {', '.join(LOSSES)}")
        self.adversarial_loss = losses.adversarial_loss(loss)
        self.label_targets = label_targets or LabelTargets()

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One iteration of Algorithm 1: n_critic updates of D, then one of G through the updated D.

        The last update of D and that of G share their fakes, which saves a pass through G.
        """
        *earlier, last = self.split_batch(batch)
        for k, part in enumerate(earlier):
            self.discriminator_step(self.real(part), self.fake(part, k), k)
        with tf.GradientTape() as g_tape:
            fakes = self.fake(last, len(earlier))
            with g_tape.stop_recording():
                tracked = self.discriminator_step(self.real(last), fakes, len(earlier))
            g_loss = self.adversarial_loss.generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, g_tape)
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
            objective = d_loss + self.discriminator_penalty(real, k)
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}
