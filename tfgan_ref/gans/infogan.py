"""InfoGAN: Chen et al. 2016, "Interpretable Representation Learning by Information Maximizing GANs"."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import GAN, accuracies
from tfgan_ref.networks.layers.codes import uniform_codes


@keras.saving.register_keras_serializable(package="tfgan_ref")
class InfoGAN(GAN):
    """GAN that learns without labels what a code means: samples must tell the code that they are made from.

    G makes samples of noise and codes c; Q(c | x), which shares D's body, reads the codes off the samples.
    Both networks raise the lower bound L_I(G, Q) = E log Q(c | G(z, c)) + H(c) of the mutual information of
    codes and samples (equation 5), beside the original GAN's losses (equation 6). It needs no labels, and
    ignores those of the data: the generator's label is the categorical code.

    Args:
        generator: ``networks.info_generator``'s: [latents (N, latent_dim), code (N,)] to images in [-1, 1].
        discriminator: ``networks.info_discriminator``'s: images to [logits (N, 1), code logits
            (N, num_classes), means and log variances of the continuous codes, each (N, codes)].
        num_classes: values of the categorical code.
        categorical_weight: lambda of the categorical code.
        continuous_weight: lambda of the continuous codes, smaller, since their information has no bound.
        settings: those of ``GAN`` but feature_matching, packing, and replay, whose past fakes have lost their
            codes.

    Raises:
        InputError: a setting is out of range.
    """

    tracked = (*GAN.tracked, "categorical_information", "continuous_information")
    matches_features = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int,
        categorical_weight: float = 1.0,
        continuous_weight: float = 0.1,
        **settings: Any,
    ) -> None:
        check_at_least(0, categorical_weight=categorical_weight, continuous_weight=continuous_weight)
        if settings.get("replay"):
            raise InputError(
                f"replay {settings['replay']} is not for InfoGAN, whose Q needs codes: leave it out"
            )
        super().__init__(generator, discriminator, num_classes=num_classes, **settings)
        self.categorical_weight = categorical_weight
        self.continuous_weight = continuous_weight

    @property
    def number_limits(self) -> dict[str, int]:
        """None: the data's labels are not used."""
        return {}

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D and Q n_critic times, then G once, by equation 6."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            logits, *read = self.discriminate(fakes, purpose=0)
            g_loss = losses.non_saturating_generator(logits)
            objective = g_loss - self.weighted_information(fakes, read)[0]
        norm = self.update_generator(objective, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D and Q for the k-th time in this step; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            real_logits = self.discriminate(real, purpose=2 * k + 1)[0]
            fake_logits, *read = self.discriminate(fakes, purpose=2 * k + 2)
            d_loss = losses.discriminator_cross_entropy(real_logits, fake_logits)
            weighted, information = self.weighted_information(fakes, read)
            objective = (
                d_loss - weighted + self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
            )
        norm = self.update_discriminator(objective, tape)
        shares = accuracies(real_logits, fake_logits)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **information, **shares}

    def weighted_information(
        self, fakes: list[tf.Tensor], read: list[tf.Tensor]
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Returns lambda L_I of fakes [samples, code, continuous codes] and of what Q read, and its parts."""
        (_, code, continuous), (code_logits, mean, log_variance) = fakes, read
        parts = {
            "categorical_information": losses.categorical_information(code_logits, code),
            "continuous_information": losses.uniform_information(continuous, mean, log_variance),
        }
        categorical, uniform = parts.values()
        return self.categorical_weight * categorical + self.continuous_weight * uniform, parts

    def real(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns D's input for a batch of real samples, which have no codes."""
        return [batch[self.sample_key]]

    def fake(self, batch: dict[str, tf.Tensor], critic_step: int | tf.Tensor = 0) -> list[tf.Tensor]:
        """Draws codes and fakes of them: [samples, code (N,), continuous codes (N, codes)]."""
        n = shape_of(batch[self.sample_key])[0]
        seed = self.step_seed(randomness.CODES, critic_step)
        code = randomness.uniform([n], seed, 0, self.num_classes, dtype=tf.int32)
        samples, _ = super().fake({**batch, "label": code}, critic_step)
        count = self.discriminator.outputs[2].shape[-1]
        return [samples, code, uniform_codes(self.latents(n, critic_step), count)]

    def discriminate(self, inputs: list[tf.Tensor], purpose: int | tf.Tensor) -> list[tf.Tensor]:
        """Returns what D and Q say of the samples; the codes among ``inputs`` are not passed on."""
        return super().discriminate(inputs[:1], purpose)

    def critic(self, labels: list[tf.Tensor], purpose: int | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function from samples to logits, which R1 and R2 differentiate."""
        return lambda samples: self.discriminate([samples], purpose)[0]
