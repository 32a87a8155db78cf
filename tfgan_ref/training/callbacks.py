"""Keras callbacks of a run: progress, logs, sample grids, checkpoints, and the ways a run can end."""

import contextlib
import functools
import json
import logging
import math
import shlex
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import plotting
from tfgan_ref.errors import InputError, TrainingDiverged, reason
from tfgan_ref.evaluation import Score
from tfgan_ref.export.generator import save_keras
from tfgan_ref.files import write_json
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.csv_table import CSVTable
from tfgan_ref.training.run_directory import RunDirectory

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class RunCallback(keras.callbacks.Callback):
    """A Keras callback whose settings are the fields of a dataclass.

    Attributes:
        start: the step that training goes on from, set by whoever trains. Steps are counted from there: to
            read the GAN's counter after each call, every callback would wait for the device.
    """

    __post_init__ = keras.callbacks.Callback.__init__
    start: int = field(default=0, init=False)


@dataclass(eq=False)
class PeriodicCallback(RunCallback):
    """Calls ``act(step, logs)`` whenever the generator step reaches a multiple of ``every``.

    One call of the training function runs many steps, so multiples are noticed at its end.

    Attributes:
        every: steps between two calls.
        also_last: whether it is called at the planned end too, be it a multiple or not.
        seen: the step of the last call; None before the first one.
    """

    also_last: ClassVar[bool] = False
    every: int
    seen: int | None = field(default=None, init=False)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Acts if a multiple was reached since the last call."""
        step = self.start + batch + 1  # batches count from 0
        seen = self.start if self.seen is None else self.seen
        last = self.also_last and step == self.start + ((self.params or {}).get("steps") or 0)
        if last or step // self.every > seen // self.every:
            self.act(step, logs or {})
        self.seen = step

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Does what is due at a multiple."""
        raise NotImplementedError


@dataclass(eq=False)
class PeriodicLog(PeriodicCallback):
    """A ``PeriodicCallback`` that writes to a run directory and its TensorBoard log."""

    run: RunDirectory

    @functools.cached_property
    def writer(self) -> tf.summary.SummaryWriter:
        """The writer of TensorBoard's event files, opened at its first use."""
        return tf.summary.create_file_writer(str(self.run.logs))


@dataclass(eq=False)
class StopWhenDiverged(RunCallback):
    """Stops the run when a loss is NaN or infinite. Comes before the callback that saves checkpoints."""

    run: RunDirectory

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Checks the running means, in which one bad value stays."""
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                raise _diverged(f"{name} is {value} at step {self.start + batch + 1}", self.run)


def _diverged(what: str, run: RunDirectory) -> TrainingDiverged:
    """Returns the error that ends a run in which ``what`` happened."""
    saved = sorted(run.checkpoints.glob("step_*"))
    if not saved:
        return TrainingDiverged(what, "no checkpoint came before it")
    kept = (
        f"the last good checkpoint is {saved[-1]}; --resume {shlex.quote(str(run.path))} goes on from it, "
        "and ends here again unless a setting changes, as with --set learning_rate=..., or with "
        "--set on_divergence=rollback"
    )
    return TrainingDiverged(what, kept)


@dataclass(eq=False)
class StopOnSignal(RunCallback):
    """Ends training after the present steps, with all state consistent, when a signal asks for it.

    The signals are Ctrl-C (SIGINT), of which a second one interrupts at once, SIGTERM, and SIGHUP, which
    comes when the terminal closes, often twice.
    """

    received: str | None = field(default=None, init=False)
    previous: dict[signal.Signals, Any] = field(default_factory=dict, init=False)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Installs the handlers of the signals; under ``nohup`` SIGHUP stays ignored."""
        if threading.current_thread() is threading.main_thread():  # others cannot take signals
            taken = [signal.SIGINT, signal.SIGTERM]
            if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
                taken.append(signal.SIGHUP)
            self.previous = {number: signal.signal(number, self._receive) for number in taken}

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Stops Keras's ``fit`` if a signal came."""
        if self.received:
            self.model.stop_training = True

    def restore_handlers(self) -> None:
        """Restores the handlers that were there before; called however training ended."""
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number).name


