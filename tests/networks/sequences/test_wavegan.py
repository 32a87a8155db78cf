"""WaveGAN's networks: their form, phase shuffle, and what the spectrogram critic sees."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref.networks import wavegan_features, wavegan_generator
from tfgan_ref.networks.sequences.spectrogram_critic import (
    LogSpectrogram,
    joint_features,
    spectrogram_features,
)
from tfgan_ref.networks.sequences.wavegan import PhaseShuffle, wavegan_plan

RAMP = tf.reshape(tf.range(24, dtype=tf.float32), (2, 12, 1))


def test_tables_3_and_4_of_the_paper():
    """16384 samples: maps of 16, 64, 256, 1024, 4096, with 16d, 8d, 4d, 2d, d channels, and back."""
    assert wavegan_plan(16384) == (16, 5)
    generator = wavegan_generator(100, 16384, width=4)
    upwards = [layer for layer in generator.layers if isinstance(layer, keras.layers.Conv1DTranspose)]
    assert [layer.output.shape[1:] for layer in upwards] == [
        (64, 32), (256, 16), (1024, 8), (4096, 4), (16384, 1),
    ]  # fmt: skip
    assert upwards[0].input.shape[1:] == (16, 64)
    assert {layer.kernel_size for layer in upwards} == {(25,)}
    features = wavegan_features(16384, width=4)
    assert features.output_shape == (None, 16 * 64)
    shuffles = [layer for layer in features.layers if isinstance(layer, PhaseShuffle)]
    assert len(shuffles) == 4
    assert len({layer.seed for layer in shuffles}) == 4


@pytest.mark.parametrize("length", [256, 1024, 4096, 8192, 12288])
def test_generator_and_critic_fit_each_other(length):
    generator = wavegan_generator(4, length, width=2)
    audio = generator(tf.ones((2, 4)))
    assert audio.shape == (2, length, 1)
    assert float(tf.reduce_max(tf.abs(audio))) <= 1
    assert wavegan_features(length, width=2)(audio).shape[0] == 2


@pytest.mark.parametrize("length", [16, 100, 5000, 8000, 65])
def test_lengths_that_are_not_built(length):
    with pytest.raises(ValueError, match=f"length {length} is not built by WaveGAN"):
        wavegan_generator(4, length)


def test_phase_shuffle_shifts_and_mirrors_at_the_border():
    layer = PhaseShuffle(2, seed=3)
    mirrored = np.pad(RAMP.numpy(), [(0, 0), (2, 2), (0, 0)], mode="reflect")
    allowed = [mirrored[:, start : start + 12].tobytes() for start in range(5)]
    seen = [layer(RAMP, training=True).numpy().tobytes() for _ in range(40)]
    assert set(seen) == set(allowed)


def test_phase_shuffle_only_in_training():
    layer = PhaseShuffle(2)
    np.testing.assert_array_equal(layer(RAMP), RAMP)
    np.testing.assert_array_equal(PhaseShuffle(0)(RAMP, training=True), RAMP)
    with pytest.raises(ValueError, match="phase_shuffle -1 is out of range: at least 0"):
        PhaseShuffle(-1)


def test_phase_shuffle_goes_on_from_the_state_that_a_checkpoint_holds():
    first, second = PhaseShuffle(5, seed=1), PhaseShuffle(5, seed=1)
    drawn = [first(RAMP, training=True).numpy() for _ in range(8)]
    [second(RAMP, training=True) for _ in range(4)]
    third = PhaseShuffle(5, seed=9)
    (state,), (source,) = third.variables, second.variables
    state.assign(source)
    assert same(drawn[4:], [third(RAMP, training=True).numpy() for _ in range(4)])
    assert any(not np.array_equal(a, b) for a, b in zip(drawn[:4], drawn[4:], strict=True))


@pytest.mark.slow  # to compile
def test_phase_shuffle_compiles_with_xla_and_has_both_derivatives():
    layer = PhaseShuffle(2)

    @tf.function(jit_compile=True, autograph=False)
    def shuffled(audio):
        with tf.GradientTape() as outer:
            outer.watch(audio)
            with tf.GradientTape() as tape:
                tape.watch(audio)
                moved = layer(audio, training=True)
                cubes = moved**3
            gradient = tape.gradient(cubes, audio)
        return moved, gradient, outer.gradient(gradient, audio)

    shifts = set()
    for _ in range(8):
        moved, first, second = (part.numpy() for part in shuffled(RAMP))
        shifts |= set(moved[0, 4:8, 0].astype(int) - RAMP.numpy()[0, 4:8, 0].astype(int))
        # How often each sample is shown: some twice, at its place and mirrored.
        shown = np.array([[(clip[:, 0] == value).sum() for value in clip_of[:, 0]] for clip, clip_of in
                          zip(moved, RAMP.numpy(), strict=True)])  # fmt: skip
        np.testing.assert_allclose(first[..., 0], shown * 3 * RAMP.numpy()[..., 0] ** 2, rtol=1e-5)
        np.testing.assert_allclose(second[..., 0], shown * 6 * RAMP.numpy()[..., 0], rtol=1e-5)
    assert len(shifts) > 1


def test_bodies_are_saved_and_loaded_in_safe_mode(tmp_path):
    body = joint_features(wavegan_features(1024, width=2), spectrogram_features(1024, width=2))
    body.save(tmp_path / "body.keras")
    loaded = keras.saving.load_model(tmp_path / "body.keras", safe_mode=True)
    audio = tf.random.stateless_uniform((2, 1024, 1), [0, 1], -1, 1)
    np.testing.assert_allclose(loaded(audio), body(audio), rtol=1e-5)
    assert len(values(loaded.variables)) == len(values(body.variables))


def test_spectrogram_is_numpys_and_a_full_sine_is_one():
    time = np.arange(1024) / 8000
    audio = np.stack([np.sin(2 * np.pi * 1000 * time), 0.1 * np.sin(2 * np.pi * 500 * time), 0 * time])
    seen = LogSpectrogram()(audio[..., None].astype(np.float32)).numpy()
    assert seen.shape == (3, 8, 128, 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(256) / 256)
    padded = np.pad(audio, [(0, 0), (64, 64)])
    for frame in range(8):
        power = np.abs(np.fft.rfft(padded[:, 128 * frame : 128 * frame + 256] * window)) ** 2 / 64**2
        expected = 1 + 10 * np.log10(power[:, :-1] + 1e-6) / 30
        np.testing.assert_allclose(seen[:, frame, :, 0], expected, atol=1e-3)
    assert seen[0, 4, 32, 0] == pytest.approx(1, abs=0.01)
    assert seen[1, 4, 16, 0] == pytest.approx(1 - 20 / 30, abs=0.01)
    assert (seen[2] == -1).all()


def test_gradient_of_the_spectrogram_is_finite_in_silence():
    audio = tf.zeros((1, 512, 1))
    with tf.GradientTape() as outer:
        outer.watch(audio)
        with tf.GradientTape() as tape:
            tape.watch(audio)
            total = tf.reduce_sum(LogSpectrogram()(audio))
        squared = tf.reduce_sum(tape.gradient(total, audio) ** 2)
    assert np.isfinite(outer.gradient(squared, audio).numpy()).all()


def test_spectrogram_is_float32_under_every_policy():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = LogSpectrogram()
    finally:
        keras.config.set_dtype_policy("float32")
    assert layer(tf.zeros((1, 512, 1), tf.float16)).dtype == tf.float32


@pytest.mark.parametrize("length", [1000, 128])
def test_lengths_without_a_spectrogram(length):
    with pytest.raises(ValueError, match=f"length {length} makes no spectrogram: a multiple of 128"):
        spectrogram_features(length)
