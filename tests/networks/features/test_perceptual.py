"""The VGG19 loss: preprocessing of both kinds of weights, taps, scale, gradients, and each error's line."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.networks.features import torch_files
from tfgan_ref.errors import InputError
from tfgan_ref.networks.features.perceptual import (
    KERAS_WEIGHTS,
    LAYERS,
    TORCHVISION_WEIGHTS,
    PerceptualLoss,
    preprocess_caffe,
    preprocess_torchvision,
)
from tfgan_ref.networks.features.vgg import torchvision_variables, untrained_vgg

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.uniform(-1, 1, (2, 3, 32, 40, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def state():
    return torch_files.random_state(torchvision_variables(untrained_vgg(19)))


@pytest.fixture(scope="module")
def weights(state, tmp_path_factory):
    """As torchvision's file: the older format, with a classifier that is not needed."""
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    return torch_files.save(path, state | {"classifier.0.weight": np.zeros((2, 3), np.float32)}, legacy=True)


@pytest.fixture(scope="module")
def published(state, tmp_path_factory):
    """Keras's VGG19 with the same values in Keras's order, and its file."""
    model = keras.applications.VGG19(include_top=False, weights=None)
    model.set_weights([a.transpose(2, 3, 1, 0) if a.ndim == 4 else a for a in state.values()])
    path = tmp_path_factory.mktemp("weights") / "vgg19.h5"
    model.save(path)
    return model, path


@pytest.fixture(scope="module")
def loss(weights):
    return PerceptualLoss(weights=weights)


def test_layers_have_the_names_of_both_libraries(published):
    convolutions = [layer.name for layer in published[0].layers if "conv" in layer.name]
    assert list(LAYERS) == convolutions
    names = [name for name in torchvision_variables(untrained_vgg(19)) if name.endswith("weight")]
    places = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]
    assert names == [f"features.{place}.weight" for place in places]


def test_preprocessing():
    pixels = (FIRST + 1) * 127.5
    expected = keras.applications.vgg19.preprocess_input(pixels.copy())
    np.testing.assert_allclose(preprocess_caffe(FIRST), expected, atol=1e-4)
    red = tf.constant([[[[1.0, -1.0, -1.0]]]])
    np.testing.assert_allclose(
        preprocess_caffe(red).numpy().ravel(), [-103.939, -116.779, 255 - 123.68], rtol=1e-6
    )
    np.testing.assert_allclose(
        preprocess_torchvision(red).numpy().ravel(),
        [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225],
        rtol=1e-6,
    )


@pytest.mark.parametrize("layer", ["block2_conv2", "block5_conv4"])
def test_keras_weights_give_keras_features(published, layer):
    model, path = published
    features = keras.Model(model.input, model.get_layer(layer).output)

    def reference(images):
        return features(keras.applications.vgg19.preprocess_input((images + 1) * 127.5)) / 12.75

    expected = np.square(reference(FIRST) - reference(SECOND)).mean(axis=(1, 2, 3))
    ours = PerceptualLoss(layer, weights=path)
    np.testing.assert_allclose(ours.per_image(FIRST, SECOND), expected, rtol=1e-4)
    np.testing.assert_allclose(ours(FIRST, SECOND), expected.mean(), rtol=1e-4)


def test_before_activation_compares_what_the_relu_gets(published, weights):
    model, _ = published
    convolution = model.get_layer("block3_conv1")
    before = keras.Model(model.input, convolution.input)

    def reference(images):
        x = before(preprocess_torchvision(images))
        return tf.nn.conv2d(x, convolution.kernel, 1, "SAME") + convolution.bias

    plain, rectified = reference(FIRST), tf.nn.relu(reference(FIRST))
    assert (plain.numpy() < 0).any()
    for before_activation, first in [(True, plain), (False, rectified)]:
        second = reference(SECOND) if before_activation else tf.nn.relu(reference(SECOND))
        ours = PerceptualLoss("block3_conv1", before_activation, weights, scale=1)
        expected = np.square(first - second).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(ours.per_image(FIRST, SECOND), expected, rtol=1e-4)


