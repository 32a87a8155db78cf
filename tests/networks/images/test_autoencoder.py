"""The autoencoding discriminators: shapes, the papers' rules, and that they can learn to rebuild."""

import keras
import numpy as np
import pytest
from keras import layers

from tfgan_ref import networks
from tfgan_ref.errors import InputError


def of_type(model, *types):
    return [layer for layer in model.layers if isinstance(layer, types)]


def learns_to_rebuild(model, samples, factor):
    """Whether gradient descent on the squared error lowers it by ``factor``."""
    model = keras.Model(model.input, model.output[0])
    model.compile("adam", "mse")
    before = model.evaluate(samples, samples, verbose=0)
    model.fit(samples, samples, epochs=40, batch_size=16, shuffle=False, verbose=0)
    return model.evaluate(samples, samples, verbose=0) < before / factor


@pytest.mark.parametrize("size", [16, 28, 32, 64, 96])
@pytest.mark.parametrize("build", [networks.conv_autoencoder, networks.began_autoencoder])
def test_autoencoders_of_images(build, size):
    model = build(size, 3, width=4, code_dim=5)
    reconstruction, code = model.output
    assert model.input_shape == reconstruction.shape == (None, size, size, 3)
    assert code.shape == (None, 5)
    assert not of_type(model, layers.BatchNormalization)
    # Linear: a reconstruction may leave [-1, 1], and its gradient does not vanish there.
    assert model.get_layer("reconstruction").activation is keras.activations.linear
    assert networks.conv_autoencoder(28, 1, width=4).count_params() != model.count_params()


def test_reconstruction_depends_on_the_image_through_the_code_alone():
    """Two images of equal code have equal reconstructions: no way around the code."""
    model = networks.conv_autoencoder(28, 1, width=4, code_dim=2)
    model.get_layer("code").set_weights([np.zeros_like(w) for w in model.get_layer("code").get_weights()])
    images = np.random.default_rng(0).uniform(-1, 1, (2, 28, 28, 1)).astype(np.float32)
    first, second = model(images)[0].numpy()
    np.testing.assert_array_equal(first, second)


def test_conv_autoencoder_has_strided_convolutions_only():
    model = networks.conv_autoencoder(64, 1, width=4)
    down, up = of_type(model, layers.Conv2D), of_type(model, layers.Conv2DTranspose)
    assert [layer.filters for layer in down] == [4, 8, 16, 32]
    assert [layer.filters for layer in up] == [16, 8, 4, 1]
    assert all(layer.strides == (2, 2) and layer.kernel_size == (4, 4) for layer in down + up)


def test_began_networks_follow_the_papers_figure():
    model = networks.began_autoencoder(32, 1, width=4, code_dim=6)
    filters = [layer.filters for layer in of_type(model, layers.Conv2D)]
    # Two convolutions at each of 32, 16 and 8, filters growing by 4 on the way down and not on the way up.
    assert filters == [4, 4, 8, 8, 12, 12, 12, 4, 4, 4, 4, 4, 4, 1]
    assert len(of_type(model, layers.ELU)) == len(filters) - 1
    assert [layer.interpolation for layer in of_type(model, layers.UpSampling2D)] == ["nearest"] * 2
    # G is the decoder: its layers with weights have the shapes of D's after the code.
    generator = networks.began_generator(6, 32, 1, width=4)
    decoder = [w.shape for w in model.weights][-len(generator.weights) :]
    assert [w.shape for w in generator.weights] == decoder
    assert generator.output_shape == (None, 32, 32, 1)
    images = generator(np.full((2, 6), 50, np.float32))
    assert np.abs(images).max() <= 1
    assert len(of_type(networks.began_generator(6, 28, 1, width=4, convolutions=1), layers.ELU)) == 3


@pytest.mark.slow
def test_point_autoencoder_is_unbounded_and_learns():
    points = np.random.default_rng(0).normal(0, 3, (128, 2)).astype(np.float32)
    model = networks.point_autoencoder(2, (16, 16), code_dim=2)
    reconstruction, code = model.output
    assert (reconstruction.shape, code.shape) == ((None, 2), (None, 2))
    assert np.abs(model(points * 100)[0]).max() > 10
    assert learns_to_rebuild(model, points, 5)


