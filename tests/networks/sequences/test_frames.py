"""Networks of frames: conditions enter factor by factor."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks import frame_discriminator, frame_generator
from tfgan_ref.networks.sequences.frames import FactorOneHots

SIZES, PHASES = (3, 2, 2), 4


def conditions_of(n, rng):
    return np.stack([rng.integers(size, size=n) for size in SIZES], axis=1).astype(np.int32)


@pytest.fixture(scope="module")
def generator():
    return frame_generator(5, SIZES, PHASES, width=4, seed=1)


@pytest.fixture(scope="module")
def discriminator():
    return frame_discriminator(SIZES, PHASES, 2, width=4, spectral_norm=False, seed=2)


def test_one_hots_say_attributes_and_motions():
    rng = np.random.default_rng(0)
    conditions, phase = conditions_of(20, rng), rng.integers(PHASES, size=(20, 3)).astype(np.int32)
    ones = FactorOneHots(SIZES, PHASES)([conditions, phase]).numpy()
    assert ones.shape == (20, 3 + 2 + 3 * 2 * PHASES)
    for row, (first, second, action), phases in zip(ones, conditions, phase, strict=True):
        motions = [5 + 8 * frame + PHASES * action + p for frame, p in enumerate(phases)]
        np.testing.assert_array_equal(np.flatnonzero(row), [first, 3 + second, *motions])
        assert row.sum() == 5


def test_a_pair_of_attribute_and_action_has_no_weight_of_its_own():
    """What is said of (a, x) and (b, y) is together what is said of (a, y) and (b, x)."""
    layer = FactorOneHots(SIZES, PHASES)
    rows = np.array([[2, 0, 0], [1, 0, 1], [2, 0, 1], [1, 0, 0]], np.int32)
    a, b, c, d = layer([rows, np.full((4, 1), 3, np.int32)]).numpy()
    np.testing.assert_array_equal(a + b, c + d)


@pytest.mark.parametrize(("size", "channels"), [(32, 3), (64, 1)])
def test_sizes(size, channels):
    model = frame_generator(5, SIZES, PHASES, size, channels, width=2)
    frames = model([np.zeros((2, 5)), np.zeros((2, 3), int), np.zeros(2, int)])
    assert frames.shape == (2, size, size, channels)
    judge = frame_discriminator(SIZES, PHASES, 2, size, channels, width=2, spectral_norm=True)
    pair = np.zeros((2, 2, size, size, channels))
    logits, attributes = judge([pair, np.zeros((2, 3), int), np.zeros((2, 2), int)])
    assert (logits.shape, attributes.shape) == ((2, 1), (2, 3 + 2))


@pytest.mark.parametrize("build", [lambda s: frame_generator(5, SIZES, PHASES, s),
                                   lambda s: frame_discriminator(SIZES, PHASES, 2, s)])  # fmt: skip
def test_a_size_that_is_not_built(build):
    with pytest.raises(InputError, match="image_size 48 is not built for frames: choose one of 32, 64"):
        build(48)


def test_every_factor_and_the_phase_change_the_frame(generator):
    latents = np.random.default_rng(0).normal(size=(1, 5)).astype(np.float32)
    base = generator([latents, np.array([[0, 0, 0]]), np.array([0])]).numpy()
    assert np.abs(base).max() <= 1
    for other, phase in (([1, 0, 0], 0), ([0, 1, 0], 0), ([0, 0, 1], 0), ([0, 0, 0], 1)):
        assert not np.allclose(base, generator([latents, np.array([other]), np.array([phase])]), atol=1e-6)


def test_a_frame_is_made_of_its_character_s_palette(generator):
    """Colours are those of latents and attributes, never of action or phase; pixels mix them by shares."""
    outputs = [generator.get_layer(name).output for name in ("palette", "shares", "frames")]
    inside = keras.Model(generator.inputs, outputs)
    latents = np.random.default_rng(0).normal(size=(1, 5)).astype(np.float32)

    def parts(conditions, phase):
        return [part.numpy()[0] for part in inside([latents, np.array([conditions]), np.array([phase])])]

    palette, shares, frame = parts([0, 0, 0], 0)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(frame, shares @ palette, atol=1e-5)
    for conditions, phase in (([0, 0, 1], 0), ([0, 0, 0], 2), ([0, 0, 1], 3)):
        colours, others, _ = parts(conditions, phase)
        np.testing.assert_array_equal(colours, palette)
        assert not np.allclose(others, shares, atol=1e-6)
    for conditions in ([1, 0, 0], [0, 1, 0]):
        assert not np.allclose(parts(conditions, 0)[0], palette, atol=1e-6)


def test_the_logit_is_a_sum_over_factors(discriminator):
    """Miyato and Koyama 2018, equation 4, with an embedding for each attribute and each frame's motion."""
    rng = np.random.default_rng(1)
    images = rng.uniform(-1, 1, (6, 2, 32, 32, 3)).astype(np.float32)
    conditions, phase = conditions_of(6, rng), rng.integers(PHASES, size=(6, 2)).astype(np.int32)
    features = keras.Model(discriminator.inputs, discriminator.get_layer("logit").input)(
        [images, conditions, phase]
    ).numpy()
    kernel, bias = discriminator.get_layer("logit").get_weights()
    (embedding,) = discriminator.get_layer("embedding").get_weights()
    for i, (first, second, action) in enumerate(conditions):
        motions = [5 + 8 * frame + PHASES * action + phase[i, frame] for frame in (0, 1)]
        vector = embedding[first] + embedding[3 + second] + embedding[motions].sum(axis=0)
        logit = features[i] @ (kernel[:, 0] + vector) + bias[0]
        got, _ = discriminator([images[i : i + 1], conditions[i : i + 1], phase[i : i + 1]])
        assert float(got[0, 0]) == pytest.approx(logit, rel=1e-4, abs=1e-5)


