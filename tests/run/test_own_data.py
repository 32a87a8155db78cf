"""Runs on data that users pass in Python or compute in a file of their own."""

import sys

import numpy as np
import pytest

from tests.conftest import as_if_killed, same, values
from tfgan_ref import cli, data
from tfgan_ref.data.images import own
from tfgan_ref.data.outside import trust_data
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run import build, train
from tfgan_ref.training.run_directory import RunDirectory

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
FILE = """
import numpy as np

def make():
    return list(np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8))
"""


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.path", [*sys.path])


@pytest.fixture
def untrained(monkeypatch):
    """Runs that end when they would begin to train; what they would have trained on is kept."""
    kept = []
    monkeypatch.setattr(train, "train_gan", lambda recipe, settings, read, *_: kept.append(read) or True)
    return kept


def settings_of(recipe, **more):
    return recipe.settings(batch_size=4, steps=6, checkpoint_every=3, depth=1, stream="on", **more)


def kept_settings(path):
    return RunDirectory.open(path).config()["settings"]


def test_a_passed_object_is_what_a_run_trains_on(tmp_path, untrained, monkeypatch):
    recipe = find_recipe("gan")
    train.start_run(recipe, settings_of(recipe), tmp_path / "run", data=list(PIXELS))
    assert kept_settings(tmp_path / "run")["data"].startswith("passed:list-")
    assert (untrained[0].count, untrained[0].shape.sample_shape) == (40, (8, 8, 1))
    monkeypatch.setattr(own, "_passed", {})  # as in another process
    with pytest.raises(InputError, match=r"resume_run\(path, data=...\)"):
        train.resume_run(tmp_path / "run")
    with pytest.raises(InputError, match="is not what run .* was started with"):
        train.resume_run(tmp_path / "run", data=list(PIXELS[::-1]))
    train.resume_run(tmp_path / "run", data=list(PIXELS))
    assert untrained[1].fingerprint == untrained[0].fingerprint


def test_the_function_of_a_file_is_called_again_when_a_run_is_resumed(tmp_path, untrained, monkeypatch):
    (tmp_path / "my_data.py").write_text(FILE)
    recipe = find_recipe("gan")
    name = f"{tmp_path / 'my_data.py'}:make"
    train.start_run(recipe, settings_of(recipe, data=name), tmp_path / "run")
    train.resume_run(tmp_path / "run")
    assert untrained[0].fingerprint == untrained[1].fingerprint
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "of another user"))
    with pytest.raises(InputError, match="names a file that you have not trained with here"):
        train.resume_run(tmp_path / "run")
    train.resume_run(tmp_path / "run", data=name)  # who names it trusts it
    train.resume_run(tmp_path / "run")


class Reached(Exception):
    """The data could be read."""


@pytest.mark.parametrize(
    ("command", "begins", "words"),
    [("compare", "plan", ["gan", "--steps", "1", "--out", "out"]), ("evaluate", "_report", ["run"])],
)
def test_who_names_a_file_on_a_command_line_trusts_it(tmp_path, monkeypatch, command, begins, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_data.py").write_text(FILE)
    (tmp_path / "run").mkdir()

    def read_and_stop(*_, **__):
        assert len(data.read("my_data.py:make").images) == 40
        raise Reached

    monkeypatch.setattr(f"tfgan_ref.run.{command}.{begins}", read_and_stop)
    with pytest.raises(Reached):
        cli.call(command, [*words, "--data", "my_data.py:make"])


def test_names_that_are_no_files_need_no_trust(tmp_path):
    for name in (None, "digits", "pairs:a.py:b"):
        trust_data(name)
    with pytest.raises(InputError, match=r"there is no file .*nowhere\.py"):
        trust_data(f"{tmp_path}/nowhere.py:make")


@pytest.mark.slow
def test_a_resumed_run_on_an_object_ends_with_the_same_bits(tmp_path):
    recipe = find_recipe("gan")
    train.start_run(recipe, settings_of(recipe), tmp_path / "whole", data=list(PIXELS))
    train.resume_run(as_if_killed(tmp_path / "whole", tmp_path / "killed", 3), data=list(PIXELS))
    states = []
    for run in ("whole", "killed"):
        gan = build.restore_gan(tmp_path / run)
        states.append(values([variable for group in gan.state().values() for variable in group]))
    assert same(*states)
