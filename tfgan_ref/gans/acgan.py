"""The auxiliary classifier GAN: Odena, Olah and Shlens 2017, section 3."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import check_at_least
from tfgan_ref.gans.gan import GAN, accuracies, class_accuracy


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ACGAN(GAN):
    """GAN whose D predicts whether a sample is real and of which class it is; only G is given the class.

    Args:
        generator: [latents (N, latent_dim), label (N,)] to images in [-1, 1].
        discriminator: images to [logits (N, 1), class logits (N, num_classes)].
        num_classes: labels are 0 to num_classes - 1.
        class_weight: weight of L_C beside L_S.
        settings: those of ``GAN``.

    Raises:
        InputError: ``class_weight`` is negative, or a setting is out of range.
    """

    tracked = (*GAN.tracked, "class_accuracy_real", "class_accuracy_fake")
    matches_features = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int,
        class_weight: float = 1.0,
        **settings: Any,
    ) -> None:
        check_at_least(0, class_weight=class_weight)
        super().__init__(generator, discriminator, num_classes=num_classes, **settings)
        self.class_weight = class_weight

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times by L_S + L_C, then G once, which maximises L_C - L_S."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            logits, class_logits = self.discriminate(fakes, purpose=0)
            g_loss = losses.non_saturating_generator(logits)
            g_loss += self.class_weight * losses.class_cross_entropy(class_logits, fakes[1])
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on (samples, label); returns what is tracked of it."""
        with tf.GradientTape() as tape:
            real_logits, real_classes = self.discriminate(real, purpose=2 * k + 1)
            fake_logits, fake_classes = self.discriminate(fakes, purpose=2 * k + 2)
            source = losses.discriminator_cross_entropy(real_logits, fake_logits)
            classes = losses.class_cross_entropy(real_classes, real[1])
            classes += losses.class_cross_entropy(fake_classes, fakes[1])
            d_loss = source + self.class_weight * classes
            objective = d_loss + self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
        norm = self.update_discriminator(objective, tape)
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            "class_accuracy_real": class_accuracy(real_classes, real[1]),
            "class_accuracy_fake": class_accuracy(fake_classes, fakes[1]),
            **accuracies(real_logits, fake_logits),
        }

    def discriminate(self, inputs: list[tf.Tensor], purpose: int | tf.Tensor) -> list[tf.Tensor]:
        """Returns D's [logits, class logits]; the label among its ``inputs`` is not passed on."""
        return super().discriminate(inputs[:1], purpose)

    def critic(self, labels: list[tf.Tensor], purpose: int | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function from samples to logits, which R1 differentiates."""
        return lambda samples: self.discriminate([samples], purpose)[0]
