"""The benchmark of throughput: its arithmetic, and that every contestant trains."""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import keras
import pytest

from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"
CONTESTANTS = [
    ("mlp", "tensorflow_ours"),
    ("wgan_gp", "tensorflow_ours"),
    ("mlp", "tensorflow_tutorial"),
    ("mlp", "tensorflow_keras_io"),
    ("mlp", "tensorflow_keras_gan"),
    ("wgan_gp", "tensorflow_keras_io_wgan_gp"),
]


@pytest.fixture(autouse=True)
def peers(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


class Steps:
    """Asks for one step, as ``Requests`` does over pipes."""

    def __init__(self):
        self.facts, self.done = {}, 0

    def start(self, **facts):
        self.facts = facts

    def go_on(self, steps=1):
        self.done += steps
        return False


@pytest.mark.parametrize(("case", "module"), CONTESTANTS)
def test_contestants_train(case, module, monkeypatch):
    from throughput_peers import tensorflow_common
    from throughput_peers.cases import CASES

    monkeypatch.setattr(tensorflow_common, "set_threads", lambda threads: None)  # TensorFlow is running
    keras.utils.set_random_seed(0)  # operations are deterministic here, and some peers draw without a seed
    steps = Steps()
    small = replace(CASES[case], batch_size=2)
    importlib.import_module(f"throughput_peers.{module}").run(small, 2, steps)
    assert steps.done >= 1
    assert steps.facts["tensorflow"]


@pytest.mark.parametrize(("contestant", "case"), [("ours", "mlp"), ("torch", "mlp"), ("torch", "wgan_gp")])
def test_contestants_answer_over_pipes(contestant, case):
    if contestant == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    process = subprocess.run(
        [sys.executable, "-m", "throughput_peers.worker", contestant, case, "2"],
        input='{"steps": 1}\n', capture_output=True, text=True, check=True, timeout=300,
        env=os.environ | {"PYTHONPATH": f"{BENCHMARKS}{os.pathsep}{ROOT}"},
    )  # fmt: skip
    facts, answer = map(json.loads, process.stdout.splitlines())
    assert contestant == "ours" or facts["torch"]
    assert answer["steps"] >= 1
    assert answer["seconds"] > 0


def test_flops_of_a_step():
    """Counted by hand: G has 12 FLOPs, D 24 and 8."""
    from throughput_peers.cases import Case, Layer, Network

    generator = Network((2,), (Layer("dense", 3),))
    discriminator = Network((3,), (Layer("dense", 4), Layer("dense", 1)))  # 24 and 8
    case = Case("a case", "gan", 5, generator, discriminator)
    backward = 12 + 2 * (2 * 32 - 24) + 32  # G's kernel; D twice by kernels and inputs; once by its inputs
    assert case.step_flops(1, 3) == 5 * (12 + 3 * 32 + backward)
    critic = Case("a case", "gan", 5, generator, discriminator, n_critic=2, penalty=True)
    further = 12 + 2 * 32 + 2 * (2 * 32 - 24)
    assert critic.step_flops(1, 3) == 5 * (12 + 3 * 32 + backward + further + 2 * 4 * 32)


def test_flops_of_convolutions():
    from throughput_peers.cases import Layer

    kernel = 2 * 9 * 5 * 7  # 3x3, 5 to 7 channels
    layer = {"width": 7, "kernel": 3}
    assert Layer("convolution", **layer, stride=2).forward_flops((8, 8, 5)) == 16 * kernel
    assert Layer("transposed", **layer, stride=2).forward_flops((8, 8, 5)) == 64 * kernel
    enlarged = Layer("convolution", **layer, enlarge=2)
    assert enlarged.forward_flops((8, 8, 5)) == 256 * kernel
    assert enlarged.output_shape((8, 8, 5)) == (16, 16, 7)
