"""Keras's callbacks and the types: which cannot work, and what to use instead."""

import math
from collections.abc import Mapping
from typing import Any

import keras

from tfgan_ref.errors import InputError

_SCHEDULE = (
    "changes the rate of one optimizer, compile's `optimizer`: give each optimizer a schedule, as in "
    "compile(keras.optimizers.Adam(schedule), ...)"
)
INSTEAD = {
    keras.callbacks.LearningRateScheduler: _SCHEDULE,
    keras.callbacks.ReduceLROnPlateau: _SCHEDULE,
    keras.callbacks.SwapEMAWeights: "swaps averages of one optimizer: gan.ema_generator is the average",
    keras.callbacks.TerminateOnNaN: "watches a log named loss alone: use tfgan_ref.gans.TerminateOnNaN",
}


def refuse_callbacks(callbacks: Any) -> None:
    """Checks that no callback is one that would do nothing or fail.

    Raises:
        InputError: one is; the line says what to use instead.
    """
    for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
        for kind, reason in INSTEAD.items():
            if isinstance(callback, kind):
                raise InputError(f"keras.callbacks.{kind.__name__} {reason}")


class TerminateOnNaN(keras.callbacks.Callback):
    """Stops training when anything that a step reports is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Checks the running means, in which one bad value stays."""
        if not all(math.isfinite(value) for value in (logs or {}).values()):
            self.model.stop_training = True
