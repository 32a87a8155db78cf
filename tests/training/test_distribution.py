"""Several replicas train as one device does on the global batch."""

import functools
import json
import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import ROOT, same, slow_ones, tiny_gan, values
from tests.training import replicated
from tfgan_ref import randomness
from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.pipeline import BatchLoader
from tfgan_ref.errors import InputError
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.training import distribution
from tfgan_ref.training.checkpoints import Checkpoints

ONE = distribution.make_strategy("none")


@pytest.fixture
def folder(tmp_path):
    """600 grey images: more than these tests and what is read ahead come to."""
    path = tmp_path / "images"
    path.mkdir()
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (600, 28, 28), np.uint8)):
        Image.fromarray(pixels).save(path / f"{number:03d}.jpg")
    return path


@functools.cache
def on_one_device(kind, optimizer):
    return replicated.train(replicated.KINDS[kind], kind, optimizer, ONE)


@pytest.fixture
def mirrored(two_replicas, monkeypatch):
    """The one strategy of all tests for whoever asks for mirrored."""
    make = distribution.make_strategy
    monkeypatch.setattr(
        distribution, "make_strategy", lambda name: two_replicas if name == "mirrored" else make(name)
    )


def furthest(first, second):
    assert len(first) == len(second)
    return max(np.abs(a - b).max() for a, b in zip(first, second, strict=True))