@dataclass(eq=False)
class SaveCheckpoints(PeriodicCallback):
    """Saves a checkpoint after the first steps of a run, at every multiple and at the end of training.

    The first one comes early so that a run can be resumed from then on, and a full disk shows at once.
    """

    run: RunDirectory

    @functools.cached_property
    def checkpoints(self) -> Checkpoints:
        """The checkpoints of the model that trains."""
        return Checkpoints(self.run.checkpoints, self.model)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Saves if there is no checkpoint yet, or a multiple was reached since the last call."""
        super().on_train_batch_end(batch, logs)
        if not self.checkpoints.paths():
            self._save()

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Saves the state of ``step``."""
        self._save()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Saves the last state."""
        self._save()

    def _save(self) -> None:
        # A finite loss may have given an update that is not: no checkpoint may hold what it left.
        if group := self.checkpoints.not_finite():
            raise _diverged(
                f"a value of {group} is not finite at step {int(self.model.step.numpy())}", self.run
            )
        self.checkpoints.save()


@dataclass(eq=False)
class LogMetrics(PeriodicLog):
    """Writes the means since the last multiple to ``metrics.csv`` and TensorBoard."""

    also_last = True
    started: float = field(default_factory=time.monotonic, init=False)

    @functools.cached_property
    def table(self) -> CSVTable:
        """The rows so far."""
        return CSVTable(self.run.metrics, up_to_step=self.start)

    @functools.cached_property
    def seconds_before(self) -> float:
        """The seconds that the rows of a resumed run took."""
        return float(self.table.last.get("seconds", 0.0))

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Writes one row."""
        values = {
            **logs,
            **{
                f"{name}_learning_rate": float(keras.ops.convert_to_numpy(optimizer.learning_rate))
                for name, optimizer in self.model.optimizers().items()
            },
        }
        seconds = self.seconds_before + time.monotonic() - self.started
        row = {"step": step, "seconds": f"{seconds:.2f}", **{k: f"{v:.6g}" for k, v in values.items()}}
        self.table.append(row)
        with self.writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
        self.writer.flush()


@dataclass(eq=False)
class RunningMeans(PeriodicCallback):
    """Starts new means at every multiple, and continues those of a resumed run.

    For every process of a run, as each has its own; after the callback that logs them and before the one that
    saves checkpoints.

    Attributes:
        kept: variables of running means, and the values that they continue from.
    """

    kept: Sequence[tuple[keras.Variable, np.ndarray]] = ()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Restores the means, since Keras's ``fit`` has reset them."""
        for variable, value in self.kept:
            variable.assign(value)

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Starts new means."""
        self.model.reset_metrics()


def read_best(path: Path) -> dict[str, Any]:
    """Returns the step, the metric and the value of the best evaluation.

    Raises:
        InputError: the file holds what no run writes.
    """
    try:
        best = json.loads(path.read_text(encoding="utf-8"))
        sound = (
            type(best["step"]) is int and type(best["metric"]) is str and type(best["value"]) in (int, float)
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise InputError(f"{path} is damaged: remove it")
    return best


@dataclass(eq=False)
class EvaluateGenerator(PeriodicLog):
    """Scores the averaged generator, writes ``evaluations.csv`` and TensorBoard, and keeps the best one.

    Args:
        every: steps between evaluations.
        run: the run directory.
        evaluate: scores the generator as it is; by its first score the best one is kept.
    """

    evaluate: Callable[[], list[Score]]

    @functools.cached_property
    def table(self) -> CSVTable:
        """The rows so far."""
        return CSVTable(self.run.evaluations, up_to_step=self.start)

    @functools.cached_property
    def best(self) -> dict[str, Any] | None:
        """The step, the metric and the value of the best evaluation so far."""
        return read_best(self.run.best) if self.run.best.exists() else None

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Evaluates once."""
        scores = self.evaluate()
        self.table.append({"step": step, **{found.metric: f"{found.value:.6g}" for found in scores}})
        with self.writer.as_default(step=step):
            for found in scores:
                tf.summary.scalar(f"evaluation/{found.metric}", found.value)
        self.writer.flush()
        first = scores[0]
        if self.best is None or self.best["step"] > step or first.improves_on(self.best["value"]):
            self.best = {"step": step, "metric": first.metric, "value": first.value}
            save_keras(self.model.sampling_generator, self.run.best_generator)
            write_json(self.run.best, self.best | {"scores": [asdict(found) for found in scores]})


