"""Least squares GAN: Mao et al. 2017, "Least Squares Generative Adversarial Networks"."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.gans.base import GAN, accuracies
from tfgan_ref.gans.techniques import LabelTargets


class LSGAN(GAN):
    """D's outputs are pulled to 1 for real and 0 for fake, G's samples to where D says 1.

    Unlike cross-entropy it also punishes fakes that D takes for real but that lie far from its boundary.

    Args:
        generator: latents (N, latent_dim), and a label if there are classes, to images in [-1, 1].
        discriminator: images (and label) to outputs (N, 1), linear: 1 is real, 0 is fake.
        label_targets: smoothing and noise of the discriminator's targets.
        settings: those of ``GAN``.

    Raises:
        InputError: a setting is out of range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        label_targets: LabelTargets | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        self.label_targets = label_targets or LabelTargets()

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """n_critic updates of D by equation 9, then one of G through the updated D."""
        *earlier, last = self.split_batch(batch)
        for k, part in enumerate(earlier):
            self.discriminator_step(self.real(part), self.fake(part, k), k)
        with tf.GradientTape() as g_tape:
            fakes = self.fake(last, len(earlier))
            with g_tape.stop_recording():
                tracked = self.discriminator_step(self.real(last), fakes, len(earlier))
            g_loss = losses.least_squares_generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, g_tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int
    ) -> dict[str, tf.Tensor]:
        """The k-th update of D in this step, on its inputs; returns what is tracked of it."""
        fakes = self.past_or_present(fakes, k)
        with tf.GradientTape() as tape:
            real_outputs = self.discriminate(real, purpose=2 * k + 1)
            fake_outputs = self.discriminate(fakes, purpose=2 * k + 2)
            targets = self.label_targets(real_outputs, self.step_seed(randomness.LABEL_NOISE, k))
            d_loss = losses.least_squares_discriminator(real_outputs, fake_outputs, *targets)
            objective = d_loss + self.discriminator_penalty(real, k)
        norm = self.update_discriminator(objective, tape)
        # The boundary between the two targets is 1/2, not 0.
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            **accuracies(real_outputs - 0.5, fake_outputs - 0.5),
        }
