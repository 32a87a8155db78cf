"""The conditional GAN: Mirza and Osindero 2014; with a projection discriminator, Miyato and Koyama 2018."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.base import GAN, accuracies
from tfgan_ref.gans.techniques import LabelTargets


class ConditionalGAN(GAN):
    """Both players are given the label: G draws from p(x | y), D judges pairs (x, y).

    How the label enters is the networks' matter (``networks.heads``: concat, hadamard, projection). Every
    type takes labels by ``num_classes``; this one has its choice of losses.

    Args:
        generator: [latents (N, latent_dim), label (N,)] to images in [-1, 1].
        discriminator: [images, label (N,)] to logits (N, 1).
        num_classes: labels are 0 to num_classes - 1.
        loss: a name in ``losses.ADVERSARIAL_LOSSES``. With "wasserstein" D must be held Lipschitz by its
            networks (spectral normalisation) or by ``r1``.
        label_targets: smoothing and noise of the discriminator's targets, for a loss that has them.
        settings: those of ``GAN``.

    Raises:
        InputError: unknown loss, targets for a loss that has none, or a setting out of range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        num_classes: int,
        *,
        loss: str = "non_saturating",
        label_targets: LabelTargets | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, num_classes=num_classes, **settings)
        self.adversarial_loss = losses.adversarial_loss(loss)
        self.label_targets = label_targets or LabelTargets()
        if not self.adversarial_loss.has_targets and (
            self.label_targets.smoothing or self.label_targets.noise
        ):
            raise InputError(
                f"loss {loss} has no targets to smooth or flip: label_smoothing and label_noise are 0"
            )

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """n_critic updates of D on (real, label) and (fake, label), then one of G through the updated D."""
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
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            seed = self.step_seed(randomness.LABEL_NOISE, k)
            targets = self.label_targets(real_logits, seed) if self.adversarial_loss.has_targets else ()
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits, *targets)
            objective = d_loss + self.discriminator_penalty(real, k)
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}