def run_workers(arguments, path, count=2):
    """Runs ``count`` processes that are each other's workers to their ends; returns what each printed."""
    ports = []
    for _ in range(count):
        with socket.socket() as found:
            found.bind(("localhost", 0))
            ports.append(found.getsockname()[1])
    cluster = {"worker": [f"localhost:{port}" for port in ports]}
    workers = []
    for index in range(count):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
        environment = os.environ | {
            "TF_CONFIG": config, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        workers.append(
            subprocess.Popen(
                [sys.executable, *map(str, arguments)], cwd=path, env=environment, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
        )  # fmt: skip
    try:
        outputs = [worker.communicate(timeout=300)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0] * count, "\n".join(outputs)
    return outputs


@pytest.mark.parametrize("optimizer", slow_ones(["sgd", "adam"], ["adam"]))
@pytest.mark.parametrize("kind", slow_ones(replicated.KINDS, ["dcgan", "pix2pix"]))
def test_two_replicas_end_where_one_does(kind, optimizer, two_replicas):
    build = replicated.KINDS[kind]
    one, two = on_one_device(kind, optimizer), replicated.train(build, kind, optimizer, two_replicas)
    start = build()
    assert furthest(one, two) < 1e-5
    assert furthest(one[:2], values(start.generator.variables)[:2]) > 1e-4, "nothing was learnt"


@pytest.mark.slow
def test_two_processes_end_where_one_does(tmp_path):
    run_workers(["-m", "tests.training.replicated", tmp_path / "found.npz"], ROOT)
    found = np.load(tmp_path / "found.npz")
    for kind in replicated.KINDS:
        for optimizer in replicated.OPTIMIZERS:
            one = on_one_device(kind, optimizer)
            two = [found[f"{kind}-{optimizer}-{number}"] for number in range(len(one))]
            assert furthest(one, two) < 1e-5, (kind, optimizer)


@pytest.mark.slow
def test_two_processes_read_their_own_rows(tmp_path, folder):
    """No image is read by both in an epoch but those whose contents are in the fingerprint, by each."""
    run_workers(["-m", "tests.training.replicated", tmp_path / "found.npz", folder], ROOT)
    found = np.load(tmp_path / "found.npz")
    make = functools.partial(replicated.streamed_loader, folder, set())
    one = replicated.train(replicated.KINDS["dcgan"], None, "sgd", ONE, batch_size=8, make=make)
    assert furthest(one, [found[str(number)] for number in range(len(one))]) < 1e-5
    names = sorted(path.name for path in folder.iterdir())
    order = shuffled_order(len(names), 0)(tf.range(len(names), dtype=tf.int64)).numpy()
    taken = 8 * replicated.STEPS
    for index in range(2):
        of_process = [names[i] for p, i in enumerate(order) if p % 8 // 4 == index]
        read = set((tmp_path / f"found.npz-{index}.txt").read_text().splitlines())
        assert set(of_process[: taken // 2]) <= read <= set(of_process)


@pytest.mark.slow
def test_two_replicas_read_from_disk_what_one_device_does(two_replicas, folder):
    """TensorFlow has one thread for operations here: what it reads must not wait for what it computes."""
    assert os.environ["TF_NUM_INTEROP_THREADS"] == os.environ["TF_NUM_INTRAOP_THREADS"] == "1"
    ends = []
    for strategy in (ONE, two_replicas):
        make = functools.partial(replicated.streamed_loader, folder, set())
        ends.append(replicated.train(replicated.KINDS["dcgan"], None, "sgd", strategy, make=make))
    assert furthest(*ends) < 1e-5


@pytest.mark.slow
def test_synchronised_batch_norm_makes_replicas_equal_to_one_device(two_replicas):
    def build():
        return VanillaGAN(*replicated.dcgan_networks(batch_norm=True))

    def synchronise(gan):
        distribution.synchronise_batch_norm(gan.generator, gan.discriminator)

    one = replicated.train(build, "dcgan", "sgd", ONE)
    alone = replicated.train(build, "dcgan", "sgd", two_replicas)
    together = replicated.train(build, "dcgan", "sgd", two_replicas, synchronise)
    assert furthest(one, together) < 1e-5
    assert furthest(one, alone) > 1e-3


def test_replicas_take_the_rows_of_one_draw(two_replicas):
    seed = tf.constant([3, 4])

    def draw():
        return (
            randomness.sample_latents(3, 5, seed),
            randomness.uniform([2, 3], seed, axis=1),
            randomness.uniform([3, 1], seed, -4, 5, dtype=tf.int32),
            randomness.replica_seed(seed),
        )

    per_replica = two_replicas.run(tf.function(draw))
    parts = [two_replicas.experimental_local_results(value) for value in per_replica]
    latents, transposed, integers, seeds = ([part.numpy() for part in both] for both in parts)
    np.testing.assert_array_equal(np.concatenate(latents), randomness.sample_latents(6, 5, seed))
    whole = randomness.uniform([2, 6], seed, axis=1)
    np.testing.assert_array_equal(np.concatenate(transposed, axis=1), whole)
    np.testing.assert_array_equal(
        np.concatenate(integers), randomness.uniform([6, 1], seed, -4, 5, dtype=tf.int32)
    )
    assert not np.array_equal(latents[0], latents[1])
    assert not np.array_equal(seeds[0], seeds[1])


def test_each_critic_batch_is_sharded(two_replicas):
    """A batch of 12 for three critic updates on two replicas: each has two rows of each of the three."""
    loader = BatchLoader(
        12, lambda positions, step: {"image": positions}, lambda chosen, _: chosen, lambda values: values, {}
    )
    shared = distribution.shard_batch(loader, 0, 3, two_replicas)
    parts = two_replicas.experimental_local_results(next(iter(shared))["image"])
    assert [list(part.numpy()) for part in parts] == [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11]]
    assert next(iter(distribution.shard_batch(loader, 1, 3, ONE)))["image"].numpy().tolist() == [
        *range(12, 24)
    ]


@pytest.mark.slow
def test_a_run_resumes_on_another_number_of_replicas(two_replicas, tmp_path):
    """Ten steps on two replicas and ten on one, against twenty on one."""

    def steps(gan, strategy, start, count):
        dataset = distribution.shard_batch(replicated.loader("dcgan", 4), start, 1, strategy)
        gan.fit(dataset, steps_per_epoch=count, verbose=0, shuffle=False)
        return gan

    def compiled():
        gan = replicated.KINDS["dcgan"]()
        gan.compile(replicated.OPTIMIZERS["sgd"](), replicated.OPTIMIZERS["sgd"]())
        return gan

    straight = steps(compiled(), ONE, 0, 20)
    with two_replicas.scope():
        first = compiled()
    Checkpoints(tmp_path, steps(first, two_replicas, 0, 10)).save()
    resumed = compiled()
    assert Checkpoints(tmp_path, resumed).restore() == 10
    steps(resumed, ONE, 10, 10)
    assert furthest(values(straight.generator.variables), values(resumed.generator.variables)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["mirrored", "multiworker"])
def test_train_py_resumes_under_a_strategy(strategy, run_script, mirrored, tmp_path):
    """20 steps in one process against 10 and 10 on two replicas or in two processes."""
    common = ["gan", "--batch-size", 8, "--set", "batch_norm=false", "--set", "image_size=8"]
    common += ["--set", "log_every=5", "--set", "checkpoint_every=5", "--set", "learning_rate=1e-4"]
    if strategy == "multiworker":
        script = ROOT / "scripts" / "train.py"
        outputs = run_workers(
            [script, *common, "--strategy", strategy, "--steps", 10, "--out", "run"], tmp_path
        )
        run_workers([script, "--resume", "run", "--steps", 20], tmp_path)
        assert sum("G loss" in output for output in outputs) == 1, "one process shows its progress"
    else:
        done = run_script(
            "train.py", *common, "--strategy", strategy, "--steps", 10, "--out", tmp_path / "run"
        )
        assert done[0] == 0, done
        assert run_script("train.py", "--resume", tmp_path / "run", "--steps", 20)[0] == 0
    assert run_script("train.py", *common, "--steps", 20, "--out", tmp_path / "one")[0] == 0
    one, two = (
        keras.saving.load_model(tmp_path / name / "generator.keras", compile=False) for name in ("one", "run")
    )
    assert furthest(values(one.variables), values(two.variables)) < 1e-5
    rows = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("one", "run")]
    assert len(rows[0]) == len(rows[1]) == 5


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("ring", None, "strategy 'ring' is unknown: choose one of none, mirrored, multiworker, tpu"),
        ("multiworker", None, "strategy multiworker needs the environment variable TF_CONFIG"),
        ("multiworker", "{}", "TF_CONFIG '{}' is not of the form"),
        (
            "multiworker",
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            "is none of the cluster's 1 workers",
        ),
        ("tpu", None, "strategy tpu found no TPU"),
    ],
)
def test_what_a_strategy_misses_is_said(name, config, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=message) as raised:
        distribution.make_strategy(name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["--batch-size", 7], "batch_size 7 is not a multiple of the 2 replicas"),
        (
            ["--batch-size", 8, "--set", "packing=8"],
            "packing 8 does not divide the 4 samples of each",
        ),
        (["--set", "clip_norm=1.0"], "clip_norm 1.0 needs strategy none"),
    ],
)
def test_what_replicas_cannot_share_is_said(settings, message, run_script, mirrored, tmp_path):
    code, _, error = run_script(
        "train.py", "gan", "--strategy", "mirrored", "--steps", 1, *settings, "--out", tmp_path / "run"
    )
    assert code == 2
    assert message in error
    assert not (tmp_path / "run").exists()


