"""DRAGAN: Kodali et al. 2017, "On Convergence and Stability of GANs", Algorithm 1."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.gan import GAN, accuracies
from tfgan_ref.gans.penalties import perturbed_norms, refuse_batch_norm


@keras.saving.register_keras_serializable(package="tfgan_ref")
class DRAGAN(GAN):
    """The original GAN with a penalty that holds D's gradient norm near 1 around the real samples.

    Args:
        generator: latents (N, latent_dim), and a label if there are classes, to images in [-1, 1].
        discriminator: images (and label) to logits (N, 1), without batch norm.
        penalty_weight: lambda of the paper.
        spread: most of the noise around real samples, in standard deviations of the batch: 0.5 in the
            authors' code.
        settings: those of ``GAN``.

    Raises:
        InputError: a weight is out of range, D has batch norm, or a setting is out of range.
    """

    tracked = (*GAN.tracked, "perturbed_norm")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 10.0,
        spread: float = 0.5,
        **settings: Any,
    ) -> None:
        check_at_least(0, penalty_weight=penalty_weight)
        if spread <= 0:
            raise InputError(f"spread {spread} is out of range: it must be above 0")
        refuse_batch_norm(discriminator, "DRAGAN")
        super().__init__(generator, discriminator, **settings)
        self.penalty_weight = penalty_weight
        self.spread = spread

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs Algorithm 1: updates of D with the local penalty, then one of G by the non-saturating loss."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = losses.non_saturating_generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on its inputs; returns what is tracked of it."""
        samples, *labels = real
        with tf.GradientTape() as tape:
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            d_loss = losses.discriminator_cross_entropy(real_logits, fake_logits)
            critic = self.critic(labels, purpose=2 * k + 1)
            norms = perturbed_norms(critic, samples, self.step_seed(randomness.PENALTY, k), self.spread)
            penalty = self.penalty_weight * losses.norm_penalty(norms)
            objective = (
                d_loss + penalty + self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
            )
        norm = self.update_discriminator(objective, tape)
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            "perturbed_norm": tf.reduce_mean(norms),
            **accuracies(real_logits, fake_logits),
        }
