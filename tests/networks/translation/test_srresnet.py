"""SRGAN's networks: their sizes against figure 4, and that a large picture can be enlarged in tiles."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgan_ref.data.images.resize import bicubic_resize
from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.reparametrised import spectral_layers
from tfgan_ref.networks.translation.sr_discriminator import sr_discriminator
from tfgan_ref.networks.translation.srresnet import (
    BicubicEnlargement,
    EqualSubpixels,
    PixelShuffle,
    receptive_margin,
    srresnet,
)


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def of_type(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def disturb(model, seed=0):
    """Gives every variable a random value near its own, the statistics of batch norm included."""
    rng = np.random.default_rng(seed)
    for v in model.variables:
        v.assign(v.numpy() + rng.uniform(0.0, 0.1, v.shape).astype(np.float32))


@pytest.mark.parametrize(
    ("scale", "blocks", "width", "channels", "end"), [(4, 16, 64, 3, 9), (2, 3, 8, 1, 5), (8, 1, 4, 3, 3)]
)
def test_generator_has_the_parameters_of_figure_4(scale, blocks, width, channels, end):
    doublings = {2: 1, 4: 2, 8: 3}[scale]
    norm, slopes = 2 * width, width  # gamma and beta; PReLU
    ends = end**2 * channels * width + width + slopes + end**2 * width * channels + channels
    block = 2 * (9 * width**2 + norm) + slopes
    enlarging = 9 * width * 4 * width + 4 * width + slopes
    expected = ends + blocks * block + 9 * width**2 + norm + doublings * enlarging
    network = srresnet(scale, blocks, width, channels=channels, end_kernel=end)
    assert trainable(network) == expected
    # No batch norm: a bias instead of gamma and beta. ReLU: no slopes.
    plain = srresnet(
        scale, blocks, width, channels=channels, end_kernel=end, batch_norm=False, activation="relu"
    )
    convolutions = 2 * blocks + 1
    assert trainable(plain) == expected - convolutions * width - (1 + blocks + doublings) * slopes
    assert not of_type(plain, layers.BatchNormalization)
    assert not of_type(plain, layers.PReLU)


@pytest.mark.parametrize("scale", [2, 4])
def test_parameters_of_each_way_to_double(scale):
    doublings, width = {2: 1, 4: 2}[scale], 8
    shuffle, icnr, resize = (
        trainable(srresnet(scale, 1, width, upsample=upsample)) for upsample in ("shuffle", "icnr", "resize")
    )
    assert icnr == shuffle
    assert shuffle - resize == doublings * (9 * width + 1) * 3 * width


def doubled(upsample, activation="prelu"):
    """The maps behind each doubling and its activation."""
    network = srresnet(4, 1, 6, upsample=upsample, activation=activation, end_kernel=3, seed=2)
    slopes = of_type(network, layers.PReLU if activation == "prelu" else layers.ReLU)
    inner = keras.Model(network.input, [layer.output for layer in slopes[-2:]])
    return [maps.numpy() for maps in inner(pictures(2, 9, 7, 3))]


@pytest.mark.parametrize("activation", ["prelu", "relu"])
def test_icnr_starts_as_nearest_neighbour_enlargement(activation):
    stages = doubled("icnr", activation)
    assert [stage.shape[1:3] for stage in stages] == [(18, 14), (36, 28)]
    for stage in stages:
        squares = stage[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)
        np.testing.assert_allclose(stage, squares, atol=1e-6)
        assert stage[0, ::2, ::2].std() > 1e-2  # and not a constant
    # What "shuffle" starts as is no such enlargement.
    stage = doubled("shuffle", activation)[0]
    assert np.abs(stage - stage[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)).max() > 1e-2


def is_flat(network):
    """Whether the network makes a flat picture of one, far from the border, which is padded with 0."""
    made = network(np.full((1, 24, 24, 3), 0.3, np.float32)).numpy()[:, 44:52, 44:52]
    return bool(np.ptp(made, axis=(1, 2)).max() < 1e-5 * np.abs(made).max())


def test_flat_regions_have_no_lattice_with_resize_or_at_the_start_with_icnr():
    for upsample, at_the_start, later in (
        ("shuffle", False, False),
        ("icnr", True, False),
        ("resize", True, True),
    ):
        network = srresnet(4, 1, 6, upsample=upsample, end_kernel=3, seed=3)
        assert is_flat(network) == at_the_start
        disturb(network)
        assert is_flat(network) == later


def test_equal_subpixels_have_the_kernel_that_is_drawn_for_them():
    drawn = keras.initializers.HeNormal(seed=4)
    kernel = np.array(EqualSubpixels(keras.initializers.HeNormal(seed=4), 3)((3, 5, 2, 36)))
    expected = np.array(drawn((3, 5, 2, 4)))
    for filters in np.split(kernel, 9, axis=-1):
        np.testing.assert_array_equal(filters, expected)
    initializer = EqualSubpixels("he_normal", 2)
    again = keras.initializers.get(keras.initializers.serialize(initializer))
    assert again.get_config() == initializer.get_config()


def test_the_papers_generator():
    network = srresnet()
    assert trainable(network) == 1_548_547
    # With the 33 biases that batch norm makes void it is the number often given.
    assert trainable(network) + 33 * 64 == 1_550_659
    assert len(of_type(network, layers.BatchNormalization)) == 33
    *blocks, long_skip = of_type(network, layers.Add)
    assert len(blocks) == 16
    for before, block in itertools.pairwise(blocks):
        assert block.input[0] is before.output
    assert long_skip.input[1] is blocks[0].input[0]
    assert network.input.name == "source"
    assert network.output.dtype == "float32"


def test_slopes_are_shared_over_the_picture():
    slopes = of_type(srresnet(4, 2, 8), layers.PReLU)
    assert len(slopes) == 1 + 2 + 2
    for layer in slopes:
        np.testing.assert_array_equal(layer.alpha, np.full((1, 1, 8), 0.25, np.float32))


@pytest.mark.parametrize("scale", [2, 3])
def test_pixel_shuffle_is_equation_4_of_shi_et_al(scale):
    inputs = pictures(2, 3, 5, scale**2 * 2)
    outputs = np.array(PixelShuffle(scale)(inputs))
    assert outputs.shape == (2, 3 * scale, 5 * scale, 2)
    for y in range(3 * scale):
        for x in range(5 * scale):
            for c in range(2):
                channel = 2 * scale * (y % scale) + 2 * (x % scale) + c
                np.testing.assert_array_equal(outputs[:, y, x, c], inputs[:, y // scale, x // scale, channel])


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
def test_bicubic_enlargement_is_that_of_the_benchmarks(scale):
    for shape in ((2, 7, 11, 3), (1, 2, 2, 1)):
        inputs = pictures(*shape)
        np.testing.assert_allclose(
            BicubicEnlargement(scale)(inputs), bicubic_resize(inputs, scale), atol=2e-6
        )


@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize(
    "settings", [{}, {"global_skip": True}, {"upsample": "icnr"}, {"upsample": "resize"}], ids=str
)
def test_any_size_is_enlarged(scale, settings):
    network = srresnet(scale, 1, 4, channels=1, **settings)
    assert network.compute_output_shape((2, 7, 11, 1)) == (2, 7 * scale, 11 * scale, 1)
    assert network(pictures(2, 7, 11, 1)).shape == (2, 7 * scale, 11 * scale, 1)
    assert network.output.shape == (None, None, None, 1)


def test_global_skip_starts_as_bicubic_enlargement():
    source = pictures(1, 6, 9, 3)
    network = srresnet(4, 2, 8, global_skip=True)
    np.testing.assert_allclose(network(source), bicubic_resize(source, 4), atol=2e-6)
    disturb(network)
    assert np.abs(network(source) - bicubic_resize(source, 4)).max() > 1e-2


def test_blocks_without_batch_norm_start_as_the_identity():
    network = srresnet(2, 3, 8, batch_norm=False)
    *blocks, _ = of_type(network, layers.Add)
    inner = keras.Model(network.input, [blocks[0].input[0], *(block.output for block in blocks)])
    start, *ends = inner(pictures(1, 6, 6, 3))
    for end in ends:
        np.testing.assert_array_equal(end, start)


def test_layers_have_weights_of_their_own():
    kernels = [layer.kernel.numpy() for layer in of_type(srresnet(4, 2, 8, seed=3), layers.Conv2D)]
    for number, kernel in enumerate(kernels):
        for other in kernels[:number]:
            assert kernel.shape != other.shape or not np.allclose(kernel, other)


def test_network_is_rebuilt_from_its_config():
    network = srresnet(4, 1, 4, global_skip=True, upsample="icnr")
    disturb(network)
    again = keras.Model.from_config(network.get_config())
    again.set_weights(network.get_weights())
    source = pictures(1, 5, 6, 3)
    np.testing.assert_array_equal(again(source), network(source))


@pytest.mark.parametrize(("scale", "blocks", "end"), [(2, 1, 9), (2, 2, 3), (4, 1, 9), (4, 2, 5), (8, 1, 9)])
@pytest.mark.parametrize("upsample", ["shuffle", "icnr", "resize"])
def test_margin_is_how_far_the_gradient_reaches(scale, blocks, end, upsample):
    network = srresnet(scale, blocks, 4, channels=1, end_kernel=end, global_skip=True, upsample=upsample)
    disturb(network)
    margin = receptive_margin(scale, blocks, end, upsample)
    centre = margin + 2
    source = tf.constant(pictures(1, 2 * centre + 1, 2 * centre + 1, 1))
    with tf.GradientTape() as tape:
        tape.watch(source)
        # All pixels that lie in the source pixel at the centre.
        made = network(source, training=False)[:, centre * scale :][:, :scale, centre * scale :][:, :, :scale]
    gradient = tape.gradient(made, source).numpy()[0, :, :, 0]
    for axis in (0, 1):
        reached = np.flatnonzero(np.abs(gradient).sum(axis=axis))
        assert (reached.min(), reached.max()) == (centre - margin, centre + margin)


@pytest.mark.parametrize(
    "settings",
    [{}, {"global_skip": True}, {"batch_norm": False}, {"upsample": "icnr"}, {"upsample": "resize"}],
    ids=str,
)
def test_a_tile_with_its_margin_is_enlarged_as_in_the_whole(settings):
    network = srresnet(4, 2, 8, seed=1, **settings)
    disturb(network)
    margin = receptive_margin(4, 2, upsample=settings.get("upsample", "shuffle"))
    source = pictures(1, 40, 47, 3)
    whole = network(source, training=False).numpy()
    top, left, height, width = 14, 15, 9, 13  # of the tile, without its margin
    tile = source[:, top - margin : top + height + margin, left - margin : left + width + margin]
    tile = network(tile, training=False).numpy()
    inside = tile[:, 4 * margin : 4 * (margin + height), 4 * margin : 4 * (margin + width)]
    expected = whole[:, 4 * top : 4 * (top + height), 4 * left : 4 * (left + width)]
    np.testing.assert_allclose(inside, expected, atol=1e-5 * np.abs(whole).max())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 3}, "scale 3 is not built by SRResNet: choose one of 2, 4, 8"),
        ({"blocks": 0}, "blocks 0 is out of range: at least 1"),
        ({"width": 0}, "width 0 is out of range: at least 1"),
        ({"end_kernel": 4}, "end_kernel 4 is out of range: an odd number"),
        ({"activation": "tanh"}, "activation 'tanh' is unknown: choose one of prelu, relu"),
        ({"upsample": "bilinear"}, "upsample 'bilinear' is unknown: choose one of shuffle, icnr, resize"),
        ({"initializer": "ones"}, "initializer 'ones' is unknown"),
    ],
)
def test_bad_settings_of_the_generator(settings, message):
    with pytest.raises(InputError, match=message):
        srresnet(**settings)


def test_bad_margin():
    with pytest.raises(InputError, match="scale 5 is not built by SRResNet"):
        receptive_margin(5, 1)
    with pytest.raises(InputError, match="upsample 'nearest' is unknown"):
        receptive_margin(4, 1, upsample="nearest")


@pytest.mark.parametrize(
    ("size", "channels", "width", "dense"), [(96, 3, 64, 1024), (32, 1, 4, 16), (16, 3, 2, 8)]
)
def test_discriminator_has_the_parameters_of_figure_4(size, channels, width, dense):
    filters = [width, width, 2 * width, 2 * width, 4 * width, 4 * width, 8 * width, 8 * width]
    inputs = [channels, *filters]
    kernels = sum(9 * before * after for before, after in zip(inputs, filters, strict=False))
    flat = (size // 16) ** 2 * 8 * width
    fully_connected = flat * dense + dense + dense + 1
    network = sr_discriminator(size, channels, width, dense=dense)
    # The first convolution has a bias, the others gamma and beta.
    assert trainable(network) == kernels + width + 2 * sum(filters[1:]) + fully_connected
    assert network.output.dtype == "float32"


def test_discriminator_without_batch_norm_has_biases():
    with_norm, plain = (sr_discriminator(16, 1, 2, dense=4, normalisation=n) for n in ("batch", "none"))
    assert trainable(with_norm) - trainable(plain) == 2 + 4 + 4 + 8 + 8 + 16 + 16
    assert not of_type(plain, layers.BatchNormalization)


def test_discriminator_is_that_of_figure_4():
    network = sr_discriminator(32, 3, 4, dense=8)
    convolutions = of_type(network, layers.Conv2D)
    assert [layer.strides for layer in convolutions] == [(1, 1), (2, 2)] * 4
    assert [layer.filters for layer in convolutions] == [4, 4, 8, 8, 16, 16, 32, 32]
    assert len(of_type(network, layers.BatchNormalization)) == 7
    assert len(of_type(network, layers.LeakyReLU)) == 9
    logits = network(pictures(5, 32, 32, 3)).numpy()
    assert logits.shape == (5, 1)
    assert (logits < 0).any() or (logits > 1).any()  # no sigmoid


def test_every_layer_of_the_discriminator_can_have_spectral_norm_1():
    network = sr_discriminator(16, 1, 2, dense=4, normalisation="none", spectral_norm=True)
    wrapped = spectral_layers(network)
    assert len(wrapped) == 10
    assert not of_type(network, (layers.Conv2D, layers.Dense, layers.BatchNormalization))
    for layer in wrapped:
        for _ in range(50):
            layer.power_iteration()
        kernel = np.array(layer.effective_kernel())
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1.0, rel=2e-2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"image_size": 40}, "image_size 40 is out of range: a multiple of 16"),
        ({"image_size": 0}, "image_size 0 is out of range: a multiple of 16"),
        ({"width": 0}, "width 0 is out of range: at least 1"),
        ({"dense": 0}, "dense 0 is out of range: at least 1"),
        ({"normalisation": "layer"}, "normalisation 'layer' is unknown: choose one of none, batch"),
    ],
)
def test_bad_settings_of_the_discriminator(settings, message):
    with pytest.raises(InputError, match=message):
        sr_discriminator(**settings)
