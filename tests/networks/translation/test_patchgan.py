"""PatchGAN: its patch by arithmetic and by gradient, the paper's layers, and pictures of every size."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.reparametrised import spectral_layers
from tfgan_ref.networks.translation.patchgan import patch_discriminator

PATCHES = (1, 16, 34, 70, 286)


def convolutions(model):
    return [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


@pytest.mark.parametrize("patch", PATCHES)
def test_kernels_and_strides_make_the_named_patch(patch):
    side, jump = 1, 1
    for layer in convolutions(patch_discriminator(2, patch, 1)):
        side += (layer.kernel_size[0] - 1) * jump
        jump *= layer.strides[0]
    assert side == patch


@pytest.mark.parametrize("patch", PATCHES)
def test_a_logit_depends_on_the_named_patch_and_on_nothing_else(patch):
    model = patch_discriminator(2, patch, 1, normalisation="none", initializer="xavier")
    side = 32 * -(-(patch + 64) // 32) + 64
    x = tf.constant(pictures(1, side, side, 2))
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = model(x)
        middle = logits[0, logits.shape[1] // 2, logits.shape[2] // 2, 0]
    reached = np.abs(tape.gradient(middle, x)[0]).sum(-1) > 0
    for axis in (0, 1):
        places = np.flatnonzero(reached.any(axis))
        assert (len(places), places[-1] - places[0] + 1) == (patch, patch)
        assert places[0] > 0
        assert places[-1] < side - 1  # the picture's border did not cut it


@pytest.mark.parametrize("shape", [(32, 32), (64, 96), (45, 70)])
def test_the_whole_picture_makes_one_logit_that_depends_on_every_pixel(shape):
    model = patch_discriminator(1, "full", 2, normalisation="none", initializer="xavier")
    x = tf.constant(pictures(2, *shape, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = model(x)
    assert logits.shape == (2, 1, 1, 1)
    assert np.all(tape.gradient(logits, x).numpy() != 0)


@pytest.mark.parametrize(
    ("patch", "filters"),
    [
        (1, [4, 8, 1]),
        (16, [4, 8, 1]),
        (34, [4, 8, 16, 1]),
        (70, [4, 8, 16, 32, 1]),
        (286, [4, 8, 16, 32, 32, 32, 1]),
    ],
)
def test_layers_are_those_of_the_papers_section_6_1_2(patch, filters):
    """C64-C128-C256-C512 and so on, all but the first normalised, before one filter for the logits."""
    model = patch_discriminator(6, patch, 4, normalisation="batch")
    found = convolutions(model)
    assert [layer.filters for layer in found] == filters
    normalised = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    assert [layer.gamma.shape[0] for layer in normalised] == filters[1:-1]
    # A bias before a normalisation would be taken away again.
    assert [layer.use_bias for layer in found] == [True] + [False] * len(normalised) + [True]
    slopes = [layer.negative_slope for layer in model.layers if isinstance(layer, layers.LeakyReLU)]
    assert slopes == [0.2] * (len(filters) - 1)


@pytest.mark.parametrize(("patch", "stride"), [(1, 1), (16, 2), (34, 4), (70, 8), (286, 32)])
@pytest.mark.parametrize("shape", [(1, 1), (16, 16), (33, 20), (64, 96)])
def test_pictures_of_every_size_are_judged(patch, stride, shape):
    logits = patch_discriminator(3, patch, 2)(pictures(2, *shape, 3), training=True)
    assert logits.shape == (2, -(-shape[0] // stride), -(-shape[1] // stride), 1)
    assert logits.dtype == tf.float32
    assert np.isfinite(logits).all()


@pytest.mark.parametrize(("patch", "blind"), [(1, 1), (16, 2), (34, 4), (70, 8), (286, 32), ("full", 16)])
def test_instance_normalisation_needs_the_sides_that_the_docstring_names(patch, blind):
    model = patch_discriminator(1, patch, 2, initializer="xavier")
    first, second = (model(pictures(1, blind, blind, 1, seed=seed)) for seed in (1, 2))
    np.testing.assert_allclose(first, second, atol=1e-5)
    larger = blind + 1
    first, second = (model(pictures(1, larger, larger, 1, seed=seed)) for seed in (1, 2))
    assert np.abs(first - second).max() > 1e-2


def test_spectral_norm_is_on_every_layer_and_is_one():
    model = patch_discriminator(3, 34, 4, normalisation="none", spectral_norm=True, initializer="xavier")
    wrapped = spectral_layers(model)
    assert len(wrapped) == 4
    assert not convolutions(model)
    for layer in wrapped:
        for _ in range(100):
            layer.power_iteration()
        kernel = np.array(layer.effective_kernel())
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1, abs=1e-3)


def test_instances_are_judged_apart():
    x = pictures(3, 32, 32, 2)
    model = patch_discriminator(2, 34, 4, initializer="xavier")
    np.testing.assert_allclose(model(x, training=True)[:1], model(x[:1], training=True), atol=1e-5)


def test_logits_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = patch_discriminator(3, "full", 2)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model(pictures(1, 32, 32, 3)).dtype == tf.float32
    assert all(v.dtype == "float32" for v in model.trainable_variables)


def test_the_seed_determines_the_weights_and_no_two_layers_share_them():
    first, again, other = (patch_discriminator(8, 286, 1, seed=seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])
    kernels = [w for w in first if w.shape == (4, 4, 8, 8)]
    assert len(kernels) == 2
    assert not np.array_equal(*kernels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"receptive_field": 50}, "receptive_field 50 is unknown: choose one of 1, 16, 34, 70, 286, full"),
        ({"normalisation": "x"}, "normalisation 'x' is unknown: choose one of none, batch, layer, instance"),
        ({"channels": 0}, "channels 0 is out of range: at least 1"),
        ({"width": 0}, "width 0 is out of range: at least 1"),
        ({"initializer": "zeros"}, "initializer 'zeros' is unknown"),
    ],
)
def test_what_is_not_built_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        patch_discriminator(**{"channels": 3, **arguments})