def test_batch_norm_of_a_network_in_a_network_takes_the_mean_of_all_replicas(two_replicas):
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)

    def network():
        inner = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()])
        return keras.Sequential([keras.Input((3,)), inner])

    with two_replicas.scope():
        shared = network()
    distribution.synchronise_batch_norm(shared)
    halves = two_replicas.experimental_distribute_values_from_function(
        lambda context: tf.constant(np.split(x, 2)[context.replica_id_in_sync_group])
    )
    call = tf.function(lambda part: shared(part, training=True), autograph=False)
    parts = two_replicas.experimental_local_results(two_replicas.run(call, (halves,)))
    np.testing.assert_allclose(np.concatenate(parts), network()(x, training=True), atol=1e-5)


def test_dropout_drops_the_rows_of_one_mask(two_replicas):
    from tfgan_ref.networks.layers.seeded import Dropout

    ones = tf.ones((4, 51))
    whole = Dropout(0.4, seed=3)(ones, training=True)
    with two_replicas.scope():
        layer = Dropout(0.4, seed=3)
        layer.build((2, 51))
    halves = two_replicas.run(tf.function(lambda: layer(tf.ones((2, 51)), training=True)))
    parts = [part.numpy() for part in two_replicas.experimental_local_results(halves)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(layer(ones, training=False), ones)


def test_one_device_is_not_changed_by_the_strategy_none():
    gans = []
    for strategy in (None, ONE):
        gan = tiny_gan()
        for step in range(2):
            batch = {"image": tf.fill((6, 8, 8, 1), 0.1 * step)}
            gan.train_step(batch) if strategy is None else strategy.run(gan.train_step, (batch,))
        gans.append(values(gan.variables))
    assert same(*gans)
