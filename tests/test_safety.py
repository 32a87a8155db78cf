"""What a stranger's run directory or generator holds is not run."""

import json
import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_gan
from tfgan_ref import __version__
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import export_generator
from tfgan_ref.networks.saved_models import load_saved_model
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import build, sample, train, translator
from tfgan_ref.training.run_directory import RunDirectory

CONFIG = {
    "recipe": "gan",
    "settings": {"steps": 10, "depth": 1},
    "data": {"fingerprint": "x", "sample_shape": [4, 4, 1], "num_classes": None},
    "versions": {"tfgan_ref": __version__},
}


@pytest.fixture
def trace(tmp_path):
    """A file that a stranger's code would write."""
    return tmp_path / "pwned"


def saved_model_that(writes, path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 2), tf.float32, name="latents")])
        def serve(self, latents):
            writes()
            return {"images": tf.zeros((tf.shape(latents)[0], 4, 4, 1))}

    module = Module()
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


@pytest.mark.parametrize("kind", ["file", "python"])
def test_a_saved_model_that_writes_files_or_runs_python_is_refused(kind, trace, tmp_path):
    def writes():
        if kind == "file":
            tf.io.write_file(str(trace), "x")
        else:
            tf.numpy_function(lambda: trace.write_text("x") or np.float32(0), [], tf.float32)

    path = saved_model_that(writes, tmp_path / "model")
    assert sample.open_writer(path) is None
    for opened in (sample.open_sampler, translator.open_translator):
        with pytest.raises(InputError, match=r"has an operation \w+, which a network has no use for"):
            opened(path)
    assert not trace.exists()


def test_our_own_exports_are_loaded(tmp_path):
    export_generator(tiny_gan().sampling_generator, tmp_path / "model")
    assert load_saved_model(tmp_path / "model").sample(2, 0).shape == (2, 8, 8, 1)


def test_a_generator_with_python_code_in_it_is_not_what_a_run_starts_from(trace, tmp_path):
    """The weights come from checkpoints, which hold numbers alone."""
    run = RunDirectory.create(tmp_path / "run", CONFIG)
    inputs = keras.Input((4,))
    evil = keras.layers.Lambda(lambda x, path=str(trace): os.mkdir(path) or x, output_shape=(4,))
    keras.Model(inputs, evil(inputs)).save(run.generator)
    if trace.exists():
        trace.rmdir()
    settings = RECIPES["gan"].settings(start_from=str(run.path), image_size=4, depth=1)
    with pytest.raises(InputError, match=r"start_from .*run: .* holds no usable checkpoint"):
        train.start_run(RECIPES["gan"], settings, tmp_path / "new")
    assert not trace.exists()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"recipe": "../../evil"},
        {"recipe": "__import__('os').system('touch pwned')"},
        {"settings": {"steps": "__import__('os')"}},
        {"data": {"fingerprint": "x", "sample_shape": [4, 4, 1], "num_classes": None, "names": {"a": [1]}}},
        {"data": {"fingerprint": "x", "sample_shape": [10**9, 4, 1], "num_classes": None}},
    ],
)
def test_config_json_names_things_and_runs_nothing(changed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text(json.dumps(CONFIG))
    assert build.parse_config(RunDirectory.open(tmp_path / "run"))[0] is RECIPES["gan"]
    (tmp_path / "run" / "config.json").write_text(json.dumps(CONFIG | changed))
    with pytest.raises(InputError) as raised:
        build.parse_config(RunDirectory.open(tmp_path / "run"))
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
