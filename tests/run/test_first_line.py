"""The first line of a run: what it trains, where and on what."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_gan
from tfgan_ref.data.images.arrays import ImageArrays, training_images
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.run import train
from tfgan_ref.training.run_directory import RunDirectory

UNSEEN = "TensorFlow does not see the NVIDIA card, docs/gpu.md says why"


@pytest.mark.parametrize(
    ("driver", "gpus", "deterministic", "machine"),
    [
        (None, [], None, "CPU, no GPU found, float32, deterministic, without XLA"),
        (None, [], False, "CPU, no GPU found, float32, not deterministic, without XLA"),
        ("/usr/bin/nvidia-smi", [], False, f"CPU: {UNSEEN}, float32, not deterministic, without XLA"),
        ("/usr/bin/nvidia-smi", ["NVIDIA H100"], None, "NVIDIA H100, float32, not deterministic, with XLA"),
        ("/usr/bin/nvidia-smi", ["A", "B"], True, "A, B, float32, deterministic, without XLA"),
    ],
)
def test_it_names_directory_data_machine_and_networks(
    tmp_path, monkeypatch, capsys, driver, gpus, deterministic, machine
):
    devices = [SimpleNamespace(device_type="GPU", name=name) for name in gpus]
    monkeypatch.setattr(train.shutil, "which", {"nvidia-smi": driver}.get)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: {"device_name": gpu.name})
    monkeypatch.setattr(train, "_write_results", lambda *given: None)
    labels = np.arange(2000, dtype=np.int32) % 3
    data = training_images(ImageArrays("x", np.zeros((2000, 25, 25, 1), np.uint8), labels, ("a", "b", "c")))
    recipe = SimpleNamespace(draw=lambda gan: None, medium=SimpleNamespace(export=print))
    settings = RECIPES["gan"].settings(steps=1, deterministic=deterministic)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: devices)
    # Of one hidden layer of 16 units each, and labels of 3 classes.
    tiny = replace(RECIPES["gan"], build=lambda settings, shape: tiny_gan(True))
    gan = build_gan(tiny, settings, data.shape)
    gan.step.assign(1)  # nothing is left to train
    assert train.train_gan(recipe, settings, data, gan, RunDirectory.create(tmp_path / "run", {}), None)
    generator, discriminator = (
        sum(int(np.prod(weight.shape)) for weight in network.weights)
        for network in (gan.generator, gan.discriminator)
    )
    assert capsys.readouterr().out == (
        f"{tmp_path / 'run'}: 2,000 x 25x25x1 in 3 classes (a: 667, b: 667, c: 666) (1.2 MB), {machine}, "
        f"generator of {generator:,} parameters, discriminator of {discriminator:,} parameters\n"
    )
