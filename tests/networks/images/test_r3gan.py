"""R3GAN's networks: sizes, what they compute at the start, and their layers against plain operations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_ones
from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.networks.images.dcgan import SIZES
from tfgan_ref.networks.layers.residual import (
    BinomialDownsampling,
    BinomialUpsampling,
    DiscriminativeBasis,
    GenerativeBasis,
    GroupedConv2D,
)

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def convolutions(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]


@pytest.mark.parametrize("size", slow_ones([12, 28, 32], [28, 32]))
def test_pair_fits_and_is_a_mirror_image(size):
    generator = networks.r3gan_generator(6, size, 3, width=4)
    features = networks.r3gan_features(size, 3, width=4)
    images = generator(normal(5, 6))
    assert images.shape == (5, size, size, 3)
    side, _ = SIZES[size]
    assert features(images).shape == (5, 16)
    assert [layer.basis.shape for layer in generator.layers if isinstance(layer, GenerativeBasis)] == [
        (side, side, 16)
    ]
    kernels = [
        sorted(np.prod(layer.kernel.shape) for layer in convolutions(model))
        for model in (generator, features)
    ]
    assert kernels[0] == kernels[1]


def test_width_and_depth_are_arguments():
    model = networks.r3gan_features(16, 1, width=16, blocks=2, expansion=3)
    inside = [layer.filters for layer in model.layers if isinstance(layer, GroupedConv2D)]
    assert inside == [12, 12, 48, 48, 192, 192]  # 3 times what is outside
    groups = [layer.groups for layer in model.layers if isinstance(layer, GroupedConv2D)]
    assert groups == [1, 1, 3, 3, 12, 12]  # of 16 channels


def test_blocks_add_nothing_at_the_start_and_no_layer_normalises():
    images = normal(3, 16, 16, 2)
    models = [networks.r3gan_features(16, 2, width=4, blocks=blocks, seed=3) for blocks in (1, 2)]
    for layer in (layer for model in models for layer in model.layers):
        assert not isinstance(layer, (keras.layers.BatchNormalization, keras.layers.LayerNormalization))
    x = images  # what is left: pointwise convolutions, resampling and the basis
    for layer in models[0].layers:
        if isinstance(layer, (BinomialDownsampling, DiscriminativeBasis)) or (
            isinstance(layer, keras.layers.Conv2D) and not layer.use_bias and np.any(layer.kernel)
        ):
            x = layer(x)
    np.testing.assert_allclose(models[0](images), x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("blocks", [1, 4])
def test_kernels_start_with_fixups_variance(blocks):
    """sqrt(2 / (1 + 0.2^2)) / sqrt(fan_in) times the number of blocks to the power of -1/4."""
    model = networks.r3gan_generator(50, 12, 1, width=64, blocks=blocks)
    gain = np.sqrt(2 / 1.04) * (3 * blocks) ** -0.25
    for layer in convolutions(model):
        kernel = np.array(layer.kernel)
        if layer.use_bias:
            assert kernel.std() == pytest.approx(gain / np.sqrt(kernel[..., 0].size), rel=0.1)
            assert not np.any(layer.bias)
        elif np.any(kernel) and layer.filters > 1:
            assert kernel.std() == pytest.approx(1 / np.sqrt(kernel[..., 0].size), rel=0.1)
    basis = next(layer.basis for layer in model.layers if isinstance(layer, GenerativeBasis))
    assert np.std(basis) == pytest.approx(1, rel=0.1)
    features = networks.r3gan_features(12, 1, width=64)
    assert np.std(features.layers[-1].basis) == pytest.approx(1 / 3, rel=0.1)


def test_values_keep_their_size_and_are_not_bounded():
    model = networks.r3gan_generator(64, 16, 3, width=64)
    images = np.array(model(normal(64, 64)))
    assert images.dtype == np.float32
    assert 0.3 < images.std() < 1.5  # the resampling takes some
    assert np.abs(np.array(model(30 * normal(8, 64)))).max() > 10


def test_seeds_decide_the_weights():
    first, again, other = (
        networks.r3gan_generator(4, 12, 1, width=4, seed=s).get_weights() for s in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.allclose(first[0], other[0])


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_grouped_convolution_is_a_dense_one_with_a_block_diagonal_kernel(groups):
    layer = GroupedConv2D(8, 3, padding="same", groups=groups, kernel_initializer="normal")
    inputs = normal(2, 5, 6, 8)
    found = layer(inputs)
    kernel, dense = np.array(layer.kernel), np.zeros((3, 3, 8, 8), np.float32)
    for group in range(groups):
        own = slice(group * 8 // groups, (group + 1) * 8 // groups)
        dense[:, :, own, own] = kernel[..., own]
    np.testing.assert_allclose(found, tf.nn.conv2d(inputs, dense, 1, "SAME"), rtol=1e-4, atol=1e-6)


def test_grouped_convolution_is_one_operation_on_a_gpu(monkeypatch):
    layer = GroupedConv2D(8, 3, padding="same", groups=4, kernel_initializer="normal")
    inputs = normal(2, 5, 5, 8)
    in_parts = layer(inputs)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [kind])
    graph = tf.function(lambda x: layer(x), autograph=False).get_concrete_function(tf.constant(inputs))
    assert sum(node.op == "Conv2D" for node in graph.graph.as_graph_def().node) == 1
    np.testing.assert_allclose(graph(tf.constant(inputs)), in_parts, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("jit", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_second_derivatives_are_those_of_the_dense_convolution(jit):
    """Of the squared input gradient of sum(conv(x)^2), by the kernel: what a gradient penalty needs."""
    layer = GroupedConv2D(4, 3, padding="same", groups=2, kernel_initializer="normal")
    inputs = tf.constant(normal(2, 4, 4, 4))
    layer(inputs)

    def squared_slope(convolve, kernel):
        with tf.GradientTape() as outer:
            outer.watch(kernel)
            with tf.GradientTape() as inner:
                inner.watch(inputs)
                value = tf.reduce_sum(convolve(kernel) ** 2)
            objective = tf.reduce_sum(inner.gradient(value, inputs) ** 2)
        return outer.gradient(objective, kernel)

    def dense(kernel):
        zeros = tf.zeros((3, 3, 2, 2))
        first = tf.concat([kernel[..., :2], zeros], -1)
        second = tf.concat([zeros, kernel[..., 2:]], -1)
        return tf.nn.conv2d(inputs, tf.concat([first, second], 2), 1, "SAME")

    kernel = tf.constant(np.array(layer.kernel))
    found = tf.function(
        lambda k: squared_slope(lambda k: layer.convolution_op(inputs, k), k),
        autograph=False,
        jit_compile=jit,
    )(kernel)
    np.testing.assert_allclose(found, squared_slope(dense, kernel), rtol=1e-3, atol=1e-5)


def test_upsampling_is_zeros_between_pixels_and_a_binomial_filter():
    x = normal(4)
    spread = np.zeros(8)
    spread[::2] = x
    expected = np.convolve(spread, [0.5, 1.0, 0.5])[:8]  # the filter's delay is the authors' padding
    for axis in (1, 2):
        shape = [1, 1, 1, 1]
        shape[axis] = 4
        found = np.array(BinomialUpsampling()(x.reshape(shape)))
        other = 0.5 * np.ones(2)
        other[1] = 1.0  # along the other axis, whose one pixel becomes two
        np.testing.assert_allclose(
            found.squeeze(), np.outer(*([expected, other] if axis == 1 else [other, expected])), rtol=1e-5
        )


def test_downsampling_is_a_binomial_filter_and_every_second_pixel():
    image = normal(6, 8)
    padded = np.pad(image, ((1, 0), (1, 0)))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    expected = [
        [np.sum(padded[i : i + 3, j : j + 3] * kernel) for j in range(0, 8, 2)] for i in range(0, 6, 2)
    ]
    found = BinomialDownsampling()(image[None, :, :, None])
    np.testing.assert_allclose(np.array(found).squeeze(), expected, rtol=1e-5)


def test_bases_are_products_with_learned_pictures():
    generative, discriminative = (kind(4, "normal") for kind in (GenerativeBasis, DiscriminativeBasis))
    coefficients, maps = normal(2, 3), normal(2, 4, 4, 3)
    found = np.array(generative(coefficients)), np.array(discriminative(maps))
    np.testing.assert_allclose(
        found[0], np.einsum("nc,hwc->nhwc", coefficients, np.array(generative.basis)), rtol=1e-5
    )
    np.testing.assert_allclose(
        found[1], np.einsum("nhwc,hwc->nc", maps, np.array(discriminative.basis)), rtol=1e-4, atol=1e-6
    )


def test_networks_come_back_from_a_file(tmp_path):
    for model, inputs in (
        (networks.r3gan_generator(4, 12, 1, width=4), normal(2, 4)),
        (
            networks.discriminator(networks.r3gan_features(12, 1, width=4), initializer="lecun"),
            normal(2, 12, 12, 1),
        ),
    ):
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(model(inputs), again(inputs))


@pytest.mark.parametrize("build", [lambda **s: networks.r3gan_generator(4, **s), networks.r3gan_features])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_size": 30}, "image_size 30 is not built by R3GAN: choose one of 12, 16"),
        ({"width": 3}, "width 3 is out of range: at least 4"),
        ({"blocks": 0}, "blocks 0 is out of range"),
        ({"expansion": 0}, "expansion 0 is out of range"),
    ],
)
def test_sizes_out_of_range(build, settings, message):
    with pytest.raises(InputError, match=message):
        build(**settings)
