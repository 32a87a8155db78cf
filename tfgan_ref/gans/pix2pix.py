"""pix2pix: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks"."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.gan import ACCURACIES, accuracies
from tfgan_ref.gans.penalties import r1_penalty, refuse_batch_norm
from tfgan_ref.gans.translation import ImageTranslator

LOSSES = ("non_saturating", "least_squares", "hinge", "relativistic")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class Pix2Pix(ImageTranslator):
    """Translator trained by the L1 distance to the target and by a D that sees the source and a picture.

    With inputs ("source", "mask") it fills holes; the L1 distance is then still a mean over all pixels, of
    which the known ones add 0 if the generator keeps them (``networks.inpainting_generator``).

    Args:
        generator: the pictures of ``inputs`` to pictures of their size, in [-1, 1]. Its dropout is the
            paper's noise z.
        discriminator: the generator's inputs and a picture, concatenated along the channels in this order,
            to logits of any shape. None with ``adversarial_weight`` 0.
        l1_weight: lambda of equation 4.
        adversarial_weight: of the adversarial term in equation 4; 0 trains G by L1 alone, and D, if there is
            one, is neither run, updated nor reported.
        loss: "non_saturating" (the paper's), "least_squares", "hinge" or "relativistic": D says which of the
            target and the translation of one source is the more real, at each of its logits.
        r1: gamma of the R1 penalty, on the gradient of the mean of D's logits by the target (Mescheder et al.
            2018, equation 9); 0: none. D must be without batch norm.
        settings: those of ``ImageTranslator``.

    Raises:
        InputError: a weight is out of range or both are 0, the loss is unknown, D takes another number of
            channels, or a setting is out of range.
    """

    tracked = ("d_loss", "g_loss", "l1", *ACCURACIES, "d_gradient_norm", "g_gradient_norm")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model | None,
        *,
        l1_weight: float = 100.0,
        adversarial_weight: float = 1.0,
        loss: str = "non_saturating",
        r1: float = 0.0,
        **settings: Any,
    ) -> None:
        check_at_least(0, l1_weight=l1_weight, adversarial_weight=adversarial_weight, r1=r1)
        if l1_weight == adversarial_weight == 0:
            raise InputError("l1_weight 0 and adversarial_weight 0 leave nothing to learn: one is above 0")
        adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        if adversarial_weight == 0:
            self.tracked = ("l1", "g_gradient_norm")
        elif discriminator is None:
            raise InputError(f"adversarial_weight {adversarial_weight} needs a discriminator: it is None")
        if discriminator is not None:
            _check_channels(generator, discriminator)
            if r1:
                refuse_batch_norm(discriminator, "r1")
        super().__init__(generator, discriminator, **settings)
        self.l1_weight = l1_weight
        self.adversarial_weight = adversarial_weight
        self.adversarial_loss = adversarial_loss
        self.r1 = r1

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D once, then G once through the updated D, by equation 4.

        ``g_loss`` is the adversarial term and ``l1`` the distance, both without their weights.
        """
        batch = self.as_batch(data)
        conditions, target = self.generator_inputs(batch), batch["target"]
        tracked = {}
        with tf.GradientTape() as tape:
            inputs = conditions if len(conditions) > 1 else conditions[0]
            fakes = self.generator(inputs, training=self.learning)
            l1 = tf.reduce_mean(tf.abs(target - fakes))  # equation 3
            objective = self.l1_weight * l1
            if self.adversarial_weight:
                with tape.stop_recording():
                    tracked = self.discriminator_step(conditions, target, fakes)
                logits = [self.discriminate(conditions, fakes)]
                if self.adversarial_loss.paired:
                    logits.append(self.discriminate(conditions, target))
                g_loss = self.adversarial_loss.generator(*logits)
                objective += self.adversarial_weight * g_loss
                tracked["g_loss"] = g_loss
        norm = self.update_generator(objective, tape)
        return self.finish_step(l1=l1, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, conditions: list[tf.Tensor], target: tf.Tensor, fakes: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D by half the negative of equation 1; returns what is tracked of it.

        The half slows D down against G (section 3.3), whatever the loss; ``d_loss`` has it too. The penalty
        is not halved, and not in ``d_loss``.
        """
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminate(conditions, target)
            fake_logits = self.discriminate(conditions, fakes)
            d_loss = 0.5 * self.adversarial_loss.discriminator(real_logits, fake_logits)
            objective = d_loss
            if self.r1:
                objective += self.r1 * r1_penalty(lambda x: self.mean_logits(conditions, x), target)
        norm = self.update_discriminator(objective, tape)
        if self.adversarial_loss.paired:
            real_logits, fake_logits = real_logits - fake_logits, fake_logits - real_logits
        shares = accuracies(real_logits, fake_logits, self.adversarial_loss.boundary)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **shares}

    def discriminate(self, conditions: list[tf.Tensor], pictures: tf.Tensor) -> tf.Tensor:
        """Returns the logits that D gives ``pictures`` as translations of ``conditions``."""
        return self.discriminator(tf.concat([*conditions, pictures], axis=-1), training=self.learning)

    def mean_logits(self, conditions: list[tf.Tensor], pictures: tf.Tensor) -> tf.Tensor:
        """Returns the mean of the logits that D gives each picture, (N,)."""
        logits = self.discriminate(conditions, pictures)
        return tf.reduce_mean(tf.cast(logits, tf.float32), axis=list(range(1, len(logits.shape))))


def _check_channels(generator: keras.Model, discriminator: keras.Model) -> None:
    needed = sum(tensor.shape[-1] for tensor in [*generator.inputs, *generator.outputs])
    taken = discriminator.inputs[0].shape[-1]
    if taken != needed:
        raise InputError(f"discriminator takes {taken} channels: the generator's pictures have {needed}")
