"""The growing networks: their stages, what they share, and the fade-in."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.images.progressive import (
    StageBlend,
    downsample,
    fade,
    generator_stages,
    progressive_discriminator,
    progressive_generator,
    resolutions,
    sampling_generator,
    upsample,
)
from tfgan_ref.networks.layers.batch import MinibatchStddev, PixelNormalization
from tfgan_ref.networks.layers.reparametrised import EqualisedLearningRate, nested_layers

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def flat_layers(model, kind):
    return [layer for layer in nested_layers(model) if isinstance(layer, kind)]


def column(alpha, n=4):
    return np.full((n, 1), alpha, np.float32)


def test_default_networks_have_the_papers_number_of_parameters():
    """Table 2: 23.1 million each; counted from its rows, with 1x1 layers from and to RGB at all sizes."""
    widths = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    rgb = sum(3 * w for w in widths)

    def conv(side, inputs, outputs):
        return side * side * inputs * outputs + outputs

    growth = list(itertools.pairwise(widths))
    g = 512 * 8192 + 8192 + conv(3, 512, 512) + rgb + 3 * 9
    g += sum(conv(3, before, after) + conv(3, after, after) for before, after in growth)
    d = conv(3, 513, 512) + conv(4, 512, 512) + 513 + rgb + sum(widths)
    d += sum(conv(3, after, after) + conv(3, after, before) for before, after in growth)
    generator, discriminator = progressive_generator(), progressive_discriminator()
    assert (generator.count_params(), discriminator.count_params()) == (g, d)
    assert round(g / 1e6, 1) == round(d / 1e6, 1) == 23.1


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (4, [4]),
        (6, [6]),
        (20, [5, 10, 20]),
        (24, [6, 12, 24]),
        (28, [7, 14, 28]),
        (32, [4, 8, 16, 32]),
        (896, [7, 14, 28, 56, 112, 224, 448, 896]),
        (1024, [4, 8, 16, 32, 64, 128, 256, 512, 1024]),
    ],
)
def test_stages_double_from_4_to_7(size, sizes):
    assert resolutions(size) == sizes


@pytest.mark.parametrize("size", [4, 7, 10, 24, 28, 32, 1024])
def test_every_size_builds_and_runs(size):
    generator = progressive_generator(3, size, 1, width=1, max_width=2)
    discriminator = progressive_discriminator(size, 1, width=1, max_width=2)
    sizes = resolutions(size)
    assert [images.shape[1:] for images in generator.outputs] == [(s, s, 1) for s in sizes]
    images = sampling_generator(generator)(normal(2, 3))
    assert images.shape == (2, size, size, 1)
    assert discriminator([images, column(0.5, 2)]).shape == (2, 1)


def test_building_blocks_of_the_paper():
    generator, discriminator = progressive_generator(3, 16, 1, width=2), progressive_discriminator(16, 1)
    # No kernel outside of an equalised layer, and each its own draw from N(0, 1).
    for network in (generator, discriminator):
        wrapped = flat_layers(network, EqualisedLearningRate)
        kernels = [v for v in network.trainable_variables if len(v.shape) > 1]
        assert {id(layer.kernel) for layer in wrapped} == {id(kernel) for kernel in kernels}
        assert len({np.array(kernel).tobytes() for kernel in kernels}) == len(kernels)
    values = np.concatenate([np.ravel(kernel) for kernel in kernels])
    assert (values.mean(), values.std()) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))
    # On the latents, after the first layer, and after each 3x3 convolution; only in G.
    assert len(flat_layers(generator, PixelNormalization)) == 2 + 5
    assert not flat_layers(discriminator, PixelNormalization)
    assert len(flat_layers(discriminator, MinibatchStddev)) == 1
    gains = sorted({layer.gain for layer in flat_layers(generator, EqualisedLearningRate)})
    assert gains == pytest.approx([2**0.5 / 4, 1.0, 2**0.5])
    slopes = {layer.negative_slope for layer in flat_layers(generator, keras.layers.LeakyReLU)}
    assert slopes == {0.2}


def test_first_layers_are_as_large_as_the_first_stage():
    """From 7x7 as from 4x4: He's bound on one 1x1 map, and a kernel of the whole map before the logit."""
    generator, discriminator = (
        progressive_generator(3, 28, 1, width=2),
        progressive_discriminator(28, 1, width=2),
    )
    first, *_ = flat_layers(generator, EqualisedLearningRate)
    assert first.kernel.shape == (3, 7 * 7 * 8)
    assert first.gain == pytest.approx(2**0.5 / 7)
    assert [tuple(v.shape) for v in discriminator.stages[0].trainable_variables if len(v.shape) == 2] == [
        (7 * 7 * 8, 8),
        (8, 1),
    ]


def test_latents_count_by_their_direction_alone():
    """To the last bit: a factor of 4 is exact, and epsilon, 1e-8, vanishes beside squares from 0.25 on."""
    generator = progressive_generator(5, 8, 1, width=2)
    for variable in generator.trainable_variables:
        if variable.name == "bias":  # at 0 any length would do without the first normalisation too
            variable.assign(normal(*variable.shape))
    latents = normal(3, 5)
    latents += np.copysign(0.5, latents)
    for first, second in zip(generator(latents), generator(4 * latents), strict=True):
        np.testing.assert_array_equal(first, second)


def test_discriminator_sees_how_much_a_batch_varies():
    discriminator = progressive_discriminator(4, 1, width=4)
    image = normal(1, 4, 4, 1)
    alike, mixed = np.repeat(image, 4, 0), np.concatenate([image, normal(3, 4, 4, 1)])
    first, second = (discriminator([images, column(1.0)])[0, 0] for images in (alike, mixed))
    assert abs(float(first - second)) > 1e-4


