"""The maps of a generator that PatchNCE compares, and the heads on them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.networks.translation.patch_heads import encoder_features, patch_heads


@pytest.fixture(scope="module")
def six_blocks():
    return networks.resnet_translator(3, 3, 6, 2)


def shapes(generator, side=16):
    """Those of the maps of a picture."""
    encoder = keras.Model(generator.inputs, encoder_features(generator))
    return [tuple(features.shape[1:]) for features in encoder(tf.zeros((1, side, side, 3)))]


@pytest.mark.parametrize(("blocks", "sums"), [(4, 1), (5, 2)])
def test_maps_are_the_pixels_both_halvings_and_two_residual_blocks(blocks, sums):
    generator = networks.resnet_translator(3, 3, blocks, 2)
    assert shapes(generator) == [(16, 16, 3), (8, 8, 4), (4, 4, 8), *[(4, 4, 8)] * sums]


def test_halvings_come_before_their_normalisation_and_sums_are_those_of_the_first_and_fifth_block(six_blocks):
    source, *halvings, first, fifth = encoder_features(six_blocks)
    assert source is six_blocks.inputs[0]
    assert all(isinstance(tensor._keras_history.operation, keras.layers.Conv2D) for tensor in halvings)
    sums = [layer.output for layer in six_blocks.layers if isinstance(layer, keras.layers.Add)]
    assert (first is sums[0], fifth is sums[4]) == (True, True)


def test_maps_share_the_generators_weights_wherever_it_was_called_since():
    generator = networks.resnet_translator(3, 3, 1, 2)
    generator(keras.Input((8, 8, 3)))
    encoder = keras.Model(generator.inputs, encoder_features(generator))
    assert {id(v) for v in encoder.variables} <= {id(v) for v in generator.variables}


def test_a_u_net_has_a_map_for_each_halving():
    assert shapes(networks.unet_translator(3, 3, 2, 2)) == [(16, 16, 3), (8, 8, 2), (4, 4, 4)]


def test_generators_without_such_maps_are_refused():
    source = keras.Input((None, None, 3))
    flat = keras.Model(source, keras.layers.Conv2D(3, 3, padding="same")(source))
    with pytest.raises(InputError, match="generator has no strided convolution and no sum"):
        patch_heads(flat)


def test_heads_are_two_layers_for_each_map_and_float32():
    generator = networks.resnet_translator(3, 3, 1, 2)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        heads = patch_heads(generator, 5, initializer="he")
    finally:
        keras.config.set_dtype_policy("float32")
    rng = np.random.default_rng(0)
    vectors = heads([rng.normal(size=(2, 7, channels)) for channels in (3, 4, 8, 8)])
    assert {(vector.dtype, tuple(vector.shape)) for vector in vectors} == {(tf.float32, (2, 7, 5))}
    # Of each head C * 5 + 5 and 5 * 5 + 5 numbers.
    assert heads.count_params() == sum(5 * (channels + 1) + 5 * 6 for channels in (3, 4, 8, 8))


def test_no_two_heads_start_alike(six_blocks):
    heads = patch_heads(six_blocks, 5)
    alike = [weight for weight in heads.weights if tuple(weight.shape) == (8, 5)]
    assert len(alike) == 3
    assert not any(np.array_equal(alike[0], other) for other in alike[1:])
