"""When checkpoints are saved, and what a run that diverges says."""

import numpy as np
import pytest

from tests.conftest import same, tiny_dataset, tiny_gan, values
from tfgan_ref.errors import TrainingDiverged
from tfgan_ref.training.callbacks import LogMetrics, SaveCheckpoints, StopWhenDiverged
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path):
    return RunDirectory.create(tmp_path / "run", {})


def fit(gan, run, steps, every):
    watching = [StopWhenDiverged(run), LogMetrics(1, run), SaveCheckpoints(every, run)]
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
    assert str(raised.value).endswith(f"the last good checkpoint is {last}")
    restored = tiny_gan()
    assert Checkpoints(run.checkpoints, restored).restore() == 2
    assert same(values(restored.generator.weights), good)
    assert len(run.metrics.read_text().splitlines()) == 3
