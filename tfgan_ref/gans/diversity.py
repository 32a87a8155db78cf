"""Conditional GANs whose generator must use its latents: diversity-sensitive, Yang et al. 2019."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import GAN, WITHOUT_BOUNDARY, check_targets, refuse_adaptive
from tfgan_ref.gans.techniques import LabelTargets


@keras.saving.register_keras_serializable(package="tfgan_ref")
class DiversitySensitiveGAN(GAN):
    """Conditional GAN whose G is also rewarded for samples that differ as much as their latents do.

    A generator that is given labels may draw one sample for each and ignore its latents: D cannot tell from
    single samples. Equation 2 of "Diversity-Sensitive Conditional GANs" adds to what G maximises, weighted,

        E min(|G(y, z1) - G(y, z2)| / |z1 - z2|, bound),

    here with mean absolute differences of ``view(samples)``. The bound keeps G from trading realism for ever
    more difference.

    Args:
        generator: [latents (N, latent_dim), label (N,)] to samples in [-1, 1].
        discriminator: [samples, label (N,)] to logits (N, 1).
        num_classes: labels are 0 to num_classes - 1.
        diversity: the weight, lambda in the paper.
        bound: tau in the paper.
        view: maps samples to what is compared; None: the samples themselves.
        loss: a name in ``losses.UNPAIRED``, as of ``ConditionalGAN``.
        label_targets: smoothing and noise of the discriminator's targets, for a loss that has them.
        settings: those of ``GAN``.

    Raises:
        InputError: ``diversity`` or ``bound`` is not above 0, or a setting is out of range.
    """

    tracked = (*GAN.tracked, "diversity")
    matches_features = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int,
        diversity: float,
        bound: float,
        view: Callable[[tf.Tensor], tf.Tensor] | None = None,
        loss: str = "non_saturating",
        label_targets: LabelTargets | None = None,
        **settings: Any,
    ) -> None:
        for name, value in (("diversity", diversity), ("bound", bound)):
            if value <= 0:
                raise InputError(f"{name} {value} is out of range: above 0")
        super().__init__(generator, discriminator, num_classes=num_classes, **settings)
        self.adversarial_loss = losses.adversarial_loss(loss, losses.UNPAIRED)
        self.label_targets = label_targets and check_targets(label_targets, loss)
        if self.adaptive and loss in WITHOUT_BOUNDARY:
            refuse_adaptive(f"loss {loss}")
        self.diversity = diversity
        self.bound = bound
        self.view = view or tf.identity

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times, then G once, which draws a second sample for each label."""
        batch = self.as_batch(data)
        *_, last = self.split_batch(batch)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = self.adversarial_loss.generator(self.discriminate(fakes, purpose=0))
            diversity = self.differences(fakes[0], self.fake(last, self.n_critic)[0])
            objective = g_loss - self.diversity * tf.reduce_mean(tf.minimum(diversity, self.bound))
        norm = self.update_generator(objective, tape)
        tracked["diversity"] = tf.reduce_mean(diversity)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def differences(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Returns how much two samples of each label differ by how much their latents do, (N,) float32.

        The samples are those of this step's last latents for D and of the latents after them.
        """
        n = shape_of(first)[0]
        latents = [self.latents(n, k) for k in (self.n_critic - 1, self.n_critic)]
        samples = [self.view(samples) for samples in (first, second)]
        return _distances(*samples) / _distances(*latents)


def _distances(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    difference = tf.abs(tf.cast(first, tf.float32) - tf.cast(second, tf.float32))
    return tf.reduce_mean(difference, axis=list(range(1, len(first.shape))))
