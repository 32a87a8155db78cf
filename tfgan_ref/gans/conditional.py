"""The conditional GAN: Mirza and Osindero 2014; with a projection discriminator, Miyato and Koyama 2018."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.base import GAN, accuracies


class ConditionalGAN(GAN):
    """Both players are given the label: G draws from p(x | y), D judges pairs (x, y).

    How the label enters is the networks' matter (``networks.heads``: concat, hadamard, projection).

    Args:
        generator: [latents (N, latent_dim), label (N,)] to images in [-1, 1].
        discriminator: [images, label (N,)] to logits (N, 1).
        num_classes: labels are 0 to num_classes - 1.
        loss: "non_saturating" or "minimax".
        settings: those of ``GAN``.

    Raises:
        InputError: unknown loss, fewer than 1 class, or a setting out of range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        num_classes: int,
        *,
        loss: str = "non_saturating",
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, **settings)
        if num_classes < 1:
            raise InputError(f"num_classes {num_classes} is out of range: at least 1")
        self.num_classes = num_classes
        self.adversarial_loss = losses.adversarial_loss(loss)

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """n_critic updates of D on (real, label) and (fake, label), then one of G through the updated D.

        Fakes take the labels of the real batch, so that labels alone tell D nothing.
        """
        *earlier, last = self.split_batch(batch)
        for k, real in enumerate(earlier):
            latents = self.latents(real["image"].shape[0], k)
            fakes = self.generator([latents, real["label"]], training=True)
            self.discriminator_step([real["image"], real["label"]], [fakes, real["label"]], k)
        label = last["label"]
        with tf.GradientTape() as g_tape:
            latents = self.latents(last["image"].shape[0], len(earlier))
            fakes = self.generator([latents, label], training=True)
            with g_tape.stop_recording():
                tracked = self.discriminator_step([last["image"], label], [fakes, label], len(earlier))
            fake_logits = self.discriminate([fakes, label], purpose=0)
            g_loss = self.adversarial_loss.generator(fake_logits)
        norm = self.update(g_loss, g_tape, self.g_optimizer, self.generator.trainable_variables)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int
    ) -> dict[str, tf.Tensor]:
        """The k-th update of D in this step, on its inputs; returns what is tracked of it."""
        fakes = self.past_or_present(fakes, k)
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            targets = self.label_targets(real_logits, self.step_seed(randomness.LABEL_NOISE, k))
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits, *targets)
            objective = d_loss + self.discriminator_penalty()
        norm = self.update(objective, tape, self.d_optimizer, self.discriminator.trainable_variables)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}

    def conditions(self, n: int, label: int | Sequence[int] | None = None) -> list[tf.Tensor]:
        """Returns the labels of ``n`` samples: ``label`` for all, one for each, or every class in turn."""
        if label is None:
            return [tf.range(n, dtype=tf.int32) % self.num_classes]
        labels = np.asarray(label)
        if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in ((), (n,)):
            raise InputError(f"label {label!r} is not an integer, nor {n} integers")
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise InputError(f"label {label!r} is out of range: from 0 to {self.num_classes - 1}")
        return [tf.broadcast_to(tf.constant(labels, tf.int32), [n])]
