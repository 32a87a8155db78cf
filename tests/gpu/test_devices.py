"""A GPU and a CPU make the same of the same weights, and load what the other has written."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tests.conftest import in_a_new_process
from tests.gpu import DEVICE
from tfgan_ref import networks
from tfgan_ref.data import DataShape
from tfgan_ref.export.generator import export_generator
from tfgan_ref.recipes import RECIPES, build_gan

LATENTS, SEED, N = 32, 3, 8
GREY_LEVEL = 1 / 255


def before_tanh(policy):
    """A DCGAN generator's outputs before their tanh, whose slope of at most 1 enlarges no difference."""
    standing = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        generator = networks.dcgan_generator(LATENTS, 28, 1, width=16)
    finally:
        keras.config.set_dtype_policy(standing)
    return keras.Model(generator.input, generator.layers[-2].output)


def test_a_gpu_computes_what_a_cpu_does():
    """Within 64 times the error of float32 on the CPU, which float64 shows.

    Other orders of the same additions, and convolutions by Winograd's transforms, err a few times as much.
    TF32 rounds to 10 bits instead of 23: it errs some 8,192 times as much.
    """
    exact, network = before_tanh("float64"), before_tanh("float32")
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.05, w.shape).astype(np.float32) for w in network.get_weights()]
    weights = [
        np.abs(w) + 0.5 if "variance" in v.path else w for w, v in zip(weights, network.weights, strict=True)
    ]
    for model in (exact, network):
        model.set_weights(weights)
    latents = rng.normal(size=(N, LATENTS)).astype(np.float32)
    with tf.device("CPU:0"):
        truth, on_cpu = exact(latents.astype(np.float64)).numpy(), network(latents).numpy()
    with tf.device(f"{DEVICE}:0"):
        made = network(tf.constant(latents))
        assert f"device:{DEVICE}:0" in made.device
    error = np.abs(on_cpu - truth).max()
    assert 0 < error < 1e-4 * np.abs(truth).max()
    assert np.abs(made.numpy() - truth).max() <= 64 * error


EXPORTING = """
from tests.gpu.test_devices import written
written({path!r})
"""
SAMPLING = """
import numpy as np, tensorflow as tf
assert not tf.config.list_physical_devices("GPU")
model = tf.saved_model.load({path!r})
np.save({out!r}, model.sample({n}, {seed}))
"""
CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def written(path):
    """Exports the untrained generator of a recipe, the same on every device."""
    recipe = RECIPES["dcgan"]
    gan = build_gan(recipe, recipe.settings(width=4, initializer="he"), DataShape((28, 28, 1)))
    export_generator(gan.sampling_generator, Path(path))


def test_saved_models_go_from_one_device_to_the_other(tmp_path):
    """What a process with the GPU writes, one without loads, and the other way round: the same pictures."""
    made_here, made_there = str(tmp_path / "here"), str(tmp_path / "there")
    written(made_here)
    in_a_new_process(EXPORTING.format(path=made_there), **CPU_ONLY)
    here, there = [], []
    for number, path in enumerate((made_here, made_there)):
        model = tf.saved_model.load(path)
        here.append(model.sample(N, SEED).numpy())
        out = str(tmp_path / f"{number}.npy")
        in_a_new_process(SAMPLING.format(path=path, out=out, n=N, seed=SEED), **CPU_ONLY)
        there.append(np.load(out))
    assert np.ptp(here[0]) > 10 * GREY_LEVEL
    for pictures in (*here, *there):
        np.testing.assert_allclose(pictures, here[0], atol=GREY_LEVEL / 2, rtol=0)
