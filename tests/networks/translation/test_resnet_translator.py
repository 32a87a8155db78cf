"""CycleGAN's generator and its reflection padding, against counts and NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.translation.resnet_translator import ReflectionPadding2D, resnet_translator


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def parameters(image_channels, output_channels, blocks, width):
    """Convolutions without bias and instance norms of 2 numbers for each map, then the last convolution."""

    def normalised(kernel_size, inputs, outputs):
        return kernel_size**2 * inputs * outputs + 2 * outputs

    ends = normalised(7, image_channels, width) + 7**2 * width * output_channels + output_channels
    down = normalised(3, width, 2 * width) + normalised(3, 2 * width, 4 * width)
    up = normalised(3, 4 * width, 2 * width) + normalised(3, 2 * width, width)
    return ends + down + up + 2 * blocks * normalised(3, 4 * width, 4 * width)


def test_the_papers_generator_has_11_38_million_parameters():
    model = resnet_translator(3, 3)
    # The authors' convolutions have a bias and their norms no numbers: one less for each normalised map.
    maps = 64 + 128 + 256 + 18 * 256 + 128 + 64
    assert model.count_params() == parameters(3, 3, 9, 64) == 11_378_179 + maps


@pytest.mark.parametrize("arguments", [(1, 3, 1, 4), (3, 1, 2, 5)])
def test_parameters_are_those_of_the_formula(arguments):
    assert resnet_translator(*arguments).count_params() == parameters(*arguments)


def test_pictures_of_any_sides_that_are_multiples_of_4_keep_them():
    model = resnet_translator(2, 3, blocks=1, width=4)
    assert [tensor.name for tensor in model.inputs] == ["source"]
    for height, width in ((8, 8), (12, 20)):
        pictures = model(normal(2, height, width, 2)).numpy()
        assert pictures.shape == (2, height, width, 3)
        assert model.compute_output_shape((2, height, width, 2)) == (2, height, width, 3)
        assert np.abs(pictures).max() <= 1


def test_output_is_float32_in_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = resnet_translator(1, 1, blocks=1, width=4)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.compute_dtype == "bfloat16"
    assert model(normal(1, 8, 8, 1)).dtype == tf.float32


def test_all_layers_of_one_shape_start_differently():
    kernels = [v.numpy() for v in resnet_translator(1, 1, blocks=3, width=2).variables if v.name == "kernel"]
    square = [kernel for kernel in kernels if kernel.shape == (3, 3, 8, 8)]
    assert len(square) == 6
    assert len({kernel.tobytes() for kernel in square}) == 6


def test_nothing_draws_a_frame():
    """Zeros would set the border of a constant picture apart; in what is padded by reflection it is not."""
    model = resnet_translator(1, 1, blocks=2, width=4, initializer="he")
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    features = keras.Model(model.input, first.output)(np.ones((1, 8, 8, 1), np.float32)).numpy()
    np.testing.assert_allclose(features, np.broadcast_to(features[:, :1, :1], features.shape), rtol=1e-5)


def test_reflection_is_that_of_numpy():
    x = normal(2, 5, 6, 3)
    for padding in (1, 3):
        layer = ReflectionPadding2D(padding)
        y = layer(x).numpy()
        sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        np.testing.assert_array_equal(y, np.pad(x, sides, mode="reflect"))
        assert layer.compute_output_shape((2, 5, 6, 3)) == y.shape
    assert ReflectionPadding2D(2).compute_output_shape((None, None, 4, 1)) == (None, None, 8, 1)


def test_it_saves_and_loads_in_safe_mode(tmp_path):
    model = resnet_translator(1, 2, blocks=1, width=4, seed=3)
    model.save(tmp_path / "g.keras")
    loaded = keras.saving.load_model(tmp_path / "g.keras", safe_mode=True)
    x = normal(1, 8, 12, 1)
    np.testing.assert_array_equal(loaded(x), model(x))


def test_out_of_range():
    for arguments, message in (
        ((0, 3), "image_channels 0"),
        ((3, 0), "output_channels 0"),
        ((3, 3, 0), "blocks 0"),
        ((3, 3, 1, 0), "width 0"),
    ):
        with pytest.raises(InputError, match=message):
            resnet_translator(*arguments)
    with pytest.raises(InputError, match="initializer 'flat'"):
        resnet_translator(1, 1, initializer="flat")
    with pytest.raises(InputError, match="padding 0"):
        ReflectionPadding2D(0)
    with pytest.raises(InputError, match="side 2 is out of range: above the padding 2"):
        ReflectionPadding2D(2)(np.zeros((1, 3, 2, 1), np.float32))