def test_attributes_are_read_off_the_frames_alone(discriminator):
    images = np.random.default_rng(2).uniform(-1, 1, (1, 2, 32, 32, 3)).astype(np.float32)
    _, first = discriminator([images, np.array([[0, 1, 1]]), np.array([[0, 2]])])
    _, second = discriminator([images, np.array([[2, 0, 0]]), np.array([[3, 1]])])
    np.testing.assert_array_equal(first, second)
    _, other = discriminator([-images, np.array([[0, 1, 1]]), np.array([[0, 2]])])
    assert not np.allclose(first, other, atol=1e-6)


def test_the_discriminator_sees_which_frame_is_which(discriminator):
    images = np.random.default_rng(2).uniform(-1, 1, (1, 2, 32, 32, 3)).astype(np.float32)
    conditions, phase = np.array([[0, 1, 1]]), np.array([[0, 2]])
    one, _ = discriminator([images, conditions, phase])
    swapped, _ = discriminator([images[:, ::-1], conditions, phase])
    assert abs(float(one[0, 0] - swapped[0, 0])) > 1e-6


def test_both_are_saved_and_loaded_without_code_in_the_file(generator, discriminator, tmp_path):
    rng = np.random.default_rng(3)
    conditions, phase = conditions_of(3, rng), rng.integers(PHASES, size=(3, 2)).astype(np.int32)
    images = rng.uniform(-1, 1, (3, 2, 32, 32, 3)).astype(np.float32)
    for model, inputs in (
        (generator, [rng.normal(size=(3, 5)).astype(np.float32), conditions, phase[:, 0]]),
        (discriminator, [images, conditions, phase]),
    ):
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
        for got, wanted in zip(
            keras.tree.flatten(loaded(inputs)), keras.tree.flatten(model(inputs)), strict=True
        ):
            np.testing.assert_array_equal(got, wanted)


def test_networks_trace_with_an_unknown_batch_size(generator):
    signature = [
        tf.TensorSpec((None, 5)),
        tf.TensorSpec((None, 3), tf.int32),
        tf.TensorSpec((None,), tf.int32),
    ]
    traced = tf.function(lambda *given: generator(list(given), training=False), input_signature=signature)
    assert traced(tf.zeros((2, 5)), tf.zeros((2, 3), tf.int32), tf.zeros(2, tf.int32)).shape == (2, 32, 32, 3)
