"""The boundary equilibrium GAN: Berthelot, Schumm and Metz 2017."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError
from tfgan_ref.gans.gan import GAN, LOSSES_AND_NORMS


@keras.saving.register_keras_serializable(package="tfgan_ref")
class BEGAN(GAN):
    """GAN whose D is an autoencoder; a weight k keeps E L(G(z)) near gamma times E L(x), L its L1 error.

    ``convergence`` is the paper's global measure M: it falls as samples get better, at equilibrium.

    Latents are N(0, I) as everywhere here, where the paper draws them from [-1, 1] uniformly. The updates of
    D and G share their fakes (z_D = z_G), and G is updated through the updated D.

    Args:
        generator: latents (N, latent_dim) to samples.
        discriminator: samples to [reconstruction, code]; the code is not used.
        gamma: the diversity ratio, above 0 and at most 1: lower values favour quality over diversity.
        k_rate: lambda_k, the proportional gain of k, above 0.
        settings: those of ``GAN``.

    Raises:
        InputError: a setting is out of range.
    """

    tracked = (*LOSSES_AND_NORMS, "energy_real", "energy_fake", "k", "convergence")
    matches_features = False
    gives_logits = False

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        gamma: float = 0.5,
        k_rate: float = 0.001,
        **settings: Any,
    ) -> None:
        if not 0 < gamma <= 1:
            raise InputError(f"gamma {gamma} is out of range: above 0 and at most 1")
        if k_rate <= 0:
            raise InputError(f"k_rate {k_rate} is out of range: it must be above 0")
        super().__init__(generator, discriminator, **settings)
        self.gamma = gamma
        self.k_rate = k_rate
        # Every replica assigns the same value (see ``update_k``), so any one's will do.
        self.k = self.add_weight(
            shape=(),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            aggregation="only_first_replica",
            name="k",
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs section 3.4: n_critic updates of D, one of G, then one of k."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = tf.reduce_mean(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        balance = self.gamma * tracked["energy_real"] - g_loss
        if self.learning:
            self.update_k(balance)
        return self.finish_step(
            g_loss=g_loss,
            g_gradient_norm=norm,
            k=self.k.value,
            convergence=tracked["energy_real"] + tf.abs(balance),
            **tracked,
        )

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on its inputs; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            real_energy = tf.reduce_mean(self.discriminate(real, purpose=2 * k + 1))
            fake_energy = tf.reduce_mean(self.discriminate(fakes, purpose=2 * k + 2))
            d_loss = real_energy - self.k.value * fake_energy
            objective = d_loss + self.discriminator_penalty(real, fakes, k)
        norm = self.update_discriminator(objective, tape)
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            "energy_real": real_energy,
            "energy_fake": fake_energy,
        }

    def update_k(self, balance: tf.Tensor) -> None:
        """Sets k to k + lambda_k (gamma L(x) - L(G(z_G))), kept in [0, 1].

        ``balance`` is averaged over the replicas first: k then follows the global batch, and is the same on
        all of them.
        """
        replica = tf.distribute.get_replica_context()
        if replica.num_replicas_in_sync > 1:
            balance = replica.all_reduce(tf.distribute.ReduceOp.MEAN, balance)
        self.k.assign(tf.clip_by_value(self.k.value + self.k_rate * balance, 0.0, 1.0))

    def discriminate(self, inputs: list[tf.Tensor], purpose: int | tf.Tensor) -> tf.Tensor:
        """Returns the energies (N,) of D's inputs: augmented samples are reconstructed as such."""
        samples, *labels = inputs
        seen = self.perturb(samples, purpose)
        reconstructions, _ = self.discriminator([seen, *labels] if labels else seen, training=self.learning)
        return losses.reconstruction_error(seen, reconstructions, power=1)

    def critic(self, labels: list[tf.Tensor], purpose: int | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function from samples to negative energies (N, 1), which R1 and R2 differentiate."""
        return lambda samples: -self.discriminate([samples, *labels], purpose)[:, None]
