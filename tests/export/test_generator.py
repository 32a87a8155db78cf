"""Exported generators, used in a process that cannot import this package."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_gan
from tfgan_ref import randomness
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import CHUNK, IN_TURN, ExportedGenerator, export_generator, labels_of

CODE = """
import sys
sys.modules["tfgan_ref"] = None  # importing it fails
import numpy as np, tensorflow as tf
path, kinds, many = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
for kind in kinds:
    model = tf.saved_model.load(f"{path}/{kind}")
    conditional = kind == "conditional"
    first = model.sample(5, 3).numpy()
    assert first.shape == (5, 8, 8, 1) and first.dtype == np.float32
    assert first.min() >= 0 and first.max() <= 1
    np.testing.assert_array_equal(first, model.sample(5, 3).numpy())
    np.testing.assert_allclose(first, model.sample(many, 3).numpy()[:5], atol=1e-6)
    assert not np.allclose(first, model.sample(5, 4).numpy())
    assert model.sample(1, 3).shape[0] == 1
    assert model.sample(many, 3).shape[0] == many
    latents = tf.zeros([2, 4])
    traced = model.sample.experimental_get_tracing_count()
    for number in range(5, 8):
        model.sample(number, number)
    assert model.sample.experimental_get_tracing_count() == traced, "a graph is kept for each number"
    if conditional:
        np.testing.assert_allclose(model.sample(5, 3, [0, 1, 2, 0, 1]).numpy(), first, atol=1e-6)
        one = model.sample(5, 3, 2).numpy()
        np.testing.assert_allclose(one[2], first[2], atol=1e-6)
        assert not np.allclose(one[0], first[0])
        served = model.signatures["serving_default"](latents=latents, label=tf.constant([0, 1]))
    else:
        served = model.signatures["serving_default"](latents=latents)
    assert served["images"].shape == (2, 8, 8, 1)
    for bad in [(0, 1), (-3, 1)] + [(2, 1, 3), (2, 1, -1)] * conditional:
        try:
            model.sample(*bad)
        except tf.errors.InvalidArgumentError as error:
            assert "must be" in str(error)
        else:
            raise AssertionError(bad)
    np.save(f"{path}/{kind}.npy", first)
"""


@pytest.mark.slow  # a process of its own
def test_saved_models_need_tensorflow_only(tmp_path):
    gans = {"unconditional": tiny_gan(batch_norm=True), "conditional": tiny_gan(True, batch_norm=True)}
    for kind, gan in gans.items():
        export_generator(gan.ema_generator, tmp_path / kind, num_classes=gan.num_classes)
    arguments = [str(tmp_path), ",".join(gans), str(2 * CHUNK + 3)]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # The same images as here, and as the generator gives in [-1, 1].
    for kind, gan in gans.items():
        images = np.load(tmp_path / f"{kind}.npy")
        np.testing.assert_allclose(images, gan.generate(5, 3).numpy() / 2 + 0.5, atol=1e-5)


def test_generator_keras_loads_without_this_package(tmp_path):
    gan = tiny_gan(conditional=True, batch_norm=True)
    gan.ema_generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", safe_mode=True)
    inputs = [tf.zeros([3, 4]), tf.constant([0, 1, 2])]
    np.testing.assert_array_equal(loaded(inputs), gan.ema_generator(inputs))


def test_existing_directory_is_not_touched(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.txt").write_text("kept")
    with pytest.raises(InputError, match="exists: name a new directory"):
        export_generator(tiny_gan().generator, tmp_path / "model")
    assert (tmp_path / "model" / "mine.txt").read_text() == "kept"


def test_failed_export_leaves_nothing(tmp_path, monkeypatch):
    def fail(module, path, **settings):
        (Path(path) / "half").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        export_generator(tiny_gan().generator, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_images_are_clipped_to_their_range():
    inputs = keras.Input((4,))
    wild = keras.Model(inputs, keras.layers.Reshape((2, 2, 1))(inputs))
    served = ExportedGenerator(wild).serve(tf.constant([[-9.0, -1.0, 1.0, 9.0]])).numpy()
    np.testing.assert_array_equal(served.ravel(), [0, 0, 1, 1])


def test_what_is_exported_draws_what_the_generator_draws():
    gan = tiny_gan(conditional=True, batch_norm=True)
    exported = ExportedGenerator(gan.generator)
    n = CHUNK + 3
    for seed in (1, 2):
        labels = labels_of(tf.constant(n), tf.constant(IN_TURN), 3)
        drawn = exported.draw(tf.constant(n), tf.constant(seed), labels)
        latents = randomness.sample_latents(n, 4, randomness.base_seed(seed))
        images = gan.generator([latents, tf.range(n) % 3], training=False)
        np.testing.assert_allclose(drawn, images / 2.0 + 0.5, atol=1e-5)


@pytest.mark.parametrize("label", [-1, 3, [0, 1, 3]])
def test_labels_out_of_range(label):
    with pytest.raises(tf.errors.InvalidArgumentError, match="label must be from 0 to 2"):
        labels_of(tf.constant(3), tf.constant(label), 3)
