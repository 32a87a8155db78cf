"""When checkpoints, rows and pictures are saved, what ends a run, and what its progress looks like."""

import io
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, tiny_dataset, tiny_gan, values
from tfgan_ref.errors import TrainingDiverged
from tfgan_ref.training import callbacks
from tfgan_ref.training.callbacks import (
    LogMetrics,
    ProgressBar,
    SaveCheckpoints,
    SaveSamples,
    StopOnSignal,
    StopWhenDiverged,
    WriteReport,
)
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path):
    return RunDirectory.create(tmp_path / "run", {})


def fit(gan, run, steps, every):
    watching = [StopWhenDiverged(run), LogMetrics(1, run), SaveCheckpoints(every, run)]
    for callback in watching:
        callback.start = int(gan.step.numpy())
    gan.fit(tiny_dataset(), steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=watching)


def saved(run):
    return [int(path.name.removeprefix("step_")) for path in sorted(run.checkpoints.glob("step_*"))]


def test_checkpoints_come_after_the_first_step_at_multiples_and_at_the_end(run):
    gan = tiny_gan()
    fit(gan, run, 7, every=3)
    assert saved(run) == [3, 6, 7]  # the last three that are kept of 1, 3, 6, 7
    fit(gan, run, 1, every=3)
    assert saved(run) == [6, 7, 8]
    assert Checkpoints(run.checkpoints, tiny_gan()).restore() == 8


def test_the_first_checkpoint_is_there_before_any_multiple(run, monkeypatch):
    gan = tiny_gan()
    steps = []
    monkeypatch.setattr(Checkpoints, "save", lambda self: steps.append(int(gan.step.numpy())))
    fit(gan, run, 2, every=100)
    assert steps[0] == 1


def test_a_diverging_run_names_its_last_good_checkpoint(run):
    gan = tiny_gan()
    fit(gan, run, 2, every=1)
    good = values(gan.generator.weights)
    for weight in gan.generator.trainable_weights:
        weight.assign(np.full(weight.shape, np.nan))
    last = run.checkpoints / "step_00000002"
    with pytest.raises(TrainingDiverged, match="is nan at step 3: training stopped") as raised:
        fit(gan, run, 2, every=1)
    assert f"the last good checkpoint is {last}; --resume {run.path} goes on from it" in str(raised.value)
    restored = tiny_gan()
    assert Checkpoints(run.checkpoints, restored).restore() == 2
    assert same(values(restored.generator.weights), good)
    assert len(run.metrics.read_text().splitlines()) == 3


def test_no_checkpoint_holds_weights_that_are_not_finite(run, monkeypatch):
    """The update of a finite loss gave them: the loss of the next step would be the first to show it."""
    gan = tiny_gan()
    fit(gan, run, 2, every=1)
    real = type(gan).train_step

    def overflow(self, batch):
        tracked = real(self, batch)
        self.discriminator.trainable_weights[0].assign_add(
            np.inf * tf.ones_like(self.discriminator.trainable_weights[0])
        )
        return tracked

    monkeypatch.setattr(type(gan), "train_step", overflow)
    gan.train_function = None
    with pytest.raises(TrainingDiverged, match="a value of model is not finite at step 3: training stopped"):
        fit(gan, run, 1, every=1)
    assert Checkpoints(run.checkpoints, tiny_gan()).restore() == 2


@pytest.fixture
def model():
    """What callbacks ask a model for."""
    step = SimpleNamespace(value=0)
    step.numpy = lambda: np.int64(step.value)
    return SimpleNamespace(step=step, stop_training=False, optimizers=dict)


def calls(model, watching, ends, planned, logs=None):
    """Lets ``watching`` see calls of the training function that end at these steps of ``planned``."""
    for callback in watching:
        callback.set_model(model)
        callback.set_params({"steps": planned})
        callback.on_train_begin()
    for end in ends:
        model.step.value = end
        for callback in watching:
            callback.on_train_batch_end(end - 1, logs)
    for callback in watching:
        callback.on_train_end()


@pytest.mark.parametrize(
    ("ends", "planned", "steps"),
    [([1, 2, 3], 3, [3]), ([2, 4, 5, 7], 7, [5, 7]), ([5, 10], 10, [5, 10]), ([4, 8], 40, [8])],
    ids=["short", "rest", "multiple", "stopped"],
)
def test_the_planned_end_has_a_row_and_a_picture(run, model, ends, planned, steps):
    watching = [LogMetrics(5, run), SaveSamples(5, run, lambda: np.zeros((2, 2, 3), np.uint8))]
    calls(model, watching, ends, planned, {"g_loss": 0.5})
    header, *rows = run.metrics.read_text().splitlines()
    assert header == "step,seconds,g_loss"
    assert [int(row.split(",")[0]) for row in rows] == steps
    assert sorted(path.name for path in run.samples.iterdir()) == [f"step_{n:08d}.png" for n in steps]


