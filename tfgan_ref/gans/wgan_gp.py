"""Wasserstein GAN with gradient penalty: Gulrajani et al. 2017, Algorithm 1."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import check_at_least
from tfgan_ref.gans import batches
from tfgan_ref.gans.gan import GAN, LOSSES_AND_NORMS
from tfgan_ref.gans.penalties import interpolate_norms, refuse_batch_norm, scores_each_alone


@keras.saving.register_keras_serializable(package="tfgan_ref")
class WGANGP(GAN):
    """GAN whose critic estimates the Wasserstein distance; a penalty holds its gradient norm near 1.

    Args:
        generator: latents (N, latent_dim), and a label if there are classes, to images in [-1, 1].
        discriminator: the critic, images (and label) to scores (N, 1), linear, without batch norm: the
            penalty is on the gradient by each sample (section 4).
        penalty_weight: lambda of the paper.
        one_sided: punish only norms above 1. The paper's, and the default, is two-sided: it also pulls
            norms below 1 up.
        n_critic: critic updates per generator update, 5 in the paper.
        settings: those of ``GAN``.

    Raises:
        InputError: ``penalty_weight`` is negative, the critic has batch norm, or a setting is out of range.
    """

    tracked = (*LOSSES_AND_NORMS, "interpolate_norm")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        penalty_weight: float = 10.0,
        one_sided: bool = False,
        n_critic: int = 5,
        **settings: Any,
    ) -> None:
        check_at_least(0, penalty_weight=penalty_weight)
        refuse_batch_norm(discriminator, "WGANGP")
        super().__init__(generator, discriminator, n_critic=n_critic, **settings)
        self.one_pass = scores_each_alone(discriminator)
        self.penalty_weight = penalty_weight
        self.one_sided = one_sided

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs Algorithm 1: n_critic critic updates on fresh real batches, then one of the generator."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = losses.wasserstein_generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Runs lines 3 to 10 for the k-th time; ``d_loss`` is the negative of the estimated distance."""
        (samples, *labels), (fake_samples, *_) = real, fakes
        with tf.GradientTape() as tape:
            real_scores, fake_scores = self.scores(real, fakes, k)
            d_loss = losses.wasserstein_critic(real_scores, fake_scores)
            norms = interpolate_norms(
                self.critic(labels, purpose=2 * k + 1),
                samples,
                fake_samples,
                self.step_seed(randomness.PENALTY, k),
            )
            penalty = self.penalty_weight * losses.norm_penalty(norms, one_sided=self.one_sided)
            objective = (
                d_loss + penalty + self.discriminator_penalty(real, fakes, k, (real_scores, fake_scores))
            )
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, "interpolate_norm": tf.reduce_mean(norms)}

    def scores(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the critic's scores of real and of fake samples in its k-th update.

        Both are in one pass, which is faster, where that gives the same: not if the critic looks at more than
        one sample, nor in a simultaneous step, which uses the pass over the fakes for G too.
        """
        if self.simultaneous or not self.one_pass:
            return self.discriminate(real, purpose=2 * k + 1), self.discriminate(fakes, purpose=2 * k + 2)
        (real_samples, *real_labels), (fake_samples, *fake_labels) = real, fakes
        real_seen = self.perturb(real_samples, purpose=2 * k + 1), *real_labels
        fake_seen = self.perturb(fake_samples, purpose=2 * k + 2), *fake_labels
        inputs = [batches.in_turns(*parts) for parts in zip(real_seen, fake_seen, strict=True)]
        scores = self.discriminator(inputs if real_labels else inputs[0], training=self.learning)
        return scores[::2], scores[1::2]
