"""The two Inceptions: architecture, resizes, loading, labels, and each error's line."""

import logging

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.networks.features import torch_files
from tfgan_ref.errors import InputError
from tfgan_ref.networks.features import inception_keras
from tfgan_ref.networks.features.inception_fid import WEIGHTS, InceptionFID, resize_tf1
from tfgan_ref.networks.features.inception_graph import TAPS, load_inception_graph, untrained_inception_graph
from tfgan_ref.networks.features.weight_files import torch_variables
from tfgan_ref.networks.layers.pixels import resize_clean

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (3, 20, 24, 3), np.uint8)


@pytest.fixture(scope="module")
def graph():
    return untrained_inception_graph()


@pytest.fixture(scope="module")
def state(graph):
    """A state dict with all the names of pytorch-fid's file."""
    state = torch_files.random_state(torch_variables(graph))
    counts = {name.replace("running_var", "num_batches_tracked") for name in state if "running_var" in name}
    return state | {name: np.array(1, np.int64) for name in sorted(counts)}


@pytest.fixture(scope="module")
def weights(state, tmp_path_factory):
    return torch_files.save(tmp_path_factory.mktemp("weights") / "inception.pth", state)


@pytest.fixture(scope="module")
def loaded(weights):
    """The network, loaded in a session that trains in half precision."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return load_inception_graph(weights)
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def extractor(weights):
    return InceptionFID(weights, batch_size=2)


def test_state_dict_has_the_published_size(state):
    assert len(state) == 566
    assert sum(array.size for array in state.values() if array.dtype.kind == "f") == 23_885_392


def test_taps(graph):
    widths = (64, 192, 768, 2048, 1008, 1008)
    assert {tap: output.shape for tap, output in graph.output.items()} == {
        tap: (None, width) for tap, width in zip(TAPS, widths, strict=True)
    }
    sides = {"MaxPool_1": 73, "MaxPool_2": 35, "Mixed_5d": 35, "Mixed_6e": 17, "Mixed_7a": 8, "Mixed_7c": 8}
    for name, side in sides.items():
        assert graph.get_layer(name).output.shape[1:3] == (side, side)


def test_what_sets_the_network_of_2015_apart(graph):
    norms = [layer for layer in graph.layers if isinstance(layer, layers.BatchNormalization)]
    assert len(norms) == 94
    assert all(norm.scale and norm.epsilon == 1e-3 for norm in norms)
    pools = {
        name: graph.get_layer(f"Mixed_{name}.pool")
        for name in ("5b", "5c", "5d", "6b", "6c", "6d", "6e", "7b", "7c")
    }
    assert type(pools.pop("7c")) is layers.MaxPooling2D
    ones = np.ones((1, 5, 5, 288), np.float32)
    for pool in pools.values():
        assert type(pool) is layers.AveragePooling2D
        np.testing.assert_array_equal(pool(ones), ones)  # so the padding is not in the mean
    assert graph.get_layer("fc").kernel.shape == (2048, 1008)


def test_the_types_of_the_session_do_not_change_the_network(loaded):
    computing = [layer for layer in loaded.layers if not isinstance(layer, layers.InputLayer)]
    assert {layer.compute_dtype for layer in computing} == {"float32"}


def asymmetric_bilinear(image, side):
    """TensorFlow 1's resize by its definition, one output pixel at a time."""
    height, width, _ = image.shape
    result = np.empty((side, side, image.shape[2]))
    for i in range(side):
        y, y_part = divmod(i * height / side, 1)
        rows = [int(y), min(int(y) + 1, height - 1)]
        for j in range(side):
            x, x_part = divmod(j * width / side, 1)
            columns = [int(x), min(int(x) + 1, width - 1)]
            patch = image[np.ix_(rows, columns)].astype(float)
            result[i, j] = np.einsum("a,b,abc", [1 - y_part, y_part], [1 - x_part, x_part], patch)
    return result


@pytest.mark.parametrize("shape", [(5, 7, 3), (400, 301, 3)])
def test_tf1_resize_follows_its_definition(shape):
    image = RNG.integers(0, 256, shape, np.uint8)
    expected = asymmetric_bilinear(image, 299)
    # Positions are float32, and grow with the image.
    np.testing.assert_allclose(resize_tf1(image[None])[0], expected, atol=0.02)


def test_clean_resize_is_antialiased_and_stays_in_range():
    stripes = np.zeros((1, 598, 598, 3), np.uint8)
    stripes[:, ::2, :, 1] = 255
    halved = resize_clean(stripes, (299, 299))[0, 10:-10, 10:-10]
    np.testing.assert_allclose(halved[..., 1], 127.5, atol=0.01)
    np.testing.assert_array_equal(halved[..., [0, 2]], 0)
    edge = np.zeros((1, 30, 30, 3), np.uint8)
    edge[:, :, 15:] = 255
    enlarged = resize_clean(edge, (299, 299))
    assert enlarged.shape == (1, 299, 299, 3)
    assert (enlarged.min(), enlarged.max()) == (0, 255)
    assert (enlarged != np.rint(enlarged)).any()


