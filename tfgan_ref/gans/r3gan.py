"""R3GAN: Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern GAN Baseline"."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.gans.burn_in import CosineBurnIn
from tfgan_ref.gans.gan import GAN, LOSSES_AND_NORMS
from tfgan_ref.gans.penalties import refuse_batch_norm, values_and_gradients


@keras.saving.register_keras_serializable(package="tfgan_ref")
class R3GAN(GAN):
    """GAN with the relativistic pairing loss and zero-centred gradient penalties at real and at fake samples.

    D lowers E softplus(-(D(x) - D(G(z)))) + gamma/2 (R1 + R2), equation 13, in every update; G lowers
    E softplus(-(D(G(z)) - D(x))). A step takes ``n_critic`` + 1 batches of real samples: G's fakes are fresh,
    and so are the real samples that they are compared with, as in the authors' code.

    In the burn-in gamma falls from ``burn_in_gamma`` times its value along half a cosine, and the half-life
    of the averaged generator rises from 0; ``burn_in.BurnInAdam`` and a schedule do the same for beta_2 and
    the learning rate.

    ``d_accuracy`` is the share of pairs that D puts in the right order; ``r1`` and ``r2`` are E |grad D|^2.

    Args:
        generator: latents (N, latent_dim), and a label if there are classes, to samples.
        discriminator: samples (and label) to logits (N, 1), without batch norm: the penalties are on the
            gradient by each sample.
        r1: gamma of the penalty at real samples.
        r2: gamma of the penalty at fakes; the paper's are equal.
        burn_in_steps: generator steps of the burn-in; 0: none.
        burn_in_gamma: what r1 and r2 are multiplied by at its start, 10 in the authors' code.
        settings: those of ``GAN``.

    Raises:
        InputError: the discriminator has batch norm, or a setting is out of range.
    """

    tracked = (*LOSSES_AND_NORMS[:2], "d_accuracy", "r1", "r2", *LOSSES_AND_NORMS[2:])
    adversarial_loss = losses.RELATIVISTIC
    matches_features = False
    burn_in_steps = 0

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        r1: float = 1.0,
        r2: float = 1.0,
        burn_in_steps: int = 0,
        burn_in_gamma: float = 10.0,
        **settings: Any,
    ) -> None:
        refuse_batch_norm(discriminator, "R3GAN")
        gamma_factor = CosineBurnIn(burn_in_gamma, 1.0, burn_in_steps)  # which checks the steps
        super().__init__(generator, discriminator, r1=r1, r2=r2, **settings)
        self.batches_per_step = self.n_critic + 1
        self.burn_in_steps = burn_in_steps
        self.gamma_factor = gamma_factor

    @property
    def ema_decay(self) -> float | tf.Tensor | None:
        """Returns the decay of the average in this step: in the burn-in its half-life rises from 0."""
        if self.final_ema_decay is None or not self.burn_in_steps:
            return self.final_ema_decay
        half_life = CosineBurnIn(1e-6, 1.0, self.burn_in_steps)(self.step.value)  # over the final one
        return self.final_ema_decay ** (1.0 / half_life)

    @ema_decay.setter
    def ema_decay(self, value: float | None) -> None:
        """Sets the decay after the burn-in."""
        self.final_ema_decay = value

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times by equation 13, each on fresh samples, then G once, on fresh ones too."""
        *for_discriminator, for_generator = self.split_batch(self.as_batch(data))
        for k, batch in enumerate(for_discriminator or [for_generator]):  # one batch in ``test_step``
            tracked = self.update_on_own_fakes(batch, k)
        real_logits = self.discriminate(self.real(for_generator), purpose=2 * self.n_critic + 1)
        with tf.GradientTape() as tape:
            fakes = self.fake(for_generator, self.n_critic)
            g_loss = losses.relativistic_generator(self.discriminate(fakes, purpose=0), real_logits)
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step; one pass gives the logits and the slopes of a batch."""
        (samples, *labels), (fake_samples, *fake_labels) = real, fakes
        with tf.GradientTape() as tape:
            real_logits, real_slopes = values_and_gradients(self.critic(labels, 2 * k + 1), samples)
            fake_logits, fake_slopes = values_and_gradients(self.critic(fake_labels, 2 * k + 2), fake_samples)
            d_loss = losses.relativistic_discriminator(real_logits, fake_logits)
            r1, r2 = losses.zero_centred_penalty(real_slopes), losses.zero_centred_penalty(fake_slopes)
            objective = d_loss + self.gamma_factor(self.step.value) * (self.r1 * r1 + self.r2 * r2)
            objective += self.regularisation((real_logits, fake_logits))
        norm = self.update_discriminator(objective, tape)
        right = tf.reduce_mean(tf.cast(real_logits > fake_logits, tf.float32))
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            "d_accuracy": right,
            "r1": 2.0 * r1,
            "r2": 2.0 * r2,
        }
