"""Wasserstein GAN with weight clipping: Arjovsky, Chintala and Bottou 2017, Algorithm 1."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import GAN, LOSSES_AND_NORMS

WARMUP_STEPS, WARMUP_PERIOD = 25, 500  # as in the authors' code


@keras.saving.register_keras_serializable(package="tfgan_ref")
class WGAN(GAN):
    """GAN whose critic estimates the Wasserstein distance; clipping all its weights keeps it Lipschitz.

    Args:
        generator: latents (N, latent_dim), and a label if there are classes, to images in [-1, 1].
        discriminator: the critic, images (and label) to scores (N, 1), linear. Its weights
            get a constraint: after each update all, biases too, are clipped to [-clip, clip].
        clip: c of the paper.
        n_critic: critic updates per generator update, 5 in the paper.
        n_critic_warmup: critic updates in each of the first 25 steps and in every 500th, 100 in the authors'
            code; None: ``n_critic``. The updates beyond ``n_critic`` have fakes of their own, and the real
            samples of the step once more.
        settings: those of ``GAN``.

    Raises:
        InputError: ``clip`` is not above 0, ``n_critic_warmup`` cannot be used, or a setting is out of range.
    """

    tracked = LOSSES_AND_NORMS

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        clip: float = 0.01,
        n_critic: int = 5,
        n_critic_warmup: int | None = None,
        **settings: Any,
    ) -> None:
        if clip <= 0:
            raise InputError(f"clip {clip} is out of range: it must be above 0")
        super().__init__(generator, discriminator, n_critic=n_critic, **settings)
        if n_critic_warmup is not None:
            if n_critic_warmup < n_critic:
                raise InputError(f"n_critic_warmup {n_critic_warmup} is below n_critic {n_critic}: raise it")
            if self.simultaneous or tf.distribute.get_strategy().num_replicas_in_sync > 1:
                # These wait with an update, or exchange gradients, for which there are no loops in a graph.
                raise InputError(
                    f"n_critic_warmup {n_critic_warmup} is for alternating updates on one device: none"
                )
        self.clip = clip
        self.n_critic_warmup = n_critic_warmup
        for variable in discriminator.trainable_variables:
            variable.constraint = WeightClip(clip)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Runs Algorithm 1: n_critic critic updates on fresh real batches, then one of the generator."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = losses.wasserstein_generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def train_discriminator(
        self, batch: dict[str, tf.Tensor], tape: tf.GradientTape
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        """Updates the critic as ``GAN`` does, in a warm-up step more often before that."""
        if self.n_critic_warmup is not None and self.learning:
            with tape.stop_recording():
                self.warm_up(batch)
        return super().train_discriminator(batch, tape)

    def warm_up(self, batch: dict[str, tf.Tensor]) -> None:
        """Runs the critic updates that a warm-up step has beyond ``n_critic``: one loop in the graph."""
        step, n = self.step.value, self.n_critic
        warm = (step < WARMUP_STEPS) | (step % WARMUP_PERIOD == 0)
        more = tf.where(warm, self.n_critic_warmup - n, 0)
        size = shape_of(batch[self.sample_key])[0] // n
        parts = {
            name: tf.reshape(value[: n * size], [n, size, *value.shape[1:]]) for name, value in batch.items()
        }

        def update(number: tf.Tensor) -> list[tf.Tensor]:
            part = {name: tf.gather(values, number % n) for name, values in parts.items()}
            k = number + n  # which no other update of the step is
            self.update_on_own_fakes(part, k)
            return [number + 1]

        tf.while_loop(lambda number: number < more, update, [0])

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Runs lines 3 to 7 for the k-th time; ``d_loss`` is the negative of the estimated distance."""
        with tf.GradientTape() as tape:
            real_scores = self.discriminate(real, purpose=2 * k + 1)
            fake_scores = self.discriminate(fakes, purpose=2 * k + 2)
            d_loss = losses.wasserstein_critic(real_scores, fake_scores)
            objective = d_loss + self.discriminator_penalty(real, fakes, k, (real_scores, fake_scores))
        norm = self.update_discriminator(objective, tape)  # line 7, the clipping, is the constraint's
        return {"d_loss": d_loss, "d_gradient_norm": norm}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class WeightClip(keras.constraints.Constraint):
    """Clips a variable to [-limit, limit] after each update."""

    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, w: tf.Tensor) -> tf.Tensor:
        """Returns ``w`` clipped."""
        return keras.ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> dict[str, float]:
        """Returns the constructor's arguments."""
        return {"limit": self.limit}
