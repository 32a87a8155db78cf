"""Learning-rate schedules by name, counted in generator steps."""

import math

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.burn_in import CosineBurnIn

SCHEDULES = ("constant", "inverse_time", "exponential", "cosine", "cyclical")
LearningRateSchedule = keras.optimizers.schedules.LearningRateSchedule


def make_schedule(
    name: str,
    learning_rate: float,
    *,
    total_steps: int,
    decay: float = 1.0,
    cycles: int = 4,
    warmup_steps: int = 0,
    updates_per_step: int = 1,
    burn_in: CosineBurnIn | None = None,
) -> float | LearningRateSchedule:
    """Returns a learning rate for an optimizer: a number or a schedule.

    With t the generator step and T = total_steps:

    * constant: lr
    * inverse_time: lr / (1 + decay * t / T)
    * exponential: lr * exp(-decay * t / T)
    * cosine: lr * (1 + cos(pi t / T)) / 2 (Loshchilov and Hutter 2017, equation 5, without restarts)
    * cyclical: ``cycles`` triangles between lr / 10 and lr (Smith 2017)

    Args:
        name: one of ``SCHEDULES``.
        learning_rate: the highest rate.
        total_steps: generator steps of the run.
        decay: strength of the two decays, over the whole run.
        cycles: number of triangles in the run.
        warmup_steps: generator steps of a linear rise from 0, multiplied with any schedule.
        updates_per_step: the optimizer's updates per generator step: n_critic for the discriminator's.
        burn_in: by generator steps, multiplied with any schedule.

    Raises:
        InputError: unknown name, or a number out of range.
    """
    if name not in SCHEDULES:
        raise InputError(f"schedule {name!r} is unknown: choose one of {', '.join(SCHEDULES)}")
    if learning_rate <= 0:
        raise InputError(f"learning rate {learning_rate} is out of range: above 0")
    check_at_least(0, decay=decay, warmup_steps=warmup_steps)
    check_at_least(1, cycles=cycles)
    if name == "constant" and not warmup_steps and burn_in is None:
        return float(learning_rate)
    return GeneratorStepSchedule(
        name, learning_rate, total_steps, decay, cycles, warmup_steps, updates_per_step, burn_in
    )


@keras.saving.register_keras_serializable(package="tfgan_ref")
class GeneratorStepSchedule(LearningRateSchedule):
    """The formulas of ``make_schedule``, from an optimizer's own count of updates."""

    def __init__(
        self,
        name: str,
        learning_rate: float,
        total_steps: int,
        decay: float,
        cycles: int,
        warmup_steps: int,
        updates_per_step: int,
        burn_in: CosineBurnIn | None = None,
    ) -> None:
        self.settings = {
            "name": name,
            "learning_rate": learning_rate,
            "total_steps": total_steps,
            "decay": decay,
            "cycles": cycles,
            "warmup_steps": warmup_steps,
            "updates_per_step": updates_per_step,
            "burn_in": burn_in,
        }

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Returns the learning rate after ``step`` updates of the optimizer, a float32 scalar."""
        settings = self.settings
        step = tf.cast(tf.cast(step, tf.int64) // settings["updates_per_step"], tf.float32)
        # Past the planned end the last value stays.
        share = tf.minimum(step / settings["total_steps"], 1.0)
        match settings["name"]:
            case "constant":
                factor = tf.ones_like(share)
            case "inverse_time":
                factor = 1.0 / (1.0 + settings["decay"] * share)
            case "exponential":
                factor = tf.exp(-settings["decay"] * share)
            case "cosine":
                factor = 0.5 * (1.0 + tf.cos(math.pi * share))
            case "cyclical":
                # 0 at the ends of each triangle, 1 at its top.
                height = 1.0 - tf.abs(2.0 * (share * settings["cycles"] % 1.0) - 1.0)
                factor = 0.1 + 0.9 * height
        if settings["warmup_steps"]:
            factor *= tf.minimum(1.0, (step + 1.0) / settings["warmup_steps"])
        if settings["burn_in"] is not None:
            factor *= settings["burn_in"](step)
        return settings["learning_rate"] * factor

    def get_config(self) -> dict:
        """Returns the constructor's arguments."""
        return self.settings | {"burn_in": keras.saving.serialize_keras_object(self.settings["burn_in"])}

    @classmethod
    def from_config(cls, config: dict) -> "GeneratorStepSchedule":
        """Returns a new schedule from what ``get_config`` gave."""
        return cls(**config | {"burn_in": keras.saving.deserialize_keras_object(config["burn_in"])})