def test_features_and_logits(extractor, loaded, state):
    features, logits = extractor(PIXELS)
    assert features.shape == (3, 2048)
    assert features.dtype == logits.dtype == np.float32
    assert (features >= 0).all()
    assert (features.std(axis=0) > 0).mean() > 0.5
    np.testing.assert_allclose(logits, features @ state["fc.weight"].T, rtol=1e-3, atol=1e-4)
    taps = loaded((resize_tf1(PIXELS) - 128) / 128)
    np.testing.assert_allclose(features, taps["2048"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(taps["logits"] - taps["logits_unbiased"], [state["fc.bias"]] * 3, atol=1e-5)
    # The images are apart whatever batch they come in: 3 images are 2 and 1 above.
    np.testing.assert_allclose(extractor(PIXELS[2:])[0], features[2:], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_clean_resize_gives_other_features_and_another_label(extractor, weights):
    clean = InceptionFID(weights, resize="clean")
    assert (extractor.label, clean.label) == ("FID", "FID (clean resize)")
    assert extractor.name != clean.name
    assert extractor.key != clean.key
    assert clean.settings == extractor.settings | {"resize": "clean"}
    assert extractor.settings["weights"] == "inception.pth"
    assert len(extractor.settings["weights_sha256"]) == 64
    difference = clean(PIXELS[:1])[0] - extractor(PIXELS[:1])[0]
    assert np.abs(difference).max() > 1e-3


def test_grey_is_tiled_and_said_once(extractor, caplog):
    grey = PIXELS[:1, :, :, :1]
    with caplog.at_level(logging.WARNING):
        first, again = extractor(grey), extractor(grey)
    assert [record.getMessage() for record in caplog.records] == [
        "grey images are tiled to RGB for Inception 2015"
    ]
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[0], extractor(np.repeat(grey, 3, axis=-1))[0])


@pytest.mark.parametrize(
    ("images", "line"),
    [
        (PIXELS / 255, "images are float64, they must be uint8 in [0, 255]"),
        (PIXELS[0], "images have shape (20, 24, 3), it must be (N, H, W, 3), or (N, H, W, 1) for grey"),
        (PIXELS[..., :2], "images have shape (3, 20, 24, 2), it must be (N, H, W, 3), or"),
        (PIXELS[:0], "images have shape (0, 20, 24, 3), it must"),
    ],
)
def test_other_images(extractor, images, line):
    with pytest.raises(InputError) as caught:
        extractor(images)
    assert str(caught.value).startswith(line)


def test_unusable_weights(weights, state, tmp_path, monkeypatch):
    def line(path, **settings):
        with pytest.raises(InputError) as caught:
            InceptionFID(path, **settings)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert line(None) == (
        f"weights {tmp_path}/tfgan_ref/weights/{WEIGHTS.name}: there is no such file; download {WEIGHTS.url} "
        f"and save it as {tmp_path}/tfgan_ref/weights/{WEIGHTS.name}, or give the path of your copy"
    )
    assert line(weights, resize="lanczos") == "resize 'lanczos' is unknown: choose one of tf1, clean"
    assert line(weights, batch_size=0) == "batch_size is 0, it must be at least 1"
    cut = tmp_path / "cut.pth"
    cut.write_bytes(weights.read_bytes()[:1_000_000])
    assert line(cut) == f"weights {cut}: cannot be read, it is cut off"
    # torchvision's Inception has 1000 classes.
    other = torch_files.save(
        tmp_path / "other.pth", state | {"fc.weight": np.zeros((1000, 2048), np.float32)}
    )
    assert line(other) == f"weights {other}: fc.weight has shape (1000, 2048), it must be (1008, 2048)"


@pytest.fixture(scope="module")
def keras_weights(tmp_path_factory):
    """Keras's Inception with random weights, and its file in the published one's format."""
    model = keras.applications.InceptionV3(weights=None, classifier_activation=None)
    for weight, value in zip(model.weights, model.get_weights(), strict=True):
        if weight.path.endswith(("moving_variance", "moving_mean", "beta")):
            weight.assign(value + RNG.uniform(0, 0.2, value.shape))
    path = tmp_path_factory.mktemp("weights") / "inception_keras.h5"
    model.save(path)
    return model, path


@pytest.mark.slow
def test_keras_inception_is_what_keras_users_compute(keras_weights):
    model, path = keras_weights
    extractor = inception_keras.InceptionKeras(path)
    squares = keras.applications.inception_v3.preprocess_input(tf.image.resize(PIXELS, (299, 299)).numpy())
    features, logits = extractor(PIXELS)
    assert features.shape == (3, 2048)
    np.testing.assert_allclose(logits, model(squares, training=False), rtol=1e-4, atol=1e-6)
    assert extractor.label == "FID (Keras ImageNet)"
    assert extractor.settings["weights"] == "inception_keras.h5"


def test_keras_inception_without_usable_weights(tmp_path, monkeypatch):
    def line(path):
        with pytest.raises(InputError) as caught:
            inception_keras.InceptionKeras(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    def no_network(*_, **__):
        raise Exception("URL fetch failure on https://...: None -- no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.utils, "get_file", no_network)
    published = inception_keras.WEIGHTS
    by_hand = (
        f"download {published.url} and save it as {tmp_path}/models/{published.name}, "
        "or give the path of your copy"
    )
    assert line(None) == (
        f"weights {published.name}: Keras did not get them (URL fetch failure on https://...: None -- "
        f"no network); {by_hand}"
    )
    assert line(tmp_path / "no.h5") == f"weights {tmp_path}/no.h5: there is no such file; {by_hand}"
    (tmp_path / "damaged.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert line(tmp_path / "damaged.h5").startswith(f"weights {tmp_path}/damaged.h5: cannot be loaded, ")
