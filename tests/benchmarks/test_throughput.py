"""The benchmark of throughput: its arithmetic, and that every contestant trains."""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import keras
import pytest
import tensorflow as tf

from tests.conftest import ROOT

BENCHMARKS = ROOT / "benchmarks"
CONTESTANTS = [
    ("mlp", "tensorflow_ours"),
    pytest.param("wgan_gp", "tensorflow_ours", marks=pytest.mark.slow),
    pytest.param("mlp", "tensorflow_tutorial", marks=pytest.mark.slow),
    pytest.param("mlp", "tensorflow_keras_io", marks=pytest.mark.slow),
    pytest.param("mlp", "tensorflow_keras_gan", marks=pytest.mark.slow),
    pytest.param("wgan_gp", "tensorflow_keras_io_wgan_gp", marks=pytest.mark.slow),
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("while/body/gradient_tape/functional/dense/MatMul/MatMul:_MklMatMul", "products"),
        ("while/body/functional/conv2d/convolution:_MklNativeFusedConv2D", "products"),
        ("while/body/fused_adam/ResourceApplyAdam_14:ResourceApplyAdam", "optimizers"),
        ("while/body/fused_adam_1/Sub_42:Sub", "optimizers"),
        ("functional_1/batch_normalization_2_1/batchnorm/mul:Mul", "batch norm"),
        ("body/stateless_random_normal/StatelessRandomNormalV2:StatelessRandomNormalV2", "random draws"),
        ("body/leaky_re_lu/LeakyRelu:LeakyRelu", "rest"),
        ("ExecutorState::Process", None),
        ("EagerLocalExecute: MakeIterator", None),
    ],
)
def test_profiled_operations_have_kinds(event, kind):
    import step_profile

    assert step_profile.kind_of(event) == kind


def test_profile_finds_what_a_graph_spends_its_time_on():
    import step_profile

    with tf.name_scope("layer"):
        matrix = tf.random.stateless_normal([512, 512], [0, 0])

    @tf.function
    def products():
        with tf.name_scope("layer"):
            return tf.linalg.matmul(tf.linalg.matmul(matrix, matrix), matrix)

    products()
    seconds = step_profile.operation_seconds(products)
    assert set(seconds) == set(step_profile.KINDS)
    assert seconds["products"] > 0.9 * sum(seconds.values()) > 0


@pytest.mark.slow
def test_step_profile_writes_a_table(run_script, tmp_path):
    arguments = ["--cases", "mlp", "--rounds", "1", "--out", tmp_path]
    code, out, err = run_script("step_profile.py", *arguments, folder="benchmarks")
    assert code == 0, err
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert sum(row["shares"].values()) == pytest.approx(1, abs=1e-4)
    assert row["shares"]["products"] > row["shares"]["batch norm"] > 0
    assert 0 < row["utilisation_without_the_rest"] < 1.5
    assert (tmp_path / "table.md").read_text().strip() in out


def test_flops_of_a_network_are_counted():
    import inference

    images = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(5, 3, padding="same", use_bias=False)(images)
    x = keras.layers.Dense(7, use_bias=False)(keras.layers.Flatten()(x))
    network = keras.Model(images, x)
    assert inference.flops_of(network, 8, 8, 3) == 2 * 64 * 9 * 3 * 5 + 2 * 320 * 7


@pytest.mark.slow
def test_inference_is_measured(run_script, tmp_path):
    arguments = ["--parts", "draw", "--rounds", "1", "--out", tmp_path]
    code, out, err = run_script("inference.py", *arguments, folder="benchmarks")
    assert code == 0, err
    (row,) = json.loads((tmp_path / "results.json").read_text())
    assert row["row"] == "draw"
    assert 0 < row["utilisation"] < 1.5
    assert (tmp_path / "table.md").read_text().strip() in out


@pytest.mark.slow
@pytest.mark.parametrize("part", ["classifier", "inception", "tiles 64"])
def test_what_inference_measures(part):
    import inference

    name, _, tile = part.partition(" ")
    makers = {"classifier": inference.classifying, "inception": inference.inception}
    action, unit, amount, flops = inference.enlarging(tile, "80x60") if tile else makers[name]()
    assert flops > 1e6
    if tile:
        assert unit == "megapixels made"
        assert amount == pytest.approx(320 * 240 / 1e6)
        assert action().shape == (240, 320, 3)