@dataclass(eq=False)
class SaveSamples(PeriodicLog):
    """Writes a grid drawn from fixed latents to ``samples/`` and TensorBoard."""

    also_last = True
    draw: Callable[[], np.ndarray]

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Draws one grid."""
        picture = self.draw()
        plotting.save_png(self.run.samples / f"step_{step:08d}.png", picture)
        with self.writer.as_default(step=step):
            tf.summary.image("samples", picture[None])
        self.writer.flush()


@dataclass(eq=False)
class WriteReport(PeriodicCallback):
    """Writes a run's report after its first steps, and at multiples while that takes next to no time.

    All reports together take at most a hundredth of the time, once that is more than the first one took:
    multiples that come too early are passed over. What cannot be written does not stop the run: one line says
    so.

    Attributes:
        run: the run directory.
        record: keeps what this training is, before the first report.
        write: writes the report.
        spent: seconds that they took so far.
        latest: seconds that the latest one took.
        failed: what could not be written.
    """

    share: ClassVar[float] = 0.01
    run: RunDirectory
    record: Callable[[], None]
    write: Callable[[], None]
    begun: float = field(default_factory=time.monotonic, init=False)
    spent: float = field(default=0.0, init=False)
    latest: float | None = field(default=None, init=False)
    failed: set[Path] = field(default_factory=set, init=False)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Writes the first report, or one if a multiple was reached since the last call."""
        if self.latest is None:
            self.attempt(self.record, self.run.starts)
            self.attempt(self.write, self.run.report)
        super().on_train_batch_end(batch, logs)

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Writes the report if the time for it is there."""
        if self.spent + (self.latest or 0.0) <= self.share * (time.monotonic() - self.begun):
            self.attempt(self.write, self.run.report)

    def attempt(self, write: Callable[[], None], path: Path) -> None:
        """Calls ``write``, which writes ``path``, a file that the run can do without."""
        start = time.monotonic()
        try:
            write()
        except Exception as error:
            if path not in self.failed:
                logger.warning("%s cannot be written (%s): the run goes on without it", path, reason(error))
            self.failed.add(path)
        self.latest = time.monotonic() - start
        self.spent += self.latest


@dataclass(eq=False)
class ProgressBar(RunCallback):
    """One line for the whole run on a terminal, as long as that is wide; a line for each percent elsewhere.

    It shows both losses and the discriminator's accuracy on real and on fake samples. The first call traces
    the step, so that the time left is measured from its end.
    """

    total_steps: int
    start_time: float = field(default=0.0, init=False)
    traced: tuple[int, float] | None = field(
        default=None, init=False
    )  # step and time of the first call's end
    percent: int = field(default=-1, init=False)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Says what the first call does before its first update."""
        self.start_time = time.monotonic()
        # Whoever closed the terminal or the pipe does not want the run to break off.
        with contextlib.suppress(OSError):
            end = "" if sys.stdout.isatty() else "\n"
            print(f"{self.start}/{self.total_steps}  tracing the first step", end=end, flush=True)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Updates the line or prints one."""
        step, now = self.start + batch + 1, time.monotonic()
        if self.traced is None:
            self.traced = step, now
        interactive = sys.stdout.isatty()
        percent = 100 * step // self.total_steps
        if not interactive and percent == self.percent:
            return
        self.percent = percent
        measured = step - self.traced[0]
        remaining = (now - self.traced[1]) / measured * (self.total_steps - step) if measured else None
        width = shutil.get_terminal_size().columns - 1 if interactive else None
        line = _progress_line(step, self.total_steps, now - self.start_time, remaining, logs or {}, width)
        end = "\n" if not interactive or step >= self.total_steps else ""
        with contextlib.suppress(OSError):
            print(f"\r\x1b[K{line}" if interactive else line, end=end, flush=True)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Ends the line if the run was stopped within it."""
        if sys.stdout.isatty() and int(self.model.step.numpy()) < self.total_steps:
            with contextlib.suppress(OSError):
                print(flush=True)


def _progress_line(
    step: int,
    total: int,
    elapsed: float,
    remaining: float | None,
    logs: Mapping[str, float],
    width: int | None,
) -> str:
    """Returns the parts, the most important first, until one does not fit into ``width``; None takes all."""
    losses = {"d_loss": "D loss", "g_loss": "G loss"}
    accuracies = {"d_accuracy_real": "D real", "d_accuracy_fake": "D fake"}
    done = 20 * step // total
    bar = f"[{'=' * done}{'.' * (20 - done)}]"
    parts = [
        f"{step}/{total}",
        *([] if remaining is None else [f"{duration(remaining)} left"]),
        *(f"{title} {logs[name]:.3f}" for name, title in losses.items() if name in logs),
        *(f"{title} {logs[name]:.2f}" for name, title in accuracies.items() if name in logs),
        bar,
        duration(elapsed),
    ]
    while width is not None and len("  ".join(parts)) > width:
        parts.pop()
    return "  ".join(sorted(parts, key=lambda part: part is not bar))


def duration(seconds: float) -> str:
    """Returns a time in seconds, minutes or hours, as a person would say it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