def test_the_step_is_counted_and_not_read_after_each_call(run, model):
    """To read it, a callback would wait for the device."""
    del model.step.numpy
    watching = [
        StopWhenDiverged(run),
        ProgressBar(80),
        SaveSamples(10, run, lambda: np.zeros((2, 2, 3), np.uint8)),
        LogMetrics(10, run),
    ]
    for callback in watching:
        callback.start = 40
    calls(model, watching, [5, 10, 15, 20], 40, {"g_loss": 0.5})
    assert [row.split(",")[0] for row in run.metrics.read_text().splitlines()[1:]] == ["50", "60"]


@pytest.mark.parametrize(
    ("seconds", "steps"),
    [(0.001, [1, *range(10, 401, 10)]), (0.5, [1, *range(100, 401, 50)]), (5.0, [1])],
    ids=["short", "long", "too long"],
)
def test_reports_take_a_hundredth_of_the_time(run, model, monkeypatch, seconds, steps):
    """400 steps of a second each, with a multiple every ten: 4 s are for reports, the first among them."""
    now = [0.0]
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: now[0])
    written, recorded = [], []

    def write():
        written.append(model.step.value)
        now[0] += seconds

    report = WriteReport(10, run, lambda: recorded.append(model.step.value), write)
    report.set_params({"steps": 400})
    report.begun = 0.0
    for step in range(1, 401):
        now[0] += 1.0
        model.step.value = step
        report.on_train_batch_end(step - 1, {})
    assert recorded == [1]
    assert written == steps


def test_a_report_that_fails_is_said_once_and_the_run_goes_on(run, model, caplog):
    report = WriteReport(1, run, lambda: None, lambda: 1 / 0)
    report.share = 1e9
    with caplog.at_level("WARNING"):
        calls(model, [report], [1, 2, 3], 3)
    (line,) = caplog.messages
    assert line == f"{run.report} cannot be written (division by zero): the run goes on without it"


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_after_the_present_steps(model, number):
    before = {each: signal.getsignal(each) for each in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    stop = StopOnSignal()
    stop.set_model(model)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        stop.on_train_begin()
        os.kill(os.getpid(), number)
        assert not model.stop_training
        stop.on_train_batch_end(0)
        assert model.stop_training
        if number == signal.SIGINT:
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        else:  # a closing terminal sends SIGHUP twice
            os.kill(os.getpid(), number)
        stop.restore_handlers()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_nohup_is_left_as_it_is(model):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop = StopOnSignal()
        stop.on_train_begin()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        stop.restore_handlers()
    finally:
        signal.signal(signal.SIGHUP, before)


LOGS = {"d_loss": 1.25, "g_loss": 0.5, "d_accuracy_real": 0.75, "d_accuracy_fake": 0.5, "g_gradient": 3.0}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, model, out, ends, planned, columns=80, seconds=()):
    """What the progress bar writes to ``out``; the clock says ``seconds``, first at the start."""
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("COLUMNS", str(columns))
    clock = iter(seconds or range(len(ends) + 1))
    monkeypatch.setattr(callbacks.time, "monotonic", lambda: next(clock))
    calls(model, [ProgressBar(planned)], ends, planned, LOGS)
    return out.getvalue()


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (30, "50/100  5 s left"),
        (31, "50/100  5 s left  D loss 1.250"),
        (80, "50/100  5 s left  D loss 1.250  G loss 0.500  D real 0.75  D fake 0.50"),
        (
            120,
            "[==========..........]  50/100  5 s left  D loss 1.250  G loss 0.500  D real 0.75  D fake 0.50  "
            "25 s",
        ),
    ],
)
def test_progress_fits_the_terminal_and_counts_no_tracing(monkeypatch, model, columns, line):
    """Tracing and a step took 20 s, 49 steps the next 5: 50 steps are left, which take 5 / 49 each."""
    text = shown(monkeypatch, model, Terminal(), [1, 50], 100, columns, seconds=(0, 20, 25))
    tracing, first, second, rest = text.replace("\n", "\r\x1b[K").split("\r\x1b[K")
    assert tracing == "0/100  tracing the first step"
    assert "left" not in first
    assert second == line
    assert rest == ""
    assert max(map(len, (tracing, first, second))) < columns


def test_progress_elsewhere_is_a_line_for_each_percent(monkeypatch, model):
    text = shown(monkeypatch, model, io.StringIO(), range(1, 401), 400)
    assert "\x1b" not in text
    assert "\r" not in text
    assert len(text.splitlines()) == 1 + 1 + 100
    assert "0/400  tracing" in text.splitlines()[0]
    assert "  1/400  " in text.splitlines()[1]
    assert "  400/400  " in text.splitlines()[-1]


def test_a_closed_output_does_not_end_training(monkeypatch, model):
    class Closed(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    shown(monkeypatch, model, Closed(), [1, 2, 3], 3)
    assert model.step.value == 3


def test_long_times_are_in_minutes_and_hours():
    assert [callbacks.duration(n) for n in (0.4, 99, 150, 5400, 9000)] == [
        "0 s", "99 s", "2 min", "90 min", "2.5 h",
    ]  # fmt: skip
