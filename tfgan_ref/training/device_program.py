"""Many training steps in one XLA program: the loop over the steps is compiled with them."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from tfgan_ref.data.pipeline import BatchLoader, Tensors
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.gans.phases import graph_of_each_phase

RESIDENT = 2**30  # bytes: data up to this size are copied to the device; larger ones come batch by batch
# What one call is given has room for so many steps, or for so many bytes of them. It is the same whatever a
# call runs: XLA rounds in another way where shapes differ.
MOST_STEPS = 1000
MOST_HANDED_OVER = 2**24
CALL_SECONDS = 0.5  # Ctrl-C and the progress bar wait for the end of a call
_MEASURED_SECONDS = 0.1  # long enough to time


class DeviceProgram:
    """The training function of a GAN as one XLA program of many steps, in place of Keras's.

    Each call reads one element from the host, what ``BatchLoader.choose`` says of its steps, and runs one
    program: a loop that gathers the items of a step from the data on the device, makes the batch, and does
    all of ``train_step``. How many steps a call runs is an argument of the program: it is compiled once, and
    the bits of training do not depend on it.

    Args:
        gan: the compiled GAN; its ``fit`` calls the program once ``install`` has been called.
        loader: of its batches, ``gan.batches_per_step`` times the batch size each.
        start_step: the step that training goes on from.

    Attributes:
        capacity: the most steps that a call can run.
        steps: how many a call runs; 0 compiles the program and runs nothing.
        call: the graph that a call runs in the present phase, from an iterator and ``steps``.
    """

    def __init__(self, gan: GenerativeModel, loader: BatchLoader, start_step: int) -> None:
        self.gan, self.loader, self.start_step = gan, loader, start_step
        sizes = [math.prod(a.shape) * a.dtype.size for a in loader.arrays.values()]
        self.arrays: Tensors = {}
        self.last_part = "gather"  # on the host
        if loader.rows is None and sum(sizes) <= RESIDENT:
            self.last_part = "choose"
            with tf.device("GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0"):
                self.arrays = {name: tf.identity(array) for name, array in loader.arrays.items()}
        spec = loader.dataset(start_step, self.last_part).element_spec
        step_bytes = sum(math.prod(part.shape) * part.dtype.size for part in spec.values())
        self.capacity = max(1, min(MOST_STEPS, MOST_HANDED_OVER // step_bytes))
        self.steps = 0

    def elements(self, together: int) -> tf.data.Dataset:
        """Returns the endless data set of what calls of ``together`` steps are given, from the first on."""
        padding = self.capacity - together

        def padded(stack: Tensors) -> Tensors:
            return {k: tf.pad(v, [[0, padding]] + [[0, 0]] * (v.shape.rank - 1)) for k, v in stack.items()}

        stacks = self.loader.dataset(self.start_step, self.last_part).batch(together, drop_remainder=True)
        return (stacks.map(padded) if padding else stacks).prefetch(tf.data.AUTOTUNE)

    def install(self) -> None:
        """Makes ``fit`` call the program, and compiles it for the present phase: no step is done.

        Raises:
            tf.errors.OpError: XLA cannot compile the step. ``fit`` calls Keras's function again then.
        """

        def make(force: bool = True) -> None:
            self.gan.train_function = self._training_function()

        if self.gan.boundaries:
            self.gan.train_function = graph_of_each_phase(self.gan, "train_function", make)
        else:
            make()
        try:
            self._call(iter(self.elements(1)), 0)
        except tf.errors.OpError:
            self.gan.train_function = None
            raise

    def affordable_steps(self) -> int:
        """Returns how many steps a call can run in half a second, measured; the GAN stays as it is."""
        state = [(variable, variable.numpy()) for group in self.gan.state().values() for variable in group]
        iterator = iter(self.elements(1))  # steps beyond it have padding for their items: as fast
        self._call(iterator, 1)  # the first call may be slower
        steps, seconds = 1, self._call(iterator, 1)
        while seconds < _MEASURED_SECONDS and steps < self.capacity:
            steps = min(4 * steps, self.capacity)
            seconds = self._call(iterator, steps)
        for variable, value in state:
            variable.assign(value)
        return max(1, min(self.capacity, int(CALL_SECONDS * steps / seconds)))

    def _call(self, iterator: Iterator[Tensors], steps: int) -> float:
        """Calls the training function for ``steps`` steps; returns the seconds."""
        self.steps = steps
        self.gan.step.assign(self.start_step)  # the phase stays the same
        start = time.monotonic()
        self.gan.train_function(iterator)
        self.gan.step.numpy()  # waits for the device
        return time.monotonic() - start

    def _training_function(self) -> Callable[[Iterator[Tensors]], dict[str, Any]]:
        """Returns what ``fit`` calls in the present phase: from an iterator to the running means."""
        gan, loader = self.gan, self.loader

        @tf.function(jit_compile=True, autograph=False)
        def program(stack: Tensors, count: tf.Tensor, arrays: Tensors) -> dict[str, tf.Tensor]:
            def step(number: tf.Tensor) -> tf.Tensor:
                values = {name: tf.gather(value, number) for name, value in stack.items()}
                if self.last_part == "choose":
                    values = loader.gather(values, arrays)
                gan.train_step(loader.finish(values))
                return number + 1

            tf.while_loop(lambda number: number < count, step, [tf.constant(0)])
            return {name: tracker.result() for name, tracker in gan.trackers.items()}

        @tf.function(autograph=False)
        def call(iterator: Iterator[Tensors], count: tf.Tensor) -> dict[str, tf.Tensor]:
            return program(iterator.get_next(), count, self.arrays)

        self.call = call
        return lambda iterator: call(iterator, tf.constant(self.steps))
