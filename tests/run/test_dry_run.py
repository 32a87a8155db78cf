"""``train --dry-run``: what it says is measured, and it writes nothing."""

import re

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run import dry_run

SMALL = {"batch_size": 4, "steps": 6, "steps_per_execution": 1}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "a.npz", images=np.zeros((20, 8, 8), np.uint8), labels=np.arange(20) % 2)
    return f"npz:{tmp_path / 'a.npz'}"


def said(name, data, **settings):
    recipe = find_recipe(name)
    text = dry_run.try_out(recipe, recipe.settings(data=data, **SMALL | settings))
    return {line[:12].strip(): line[13:] for line in text.splitlines()}


def test_it_says_what_training_would_take_and_writes_nothing(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(dry_run, "ENOUGH", 60.0)
    found = said("cgan", data, width=4)
    assert list(found) == ["first step", "step", "training", "memory", "checkpoint"]
    headline = capsys.readouterr().out.splitlines()[0]
    assert headline.startswith("dry run: 20 x 28x28x1 in 2 classes")
    assert re.search(r"generator of [\d,]+ parameters, discriminator of [\d,]+ parameters$", headline)
    assert re.search(r" ms, [\d.e+-]+ GFLOP, [\d.e+]+ samples a second \(mean of 5\)$", found["step"])
    assert found["training"].startswith("6 steps in about ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz"]


def test_its_times_are_those_of_the_clock(data, monkeypatch):
    """A clock that goes on by a second at each look: 1 s from the end of a call to the next."""
    seconds = iter(range(1000))
    monkeypatch.setattr(dry_run.time, "monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr(dry_run, "ENOUGH", 2.5)
    found = said("gan", data, steps=100)
    assert re.match(r"1e\+03 ms, .* GFLOP, 4 samples a second \(mean of 3\)$", found["step"])


def test_operations_are_counted():
    """Those of matrix products and of adding a row, (4, 3) by (3, 5), by which each output is 3 of each."""

    @tf.function
    def layer(x, kernel, bias):
        return x @ kernel + bias

    shapes = [tf.TensorSpec(shape) for shape in ((4, 3), (3, 5), (5,))]
    assert dry_run.graph_flops(layer.get_concrete_function(*shapes).graph) == 4 * 5 * (2 * 3 + 1)


def test_it_stops_after_enough_steps(data, monkeypatch):
    monkeypatch.setattr(dry_run, "ENOUGH", 0.0)
    assert "(mean of 1)" in said("gan", data, steps=10**6, batch_size=4)["step"]


def test_one_step_cannot_be_timed(data):
    assert "step" not in said("gan", data, steps=1)


def test_phases_are_named(data):
    assert "in the first of 5 phases" in said("progressive", data, image_size=16, width=4, steps=30)["step"]


def test_what_training_would_refuse_is_refused(data):
    with pytest.raises(InputError, match="start_from nowhere"):
        said("gan", data, start_from="nowhere")
