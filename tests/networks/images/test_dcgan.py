"""The built models against the rules of the DCGAN paper (Radford et al. 2016, section 3)."""

import keras
import numpy as np
import pytest
from keras import layers

from tfgan_ref import networks
from tfgan_ref.errors import InputError

CASES = [(28, 1), (32, 1), (32, 3), (64, 1), (64, 3)]


def flat_layers(model):
    for layer in model.layers:
        yield from flat_layers(layer) if isinstance(layer, keras.Model) else [layer]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}px-{case[1]}ch")
def pair(request):
    size, channels = request.param
    generator = networks.dcgan_generator(100, size, channels, width=8)
    discriminator = networks.discriminator(networks.dcgan_features(size, channels, width=8))
    return size, channels, generator, discriminator


def of_type(model, *types):
    return [layer for layer in flat_layers(model) if isinstance(layer, types)]


def test_shapes(pair):
    size, channels, generator, discriminator = pair
    assert generator.input_shape == (None, 100)
    assert generator.output_shape == discriminator.input_shape == (None, size, size, channels)
    assert discriminator.output_shape == (None, 1)


def test_no_pooling_and_no_upsampling_layers(pair):
    _, _, generator, discriminator = pair
    for layer in [*flat_layers(generator), *flat_layers(discriminator)]:
        assert "Pooling" not in type(layer).__name__
        assert "UpSampling" not in type(layer).__name__


def test_every_convolution_is_strided(pair):
    size, _, generator, discriminator = pair
    doublings = {28: 2, 32: 3, 64: 4}[size]
    up = of_type(generator, layers.Conv2DTranspose)
    down = of_type(discriminator, layers.Conv2D)
    assert len(up) == len(down) == doublings
    assert all(layer.strides == (2, 2) for layer in up + down)
    assert not [layer for layer in of_type(generator, layers.Conv2D) if type(layer) is layers.Conv2D]


def test_no_fully_connected_hidden_layers(pair):
    _, _, generator, discriminator = pair
    # The generator's only dense layer projects the latents, the discriminator's gives the logit.
    (projection,) = of_type(generator, layers.Dense)
    (logit,) = of_type(discriminator, layers.Dense)
    assert projection is next(layer for layer in flat_layers(generator) if layer.weights)
    assert logit is list(flat_layers(discriminator))[-1]
    assert logit.units == 1


def test_batch_norm_everywhere_but_generator_output_and_discriminator_input(pair):
    _, _, generator, discriminator = pair

    def normalised(model):
        """For each layer with a kernel: whether a batch norm comes before the next such layer."""
        flags = []
        for layer in flat_layers(model):
            if isinstance(layer, layers.Dense | layers.Conv2D | layers.Conv2DTranspose):
                flags.append(False)
            elif isinstance(layer, layers.BatchNormalization):
                flags[-1] = True
        return flags

    assert normalised(generator) == [True] * (len(normalised(generator)) - 1) + [False]
    # The last is the logit.
    expected = [False] + [True] * (len(normalised(discriminator)) - 2) + [False]
    assert normalised(discriminator) == expected


@pytest.mark.parametrize("kind", ["layer", "instance"])
def test_other_normalisations_of_the_discriminator_stand_where_batch_norm_does(kind):
    plain, batch, other = (
        networks.dcgan_discriminator(32, 1, width=2, normalisation=name) for name in ("none", "batch", kind)
    )
    assert not of_type(plain, layers.BatchNormalization, layers.GroupNormalization)
    found = of_type(other, layers.GroupNormalization)
    assert [layer.input.shape for layer in found] == [
        layer.input.shape for layer in of_type(batch, layers.BatchNormalization)
    ]
    assert [layer.use_bias for layer in of_type(plain, layers.Conv2D)] == [True] * 3
    assert [layer.use_bias for layer in of_type(other, layers.Conv2D)] == [True, False, False]
    with pytest.raises(
        InputError, match="normalisation 'group' is unknown: choose one of none, batch, layer"
    ):
        networks.dcgan_features(32, 1, normalisation="group")


def test_activations(pair):
    _, _, generator, discriminator = pair
    *hidden, last = of_type(generator, layers.ReLU, layers.LeakyReLU, layers.Activation)
    assert hidden
    assert all(type(layer) is layers.ReLU for layer in hidden)
    assert last.activation is keras.activations.tanh
    leaky = of_type(discriminator, layers.LeakyReLU)
    assert len(leaky) == len(of_type(discriminator, layers.Conv2D))
    assert all(layer.negative_slope == pytest.approx(0.2) for layer in leaky)
    assert not of_type(discriminator, layers.ReLU)
    # Linear logits: the sigmoid is part of the loss.
    assert of_type(discriminator, layers.Dense)[0].activation is keras.activations.linear


def test_weights_start_from_n_0_002():
    generator = networks.dcgan_generator(100, 32, 3, width=32)
    for layer in of_type(generator, layers.Dense, layers.Conv2DTranspose):
        kernel = layer.kernel.numpy()
        assert kernel.mean() == pytest.approx(0, abs=5 * 0.02 / np.sqrt(kernel.size))
        assert kernel.std() == pytest.approx(0.02, rel=0.05)


def test_filters_halve_towards_the_image_and_double_away_from_it():
    generator = networks.dcgan_generator(100, 64, 3, width=8)
    filters = [layer.filters for layer in of_type(generator, layers.Conv2DTranspose)]
    assert filters == [32, 16, 8, 3]
    features = networks.dcgan_features(64, 3, width=8)
    assert [layer.filters for layer in of_type(features, layers.Conv2D)] == [8, 16, 32, 64]


def test_summed_features_are_the_sums_of_the_maps():
    images = np.random.default_rng(0).normal(size=(2, 28, 28, 1)).astype(np.float32)
    maps, sums = (
        networks.dcgan_features(28, 1, width=4, pooling=pooling, seed=3)(images).numpy()
        for pooling in ("flatten", "sum")
    )
    np.testing.assert_allclose(sums, maps.reshape(2, 7 * 7, 8).sum(1), rtol=1e-4, atol=1e-5)
    with pytest.raises(InputError, match="pooling 'mean' is unknown: choose one of flatten, sum"):
        networks.dcgan_features(28, 1, pooling="mean")


def test_other_sizes_are_refused():
    allowed = "12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256"
    with pytest.raises(InputError, match=f"image_size 30 is not built by DCGAN: choose one of {allowed}$"):
        networks.dcgan_generator(100, 30, 1)
    with pytest.raises(InputError, match="image_size 512"):
        networks.dcgan_features(512, 1)


@pytest.mark.parametrize(("size", "side", "doublings"), [(16, 4, 2), (48, 3, 4), (96, 3, 5), (256, 4, 6)])
def test_other_sizes_start_from_a_small_side(size, side, doublings):
    generator = networks.dcgan_generator(10, size, 3, width=1)
    up = of_type(generator, layers.Conv2DTranspose)
    assert len(up) == doublings
    assert up[0].input.shape[1:3] == (side, side)
    assert generator.output_shape == (None, size, size, 3)
    features = networks.dcgan_features(size, 3, width=1)
    assert features.output_shape == (None, side * side * 2 ** (doublings - 1))
