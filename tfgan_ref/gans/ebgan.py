"""The energy-based GAN: Zhao, Mathieu and LeCun 2017."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.gan import GAN, LOSSES_AND_NORMS


@keras.saving.register_keras_serializable(package="tfgan_ref")
class EBGAN(GAN):
    """GAN whose D is an autoencoder that learns low energy, a small reconstruction error, for real samples.

    The energy is the mean squared error per value, where equation 4 takes the norm over all d values, so that
    it does not grow with the image: a norm of m is an energy of m^2 / d, the paper's margin 10 one of 0.13 at
    28x28. For samples in [-1, 1] it is about the variance of the values, 0.2 to 0.5, under an autoencoder
    that has learnt nothing, and falls from there for real samples. D pushes fakes only up to the margin; one
    below the energy of real samples leaves it no reason to tell them apart.

    Args:
        generator: latents (N, latent_dim) to samples.
        discriminator: samples to [reconstruction, code (N, D)].
        margin: m of equation 1, above 0.
        pull_away_weight: of the pulling-away term on the codes of fakes (equation 5) in G's loss, 0.1 in the
            paper beside its larger energies; 0 leaves it out.
        pretrain_steps: the first that many steps train D alone, as an autoencoder of real samples.
        settings: those of ``GAN``.

    Raises:
        InputError: a setting is out of range.
    """

    tracked = (*LOSSES_AND_NORMS, "energy_real", "energy_fake")
    matches_features = False
    gives_logits = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        margin: float,
        pull_away_weight: float = 0.0,
        pretrain_steps: int = 0,
        **settings: Any,
    ) -> None:
        if margin <= 0:
            raise InputError(f"margin {margin} is out of range: it must be above 0")
        check_at_least(0, pull_away_weight=pull_away_weight, pretrain_steps=pretrain_steps)
        super().__init__(generator, discriminator, **settings)
        self.margin = margin
        self.pull_away_weight = pull_away_weight
        self.boundaries = (pretrain_steps,) if pretrain_steps else ()

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times by equation 1, then G once by equation 2 and the pulling-away term.

        While D is pretrained, nothing is drawn, and what is tracked of G and of fakes is 0.
        """
        batch = self.as_batch(data)
        if self.phase < len(self.boundaries):
            for k, part in enumerate(self.split_batch(batch)):
                tracked = self.autoencoder_step(self.real(part), k)
            return self.finish_step(**tracked)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            energies, codes = self.discriminate(fakes, purpose=0)
            g_loss = tf.reduce_mean(energies)
            if self.pull_away_weight:
                g_loss += self.pull_away_weight * losses.pulling_away(codes)
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on its inputs; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            real_energies, _ = self.discriminate(real, purpose=2 * k + 1)
            fake_energies, _ = self.discriminate(fakes, purpose=2 * k + 2)
            d_loss = tf.reduce_mean(real_energies)
            d_loss += tf.reduce_mean(tf.nn.relu(self.margin - fake_energies))
            objective = d_loss + self.discriminator_penalty(real, fakes, k)
        norm = self.update_discriminator(objective, tape)
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            "energy_real": tf.reduce_mean(real_energies),
            "energy_fake": tf.reduce_mean(fake_energies),
        }

    def autoencoder_step(self, real: list[tf.Tensor], k: int) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in a step of pretraining, by equation 1 without fakes."""
        with tf.GradientTape() as tape:
            energies, _ = self.discriminate(real, purpose=2 * k + 1)
            d_loss = tf.reduce_mean(energies)
            objective = d_loss + self.discriminator_penalty(real, [], k)
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, "energy_real": d_loss}

    def discriminate(self, inputs: list[tf.Tensor], purpose: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the energies (N,) and codes of D's inputs: augmented samples are reconstructed as such."""
        samples, *labels = inputs
        seen = self.perturb(samples, purpose)
        inputs = [seen, *labels] if labels else seen
        reconstructions, codes = self.discriminator(inputs, training=self.learning)
        return losses.reconstruction_error(seen, reconstructions), codes

    def critic(self, labels: list[tf.Tensor], purpose: int | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function from samples to negative energies (N, 1), which R1 and R2 differentiate."""
        return lambda samples: -self.discriminate([samples, *labels], purpose)[0][:, None]
