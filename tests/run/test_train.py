"""What is refused before a run directory is made, and runs in device programs."""

import csv
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import without_export
from tfgan_ref.errors import InputError
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run.train import start_run
from tfgan_ref.training.run_directory import RunDirectory


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"evaluate_metrics": "FID"}, "metric 'FID' is unknown"),
        ({"evaluate_n": 5}, "evaluate_n 5 is out of range: at least 12"),
        ({"evaluate_features": "vgg"}, "features 'vgg' is unknown"),
    ],
    ids=str,
)
def test_settings_of_the_evaluation(tmp_path, change, part):
    np.savez(tmp_path / "a.npz", images=np.zeros((20, 8, 8), np.uint8))
    recipe = find_recipe("gan")
    data = f"npz:{tmp_path / 'a.npz'}"
    with pytest.raises(InputError, match=part):
        start_run(
            recipe,
            recipe.settings(data=data, batch_size=4, evaluate_every=2, **change),
            tmp_path / "run",
        )
    assert not (tmp_path / "run").exists()


OOM = "OOM when allocating tensor with shape[400000,100] and type float on /device:CPU:0 by allocator cpu"


@pytest.mark.parametrize("there", ["nothing", "an empty folder"])
def test_a_run_that_does_not_fit_into_memory_leaves_nothing_behind(tmp_path, monkeypatch, there):
    def step(self, batch):
        raise tf.errors.ResourceExhaustedError(None, None, OOM)

    out = tmp_path / "run"
    if there != "nothing":
        out.mkdir()
    np.savez(tmp_path / "a.npz", images=np.zeros((20, 8, 8), np.uint8))
    recipe = find_recipe("gan")
    settings = recipe.settings(data=f"npz:{tmp_path / 'a.npz'}", batch_size=4, steps=1)
    monkeypatch.setattr(VanillaGAN, "train_step", step)
    with pytest.raises(tf.errors.ResourceExhaustedError):
        start_run(recipe, settings, out)
    assert out.exists() == (there != "nothing")
    RunDirectory.refuse_existing(out)


# One recipe for each kind of data but images, whose are in tests/run/test_resume.py.
SMALL = {
    "edges2image": {"width": 4, "depth": 2, "crop": 16, "batch_size": 2},
    "frames": {"width": 4, "batch_size": 2},
    "text": {"units": 8, "embedding_dim": 4, "width": 4, "batch_size": 6, "pretraining_steps": 2},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_data_trains_in_a_device_program(name, tmp_path, capsys):
    recipe = without_export(find_recipe(name))
    assert start_run(recipe, recipe.settings(steps=4, jit="on", **SMALL[name]), tmp_path / "run")
    assert "deterministic, with XLA" in capsys.readouterr().out
    with (tmp_path / "run" / "metrics.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["step"] == "4"
    assert all(math.isfinite(float(value)) for value in row.values())
