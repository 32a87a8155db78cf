"""SRGAN: Ledig et al. 2017.

"Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", sections 2 and 3.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.gan import ACCURACIES, LOSSES_AND_NORMS, accuracies
from tfgan_ref.gans.translation import ImageTranslator

ContentLoss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
PIXEL_LOSSES = ("mse", "l1")
LOSSES = ("non_saturating", "relativistic")
ADVERSARIAL_WEIGHT = 1e-3  # equation 3


@keras.saving.register_keras_serializable(package="tfgan_ref")
class SRGAN(ImageTranslator):
    """Super-resolution GAN: a phase of pixel loss alone, then the perceptual loss with a discriminator.

    Phase 0, the paper's SRResNet: ``pretrain_steps`` updates of G alone, by its error in pixels (equation 4).
    Phase 1: in each step one update of D by cross-entropy (equation 2) and one of G by the perceptual loss
    (equation 3) l = content + adversarial_weight * -E log D(G(source)).

    Without ``content``, content is the error in pixels: G then keeps to the pixels as much as in phase 0.
    Without a discriminator, phase 0 does not end: this type trains SRResNet.

    With the relativistic loss D says which of a real and a made picture is the more real, and G is updated by
    that too, so that both networks see both (RpGAN: Jolicoeur-Martineau 2019): D lowers
    E softplus(D(G(source)) - D(target)) and G E softplus(D(target) - D(G(source))), each made picture being
    paired with its own target. This is not the average loss of ESRGAN (Wang et al. 2018, section 3.2), which
    compares a logit with the mean of the other side's logits in the batch: that would depend on how many
    replicas share a batch, which a mean over pairs does not.

    Args:
        generator: source (N, h, w, C) in [-1, 1] to pictures (N, s*h, s*w, C), whose range may be open.
        discriminator: pictures to logits; None for SRResNet, which takes no setting of a phase.
        pretrain_steps: steps of phase 0; 0 leaves it out.
        content: (real, fake) to a float32 scalar, 0 where both have the same content: ``PerceptualLoss`` in
            the paper, a ``FeatureContent`` or any other function. It is never trained, and no checkpoint
            holds its weights.
        adversarial_weight: of the adversarial loss in phase 1.
        loss: "non_saturating" (the paper's) or "relativistic", of both networks in phase 1.
        pixel_loss: "mse" (the paper's) or "l1", in both phases.
        pixel_weight: of the pixel loss in phase 1; None: 0 with ``content``, 1 without.
        settings: those of ``ImageTranslator``.

    Raises:
        InputError: a setting is unknown, out of range or without use, or phase 1 has neither content nor
            pixel loss.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model | None,
        *,
        pretrain_steps: int = 0,
        content: ContentLoss | None = None,
        adversarial_weight: float = ADVERSARIAL_WEIGHT,
        loss: str = "non_saturating",
        pixel_loss: str = "mse",
        pixel_weight: float | None = None,
        **settings: Any,
    ) -> None:
        if discriminator is None:
            _refuse(pretrain_steps, content, adversarial_weight, loss, pixel_weight)
        if pixel_weight is None:
            pixel_weight = 1.0 if content is None else 0.0
        check_at_least(
            0, pretrain_steps=pretrain_steps, adversarial_weight=adversarial_weight, pixel_weight=pixel_weight
        )
        if content is None and not pixel_weight:
            raise InputError(f"pixel_weight {pixel_weight} is out of range: above 0 where content is None")
        adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        if pixel_loss not in PIXEL_LOSSES:
            raise InputError(f"pixel_loss {pixel_loss!r} is unknown: choose one of {', '.join(PIXEL_LOSSES)}")
        terms = ("adversarial_loss", "pixel_loss", *([] if content is None else ["content_loss"]))
        self.tracked = (*LOSSES_AND_NORMS[:2], *terms, *ACCURACIES, *LOSSES_AND_NORMS[2:])
        if discriminator is None:
            self.tracked = ("g_loss", "pixel_loss", "g_gradient_norm")
        super().__init__(generator, discriminator, **settings)
        self.boundaries = (pretrain_steps,) if pretrain_steps else ()
        self.adversarial_loss = adversarial_loss
        self.adversarial_weight = adversarial_weight
        self.pixel_power = 1 if pixel_loss == "l1" else 2
        self.pixel_weight = pixel_weight
        # In a function, because Keras would make the weights of an attribute that is a layer its own.
        self.content = None if content is None else lambda real, fake: content(real, fake)
        # The generator's range is open, that of pictures is not. (hard_tanh is clipping to [-1, 1].)
        clipped = keras.layers.Activation("hard_tanh", dtype="float32", name="clipped")
        pictures = clipped(self.ema_generator.output)
        self.sampler = keras.Model(self.ema_generator.input, pictures, name=generator.name)

    @property
    def sampling_generator(self) -> keras.Model:
        """Source to pictures in [-1, 1]: the averaged generator, its output clipped."""
        return self.sampler

    @property
    def content_network(self) -> keras.Model | None:
        """The network of a ``FeatureContent``, so that a saved model holds its weights."""
        return getattr(self.arguments.get("content"), "features", None)

    @property
    def pretraining(self) -> bool:
        """Returns whether ``train_step`` is in phase 0."""
        return self.discriminator is None or self.phase < len(self.boundaries)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates G by its error in pixels, or first D and then G through the updated D.

        Both updates of phase 1 share their fakes, which saves a pass through G. ``g_loss`` is all that G
        lowers. What a phase has not got is reported as 0.
        """
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            target, fakes = self.real_and_fake(batch)
            error = losses.reconstruction_error(target, fakes, power=self.pixel_power)
            g_loss = pixel_loss = tf.reduce_mean(error)
            tracked = {}
            if not self.pretraining:
                with tape.stop_recording():
                    tracked = self.discriminator_step(target, fakes)
                terms = self.perceptual_terms(target, fakes)
                g_loss = self.adversarial_weight * terms["adversarial_loss"] + self.pixel_weight * pixel_loss
                g_loss += terms.get("content_loss", 0.0)
                tracked |= terms
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(g_loss=g_loss, pixel_loss=pixel_loss, g_gradient_norm=norm, **tracked)

    def real_and_fake(self, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the targets and the pictures that G makes of their sources.

        Raises:
            InputError: the batch lacks a part, or the two differ in shape.
        """
        inputs, target = self.generator_inputs(batch), self.part_of(batch, "target")
        fakes = self.generator(inputs if len(inputs) > 1 else inputs[0], training=self.learning)
        if not fakes.shape.is_compatible_with(target.shape):
            raise InputError(f"target of shape {target.shape}: the generator makes {fakes.shape}")
        return target, fakes

    def discriminator_step(self, real: tf.Tensor, fakes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminator(real, training=self.learning)
            fake_logits = self.discriminator(fakes, training=self.learning)
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        norm = self.update_discriminator(d_loss, tape)
        if self.adversarial_loss.paired:
            real_logits, fake_logits = real_logits - fake_logits, fake_logits - real_logits
        return {"d_loss": d_loss, "d_gradient_norm": norm, **accuracies(real_logits, fake_logits)}

    def perceptual_terms(self, real: tf.Tensor, fakes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Returns the terms of equation 3, without their weights: the adversarial one, and content if any.

        The first is equation 6 without its sum, or what takes its place with the relativistic loss.
        """
        real_logits = []
        if self.adversarial_loss.paired:
            real_logits.append(self.discriminator(real, training=self.learning))
        fake_logits = self.discriminator(fakes, training=self.learning)
        terms = {"adversarial_loss": self.adversarial_loss.generator(fake_logits, *real_logits)}
        if self.content is not None:
            terms["content_loss"] = self.content(real, fakes)
        return terms


def _refuse(
    pretrain_steps: int,
    content: ContentLoss | None,
    adversarial_weight: float,
    loss: str,
    pixel_weight: float | None,
) -> None:
    for name, value, absent in (
        ("pretrain_steps", pretrain_steps, 0),
        ("content", content, None),
        ("adversarial_weight", adversarial_weight, ADVERSARIAL_WEIGHT),
        ("loss", loss, LOSSES[0]),
        ("pixel_weight", pixel_weight, None),
    ):
        if value != absent:
            raise InputError(f"{name} {value} has no use without a discriminator: leave it out")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class FeatureContent:
    """Mean squared difference of a network's features: equation 5 with any network in VGG19's place.

    ``content(real, fake)`` takes two batches of images in [-1, 1] that the network takes, and gives the mean
    over features and images, a float32 scalar. It can be differentiated for both; the network runs in
    inference mode, and its weights are only read.

    Args:
        network: functional model from images to features of any shape.
        layer: the name of the layer whose output is compared; None: the network's output.
        scale: factor of the features; the loss has its square.

    Raises:
        InputError: the network has no such layer, or several outputs and ``layer`` is None.
    """

    def __init__(self, network: keras.Model, layer: str | None = None, scale: float = 1.0) -> None:
        names = [each.name for each in network.layers]
        if layer is None and len(network.outputs) > 1:
            raise InputError(
                f"network {network.name} has {len(network.outputs)} outputs: set layer to one of "
                f"{', '.join(names)}"
            )
        if layer is not None and layer not in names:
            raise InputError(f"layer {layer!r} is unknown: choose one of {', '.join(names)}")
        features = network.outputs[0] if layer is None else network.get_layer(layer).output
        self.features = keras.Model(network.input, features)
        self.scale = scale

    def __call__(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Returns the mean over features and images, a scalar."""
        real, fake = (
            self.scale * tf.cast(self.features(images, training=False), tf.float32) for images in (real, fake)
        )
        return tf.reduce_mean(tf.math.squared_difference(real, fake))

    def get_config(self) -> dict[str, Any]:
        """Returns arguments that make the same loss; a saved model has the network's weights beside them."""
        return {"network": keras.saving.serialize_keras_object(self.features), "scale": self.scale}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FeatureContent":
        """Returns a new one from what ``get_config`` gave."""
        return cls(**keras.saving.deserialize_keras_object(config))
