"""The benchmark of throughput: its arithmetic, and that every contestant trains."""

import importlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from tests.conftest import ROOT
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref.errors import InputError
from tfgan_ref.networks import Dropout
from tfgan_ref.recipes import find_recipe

BENCHMARKS = ROOT / "benchmarks"
CONTESTANTS = [
    ("mlp", "tensorflow_ours"),
    ("wgan_gp", "tensorflow_ours"),
    ("pix2pix", "tensorflow_ours"),
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

    device = "cpu"

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
        [sys.executable, "-m", "throughput_peers.worker", contestant, case, "2", "cpu", "2"],
        input='{"steps": 1}\n', capture_output=True, text=True, check=True, timeout=300,
        env=os.environ | {"PYTHONPATH": f"{BENCHMARKS}{os.pathsep}{ROOT}"},
    )  # fmt: skip
    facts, answer = map(json.loads, process.stdout.splitlines())
    assert contestant == "ours" or facts["torch"]
    assert answer["steps"] >= 1
    assert answer["seconds"] > 0
    assert answer["memory_mb"] > 50
    assert facts["preparation_seconds"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("ways", [{}, {"tuned": True}, {"bfloat16": True}])
def test_lean_steps_of_pytorch_train_every_case(ways):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from throughput_peers.cases import CASES
    from throughput_peers.torch_steps import LeanStep, Ways

    for case in CASES.values():
        step = LeanStep(replace(case, batch_size=2), Ways(**ways), "cpu")
        before = [torch.cat([p.detach().flatten() for p in net.parameters()]) for net in step.networks]
        step()
        for network, weights in zip(step.networks, before, strict=True):
            changed = torch.cat([p.detach().flatten() for p in network.parameters()])
            assert torch.isfinite(changed).all()
            assert not torch.equal(changed, weights)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sngan", "cgan", "srresnet", "pix2pix"])
def test_recipes_have_the_networks_that_their_cases_describe(name):
    """By their FLOPs, in which biases, activations and normalisation count little."""
    import inference
    from throughput_peers import tensorflow_ours
    from throughput_peers.cases import CASES

    case = CASES[name]
    gan, _ = tensorflow_ours.prepare(replace(case, batch_size=2))
    assert gan.generator.output_shape[-1] == case.image_shape[-1]
    if name == "cgan":  # whose labels take layers of their own
        return
    described = [(gan.generator, case.generator)]
    described += [(gan.discriminator, case.discriminator)] if case.discriminator else []
    for network, chain in described:
        counted = inference.flops_of(network, *chain.inputs)
        assert chain.forward_flops() < counted < 1.05 * chain.forward_flops()


def test_flops_of_a_step():
    """Counted by hand: G has 12 FLOPs, D 24 and 8."""
    from throughput_peers.cases import Case
    from throughput_peers.chains import Layer, Network

    generator = Network((2,), (Layer("dense", 3),))
    discriminator = Network((3,), (Layer("dense", 4), Layer("dense", 1)))  # 24 and 8
    case = Case("a case", "gan", 5, generator, discriminator)
    backward = 12 + 2 * (2 * 32 - 24) + 32  # G's kernel; D twice by kernels and inputs; once by its inputs
    assert case.step_flops(1, 3) == 5 * (12 + 3 * 32 + backward)
    critic = Case("a case", "gan", 5, generator, discriminator, n_critic=2, penalty=True)
    further = 12 + 2 * 32 + 2 * (2 * 32 - 24)
    assert critic.step_flops(1, 3) == 5 * (12 + 3 * 32 + backward + further + 2 * 4 * 32)


def test_flops_of_convolutions():
    from throughput_peers.chains import Layer

    kernel = 2 * 9 * 5 * 7  # 3x3, 5 to 7 channels
    layer = {"width": 7, "kernel": 3}
    assert Layer("convolution", **layer, stride=2).forward_flops((8, 8, 5)) == 16 * kernel
    assert Layer("transposed", **layer, stride=2).forward_flops((8, 8, 5)) == 64 * kernel
    enlarged = Layer("convolution", **layer, enlarge=2)
    assert enlarged.forward_flops((8, 8, 5)) == 256 * kernel
    assert enlarged.output_shape((8, 8, 5)) == (16, 16, 7)


def test_chains_add_concatenate_and_shuffle():
    from throughput_peers.chains import Layer, Network

    layers = (
        Layer("convolution", 6, kernel=3, stride=2),
        Layer("convolution", 6, kernel=3, add=1),
        Layer("convolution", 8, kernel=1, shuffle=2, join=3),
        Layer("convolution", 1, kernel=1),
    )
    shapes = [shape for _, shape in Network((8, 8, 3), layers).walk()]
    # 8 channels shuffled to 2, and the input's 3 beside them.
    assert shapes == [(8, 8, 3), (4, 4, 6), (4, 4, 6), (8, 8, 5)]
    assert layers[2].forward_flops((4, 4, 6)) == 2 * 16 * 6 * 8


def test_flops_without_a_discriminator():
    from throughput_peers.cases import Case
    from throughput_peers.chains import Layer, Network

    generator = Network((2,), (Layer("dense", 3), Layer("dense", 4)))  # 12 and 24 FLOPs
    assert Case("a case", "srresnet", 5, generator, None).step_flops(1, 3) == 5 * (3 * 36 - 12)


# Answers like a contestant, and waits SLEEP seconds before it tells of itself.
FAKE = """
import json, sys, time
time.sleep({sleep})
facts = {{"gpu": "NVIDIA A1", "compute_capability": "1.2", "flops": 10**12, "preparation_seconds": 0.5}}
print(json.dumps(facts), flush=True)
for line in sys.stdin:
    steps = json.loads(line)["steps"]
    answer = {{"seconds": 0.02 * steps, "cpu_seconds": 0.01, "steps": steps, "memory_mb": 7.0}}
    print(json.dumps(answer), flush=True)
"""


def fake(sleep=0):
    from throughput_peers.turns import Contestant

    return Contestant([sys.executable, "-S", "-c", FAKE.format(sleep=sleep)], {})


def test_contestants_on_a_gpu_warm_up_side_by_side_and_work_in_turns():
    from throughput_peers import gpu_report, on_gpu, report

    started = []

    def start(name, case, batch_size):
        started.append((name, case, batch_size))
        return fake(sleep=60 if name == "ours_fast" else 0)

    deadline = time.monotonic() + 45  # enough to begin the first case, and a little
    real = on_gpu.side_by_side
    measured = {}

    def brief(contestants, action, at_once, seconds):
        assert 0 < seconds < 45
        real(contestants, action, at_once, 2.5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_gpu, "side_by_side", brief)
        measured = on_gpu.measure(["mlp"], [64, 256], 2, deadline, ["tensorflow"], start)
    assert set(measured) == {("mlp", 64), ("mlp", 256)}
    small, large = measured["mlp", 64], measured["mlp", 256]
    assert set(large) == {"ours", "ours_fast", "ours_bfloat16"}
    assert set(small) == set(large) | {"tutorial", "keras_io"} | set(report.LIMITS["gpu"])
    assert small["ours_fast"].failure == "no time was left"
    assert small["ours"].seconds_per_step == pytest.approx([0.02, 0.02])
    limits = report.limits(measured, "gpu")
    assert limits == {name: pytest.approx(10**12 / 0.02) for name in report.LIMITS["gpu"]}
    rows = gpu_report.rows_of("mlp", 64, small, limits)
    row = rows[0]
    assert (row["ms"], row["memory_mb"], row["ratio_to_ours"]) == (pytest.approx(20), 7, 1)
    assert row["first_step_seconds"] == pytest.approx(0.52)
    assert row["images_per_second"] == pytest.approx(64 / 0.02)
    results = {"machine": small["ours"].facts, "limit": {k: v / 1e9 for k, v in limits.items()}}
    results |= {"rows": rows, "first_step": {"dcgan": report.first_step([11.0], 12.0, None)}}
    results["left_out"] = ["cgan", "pix2pix"]
    table = gpu_report.markdown(results | {"notes": gpu_report.notes_of(results)})
    assert "| fully connected 28x28, 64 | 20.0 |" in table
    assert "| ours, XLA, 20 steps a call | left out: no time was left |" in table
    eager = row | {"contestant": report.ENTRIES["torch"].title, "ms": 38.0}
    lines = gpu_report.markdown(results | {"rows": [row, eager], "notes": []}).splitlines()
    assert "| fully connected 28x28, 64 |  |  |  | 0.53 (at most 0.5: **missed**) |" in lines
    assert "NVIDIA A1, compute capability 1.2; a large convolution reaches 50 TFLOP/s in TF32" in table
    assert "(recipe dcgan): 11.0 s; must 12 s: met" in table
    assert "Left out, since no time was left: cgan, pix2pix." in table


def test_results_of_a_gpu(monkeypatch):
    import throughput

    first = throughput.report.first_step([30.0], 25.0, None)
    started = []

    def start(worker, case, batch_size, device, threads, torch_python):
        started.append((worker, batch_size, device))
        return fake()

    monkeypatch.setattr(throughput, "first_steps", lambda device: {"wgan-gp": first})
    monkeypatch.setattr(throughput, "start_process", start)
    arguments = SimpleNamespace(seconds=60, cases=["cgan"], batch_sizes=[32], rounds=1)
    name, results, table = throughput.measure_gpu(arguments, "a Python with PyTorch")
    assert name == "NVIDIA A1"
    assert {name for name, *_ in started} > {"ours", "torch_graph", "torch_compiled", "convolution"}
    assert {(batch_size, device) for _, batch_size, device in started} == {(32, "gpu")}
    assert len(results["rows"]) == 8
    assert results["left_out"] == []
    assert results["limit"] == dict.fromkeys(("convolution", "convolution_bfloat16"), pytest.approx(50_000))
    assert "(recipe wgan-gp): 30.0 s; must 25 s: **missed**" in table
    arguments.seconds = 1  # less than a case takes
    with pytest.raises(InputError, match="--seconds 1 were not enough"):
        throughput.measure_gpu(arguments, None)


def test_a_gpu_takes_the_papers_updates_of_the_critic():
    from throughput_peers.cases import case_for

    assert [case_for("wgan_gp", device, 64).n_critic for device in ("cpu", "gpu")] == [2, 5]
    assert case_for("dcgan28", "gpu", 256).batch_size == 256


def test_no_case_begins_after_the_time(capsys):
    from throughput_peers import on_gpu

    assert on_gpu.measure(["mlp"], [64], 1, time.monotonic(), ["tensorflow"], None) == {}
    assert "mlp: left out, no time was left" in capsys.readouterr().out


def test_every_contestant_has_its_worker():
    from throughput_peers import report, worker

    assert set(worker.CONTESTANTS) == {*report.ENTRIES, *report.LIMITS["cpu"], *report.LIMITS["gpu"]}


@pytest.mark.parametrize(
    ("device", "folder"),
    [
        ("NVIDIA H200", "h200"),
        ("NVIDIA H100 80GB HBM3", "h100-80gb-hbm3"),
        ("NVIDIA GeForce RTX 4090", "geforce-rtx-4090"),
        ("cpu AMD EPYC", "cpu-amd-epyc"),
        ("cpu Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "cpu-intel-xeon-platinum-8481c-cpu"),
    ],
)
def test_results_have_a_folder_for_each_device(device, folder):
    import throughput

    assert throughput.folder_of(device) == folder


def test_committed_tables_are_those_of_their_results():
    from throughput_peers import gpu_report, report

    folder = BENCHMARKS / "results" / "throughput"
    for path, markdown in (
        ("h200/measured_2026-11-27.json", gpu_report.markdown),
        ("cpu-amd-epyc/results.json", report.markdown),
    ):
        results = json.loads((folder / path).read_text())
        assert (folder / path).with_name("table.md").read_text() == markdown(results) + "\n"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--device", "tpu"], "device 'tpu' is unknown: choose some of cpu, gpu"),
        (["--cases", "r3gan"], "case 'r3gan' is unknown: choose some of mlp, "),
        (["--batch-sizes", "64;256"], "--batch-sizes 64;256 is no list of whole numbers"),
        (["--seconds", "0"], "--seconds 0 is out of range: at least 1"),
    ],
)
def test_bad_arguments_of_throughput(run_script, tmp_path, arguments, part):
    result = run_script("throughput.py", *arguments, "--out", tmp_path, folder="benchmarks")
    is_one_line_error(result, part)


@pytest.mark.slow
def test_without_a_gpu_it_says_so_in_one_line(run_script, tmp_path):
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    result = run_script("throughput.py", "--device", "gpu", "--out", tmp_path, folder="benchmarks")
    is_one_line_error(result, "TensorFlow sees no GPU")


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


def test_only_our_networks_have_our_dropout():
    from throughput_peers import tensorflow_common, tensorflow_ours
    from throughput_peers.cases import CASES

    case = CASES["wgan_gp"]
    ours = tensorflow_ours.on_nets(case, find_recipe(case.recipe).settings()).discriminator
    for network, kind in (
        (ours, Dropout),
        (tensorflow_common.build(case.discriminator), keras.layers.Dropout),
    ):
        found = [type(layer) for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
        assert found == [kind] * 3