def test_resampling_and_fade():
    images = normal(2, 4, 4, 3)
    np.testing.assert_array_equal(upsample(images), images.repeat(2, 1).repeat(2, 2))
    boxes = images.reshape(2, 2, 2, 2, 2, 3).mean((2, 4))
    np.testing.assert_allclose(downsample(images), boxes, atol=1e-6)
    np.testing.assert_allclose(downsample(upsample(images)), images, atol=1e-6)
    np.testing.assert_allclose(downsample(images, 4)[:, 0, 0], images.mean((1, 2)), atol=1e-6)
    low, high = normal(2, 3), normal(2, 3)
    np.testing.assert_array_equal(fade(low, high, 0.0), low)
    np.testing.assert_array_equal(fade(low, high, 1.0), high)
    np.testing.assert_allclose(fade(low, high, 0.25), 0.75 * low + 0.25 * high, rtol=1e-6)


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_a_new_stage_starts_where_the_one_before_ended(stage):
    """Row A13: at alpha = 0 G gives the upsampled images of before, and D judges as before."""
    generator, discriminator = progressive_generator(4, 32, 3, width=2), progressive_discriminator(32, 3)
    stages = generator_stages(generator)
    latents = normal(4, 4)
    before, present = stages[stage](latents)
    earlier = stages[stage - 1](latents)
    earlier = earlier[-1] if stage > 1 else earlier
    np.testing.assert_allclose(fade(upsample(before), present, 0.0), upsample(earlier), atol=1e-6)
    images = normal(4, *present.shape[1:])
    logits = {a: discriminator([images, column(a)]).numpy() for a in (0.0, 0.5, 1.0)}
    np.testing.assert_allclose(logits[0.0], discriminator([downsample(images), column(1.0)]), atol=1e-5)
    assert np.abs(logits[0.0] - logits[1.0]).max() > 1e-3
    assert np.abs(logits[0.5] - logits[1.0]).max() > 1e-3


def test_stages_share_variables():
    generator, discriminator = progressive_generator(4, 16, 1, width=2), progressive_discriminator(16, 1)
    for network, stages in ((generator, generator_stages(generator)), (discriminator, discriminator.stages)):
        held = [v.path for v in network.trainable_variables]
        assert len(held) == len({id(v) for v in network.trainable_variables})
        of_stages = [{id(v) for v in stage.trainable_variables} for stage in stages]
        assert set.union(*of_stages) == {id(v) for v in network.trainable_variables}
        assert len(of_stages[0]) < len(of_stages[1]) < len(of_stages[2])
        # The last one has let go of the layer to or from the RGB of the first.
        assert len(of_stages[0] - of_stages[1]) == 0
        assert len(of_stages[0] - of_stages[2]) == 2


def test_blend_shows_the_present_stage():
    generator = progressive_generator(4, 16, 1, width=2)
    sampler = sampling_generator(generator)
    latents = normal(2, 4)
    small, middle, large = (images.numpy() for images in generator(latents))
    assert np.abs(large).max() > 1  # so that the clip is seen
    expected = {
        (0, 1.0): upsample(upsample(small)),
        (1, 0.3): upsample(0.7 * upsample(small) + 0.3 * middle),
        (2, 0.0): upsample(middle),
        (2, 1.0): large,
    }
    np.testing.assert_allclose(sampler(latents), np.clip(expected[0, 1.0], -1, 1), atol=1e-6)
    for (stage, alpha), images in expected.items():
        sampler.get_layer("images").show(stage, alpha)
        np.testing.assert_allclose(sampler(latents), np.clip(images, -1, 1), atol=1e-6)


def test_sampling_generator_survives_saving(tmp_path):
    sampler = sampling_generator(progressive_generator(4, 8, 3, width=2))
    sampler.get_layer("images").show(1, 0.4)
    sampler.save(tmp_path / "g.keras")
    loaded = keras.saving.load_model(tmp_path / "g.keras")
    latents = normal(2, 4)
    np.testing.assert_allclose(loaded(latents), sampler(latents), atol=1e-6)
    assert isinstance(loaded.layers[-1], StageBlend)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_images_and_logits_are_float32(precision):
    keras.config.set_dtype_policy(precision)
    try:
        generator, discriminator = progressive_generator(4, 8, 1, width=2), progressive_discriminator(8, 1)
        sampler = sampling_generator(generator)
    finally:
        keras.config.set_dtype_policy("float32")
    latents = normal(4, 4)
    assert {images.dtype for images in generator(latents)} == {tf.float32}
    assert sampler(latents).dtype == tf.float32
    assert discriminator([generator(latents)[1], column(0.5)]).dtype == tf.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: resolutions(30),
            "image_size 30 is not 4, 5, 6 or 7 doubled, at most 1024: set image_size=32",
        ),
        (lambda: resolutions(26), "image_size 26 .* set image_size=28"),
        (lambda: resolutions(2048), "image_size 2048 .* set image_size=1024"),
        (lambda: resolutions(0), "image_size 0 .* set image_size=4"),
        (lambda: progressive_generator(4, 8, 1, width=0), "width 0 is out of range: at least 1"),
        (lambda: progressive_discriminator(8, 1, max_width=0), "max_width 0 is out of range: at least 1"),
        (lambda: progressive_discriminator(8, 1, group_size=0), "group_size 0"),
        (
            lambda: progressive_discriminator(8, 1)([normal(1, 16, 16, 1), column(1, 1)]),
            r"images of shape \(16, 16, 1\) are of no stage",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
