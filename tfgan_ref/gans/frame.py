"""GAN of animation frames of a character, conditioned on its attributes, an action and the action's phase."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import GAN, accuracies, class_accuracy, refuse_settings

CHUNK = 32  # clips that are made at once when drawing
RECOMBINED = 4  # one clip in so many is also drawn under another clip's action
_FREE = 1  # the purpose of a seed for conditions that nobody chose; its latents come from the seed itself


@keras.saving.register_keras_serializable(package="tfgan_ref")
class FrameGAN(GAN):
    """GAN whose G draws one frame from (latents, conditions, phase) and whose D sees frames of a clip.

    All frames of a clip share their latents and conditions; only the phase changes. D sees the frames side
    by side, so that it can tell a character that changes between them from a real one. Conditions are numbers
    (N, K) of the values of K factors, attributes first and the action last.

    D also learns to read the attributes off real frames, and G must draw what D reads: L_C of Odena et al.
    2017, section 3, for attributes. G is asked for them under the conditions of the batch and, in a quarter
    as many clips, under actions of other clips: in pairs of attribute and action that may be in no real clip.
    Whether those look real is not asked, since all that D could know of them is that they never were.

    Args:
        generator: [latents (N, latent_dim), conditions (N, K), phase (N,)] to frames in [-1, 1].
        discriminator: [frames (N, F, H, W, C), conditions (N, K), phase (N, F)] to [logits (N, 1),
            attribute logits (N, D)], those of the values of each attribute behind each other.
        factors: the names of the K factors, each with the number of its values; the last one is the action.
        phases: of an action.
        loss: a name in ``losses.UNPAIRED``.
        attribute_weight: weight of L_C in the losses of D and of G.
        settings: those of ``GAN`` but replay, packing and num_classes.

    Raises:
        InputError: unknown loss, the networks do not take these factors, or a setting is out of range.
    """

    tracked = (*GAN.tracked, "attribute_accuracy_real", "attribute_accuracy_fake")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        factors: Mapping[str, int],
        phases: int,
        loss: str = "non_saturating",
        attribute_weight: float = 0.3,
        **settings: Any,
    ) -> None:
        check_at_least(0, attribute_weight=attribute_weight)
        refuse_settings(settings, "FrameGAN, whose D sees clips with their conditions")
        super().__init__(generator, discriminator, **settings)
        for network in (generator, discriminator):
            taken = network.inputs[1].shape[-1]
            if taken != len(factors):
                raise InputError(f"{network.name} takes {taken} factors, not {len(factors)}")
        self.factors = dict(factors)
        self.phases = phases
        self.adversarial_loss = losses.adversarial_loss(loss, losses.UNPAIRED)
        self.attribute_weight = attribute_weight

    @property
    def number_limits(self) -> dict[str, int]:
        """The factors and the phase, each with the number of its values."""
        return {**self.factors, "phase": self.phases}

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates D n_critic times on frames of real and of fake clips, then G once through the updated D."""
        batch = self.as_batch(data)
        last = self.earlier_updates(batch) if self.n_critic > 1 else batch
        real = self.real(last)
        n = shape_of(real[0])[0]
        with tf.GradientTape() as tape:
            drawn = self.fake(self.with_recombined(last), self.n_critic - 1)
            with tape.stop_recording():
                fakes = [values[:n] for values in drawn]
                tracked = self.discriminator_step(real, fakes, self.n_critic - 1)
            logits, attribute_logits = self.discriminate(drawn, purpose=0)
            loss, accuracy = self.attribute_loss(attribute_logits, drawn[1])
            g_loss = self.adversarial_loss.generator(logits[:n]) + self.attribute_weight * loss
        norm = self.update_generator(g_loss, tape)
        return self.finish_step(
            g_loss=g_loss, g_gradient_norm=norm, attribute_accuracy_fake=accuracy, **tracked
        )

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step, on its inputs; returns what is tracked of it."""
        with tf.GradientTape() as tape:
            real_logits, attribute_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits, _ = self.discriminate(fakes, purpose=2 * k + 2)
            loss, accuracy = self.attribute_loss(attribute_logits, real[1])
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
            d_loss += self.attribute_weight * loss
            objective = d_loss + self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
        norm = self.update_discriminator(objective, tape)
        return {
            "d_loss": d_loss,
            "d_gradient_norm": norm,
            "attribute_accuracy_real": accuracy,
            **accuracies(real_logits, fake_logits),
        }

    def with_recombined(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns a batch's conditions and phases and, behind them, the first ones with other actions."""
        *_, action = self.factors
        others = batch | {action: tf.roll(batch[action], 1, axis=0)}
        n = shape_of(batch[action])[0]
        # A number where the size is known: with a dynamic shape, two runs differ in their last bits.
        extra = tf.maximum(1, n // RECOMBINED) if tf.is_tensor(n) else max(1, n // RECOMBINED)
        names = (*self.factors, "phase")
        return {name: tf.concat([batch[name], others[name][:extra]], axis=0) for name in names}

    def attribute_loss(
        self, attribute_logits: tf.Tensor, conditions: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns L_C, the sum over attributes of their cross entropy, and the share that D reads right."""
        *sizes, _ = self.factors.values()
        parts, wanted = tf.split(attribute_logits, sizes, axis=1), tf.unstack(conditions, axis=1)[:-1]
        pairs = list(zip(parts, wanted, strict=True))
        loss = tf.add_n([losses.class_cross_entropy(part, values) for part, values in pairs])
        return loss, tf.reduce_mean([class_accuracy(part, values) for part, values in pairs])

    def critic(self, labels: list[tf.Tensor], purpose: int | tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns the function from samples to logits, which R1 differentiates."""
        return lambda samples: self.discriminate([samples, *labels], purpose)[0]

    def batch_labels(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns [conditions (N, K), phase (N, F)] of a batch.

        Raises:
            InputError: the batch misses a factor or the phases.
        """
        for name in (*self.factors, "phase"):
            if name not in batch:
                raise InputError(f"{type(self).__name__} needs {name} in its batch")
        return [tf.stack([batch[name] for name in self.factors], axis=1), batch["phase"]]

    def fake(self, batch: dict[str, tf.Tensor], critic_step: int | tf.Tensor = 0) -> list[tf.Tensor]:
        """Draws a character for each real one, under its conditions and in its phases; returns D's inputs."""
        conditions, phase = self.batch_labels(batch)
        latents = self.latents(shape_of(phase)[0], critic_step)
        frames = clip_frames(self.generator, latents, conditions, phase, training=self.learning)
        return [frames, conditions, phase]

    def generate(self, n: int, seed: int, *, choices: Any = None) -> tf.Tensor:
        """Returns ``n`` clips of the averaged generator, (n, phases, H, W, C) in [-1, 1].

        Args:
            n: number of clips.
            seed: of the latents and of conditions that are left free.
            choices: int (K,) or (n, K), the number of a factor's value, or -1 for any; None: all any.

        Raises:
            InputError: ``n`` is below 1, or a choice is out of range.
        """
        check_at_least(1, n=n)
        (chosen,) = self.conditions(n, seed=seed, choices=choices)
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))
        pieces = [
            whole_clips(self.sampling_generator, latents[i : i + CHUNK], chosen[i : i + CHUNK], self.phases)
            for i in range(0, n, CHUNK)
        ]
        return tf.concat(pieces, axis=0)

    def conditions(self, n: int, *, seed: int = 0, choices: Any = None) -> list[tf.Tensor]:
        """Returns [conditions (n, K)]; see ``generate``."""
        sizes = tuple(self.factors.values())
        given = tf.fill([len(sizes)], -1) if choices is None else tf.cast(choices, tf.int32)
        if given.shape not in ((len(sizes),), (n, len(sizes))):
            raise InputError(
                f"choices of shape {tuple(given.shape)} are not ({len(sizes)},) or ({n}, {len(sizes)})"
            )
        for name, size, column in zip(self.factors, sizes, tf.unstack(given, axis=-1), strict=True):
            if bool(tf.reduce_any((column < -1) | (column >= size))):
                raise InputError(f"{name} is out of range: 0 to {size - 1}, or -1 for any")
        return [free_conditions(n, seed, given, sizes)]


def clip_frames(
    generator: keras.Model, latents: tf.Tensor, conditions: tf.Tensor, phase: tf.Tensor, *, training: bool
) -> tf.Tensor:
    """Draws F frames of each of N clips with the clip's latents and conditions.

    Args:
        generator: of single frames.
        latents: (N, latent_dim).
        conditions: (N, K).
        phase: (N, F).
        training: whether batch norm takes the statistics of these frames.

    Returns:
        Frames (N, F, H, W, C) in [-1, 1].
    """
    frames = phase.shape[1]
    shared = [tf.repeat(values, frames, axis=0) for values in (latents, conditions)]
    drawn = generator([*shared, tf.reshape(phase, [-1])], training=training)
    return tf.reshape(drawn, [-1, frames, *drawn.shape[1:]])


def whole_clips(generator: keras.Model, latents: tf.Tensor, conditions: tf.Tensor, phases: int) -> tf.Tensor:
    """Draws all phases of each of N clips: (N, phases, H, W, C) in [-1, 1]."""
    phase = tf.repeat(tf.range(phases)[tf.newaxis], tf.shape(latents)[0], axis=0)
    return clip_frames(generator, latents, conditions, phase, training=False)


def free_conditions(
    n: int | tf.Tensor, seed: int | tf.Tensor, choices: tf.Tensor, sizes: tuple[int, ...]
) -> tf.Tensor:
    """Fills in what ``choices`` leave free: actions in turn, attributes at random, all equally likely.

    Args:
        n: number of rows.
        seed: of the attributes; the first k rows are the same for every n >= k.
        choices: int32 (K,) or (n, K), -1 for what is free.
        sizes: number of values of each factor, the last one's are the actions.

    Returns:
        int32 (n, K).
    """
    draws = tf.random.stateless_uniform(
        [n, len(sizes) - 1], randomness.fold_in(randomness.base_seed(seed), _FREE)
    )
    limits = tf.constant(sizes[:-1], tf.int32)
    attributes = tf.minimum(tf.cast(draws * tf.cast(limits, tf.float32), tf.int32), limits - 1)
    actions = tf.range(n)[:, tf.newaxis] % sizes[-1]
    return tf.where(choices < 0, tf.concat([attributes, actions], axis=1), choices)
