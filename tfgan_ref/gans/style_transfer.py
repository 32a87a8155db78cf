"""Style transfer between unpaired pictures: AdaIN (Huang and Belongie 2017) with an adversarial loss.

Nothing defines a style: there are no labels, no pairs, and no network that was trained on other pictures.
The terms are those of MUNIT (Huang et al. 2018, equations 1 to 4), for styles taken from pictures instead of
drawn from noise.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import ACCURACIES, LOSSES_AND_NORMS, accuracies
from tfgan_ref.gans.translation import ImageTranslator
from tfgan_ref.networks.translation.adain import PARTS

LOSSES = ("least_squares", "non_saturating", "hinge")
TERMS = ("self_error", "style_error", "content_error")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class StyleTransferGAN(ImageTranslator):
    """Translator of the content of ``source`` into the style of ``target``; D sees its pictures and targets.

    With the content c(x), the style s(y) and the decoder's picture g(c, s), G lowers the weighted sum of

    - the adversarial term: D takes g(c(x), s(y)) for a picture of the style domain. D sees no style picture
      beside it: without labels the only picture that surely has the style of y is y, whose content would
      tell real from fake.
    - ``self_error``, |g(c(Ry), s(y)) - y|: content and style of a picture are all of it. R turns its colours
      at random, so that content can carry none of them, not even which of two is the brighter.
    - ``style_error``, |s(g(c(x), s(y))) - s(y)|: the output has the style of y, not of another picture.
    - ``content_error``, |c(g(c(x), s(y))) - c(x)|: the output has the content of x.

    All are means of absolute values. What comes from x and y in the last two is not pulled towards the
    output's (its gradient is stopped): equal codes for all pictures would lower them too.

    Args:
        generator: pictures [source, target] to pictures, made of the layers "content_encoder",
            "style_encoder" and "decoder" as ``networks.adain_generator`` is.
        discriminator: pictures of the style domain to logits of any shape.
        adversarial_weight, self_weight, style_weight, content_weight: of the terms; 0 only measures one.
        recolour: whether R is a rotation of each picture's colours; False: R changes nothing, for styles in
            which colours belong to the content.
        loss: "least_squares", "non_saturating" or "hinge".
        settings: those of ``ImageTranslator``, but its ``inputs``.

    Raises:
        InputError: a setting is unknown or out of range, or the generator lacks a part.
    """

    tracked = (*LOSSES_AND_NORMS[:2], *TERMS, *ACCURACIES, *LOSSES_AND_NORMS[2:])

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        adversarial_weight: float = 1.0,
        self_weight: float = 10.0,
        style_weight: float = 1.0,
        content_weight: float = 1.0,
        recolour: bool = True,
        loss: str = "least_squares",
        **settings: Any,
    ) -> None:
        weights = {
            "adversarial_weight": adversarial_weight,
            "self_weight": self_weight,
            "style_weight": style_weight,
            "content_weight": content_weight,
        }
        check_at_least(0, **weights)
        adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        names = [layer.name for layer in generator.layers]
        missing = [part for part in PARTS if part not in names]
        if missing:
            raise InputError(f"generator has no {missing[0]}: it needs the layers {', '.join(PARTS)}")
        super().__init__(generator, discriminator, inputs=("source", "target"), **settings)
        self.term_weights = tuple(weights.values())
        self.recolour = recolour
        self.adversarial_loss = adversarial_loss

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D once, then G once through the updated D, on the same fakes.

        ``g_loss`` is the adversarial term. No term has its weight in it.
        """
        batch = self.as_batch(data)
        source, target = self.generator_inputs(batch)
        with tf.GradientTape() as tape:
            content, style = self.part("content_encoder", source), self.part("style_encoder", target)
            fakes = self.part("decoder", [content, style])
            with tape.stop_recording():
                tracked = self.discriminator_step(target, fakes)
            g_loss = self.adversarial_loss.generator(self.discriminator(fakes, training=self.learning))
            own = self.part("decoder", [self.part("content_encoder", self.disguised(target)), style])
            terms = (
                g_loss,
                _distance(own, target),
                _distance(self.part("style_encoder", fakes), tf.stop_gradient(style)),
                _distance(self.part("content_encoder", fakes), tf.stop_gradient(content)),
            )
            objective = tf.add_n(
                [weight * term for weight, term in zip(self.term_weights, terms, strict=True)]
            )
        norm = self.update_generator(objective, tape)
        tracked |= dict(zip(("g_loss", *TERMS), terms, strict=True))
        return self.finish_step(g_gradient_norm=norm, **tracked)

    def discriminator_step(self, target: tf.Tensor, fakes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminator(target, training=self.learning)
            fake_logits = self.discriminator(fakes, training=self.learning)
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
        norm = self.update_discriminator(d_loss, tape)
        shares = accuracies(real_logits, fake_logits, self.adversarial_loss.boundary)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **shares}

    def part(self, name: str, inputs: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        """Returns what one part of the generator makes of ``inputs`` in training."""
        return self.generator.get_layer(name)(inputs, training=self.learning)

    def disguised(self, pictures: tf.Tensor) -> tf.Tensor:
        """Returns R applied to ``pictures``."""
        if not self.recolour:
            return pictures
        return turn_colours(pictures, self.step_seed(randomness.AUGMENTATION))


def turn_colours(pictures: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Turns the colours of each picture (N, H, W, C) about 0 (mid-grey) by a random orthogonal matrix.

    The matrices are uniform (Haar), reflections among them: one channel is negated with probability 1/2.
    Lengths and angles between colours stay; values may leave [-1, 1].
    """
    n, *_, channels = shape_of(pictures)
    # The signs make QR unique, and Q uniform (Mezzadri 2007, section 5).
    q, r = tf.linalg.qr(randomness.normal([n, channels, channels], seed))
    turns = q * tf.sign(tf.linalg.diag_part(r))[:, tf.newaxis]
    return tf.einsum("nhwc,ncd->nhwd", pictures, turns)


def _distance(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.abs(first - second))