@pytest.mark.slow
def test_conv_autoencoder_learns():
    rows = np.random.default_rng(0).choice([-1.0, 1.0], (32, 28, 1, 1))
    images = np.broadcast_to(rows, (32, 28, 28, 1)).astype(np.float32)
    assert learns_to_rebuild(networks.conv_autoencoder(28, 1, width=8, code_dim=28), images, 2)


def test_seeds_determine_the_weights():
    first, again, other = (networks.began_autoencoder(28, 1, width=4, seed=seed) for seed in (1, 1, 2))
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


@pytest.mark.parametrize("shape", [(28, 20, 1), (32, 32, 3)])
def test_unet_as_autoencoder(shape):
    model = networks.unet(shape, 2, 4)
    output, code = model.output
    assert output.shape == (None, *shape)
    assert code.shape == (None, shape[0] // 4 * shape[1] // 4 * 8)
    assert not of_type(model, layers.BatchNormalization, layers.Dropout)


def test_unet_sees_every_feature_map_of_the_encoder():
    model = networks.unet((32, 32, 1), 4, 4)
    down, up = of_type(model, layers.Conv2D), of_type(model, layers.Conv2DTranspose)
    assert [layer.filters for layer in down] == [4, 8, 16, 32]
    assert [layer.filters for layer in up] == [16, 8, 4, 1]
    # What each layer up takes: the one below it beside the encoder's map of the same size.
    assert [layer.kernel.shape[-1] for layer in up] == [32, 32, 16, 8]
    # Capped at eight times the width.
    assert networks.unet((64, 64, 1), 6, 2).output[1].shape == (None, 16)


def test_unet_as_generator_of_images():
    settings = {
        "output_channels": 3,
        "output_activation": "tanh",
        "normalisation": "instance",
        "dropout": 0.5,
    }
    model = networks.unet((None, None, 1), 3, 4, **settings)
    for side in (16, 40):
        images = np.random.default_rng(0).uniform(-1, 1, (2, side, side, 1)).astype(np.float32)
        output, code = model(images, training=True)
        assert output.shape == (2, side, side, 3)
        assert code.shape == (2, (side // 8) ** 2 * 16)
        assert np.abs(output).max() <= 1
    assert len(of_type(model, layers.Dropout)) == 2
    assert not np.array_equal(model(images, training=True)[0], model(images, training=True)[0])
    assert len(of_type(model, layers.GroupNormalization)) == 3


def test_instance_normalisation_keeps_samples_apart_and_batch_normalisation_does_not():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 1)).astype(np.float32)
    for kind, apart in (("instance", True), ("batch", False)):
        model = networks.unet((16, 16, 1), 3, 4, normalisation=kind, initializer="xavier")
        together, alone = model(images, training=True)[0][:1], model(images[:1], training=True)[0]
        assert np.allclose(together, alone, atol=1e-5) == apart


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: networks.conv_autoencoder(30, 1),
            "image_size 30 is not built by the convolutional autoencoder: choose one of 12, 16, 20, 24, 28",
        ),
        (lambda: networks.began_autoencoder(50, 1), "image_size 50 is not built by BEGAN"),
        (lambda: networks.began_generator(8, 50), "image_size 50 is not built by BEGAN"),
        (lambda: networks.began_generator(8, 28, convolutions=0), "convolutions 0 is out of range"),
        (lambda: networks.conv_autoencoder(28, 1, initializer="zeros"), "initializer 'zeros' is unknown"),
        (lambda: networks.unet((28, 28, 1), 3), "image side 28 is not a multiple of 8, which depth 3 needs"),
        (lambda: networks.unet((32, 28, 1), 3), "image side 28 is not a multiple of 8"),
        (lambda: networks.unet((28, 28, 1), 0), "depth 0 is out of range"),
        (lambda: networks.unet((28, 28, 1), 2, normalisation="group"), "normalisation 'group' is unknown"),
        (lambda: networks.unet((28, 28, 1), 2, dropout=1.0), "dropout 1.0 is out of range"),
    ],
)
def test_what_is_not_built_is_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()
