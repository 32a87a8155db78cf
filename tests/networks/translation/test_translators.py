"""The U-Net as a generator of pictures from pictures, and that known pixels pass through it unchanged."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgan_ref.errors import InputError
from tfgan_ref.networks.images.unet import unet
from tfgan_ref.networks.translation.translators import inpainting_generator, unet_translator


def of_type(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def holed(n, height, width, channels):
    """A source, 0 in its holes, and its mask."""
    mask = (pictures(n, height, width, 1, seed=1) > -0.3).astype(np.float32)
    return pictures(n, height, width, channels) * mask, mask


def in_bfloat16(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        return build()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("shape", [(8, 8), (24, 40), (56, 8)])
def test_pictures_of_any_multiple_keep_their_size(shape):
    model = unet_translator(1, 3, 3, 4)
    assert [tensor.name for tensor in model.inputs] == ["source"]
    output = model(pictures(2, *shape, 1), training=True)
    assert output.shape == (2, *shape, 3)
    assert output.dtype == tf.float32
    assert np.abs(output).max() <= 1


def test_it_is_the_unet_of_the_discriminators():
    """Same weights, same pictures; the code is not part of it."""
    settings = {"normalisation": "batch", "initializer": "xavier", "seed": 3}
    model = unet_translator(2, 1, 3, 4, output_activation="linear", **settings)
    whole = unet((16, 16, 2), 3, 4, output_channels=1, **settings)
    x = pictures(2, 16, 16, 2)
    np.testing.assert_array_equal(model(x), whole(x)[0])
    assert not of_type(model, layers.Flatten)


def test_dropout_is_noise_in_training_only():
    model = unet_translator(3, 3, 5, 4)
    assert [layer.rate for layer in of_type(model, layers.Dropout)] == [0.5] * 3
    x = pictures(1, 32, 32, 3)
    np.testing.assert_array_equal(model(x), model(x))
    assert not np.array_equal(model(x, training=True), model(x, training=True))
    assert not of_type(unet_translator(3, 3, 5, 4, dropout=0.0), layers.Dropout)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_no_feature_map_of_one_pixel_is_normalised_by_itself(depth):
    """On the smallest picture, whose innermost map is one pixel: it would be 0 whatever the picture."""
    model = unet_translator(1, 1, depth, 2, initializer="xavier")
    inner = keras.Model(model.input, [layer.output for layer in of_type(model, layers.GroupNormalization)])
    maps = inner(pictures(1, 2**depth, 2**depth, 1))
    assert len(maps) == 2 * depth - 3
    assert all(feature_map.shape[1] >= 2 for feature_map in maps)
    assert min(np.std(feature_map) for feature_map in maps) > 0.5


def test_instance_normalisation_gives_maps_of_mean_0_and_variance_1():
    """From the first step on, though a fresh network's feature maps are small."""
    model = unet_translator(3, 3, 4, 8)
    inner = keras.Model(model.input, of_type(model, layers.GroupNormalization)[0].output)
    maps = inner(pictures(2, 32, 32, 3)).numpy()
    np.testing.assert_allclose(maps.mean((1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(maps.std((1, 2)), 1, atol=0.1)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(("training", "refinement"), [(False, 0), (True, 0), (True, 6)])
def test_known_pixels_are_bit_identical(precision, training, refinement):
    def build():
        return inpainting_generator(3, 3, 4, initializer="xavier", refinement=refinement)

    model = build() if precision == "float32" else in_bfloat16(build)
    source, mask = holed(2, 24, 16, 3)
    output = model([source, mask], training=training).numpy()
    known = np.broadcast_to(mask == 1, output.shape)
    assert output.dtype == np.float32
    assert 0.2 < known.mean() < 0.8
    np.testing.assert_array_equal(output[known], source[known])
    # The hole is painted, within the range of pictures.
    assert np.abs(output[~known]).max() <= 1
    assert (output[~known] != 0).mean() > 0.99


def test_the_hole_is_painted_by_what_the_source_and_the_mask_say():
    model = inpainting_generator(1, 3, 4, initializer="xavier")
    assert [tensor.name for tensor in model.inputs] == ["source", "mask"]
    assert [tensor.shape[-1] for tensor in model.inputs] == [1, 1]
    source, mask = holed(1, 16, 16, 1)
    hole = np.broadcast_to(mask == 0, source.shape)
    painted = model([source, mask]).numpy()[hole]
    assert not np.allclose(painted, model([-source, mask]).numpy()[hole], atol=1e-3)
    # A known pixel of value 0 is not a hole: the mask alone tells them apart.
    other = mask.copy()
    other[0, np.argwhere(hole[0])[0][0], np.argwhere(hole[0])[0][1]] = 1
    still = hole & (other == 0)
    first, second = (model([source, m]).numpy()[still] for m in (mask, other))
    assert not np.allclose(first, second, atol=1e-4)


def test_a_refinement_is_two_convolutions_of_the_unets_maps_and_of_what_is_known():
    settings = {"normalisation": "none", "initializer": "xavier", "dropout": 0.0}
    model = inpainting_generator(2, 2, 4, refinement=5, **settings)
    body = unet((8, 8, 3), 2, 4, output_channels=5, **settings)
    source, mask = holed(1, 8, 8, 2)
    seen = np.concatenate([source, mask], -1)
    x = np.concatenate([tf.nn.leaky_relu(body(seen)[0], 0.2), seen], -1)
    hidden, last = (layer.get_weights() for layer in of_type(model, layers.Conv2D)[-2:])
    assert [kernel.shape for kernel, _ in (hidden, last)] == [(3, 3, 8, 5), (3, 3, 5, 2)]
    x = tf.nn.leaky_relu(tf.nn.conv2d(x, hidden[0], 1, "SAME") + hidden[1], 0.2)
    picture = tf.tanh(tf.nn.conv2d(x, last[0], 1, "SAME") + last[1])
    painted = model([source, mask]).numpy()
    np.testing.assert_allclose(painted, np.where(mask > 0.5, source, picture), atol=1e-5)
    assert np.abs(painted - source).max() > 0.1


def test_known_pixels_pass_no_gradient_to_the_weights():
    model = inpainting_generator(1, 2, 4)
    source, _ = holed(1, 8, 8, 1)
    for mask, reached in ((np.ones_like(source), False), (np.zeros_like(source), True)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(model([source, mask]) - 1.0))
        gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
        assert (float(tf.linalg.global_norm(gradients)) > 0) == reached


@pytest.mark.parametrize(
    "build", [lambda **s: unet_translator(3, 3, **s), lambda **s: inpainting_generator(3, **s)]
)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"depth": 0}, "depth 0 is out of range: at least 1"),
        ({"depth": 3, "dropout": 1.0}, "dropout 1.0 is out of range"),
        ({"depth": 1, "normalisation": "group"}, "normalisation 'group' is unknown"),
        ({"depth": 3, "initializer": "zeros"}, "initializer 'zeros' is unknown"),
    ],
)
def test_what_is_not_built_is_refused(build, settings, message):
    with pytest.raises(InputError, match=message):
        build(**settings)


def test_a_refinement_below_0_is_refused():
    with pytest.raises(InputError, match="refinement -1 is out of range: at least 0"):
        inpainting_generator(3, 2, refinement=-1)
