"""Every recipe trains on the GPU, deterministic runs have the same bits there, and no run takes the card."""

import csv
import math
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT, as_if_killed, same, values, without_export
from tests.gpu import DEVICE
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import build, train

TINY = {"width": 4, "d_width": 4, "units": 8, "blocks": 1, "batch_size": 4, "perceptual": "none"}
OWN = {
    "edges2image": {"depth": 2, "crop": 16},
    "colourise": {"depth": 2, "crop": 16},
    "inpaint": {"depth": 2, "crop": 16},
    "cyclegan": {"crop": 16},
    "cut": {"crop": 16},
    "style": {"crop": 16},
    "srresnet": {"crop": 8},
    "srgan": {"crop": 8},
    "voices": {"width": 8, "d_width": 8, "frames": 8, "length": 2000},
    "frames": {"width": 8, "d_width": 8, "clips": 8},
}
USED = ["nvidia-smi", "--query-gpu=memory.used,memory.total", "--format=csv,noheader,nounits"]


def tiny_settings(name, steps, **own):
    """The settings of a recipe that train it for a moment; what is not named is its default."""
    kind = RECIPES[name].settings
    often = dict.fromkeys(("log_every", "sample_every", "checkpoint_every"), steps)
    tiny = {key: value for key, value in TINY.items() if key in kind.__dataclass_fields__}
    return kind(**tiny | OWN.get(name, {}) | often | {"steps": steps} | own)


def state(run):
    gan = build.restore_gan(run)
    return values([variable for group in gan.state().values() for variable in group])


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_five_steps_of_every_recipe(name, tmp_path):
    run = tmp_path / "run"
    assert train.start_run(without_export(RECIPES[name]), tiny_settings(name, 5), run)
    with (run / "metrics.csv").open() as table:
        *_, last = csv.DictReader(table)
    assert int(last["step"]) == 5
    assert all(math.isfinite(float(value)) for value in last.values())
    weights = build.restore_gan(run).generator.trainable_variables
    assert all(f"device:{DEVICE}:0" in weight.value.device for weight in weights)


@pytest.mark.parametrize("name", ["cgan", "wgan-gp", "edges2image"])
def test_deterministic_runs_have_the_same_bits(name, tmp_path, monkeypatch):
    """Two runs, and one that a kill ended after half of its steps and that was resumed."""
    recipe = without_export(RECIPES[name])
    monkeypatch.setitem(RECIPES, name, recipe)
    settings = tiny_settings(name, 6, deterministic=True, checkpoint_every=3)
    for run in ("first", "second"):
        assert train.start_run(recipe, settings, tmp_path / run)
    assert train.resume_run(as_if_killed(tmp_path / "first", tmp_path / "killed", 3))
    first, second, resumed = (state(tmp_path / run) for run in ("first", "second", "killed"))
    assert len(first) > 20
    assert same(first, second)
    assert same(first, resumed)


TRAINING = """
import subprocess
from tfgan_ref import cli
settings = ["--set", "width=4", "--batch-size", "4", "--steps", "2"]
cli.call("train", ["dcgan", "--out", "run", *settings])
print(subprocess.run({used}, capture_output=True, text=True, check=True).stdout)
"""


@pytest.mark.skipif(not shutil.which("nvidia-smi"), reason="no nvidia-smi, which tells how full the card is")
def test_a_run_takes_less_than_half_of_the_card(tmp_path):
    def taken(output):
        used, total = map(float, output.strip().splitlines()[-1].split(","))
        return used, total

    before, total = taken(subprocess.run(USED, capture_output=True, text=True, check=True).stdout)
    code = TRAINING.format(used=USED)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    during, _ = taken(done.stdout)
    assert 0 < during - before < total / 2
