"""Progressive growing: Karras et al. 2018, "Progressive Growing of GANs", sections 2 to 4 and appendix A."""

import bisect
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.gan import ACCURACIES, GAN, LOSSES_AND_NORMS, accuracies, refuse_settings
from tfgan_ref.gans.penalties import interpolate_norms, refuse_batch_norm
from tfgan_ref.networks.images.progressive import (
    ProgressiveDiscriminator,
    downsample,
    fade,
    generator_stages,
    sampling_generator,
    upsample,
)

LOSSES = ("wasserstein", "non_saturating")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ProgressiveGAN(GAN):
    """GAN whose networks start small and grow; each stage fades in while those before it go on learning.

    Each stage is a phase with a graph of its own, which updates the stage's variables alone: XLA compiles
    each when training enters it, since the networks are others. Both optimizers' moments start anew where a
    stage begins to fade in and where it has, as in the authors' code; learning-rate schedules go on.

    D's last update and G's share their fakes, as in every type here; the authors' code draws two batches.

    Args:
        generator: from ``progressive_generator``.
        discriminator: from ``progressive_discriminator``, for images of the same sizes.
        stage_steps: generator steps of the stages before the last, which goes on for ever: one number for
            all, or one for each.
        fade_steps: steps over which alpha goes from 0 to 1 at the start of each stage after the first.
        loss: "wasserstein" with gradient penalty (appendix A.1) or "non_saturating".
        penalty_weight: lambda of the gradient penalty, with "wasserstein"; None: 10.
        drift: weight of E D(x)^2 over real images, which keeps the critic near 0 (appendix A.1), with
            "wasserstein"; None: 0.001.
        settings: those of ``GAN`` but replay, packing and num_classes.

    Raises:
        InputError: a setting is out of range, does not go with another, or the networks do not match.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: ProgressiveDiscriminator,
        *,
        stage_steps: int | Sequence[int],
        fade_steps: int,
        loss: str = "wasserstein",
        penalty_weight: float | None = None,
        drift: float | None = None,
        **settings: Any,
    ) -> None:
        refuse_settings(settings, "ProgressiveGAN, whose images change size and have no labels")
        adversarial_loss = losses.adversarial_loss(loss, LOSSES)
        wasserstein = loss == "wasserstein"
        for name, weight in (("penalty_weight", penalty_weight), ("drift", drift)):
            if weight is None:
                continue
            if not wasserstein:
                raise InputError(f"{name} {weight} is for loss wasserstein, not {loss}: leave it out")
            check_at_least(0, **{name: weight})
        _check_match(generator, discriminator)
        if wasserstein:
            for stage in discriminator.stages:
                refuse_batch_norm(stage, "ProgressiveGAN")
        steps = _steps_of_stages(stage_steps, len(generator.outputs) - 1, fade_steps)
        own = ("interpolate_norm",) if wasserstein else ACCURACIES
        self.tracked = (*LOSSES_AND_NORMS, *own, "alpha", "resolution")
        super().__init__(generator, discriminator, **settings)
        self.stage_starts = tuple(sum(steps[: number + 1]) for number in range(len(steps)))
        self.boundaries = tuple(sorted({start + n for start in self.stage_starts for n in (0, fade_steps)}))
        self.fade_steps = fade_steps
        self.wasserstein = wasserstein
        self.adversarial_loss = adversarial_loss
        self.penalty_weight = 10.0 if penalty_weight is None else penalty_weight
        self.drift = 0.001 if drift is None else drift
        self.generator_stages = generator_stages(generator)
        self.sampler = sampling_generator(self.ema_generator)

    @property
    def sampling_generator(self) -> keras.Model:
        """Latents to images of the full size: those of the averaged generator's present stage, upsampled."""
        return self.sampler

    def compile(
        self,
        g_optimizer: Any,
        d_optimizer: Any,
        **settings: Any,
    ) -> None:
        """Attaches both optimizers, built for the variables of all stages; see ``GAN``.

        A learning-rate schedule is asked for the rate of the whole run's step, because an optimizer's own
        count starts anew with each stage. All updates of one step have one rate.
        """
        super().compile(g_optimizer, d_optimizer, **settings)
        self.at_start: list[tuple[keras.Variable, float]] = []
        for wrapped, updates in ((self.g_optimizer, 1), (self.d_optimizer, self.n_critic)):
            optimizer = getattr(wrapped, "inner_optimizer", wrapped)
            # ``optimizer.learning_rate`` is the present rate; only the config has the schedule.
            rate = optimizer.get_config()["learning_rate"]
            if isinstance(rate, dict):
                schedule = keras.optimizers.schedules.deserialize(rate)
                optimizer.learning_rate = lambda s=schedule, u=updates: s(
                    u * tf.cast(self.step.value, tf.int64)
                )
            # Keras's optimizers start each of their variables from one number (0, but for a few types).
            others = [v for v in optimizer.variables if v is not optimizer.learning_rate]
            self.at_start += [(v, v.numpy().flat[0]) for v in others]

    def current_phase(self) -> int:
        """Returns the number of the stage that the step counter has reached."""
        return bisect.bisect_right(self.stage_starts, int(self.step.numpy()))

    def enter_phase(self) -> int:
        """Enters the stage of the step counter; where its fade starts or ends, both optimizers start anew."""
        if int(self.step.numpy()) in self.boundaries:
            for variable, value in self.at_start:
                variable.assign(tf.fill(variable.shape, tf.cast(value, variable.dtype)))
        return super().enter_phase()

    def alpha(self) -> tf.Tensor:
        """Returns how far the present stage has faded in: a float32 scalar, 0 in its first step."""
        if self.phase == 0:
            return tf.constant(1.0)
        done = tf.cast(self.step.value - self.stage_starts[self.phase - 1], tf.float32)
        return tf.minimum(1.0, done / self.fade_steps)

    def real(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns D's inputs for real images at the stage's size: [images, alpha].

        They fade in as the fakes do, from the previous stage's detail, as in the authors' code.
        """
        return [self._at_stage(batch["image"]), self._alpha_column(batch)]

    def fake(self, batch: dict[str, tf.Tensor], critic_step: int | tf.Tensor = 0) -> list[tf.Tensor]:
        """Draws as many fakes at the stage's size as ``batch`` has images: [fakes, alpha] (figure 2)."""
        latents = self.latents(shape_of(batch["image"])[0], critic_step)
        fakes = self.generator_stages[self.phase](latents, training=self.learning)
        if self.phase:
            before, present = fakes
            fakes = fade(upsample(before), present, self.alpha())
        if self.measure_fakes and "mask" in batch:
            fakes *= self._at_stage(tf.cast(batch["mask"], fakes.dtype))
        return [fakes, self._alpha_column(batch)]

    def _at_stage(self, images: tf.Tensor) -> tf.Tensor:
        full = self.generator.outputs[-1].shape[1]
        if tuple(images.shape[1:3]) != (full, full):
            raise InputError(f"images of shape {tuple(images.shape[1:])} are not {full}x{full}")
        images = downsample(images, 2 ** (len(self.stage_starts) - self.phase))
        return fade(upsample(downsample(images)), images, self.alpha()) if self.phase else images

    def _alpha_column(self, batch: dict[str, tf.Tensor]) -> tf.Tensor:
        return tf.fill([shape_of(batch["image"])[0], 1], self.alpha())

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Updates the stage's D n_critic times on fresh real images, then its G once through that D."""
        batch = self.as_batch(data)
        with tf.GradientTape() as tape:
            fakes, tracked = self.train_discriminator(batch, tape)
            g_loss = self.adversarial_loss.generator(self.discriminate(fakes, purpose=0))
        norm = self.update_generator(g_loss, tape)
        alpha = self.alpha()
        if self.learning:
            self.sampler.get_layer("images").show(self.phase, alpha)
        tracked |= {
            "alpha": alpha,
            "resolution": tf.constant(1.0 * self.generator.outputs[self.phase].shape[1]),
        }
        return self.finish_step(g_loss=g_loss, g_gradient_norm=norm, **tracked)

    def discriminator_step(
        self, real: list[tf.Tensor], fakes: list[tf.Tensor], k: int | tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """Updates D for the k-th time in this step; returns what is tracked of it.

        ``d_loss`` is without penalties: with "wasserstein" the negative of the estimated distance.
        """
        with tf.GradientTape() as tape:
            real_logits = self.discriminate(real, purpose=2 * k + 1)
            fake_logits = self.discriminate(fakes, purpose=2 * k + 2)
            d_loss = self.adversarial_loss.discriminator(real_logits, fake_logits)
            objective = d_loss + self.discriminator_penalty(real, fakes, k, (real_logits, fake_logits))
            if self.wasserstein:
                critic = self.critic(real[1:], purpose=2 * k + 1)
                norms = interpolate_norms(critic, real[0], fakes[0], self.step_seed(randomness.PENALTY, k))
                objective += self.penalty_weight * losses.norm_penalty(norms)
                objective += self.drift * tf.reduce_mean(tf.square(real_logits))
                tracked = {"interpolate_norm": tf.reduce_mean(norms)}
            else:
                tracked = accuracies(real_logits, fake_logits)
        norm = self.update_discriminator(objective, tape)
        return {"d_loss": d_loss, "d_gradient_norm": norm, **tracked}

    def update_generator(self, loss: tf.Tensor, tape: tf.GradientTape) -> tf.Tensor:
        """Updates the variables of G's present stage to lower ``loss``; returns the norm of its gradient."""
        stage = self.generator_stages[self.phase]
        return self.update(loss, tape, self.g_optimizer, [stage])

    def update_discriminator(self, loss: tf.Tensor, tape: tf.GradientTape) -> tf.Tensor:
        """Updates the variables of D's present stage to lower ``loss``; returns the norm of its gradient."""
        stage = self.discriminator.stages[self.phase]
        return self.update(loss, tape, self.d_optimizer, [stage])


def _check_match(generator: keras.Model, discriminator: ProgressiveDiscriminator) -> None:
    made = [tuple(images.shape[1:]) for images in generator.outputs]
    taken = [tuple(stage.inputs[0].shape[1:]) for stage in discriminator.stages]
    if made != taken:
        raise InputError(f"generator makes images of {made}, discriminator takes {taken}: use one size")


def _steps_of_stages(stage_steps: int | Sequence[int], growing: int, fade_steps: int) -> list[int]:
    steps = [stage_steps] * growing if isinstance(stage_steps, int) else list(stage_steps)
    if len(steps) != growing:
        raise InputError(
            f"stage_steps {stage_steps} has {len(steps)} numbers: one for each of the {growing} stages "
            "before the last"
        )
    check_at_least(1, fade_steps=fade_steps)
    if min(steps, default=1) < 1:
        raise InputError(f"stage_steps {stage_steps} is out of range: at least 1")
    if min(steps[1:], default=fade_steps) < fade_steps:
        raise InputError(
            f"fade_steps {fade_steps} is above stage_steps {min(steps[1:])}: a stage fades in before the next"
        )
    return steps
