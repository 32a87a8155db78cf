"""What the tests share: tiny GANs, their data, and scripts run in this process."""

import gc
import logging
import os
import random
import runpy
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # whatever the caller has: what scripts write is compared
# The nets are tiny, and `make test` has two processes on two cores.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import tfgan_ref  # isort: skip  # before TensorFlow: it switches oneDNN on
import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import networks
from tfgan_ref.gans import ACGAN, ConditionalGAN, GenerativeModel, VanillaGAN

ROOT = Path(tfgan_ref.__file__).parents[1]

# Two logical devices, so that tests can train on two replicas; before TensorFlow's first operation.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
for gpu in tf.config.list_physical_devices("GPU"):  # some tests start processes that need some of it too
    tf.config.experimental.set_memory_growth(gpu, True)
# Bit-exact comparisons need it, and it is what the scripts do.
tf.config.experimental.enable_op_determinism()
# On a GPU products would round their inputs to ten bits, beyond the tolerances here.
tf.config.experimental.enable_tensor_float_32_execution(False)
# TensorFlow's rewriting of graphs before their first run is a tenth of the time of these tests. Those of the
# order of updates, which it once broke, switch it on.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})

# Loss scaling is one code for all types, which the tests of VanillaGAN and WGANGP run.
FLOAT16 = pytest.param("mixed_float16", marks=pytest.mark.slow)


def slow_ones(values, slow):
    """Parameters of a test, of which those in ``slow`` are for .ci/nightly."""
    values = [(value, value if isinstance(value, tuple) else (value,)) for value in values]
    return [
        pytest.param(*given, marks=[pytest.mark.slow] if value in slow else []) for value, given in values
    ]


# Begun first, so that no single file is left to the end while the other process has nothing to do.
LONGEST = ("test_docs.py", "test_keras_model.py", "test_resume.py", "test_distribution.py")


def pytest_collection_modifyitems(items):
    """Puts the files that take longest first; all else stays in order."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True, scope="module")
def graphs_are_dropped():
    """Frees what a file's tests have traced, and takes the rest out of Python's search for garbage.

    TensorFlow keeps a graph that was traced within another for ever: thousands of objects, which each search
    would go through again.
    """
    random.seed(0)  # for what the file's fixtures build
    yield
    keras.backend.clear_session()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def seeded_weights():
    """Seeds what Keras draws initial weights from where no seed is given: the same in each run."""
    random.seed(0)


@pytest.fixture(scope="module")
def eager_training():
    """Lets ``fit`` run its steps eagerly: a graph costs as much as ten steps, and these tests take fewer.

    The types are trained as graphs in tests/gans.
    """
    with pytest.MonkeyPatch.context() as patch:
        # In place of Keras's property, to which ``compile`` writes.
        patch.setattr(
            GenerativeModel, "run_eagerly", property(lambda _: True, lambda *_: None), raising=False
        )
        yield


def without_export(recipe):
    """The same recipe with runs that end with an empty folder for the SavedModel, which takes seconds."""
    return replace(recipe, medium=replace(recipe.medium, export=lambda gan, path, shape: path.mkdir()))


def as_if_killed(run, copy, step):
    """Copies a finished run as it was when a kill ended it after the checkpoint of ``step``."""
    shutil.copytree(run, copy)
    for checkpoint in (copy / "checkpoints").iterdir():
        if int(checkpoint.name.removeprefix("step_")) > step:
            shutil.rmtree(checkpoint)
    shutil.rmtree(copy / "saved_model")
    for name in ("samples.png", "generator.keras"):
        (copy / name).unlink(missing_ok=True)
    return copy


def tiny_gan(
    conditional=False, kind=None, *, batch_norm=False, dropout=0.0, optimizers=None, compiled=None, **settings
):
    """A compiled GAN on 8x8 images with fully connected networks.

    ``kind`` is a class of ``tfgan_ref.gans``; by default VanillaGAN, or ConditionalGAN.
    """
    shape = (8, 8, 1)
    kind = kind or (ConditionalGAN if conditional else VanillaGAN)
    packing = max(1, settings.get("packing", 1))  # 0 is for the type to refuse

    def generator(latent_dim):
        return networks.mlp_generator(latent_dim, shape, (16,), batch_norm=batch_norm, seed=1)

    def features(channels):
        return networks.mlp_features((8, 8, channels), (16,), dropout=dropout, seed=2)

    if kind is ACGAN:
        pair = (
            networks.conditional_generator(generator, 4, num_classes=3, seed=1),
            networks.auxiliary_discriminator(features(1), num_classes=3, seed=2),
        )
    elif conditional:
        pair = (
            networks.conditional_generator(generator, 4, num_classes=3, seed=1),
            networks.conditional_discriminator(features, shape, num_classes=3, seed=2),
        )
    else:
        pair = generator(4), networks.discriminator(features(packing), seed=2)
    if conditional or kind is ACGAN:
        settings["num_classes"] = 3
    gan = kind(*pair, **settings)
    if optimizers is None:
        optimizers = (keras.optimizers.Adam(1e-2, beta_1=0.5), keras.optimizers.Adam(1e-2, beta_1=0.5))
    gan.compile(*optimizers, **(compiled or {}))
    return gan


def tiny_batches(n=4, batch_size=6, seed=0):
    """A list of n batches for ``tiny_gan``."""
    rng = np.random.default_rng(seed)
    return [
        {
            "image": tf.constant(rng.uniform(-1, 1, (batch_size, 8, 8, 1)), tf.float32),
            "label": tf.constant(rng.integers(0, 3, batch_size), tf.int32),
        }
        for _ in range(n)
    ]


def tiny_dataset(batch_size=6):
    """An infinite data set for ``tiny_gan``."""
    batches = tiny_batches(5, batch_size)
    stacked = {key: tf.concat([batch[key] for batch in batches], 0) for key in batches[0]}
    return tf.data.Dataset.from_tensor_slices(stacked).batch(batch_size, drop_remainder=True).repeat()


def values(variables):
    """NumPy copies of variables."""
    return [np.array(v) for v in variables]


def same(first, second):
    """Whether two lists of arrays are bit-identical."""
    return len(first) == len(second) and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def in_a_new_process(code, **environment):
    """What Python code prints in a process of its own, which has no variables but these and can import us."""
    environment = {"PATH": "", "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def two_replicas():
    """One strategy for all tests: TensorFlow numbers the collectives of each from the same start."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def run_script(monkeypatch, capsys):
    """Runs a script of the project in this process: (name, *arguments) to (exit code, stdout, stderr)."""

    def run(name, *arguments, folder="scripts"):
        # The script sets logging up for itself, as in a process of its own.
        monkeypatch.setattr(logging.root, "handlers", [])
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(ROOT / folder / name), run_name="__main__")
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run
