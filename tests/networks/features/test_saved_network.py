"""Networks given by their path: what form they must have, what they are fed, and each error's line."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import extract_real
from tfgan_ref.networks.features.saved_network import SavedNetwork

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), np.uint8)


def save(path, compute, shape=(None, None, None, 3), dtype=tf.float32, signature="serving_default"):
    """Writes a SavedModel of ``compute``, from images to a dict of outputs."""
    module = tf.Module()
    spec = tf.TensorSpec(shape, dtype, name="pixels")
    module.serve = tf.function(compute, input_signature=[spec], autograph=False)
    tf.saved_model.save(module, str(path), signatures={signature: module.serve})
    return path


def flat(images):
    """Features that are the pixels, in the size that the signature has."""
    return {"features": tf.reshape(images, (-1, np.prod(images.shape[1:])))}


def refused(path, image_shape=(20, 30, 3)):
    with pytest.raises(InputError) as caught:
        SavedNetwork(path, image_shape)
    assert str(caught.value).startswith(f"weights {path}")
    return str(caught.value)


def test_it_gets_pixels_as_they_are_and_in_batches(tmp_path):
    network = SavedNetwork(save(tmp_path / "own", flat, (None, 20, 30, 3)), (20, 30, 3), batch_size=2)
    features, logits = network(PIXELS)
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, PIXELS.reshape(3, -1))
    assert logits.shape == (3, 0)
    assert network.label == "Frechet distance (own)"
    assert network.notes == []


def test_a_network_of_any_size_gets_images_in_theirs(tmp_path):
    def mean(images):
        return {"mean": tf.reduce_mean(images, (1, 2)), "map": images}

    network = SavedNetwork(save(tmp_path / "own", mean), (20, 30, 3))
    np.testing.assert_allclose(network(PIXELS)[0], PIXELS.mean(axis=(1, 2)), rtol=1e-5)
    assert network.notes == []


def test_grey_images_are_resized_without_aliases_and_tiled(tmp_path):
    network = SavedNetwork(save(tmp_path / "own", flat, (None, 8, 10, 3)), (20, 30, 1))
    plane = Image.fromarray(PIXELS[0, ..., 0].astype(np.float32)).resize((10, 8), Image.Resampling.BICUBIC)
    expected = np.repeat(np.asarray(plane)[..., None].clip(0, 255), 3, axis=-1)
    np.testing.assert_allclose(network(PIXELS[:1, ..., :1])[0], expected.reshape(1, -1), rtol=1e-6)
    assert network.notes == [
        "for the features both sides are resized from 30x20 to 10x8 pixels",
        "for the features grey images are tiled to RGB",
    ]


def test_a_network_of_grey_images(tmp_path):
    path = save(tmp_path / "own", flat, (None, 20, 30, 1))
    np.testing.assert_array_equal(
        SavedNetwork(path, (20, 30, 1))(PIXELS[..., :1])[0], PIXELS[..., 0].reshape(3, -1)
    )
    assert refused(path).endswith("it takes grey images, and the data are in colour")


@pytest.fixture
def model():
    """A Keras model with two outputs, of which one is features."""
    images = keras.Input((8, 10, 3), name="images")
    maps = layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(images))
    return keras.Model({"images": images}, {"maps": maps, "features": layers.Flatten()(maps)})


def test_a_keras_file_and_its_export_give_the_same(model, tmp_path):
    model.save(tmp_path / "own.keras")
    model.export(tmp_path / "own", verbose=False)
    keras.config.set_dtype_policy("mixed_float16")  # of the session, which is none of the network's
    try:
        kept = SavedNetwork(tmp_path / "own.keras", (8, 10, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    images = PIXELS[:, :8, :10]
    expected = model({"images": images.astype(np.float32)})["features"]
    np.testing.assert_allclose(kept(images)[0], expected, rtol=1e-5, atol=1e-6)
    served = SavedNetwork(tmp_path / "own", (8, 10, 3))
    np.testing.assert_allclose(served(images)[0], expected, rtol=1e-5, atol=1e-6)
    assert kept.label == served.label == "Frechet distance (own)"


def test_features_of_real_data_are_kept_under_the_network_s_digest(tmp_path):
    path = save(tmp_path / "own", flat, (None, 20, 30, 3))
    network, arrays = SavedNetwork(path, (20, 30, 3)), ImageArrays("own", PIXELS)
    first = extract_real(arrays, 3, network, 0, tmp_path)
    (kept,) = (tmp_path / "features").iterdir()
    assert kept.name.endswith(f"{network.key}.npz")
    network._network = None  # it is not asked again
    again = extract_real(arrays, 3, network, 0, tmp_path)
    np.testing.assert_array_equal(again.features, first.features)
    assert again.logits.shape == (3, 0)
    (path / "words").write_text("some")
    changed = SavedNetwork(path, (20, 30, 3)).key
    (path / "words").write_text("others")
    assert len({network.key, changed, SavedNetwork(path, (20, 30, 3)).key}) == 3


@pytest.mark.parametrize(
    ("shape", "dtype", "line"),
    [
        ((None, 8, 8, 3), tf.uint8, "takes pixels uint8 (None, 8, 8, 3), it must be float32 (None, height"),
        ((1, 8, 8, 3), tf.float32, "takes pixels float32 (1, 8, 8, 3), it must be"),
        ((None, 3, 8, 8), tf.float32, "takes pixels float32 (None, 3, 8, 8), it must be"),
        ((None, 8, 8), tf.float32, "takes pixels float32 (None, 8, 8), it must be"),
    ],
)
def test_inputs_of_another_form(shape, dtype, line, tmp_path):
    assert line in refused(save(tmp_path / "own", flat, shape, dtype))


@pytest.mark.parametrize(
    ("compute", "line"),
    [
        (
            lambda x: {"map": x},
            "gives map float32 (None, 4, 4, 3); exactly one must be of floats (None, feat",
        ),
        (lambda x: {"a": x[:, 0, 0], "b": x[:, 1, 1]}, "gives a float32 (None, 3), b float32 (None, 3); exa"),
        (lambda x: {"classes": tf.cast(x[:, 0, 0], tf.int32)}, "gives classes int32 (None, 3); exactly one"),
        (lambda x: {"f": x[:, 0, 0] / 0.0}, "features of shape (2, 3), finite for 0; they must be finite"),
        (lambda x: {"f": x[:1, 0, 0]}, "features of shape (1, 3), finite for 1; they must be finite, a row"),
        (lambda x: {"f": tf.reshape(x, (-1, 7))}, "fails on images of (20, 30, 3), "),
    ],
)
def test_outputs_that_are_no_features(compute, line, tmp_path):
    assert line in refused(save(tmp_path / "own", compute, (None, 4, 4, 3)))


def test_paths_without_a_network(tmp_path):
    assert "is neither a SavedModel's folder nor a .keras file" in refused(tmp_path / "none")
    assert "is no SavedModel that can be read" in refused(tmp_path)
    (tmp_path / "own.keras").write_bytes(b"PK")
    assert "cannot be loaded" in refused(tmp_path / "own.keras")
    path = save(tmp_path / "own", flat, signature="classify", shape=(None, 8, 8, 3))
    assert refused(path).endswith("has no signature serving_default, but classify")


def test_code_in_a_file_is_not_run(tmp_path):
    images, trace = keras.Input((8, 10, 3)), tmp_path / "trace"
    marked = layers.Lambda(
        lambda x, path=str(trace): tf.io.write_file(path, "x") or x, output_shape=(8, 10, 3)
    )
    keras.Model(images, layers.Flatten()(marked(images))).save(tmp_path / "own.keras")

    def writes(images):
        tf.io.write_file(str(trace), "x")
        return flat(images)

    path = save(tmp_path / "own", writes, (None, 8, 10, 3))
    trace.unlink(missing_ok=True)
    assert "export a network with code of its own as a SavedModel" in refused(tmp_path / "own.keras")
    assert "has an operation WriteFile, which a network has no use for" in refused(path)
    assert not trace.exists()
