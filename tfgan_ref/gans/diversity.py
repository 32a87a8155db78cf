"""Conditional GANs whose generator must use its latents: diversity-sensitive, Yang et al. 2019."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.gans.conditional import ConditionalGAN


class DiversitySensitiveGAN(ConditionalGAN):
    """A conditional GAN whose G also gains by samples that differ as much as their latents do.

    A generator that is given labels may draw one sample for each and ignore its latents: no single sample
    tells D so. Equation 2 of "Diversity-Sensitive Conditional GANs" adds to what G maximises, with a weight,

        E min(|G(y, z1) - G(y, z2)| / |z1 - z2|, bound),

    here with mean absolute differences, of what ``view`` makes of the samples. The bound keeps G from paying
    with likeness for ever more difference.

    Args:
        generator: [latents (N, latent_dim), label (N,)] to samples in [-1, 1].
        discriminator: [samples, label (N,)] to logits (N, 1).
        num_classes: labels are 0 to num_classes - 1.
        diversity: the weight, lambda in the paper.
        bound: tau in the paper.
        view: in what samples are compared; None: themselves.
        settings: those of ``ConditionalGAN``.

    Raises:
        InputError: ``diversity`` or ``bound`` is not above 0, or a setting is out of range.
    """

    tracked = (*ConditionalGAN.tracked, "diversity")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        num_classes: int,
        *,
        diversity: float,
        bound: float,
        view: Callable[[tf.Tensor], tf.Tensor] | None = None,
        **settings: Any,
    ) -> None:
        for name, value in (("diversity", diversity), ("bound", bound)):
            if value <= 0:
                raise InputError(f"{name} {value} is out of range: above 0")
        super().__init__(generator, discriminator, num_classes, **settings)
        self.diversity = diversity
        self.bound = bound
        self.view = view or tf.identity

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """n_critic updates of D, then one of G, which draws a second sample for each label."""
        *earlier, last = self.split_batch(batch)
        for k, part in enumerate(earlier):
            self.discriminator_step(self.real(part), self.fake(part, k), k)
        with tf.GradientTape() as g_tape:
            fakes = self.fake(last, len(earlier))
            with g_tape.stop_recording():
                tracked = self.discriminator_step(self.real(last), fakes, len(earlier))
            g_loss = self.adversarial_loss.generator(self.discriminate(fakes, purpose=0))
            diversity = self.differences(fakes[0], self.fake(last, self.n_critic)[0])
            objective = g_loss - self.diversity * tf.reduce_mean(tf.minimum(diversity, self.bound))
        norm = self.update_generator(objective, g_tape)
        tracked["diversity"] = tf.reduce_mean(diversity)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def differences(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Returns how much two samples of each label differ by how much their latents do, (N,) float32.

        The samples are those of this step's last latents for D and of the latents after them.
        """
        n = first.shape[0]
        latents = [self.latents(n, k) for k in (self.n_critic - 1, self.n_critic)]
        samples = [self.view(samples) for samples in (first, second)]
        return _distances(*samples) / _distances(*latents)


def _distances(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    difference = tf.abs(tf.cast(first, tf.float32) - tf.cast(second, tf.float32))
    return tf.reduce_mean(difference, axis=list(range(1, len(first.shape))))
