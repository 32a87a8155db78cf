"""The hinge loss: Lim and Ye 2017, "Geometric GAN", as SNGAN, SAGAN and BigGAN use it."""

import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.gans.base import GAN, accuracies


class HingeGAN(GAN):
    """D wants real samples above 1 and fakes below -1 and ignores those beyond; G raises D's output.

    With a discriminator of spectrally normalised layers this is SNGAN (Miyato et al. 2018, equations 16, 17).
    """

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """n_critic updates of D, then one of G through the updated D."""
        *earlier, last = self.split_batch(batch)
        for k, part in enumerate(earlier):
            self.discriminator_step(self.real(part), self.fake(part, k), k)
        with tf.GradientTape() as g_tape:
            fakes = self.fake(last, len(earlier))
            with g_tape.stop_recording():
                tracked = self.discriminator_step(self.real(last), fakes, len(earlier))
            g_loss = losses.wasserstein_generator(self.discriminate(fakes, purpose=0))
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
            d_loss = losses.hinge_discriminator(real_logits, fake_logits)
            objective = d_loss + self.discriminator_penalty(real, k)
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}
