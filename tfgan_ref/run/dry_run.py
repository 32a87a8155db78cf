"""What a training would take: ``train --dry-run`` reads the data, times a few steps and writes nothing."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import keras
import tensorflow as tf

from tfgan_ref.data.outside import trust_data
from tfgan_ref.data.pipeline import TrainingData
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.recipes import build_gan
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.run.build import begin_from
from tfgan_ref.run.train import join, train_gan
from tfgan_ref.training.callbacks import duration

try:
    import resource
except ImportError:  # Windows
    resource = None

ENOUGH = 5.0  # seconds of steps that are timed


@dataclass(eq=False)
class Stopwatch(keras.callbacks.Callback):
    """Notes when each call of the training function ends, and stops training after enough of them.

    Attributes:
        ends: step and time of these ends; the first call traces, and is not timed.
    """

    __post_init__ = keras.callbacks.Callback.__init__
    ends: list[tuple[int, float]] = field(default_factory=list, init=False)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Notes the end of a call, once the device is done with it."""
        self.ends.append((int(self.model.step.numpy()), time.monotonic()))
        if len(self.ends) > 1 and self.ends[-1][1] - self.ends[0][1] > ENOUGH:
            self.model.stop_training = True

    def seconds_per_step(self) -> float | None:
        """Returns the mean seconds of the steps that were timed; None if there was one call."""
        (first, begun), (last, end) = self.ends[0], self.ends[-1]
        return (end - begun) / (last - first) if last > first else None


def try_out(recipe: Recipe, settings: Settings) -> str:
    """Trains ``recipe`` for some seconds in memory, and returns in words what the whole training would take.

    Raises:
        InputError: a setting or the data cannot be used.
    """
    begun = time.monotonic()
    strategy = tf.distribute.get_strategy() if settings.strategy == "none" else join(settings)[0]
    if ".py:" in settings.data:
        trust_data(settings.data)
    data = recipe.read(settings)
    with strategy.scope():
        gan = build_gan(recipe, settings, data.shape)
    if settings.start_from is not None:
        begin_from(gan, settings.start_from)
    watch = Stopwatch()
    train_gan(recipe, settings, data, gan, None, watching=[watch])
    first_end = watch.ends[0][1] - begun
    seconds = watch.seconds_per_step()
    state = sum(v.shape.num_elements() * v.dtype.size for group in gan.state().values() for v in group)
    lines = [f"first step   after {duration(first_end)}: data read, networks built, step traced"]
    if seconds is not None:
        timed = watch.ends[-1][0] - watch.ends[0][0]
        operations = f"{graph_flops(_graph_of_step(gan, data, settings)) / 1e9:.3g} GFLOP, "
        phase = f", in the first of {len(gan.boundaries) + 1} phases" if gan.boundaries else ""
        rate = settings.batch_size / seconds
        total = duration(first_end + settings.steps * seconds)
        lines += [
            f"step         {1000 * seconds:.3g} ms, {operations}{rate:.3g} samples a second "
            f"(mean of {timed}{phase})",
            f"training     {settings.steps:,} steps in about {total}, without samples, checkpoints, scores",
        ]
    lines += [
        f"memory       {_memory()}",
        f"checkpoint   {state / 1e6:.1f} MB, of which the last 3 are kept",
    ]
    return "\n".join(lines)


def graph_flops(graph: tf.Graph) -> int:
    """Returns the floating-point operations of a graph whose shapes are known, an addition being one."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    messages = tf.get_logger()
    before = messages.level
    messages.setLevel("ERROR")  # it calls what TensorFlow itself calls deprecated
    try:
        return tf.compat.v1.profiler.profile(graph, cmd="scope", options=options).total_float_ops
    finally:
        messages.setLevel(before)


def _graph_of_step(gan: GenerativeModel, data: TrainingData, settings: Settings) -> tf.Graph:
    """Returns the graph of the first step, of one replica's share of the batch."""
    replicas = gan.distribute_strategy.num_replicas_in_sync
    batches = data.batches(settings.batch_size * gan.batches_per_step // replicas)
    step = tf.function(gan.train_step, autograph=False)
    return step.get_concrete_function(batches.element_spec).graph


def _memory() -> str:
    """Returns the largest memory so far, of this process and of the first GPU."""
    parts = []
    if resource is not None:
        unit = 1 if sys.platform == "darwin" else 1024  # of what Linux counts
        parts.append(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:,.0f} MB of the host")
    if tf.config.list_logical_devices("GPU"):
        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
        parts.append(f"{peak / 1e6:,.0f} MB of the GPU")
    return ", ".join(parts) or "not measured on this system"
