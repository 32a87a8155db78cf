"""The conditional GAN: Mirza and Osindero 2014; with a projection discriminator, Miyato and Koyama 2018."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.gans.gan import GAN, WITHOUT_BOUNDARY, check_targets, refuse_adaptive
from tfgan_ref.gans.techniques import LabelTargets


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ConditionalGAN(GAN):
    """GAN with labels: G draws from p(x | y), D tells real pairs (x, y) from fake ones.

    The networks decide how the label enters (``networks.heads``: concat, hadamard, projection). Every type
    takes labels by ``num_classes``; this one has a choice of losses.

    Args:
        generator: [latents (N, latent_dim), label (N,)] to images in [-1, 1].
        discriminator: [images, label (N,)] to logits (N, 1).
        num_classes: labels are 0 to num_classes - 1.
        loss: a name in ``losses.ADVERSARIAL_LOSSES``. With "wasserstein" D must be held Lipschitz by its
            networks (spectral normalisation) or by ``r1``.
        label_targets: smoothing and noise of the discriminator's targets, for a loss that has them.
        settings: those of ``GAN``.

    Raises:
        InputError: unknown loss, targets for a loss that has none, or a setting out of range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int,
        loss: str = "non_saturating",
        label_targets: LabelTargets | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, num_classes=num_classes, **settings)
        self.adversarial_loss = losses.adversarial_loss(loss)
        self.label_targets = label_targets and check_targets(label_targets, loss)
        if self.adaptive and loss in WITHOUT_BOUNDARY:
            refuse_adaptive(f"loss {loss}")

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times on (real, label) and (fake, label), then G once through the updated D."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            logits = [self.discriminate(fakes, purpose=0)]
            if self.adversarial_loss.paired:
                logits.append(self.real_logits(batch))
            g_loss = self.adversarial_loss.generator(*logits)
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)
