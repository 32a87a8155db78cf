"""CUT and FastCUT: Park et al. 2020.

"Contrastive Learning for Unpaired Image-to-Image Translation", with the details of their appendix and of
their code.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import ACCURACIES, LOSSES_AND_NORMS, accuracies
from tfgan_ref.gans.translation import ImageTranslator
from tfgan_ref.networks.translation.patch_heads import encoder_features

LOSSES = ("least_squares", "non_saturating", "hinge")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class CUT(ImageTranslator):
    """One generator from domain X to domain Y, whose patches stay recognisable, and a discriminator of Y.

    ``batch`` holds unrelated rows: ``source`` from X and ``target`` from Y. PatchNCE (``losses.patch_nce``)
    asks which patch of the source a patch of its translation was made of, in features of the generator's own
    encoder after small networks, the heads. No gradient goes through the keys, the features of the source.

    The weights are lambda_X and lambda_Y of the paper's objective: 1 and 1 in CUT; 10 and 0 in FastCUT, with
    ``flip_equivariance``. They are of means over maps and patches, as in the authors' code, which takes half
    of the sum of both terms: as 0.5 and 0.5 do here. It has an optimizer of the same settings for the heads
    alone; here they are trained with the generator's, in which Adam treats every weight by itself all the
    same. Both terms of a step compare patches of the same places, where it draws places for each.

    Args:
        generator: pictures of X to pictures of Y of the same size and channels.
        discriminator: pictures of Y to logits of any shape.
        heads: the features of patches of ``networks.encoder_features(generator)`` to vectors, a list each,
            as ``networks.patch_heads`` does.
        contrastive_weight: lambda_X, of PatchNCE between sources and their translations.
        identity_weight: lambda_Y, of PatchNCE between targets and what G makes of them; 0 leaves it out.
        patches: drawn of each map, at the same places in all pictures of a batch; all of a smaller map.
        temperature: tau of PatchNCE.
        flip_equivariance: whether G sees a batch mirrored left to right, with probability 1/2; the features
            of its pictures are then mirrored back.
        loss: "least_squares" (without the 1/2 of Mao et al. 2017), "non_saturating" or "hinge".
        settings: those of ``ImageTranslator``.

    Raises:
        InputError: a setting is unknown or out of range, channels of the networks do not match, or the heads
            take other features than the generator has.
    """

    g_networks = ("generator", "heads")
    tracked = (*LOSSES_AND_NORMS[:2], "patch_nce", "identity_nce", *ACCURACIES, *LOSSES_AND_NORMS[2:])

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        heads: keras.Model,
        *,
        contrastive_weight: float = 1.0,
        identity_weight: float = 1.0,
        patches: int = 256,
        temperature: float = 0.07,
        flip_equivariance: bool = False,
        loss: str = "least_squares",
        **settings: Any,
    ) -> None:
        check_at_least(0, contrastive_weight=contrastive_weight, identity_weight=identity_weight)
        check_at_least(2, patches=patches)
        if not temperature > 0:
            raise InputError(f"temperature {temperature} is out of range: above 0")
        adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        maps = encoder_features(generator)
        _check_channels(generator, discriminator, heads, maps)
        if not identity_weight:
            self.tracked = tuple(name for name in self.tracked if name != "identity_nce")
        super().__init__(generator, discriminator, **settings)
        self.heads = heads
        self.contrastive_weight = contrastive_weight
        self.identity_weight = identity_weight
        self.patches = patches
        self.temperature = temperature
        self.flip_equivariance = flip_equivariance
        self.adversarial_loss = adversarial_loss
        # What the authors' code takes the mean of is twice the loss of Mao et al.
        self.loss_factor = 2.0 if loss == "least_squares" else 1.0
        # Bound methods, since Keras would count the generator's layers once more in models of its layers.
        self.encode = keras.Model(generator.inputs, maps, name="encoder").__call__
        self.translate_and_encode = keras.Model(generator.inputs, [*generator.outputs, *maps]).__call__

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D once, then G and the heads once through the updated D, by the paper's objective.

        ``g_loss`` is the adversarial term, ``patch_nce`` and ``identity_nce`` are the contrastive ones, all
        without their weights.
        """
        batch = self.as_batch(data)
        source, target = self.both_domains(batch)
        pictures = tf.concat([source, target], 0) if self.identity_weight else source
        n, mirrored = shape_of(source)[0], self.draw_mirrored()
        with tf.GradientTape() as tape:
            made, *maps = self.translate_and_encode(mirror(pictures, mirrored), training=self.learning)
            fakes = made[:n]
            with tape.stop_recording():
                tracked = self.discriminator_step(target, fakes)
                if mirrored is not None:
                    maps = self.encode(pictures, training=self.learning)
                keys = self.embed(maps)
            g_loss = self.loss_factor * self.adversarial_loss.generator(
                self.discriminator(fakes, training=self.learning)
            )
            maps = self.encode(made, training=self.learning)
            queries = self.embed([mirror(features, mirrored) for features in maps])
            tracked["patch_nce"] = self.patch_nce([q[:n] for q in queries], [k[:n] for k in keys])
            objective = g_loss + self.contrastive_weight * tracked["patch_nce"]
            if self.identity_weight:
                tracked["identity_nce"] = self.patch_nce([q[n:] for q in queries], [k[n:] for k in keys])
                objective += self.identity_weight * tracked["identity_nce"]
        norm = self.update_generator(objective, tape)
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def both_domains(self, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns the pictures of X and of Y in ``batch``.

        Raises:
            InputError: one of them is missing, or G cannot take both at once and has to.
        """
        target, source = self.part_of(batch, "target"), self.generator_inputs(batch)[0]
        if self.identity_weight and not source.shape[1:].is_compatible_with(target.shape[1:]):
            ours, theirs = (tuple(pictures.shape[1:]) for pictures in (source, target))
            raise InputError(f"source {ours} and target {theirs}: identity_weight needs pictures of one size")
        return source, target

    def discriminator_step(self, target: tf.Tensor, fakes: tf.Tensor) -> dict[str, tf.Tensor]:
        """Updates D by half of its loss, as in the authors' code; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            # Two calls, not one on the concatenation: each batch is normalised by its own statistics.
            real_logits = self.discriminator(target, training=self.learning)
            fake_logits = self.discriminator(fakes, training=self.learning)
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
            d_loss *= 0.5 * self.loss_factor
        norm = self.update_discriminator(d_loss, tape)
        shares = accuracies(real_logits, fake_logits, self.adversarial_loss.boundary)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **shares}

    def embed(self, maps: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Returns the heads' vectors (N, P, units) for the patches that this step compares, of each map."""
        chosen = []
        for number, features in enumerate(maps):
            n, height, width, channels = shape_of(features)
            places = self.draw_places(height * width, number)
            chosen.append(tf.gather(tf.reshape(features, [n, height * width, channels]), places, axis=1))
        return self.heads(chosen, training=self.learning)

    def draw_places(self, count: int | tf.Tensor, number: int) -> tf.Tensor:
        """Draws ``patches`` of the places from 0 to ``count`` - 1 in a map, none of them twice.

        Fewer if there are not as many. ``number`` is that of the map. Replicas draw the same.
        """
        seed = self.step_seed(randomness.PATCHES, number)
        return tf.argsort(tf.random.stateless_uniform([count], seed))[: self.patches]

    def draw_mirrored(self) -> tf.Tensor | None:
        """Draws whether G sees this batch mirrored, shape (); None without ``flip_equivariance``."""
        if not self.flip_equivariance:
            return None
        return tf.random.stateless_uniform([], self.step_seed(randomness.AUGMENTATION)) < 0.5

    def patch_nce(self, queries: Sequence[tf.Tensor], keys: Sequence[tf.Tensor]) -> tf.Tensor:
        """Returns the mean over the maps of ``losses.patch_nce``."""
        terms = [losses.patch_nce(q, k, self.temperature) for q, k in zip(queries, keys, strict=True)]
        return tf.add_n(terms) / len(terms)


def mirror(pictures: tf.Tensor, mirrored: tf.Tensor | None) -> tf.Tensor:
    """Returns (N, H, W, C) mirrored left to right if ``mirrored`` () says so; as it is for None."""
    return pictures if mirrored is None else tf.where(mirrored, tf.reverse(pictures, [2]), pictures)


def _check_channels(
    generator: keras.Model,
    discriminator: keras.Model,
    heads: keras.Model,
    maps: Sequence[keras.KerasTensor],
) -> None:
    """Refuses networks that do not take what the others make."""
    channels, made = generator.inputs[0].shape[-1], generator.outputs[0].shape[-1]
    if channels != made:
        raise InputError(f"generator makes {made} channels of {channels}: its encoder takes both pictures")
    if (taken := discriminator.inputs[0].shape[-1]) != made:
        raise InputError(f"discriminator takes {taken} channels: the generator's pictures have {made}")
    wanted, given = ([tensor.shape[-1] for tensor in tensors] for tensors in (maps, heads.inputs))
    if wanted != given:
        raise InputError(f"heads take {given} features: the generator has {wanted}")
