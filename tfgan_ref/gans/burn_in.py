"""The burn-in of R3GAN: numbers that change along half a cosine, and an Adam whose beta_2 does so."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.gans.base import FusedAdam
from tfgan_ref.gans.techniques import Technique


@keras.saving.register_keras_serializable(package="tfgan_ref")
class CosineBurnIn(Technique):
    """A number that goes from ``start`` to ``end`` in ``steps`` along half a cosine, and then stays.

    Args:
        start: at step 0.
        end: from step ``steps`` on.
        steps: generator steps; 0: it is ``end`` from the beginning.

    Raises:
        InputError: ``steps`` is negative.
    """

    def __init__(self, start: float, end: float, steps: int) -> None:
        if steps < 0:
            raise InputError(f"burn_in_steps {steps} is out of range: at least 0")
        self.start = start
        self.end = end
        self.steps = steps

    def __call__(self, step: tf.Tensor | float) -> tf.Tensor:
        """Returns end + (start - end) (1 + cos(pi t / T)) / 2 at step t of T, a float32 scalar."""
        if not self.steps:
            return tf.constant(self.end, tf.float32)
        share = tf.minimum(tf.cast(step, tf.float32) / self.steps, 1.0)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + tf.cos(math.pi * share))


@keras.saving.register_keras_serializable(package="tfgan_ref")
class BurnInAdam(FusedAdam):
    """Adam whose beta_2 changes: the moments are corrected with the beta_2 of the update, as in PyTorch's.

    Args:
        learning_rate: as of ``keras.optimizers.Adam``.
        beta_2: by the generator's step.
        updates_per_step: updates of this optimizer in a generator's step.
        **settings: those of ``keras.optimizers.Adam``.
    """

    def __init__(
        self, learning_rate: Any = 1e-3, *, beta_2: CosineBurnIn, updates_per_step: int = 1, **settings: Any
    ) -> None:
        super().__init__(learning_rate, beta_2=beta_2, **settings)
        self.updates_per_step = updates_per_step

    @property
    def beta_2(self) -> tf.Tensor:
        """Returns the decay of the second moments in the next update, a float32 scalar."""
        return self.schedule_of_beta_2(self.iterations // self.updates_per_step)

    @beta_2.setter
    def beta_2(self, value: CosineBurnIn) -> None:
        """Keeps the schedule that Keras's constructor sets."""
        self.schedule_of_beta_2 = value

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        schedule = keras.saving.serialize_keras_object(self.schedule_of_beta_2)
        config = super().get_config()
        return {**config, "beta_2": schedule, "updates_per_step": self.updates_per_step}

    @classmethod
    def from_config(cls, config: dict[str, Any], **settings: Any) -> "BurnInAdam":
        """Returns a new one from what ``get_config`` gave."""
        schedule = keras.saving.deserialize_keras_object(config["beta_2"])
        return super().from_config({**config, "beta_2": schedule}, **settings)
