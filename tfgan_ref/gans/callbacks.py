"""Keras's callbacks and the types: which cannot work, and what to use instead."""

import math
from collections.abc import Mapping

import keras

_SCHEDULE = (
    "changes the rate of one optimizer, compile's `optimizer`: give each optimizer a schedule, as in "
    "compile(keras.optimizers.Adam(schedule), ...)"
)
# Callbacks that would do nothing or fail, and what to use instead.
INSTEAD = {
    keras.callbacks.LearningRateScheduler: _SCHEDULE,
    keras.callbacks.ReduceLROnPlateau: _SCHEDULE,
    keras.callbacks.SwapEMAWeights: "swaps averages of one optimizer: gan.ema_generator is the average",
    keras.callbacks.TerminateOnNaN: "watches a log named loss alone: use tfgan_ref.gans.TerminateOnNaN",
}


class TerminateOnNaN(keras.callbacks.Callback):
    """Stops training when anything that a step reports is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Checks the running means, in which one bad value stays."""
        if not all(math.isfinite(value) for value in (logs or {}).values()):
            self.model.stop_training = True