def test_scale_multiplies_the_features(weights, loss):
    plain = PerceptualLoss(weights=weights, scale=1)
    np.testing.assert_allclose(loss(FIRST, SECOND), plain(FIRST, SECOND) / 12.75**2, rtol=1e-5)


def test_equal_images_grey_and_half_precision(loss):
    assert loss(FIRST, FIRST) == 0
    constant = np.zeros((1, 16, 16, 3), np.float32)
    assert loss(constant, constant) == 0
    grey = FIRST[..., :1], SECOND[..., :1]
    tiled = (np.repeat(images, 3, axis=-1) for images in grey)
    np.testing.assert_allclose(loss(*grey), loss(*tiled), rtol=1e-6)
    half = loss(tf.cast(FIRST, tf.bfloat16), tf.cast(SECOND, tf.bfloat16))
    assert half.dtype == tf.float32
    np.testing.assert_allclose(half, loss(FIRST, SECOND), rtol=0.02)


def test_gradient_in_a_graph(loss):
    fake = tf.Variable(SECOND[:1])

    @tf.function(autograph=False)
    def step(real):
        with tf.GradientTape() as tape:
            value = loss(real, fake)
        return value, tape.gradient(value, fake)

    value, gradient = step(FIRST[:1])
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0
    # A step down the gradient lowers the loss.
    moved = fake - 1e-3 * gradient / tf.norm(gradient)
    assert loss(FIRST[:1], moved) < value


def test_any_size_within_one_traced_function(loss):
    traced = tf.function(loss, input_signature=[tf.TensorSpec((None, None, None, 3))] * 2, autograph=False)
    np.testing.assert_allclose(traced(FIRST, SECOND), loss(FIRST, SECOND), rtol=1e-5)
    assert traced(FIRST[:, :17, :19], SECOND[:, :17, :19]) > 0


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        (FIRST.astype(np.uint8), SECOND, "images are uint8, they must be floats in [-1, 1]"),
        (FIRST, SECOND[:2], "images have shapes (3, 32, 40, 3) and (2, 32, 40, 3), they must be equal"),
        (FIRST[0], SECOND[0], "images have shape (32, 40, 3), it must be (N, H, W, 3)"),
        (
            FIRST[:, :15],
            SECOND[:, :15],
            "images have shape (3, 15, 40, 3), height and width must be at least 16",
        ),
    ],
)
def test_other_images(loss, first, second, line):
    with pytest.raises(InputError) as caught:
        loss(first, second)
    assert str(caught.value).startswith(line)


def test_unknown_layer_and_unusable_weights(tmp_path, monkeypatch, weights):
    def line(*arguments, **settings):
        with pytest.raises(InputError) as caught:
            PerceptualLoss(*arguments, **settings)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    unknown = line("block5_conv5")
    assert unknown.startswith(
        "layer 'block5_conv5' is not one of VGG19's convolutions: choose one of block1_conv1"
    )
    assert unknown.endswith("block5_conv4")

    def no_network(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(keras.utils, "get_file", no_network)
    missing = line()
    assert all(
        word in missing for word in (KERAS_WEIGHTS.name, KERAS_WEIGHTS.url, "no network", "save it as")
    )
    missing = line(weights=tmp_path / "none.pth")
    assert all(word in missing for word in ("none.pth", TORCHVISION_WEIGHTS.url, "save it as"))
    assert line(weights="vgg.bin") == "weights vgg.bin: allowed are files in .h5, .pth, .pt, .npz"
    (tmp_path / "damaged.h5").write_bytes(bytes(10))
    assert "cannot be loaded" in line(weights=tmp_path / "damaged.h5")
    sixteen = torch_files.random_state(torchvision_variables(untrained_vgg(16)))
    path = torch_files.save(tmp_path / "vgg16.pth", {name: array[:1] for name, array in sixteen.items()})
    assert "features.16.weight is missing" in line(weights=path)
