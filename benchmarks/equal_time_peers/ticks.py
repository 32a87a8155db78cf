"""Lets a clock end Keras's ``fit``."""

from typing import Any

import keras

from equal_time_peers.clock import Clock


class Ticks(keras.callbacks.Callback):
    """Counts the steps of ``fit`` and stops it when the time is up.

    Args:
        clock: which counts the steps.
        batch_size: of a whole batch.
        pictures: in an epoch, whose last batch may be smaller; None: every batch is whole.
    """

    def __init__(self, clock: Clock, batch_size: int, pictures: int | None = None) -> None:
        super().__init__()
        self.clock, self.batch_size, self.pictures = clock, batch_size, pictures
        self.steps = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts steps from the beginning of each epoch, as Keras does."""
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the steps of one call."""
        before, self.steps = self.steps, batch + 1
        seen, end = self.batch_size * before, self.batch_size * self.steps
        if self.pictures is not None:
            end = min(end, self.pictures)
        if not self.clock.tick(end - seen, self.steps - before):
            self.model.stop_training = True
