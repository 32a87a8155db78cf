"""Runs that diverge: stopped, or rolled back to lower rates."""

import csv
import logging
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values, without_export
from tfgan_ref.errors import InputError, TrainingDiverged
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run import build
from tfgan_ref.run.rollback import MOST
from tfgan_ref.run.train import resume_run, start_run
from tfgan_ref.training.run_directory import RunDirectory

RATE, STEPS, BAD = 0.008, 8, 5  # steps from BAD on diverge at rates that are too high


@pytest.fixture
def bound(monkeypatch):
    """Sets above which learning rate D's loss is no number from step BAD on."""
    real = VanillaGAN.train_step
    highest = tf.Variable(RATE)

    def step(self, batch):
        tracked = real(self, batch)
        too_high = tf.convert_to_tensor(self.g_optimizer.learning_rate) > highest
        diverges = (self.step.value >= BAD) & too_high
        return tracked | {"d_loss": tf.where(diverges, np.nan, tracked["d_loss"])}

    monkeypatch.setattr(VanillaGAN, "train_step", step)
    return highest


@pytest.fixture
def recipe(tmp_path):
    return without_export(find_recipe("gan"))


def settings_for(recipe, tmp_path, **own):
    np.savez(tmp_path / "a.npz", images=np.arange(20 * 64, dtype=np.uint8).reshape(20, 8, 8))
    return recipe.settings(
        data=f"npz:{tmp_path / 'a.npz'}", batch_size=4, steps=STEPS, log_every=2, checkpoint_every=2,
        sample_every=4, steps_per_execution=1, learning_rate=RATE, d_learning_rate=RATE / 2, **own,
    )  # fmt: skip


def state(path):
    gan = build.restore_gan(path)
    return values([variable for group in gan.state().values() for variable in group])


def test_a_run_goes_on_at_half_the_rates_as_if_resumed_by_hand(tmp_path, bound, recipe, caplog):
    bound.assign(RATE / 2)
    settings = settings_for(recipe, tmp_path)
    with pytest.raises(TrainingDiverged, match="with --set on_divergence=rollback"):
        start_run(recipe, settings, tmp_path / "by_hand")
    assert resume_run(tmp_path / "by_hand", learning_rate=RATE / 2, d_learning_rate=RATE / 4)
    with caplog.at_level(logging.WARNING):
        assert start_run(recipe, replace(settings, on_divergence="rollback"), tmp_path / "run")
    assert same(state(tmp_path / "run"), state(tmp_path / "by_hand"))
    assert "d_loss is nan at step 5: rollback 1 of 3, going on with learning_rate=0.004" in caplog.text
    config = RunDirectory.open(tmp_path / "run").config()
    assert config["settings"]["learning_rate"] == RATE / 2
    assert config["rollbacks"] == [
        {"diverged": "d_loss is nan at step 5", "learning_rate": RATE / 2, "d_learning_rate": RATE / 4}
    ]
    with (tmp_path / "run" / "metrics.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4", "6", "8"]


def test_it_stops_after_the_last_rollback_also_when_resumed(tmp_path, bound, recipe):
    bound.assign(0.0)
    run = tmp_path / "run"
    with pytest.raises(TrainingDiverged, match="is nan at step 5: training stopped; the last good"):
        start_run(recipe, settings_for(recipe, tmp_path, on_divergence="rollback"), run)
    assert len(RunDirectory.open(run).config()["rollbacks"]) == MOST
    assert build.settings_of(run).learning_rate == RATE / 2**MOST
    with pytest.raises(TrainingDiverged):
        resume_run(run)
    assert len(RunDirectory.open(run).config()["rollbacks"]) == MOST


def test_several_processes_cannot_roll_back(recipe, tmp_path):
    with pytest.raises(InputError, match="strategy multiworker has several"):
        settings_for(recipe, tmp_path, on_divergence="rollback", strategy="multiworker")
