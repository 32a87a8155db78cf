"""Pitch, envelope and vocoder against signals whose pitch and spectrum are known."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import signal

from tfgan_ref.data.sounds import vocoder
from tfgan_ref.data.sounds.envelope import at_frequencies, estimate_envelope, fft_length, mel_matrices
from tfgan_ref.data.sounds.pitch import estimate_pitch
from tfgan_ref.data.sounds.vowels import synthesise as vowel

RATE = 8000
HOP = 80


def voiced(pitch, seconds=0.5, formants=(500.0, 1500.0, 2500.0), bend=0.0):
    """A vowel of peak level 0.5 whose pitch goes linearly from ``pitch`` to (1 + bend) times it."""
    track = pitch * np.linspace(1, 1 + bend, int(seconds * RATE))
    return (0.5 * vowel(track, formants, RATE)).astype(np.float32), track


def noise(n=RATE, spread=0.1):
    return np.random.default_rng(0).normal(0, spread, n).astype(np.float32)


def analysed(audio):
    audio = tf.constant(audio)
    pitch = estimate_pitch(audio, RATE)
    return estimate_envelope(audio, pitch, RATE).numpy(), pitch.numpy()


@pytest.mark.parametrize("pitch", [80.0, 131.7, 243.0, 400.0])  # two lie between whole periods
def test_pitch_of_a_sine_is_its_frequency(pitch):
    time = np.arange(4000) / RATE
    found = estimate_pitch(tf.constant(np.sin(2 * np.pi * pitch * time), tf.float32), RATE).numpy()
    assert found.shape == (1 + 4000 // HOP,)
    np.testing.assert_allclose(found, pitch, rtol=2e-3)


@pytest.mark.parametrize("pitch", [110.0, 180.0, 270.0])
def test_pitch_of_a_vowel_follows_its_track(pitch):
    audio, track = voiced(pitch, bend=0.2, formants=(300.0, 2300.0, 3000.0))
    found = estimate_pitch(tf.constant(audio), RATE).numpy()[5:-5]
    np.testing.assert_allclose(found, track[::HOP][5 : 5 + len(found)], rtol=0.02)


def test_noise_and_silence_have_no_pitch():
    assert not estimate_pitch(tf.constant(noise()), RATE).numpy().any()
    assert not estimate_pitch(tf.zeros([2000]), RATE).numpy().any()
    audio = np.concatenate([voiced(150.0)[0], np.zeros(4000, np.float32)])
    found = estimate_pitch(tf.constant(audio), RATE).numpy()
    assert (found[5:45] > 0).all()
    assert not found[60:].any()


def test_pitch_does_not_depend_on_level():
    audio, _ = voiced(150.0)
    loud, soft = (estimate_pitch(tf.constant(audio * level), RATE).numpy() for level in (1.0, 0.01))
    np.testing.assert_allclose(loud, soft, rtol=1e-4)


@pytest.mark.parametrize("samples", [1, 79, 80, 200, 1000])
def test_there_is_a_frame_at_the_start_and_one_for_each_hop(samples):
    envelope, pitch = analysed(noise(samples))
    assert pitch.shape == (1 + samples // HOP,)
    assert envelope.shape == (len(pitch), fft_length(RATE) // 2 + 1)
    assert np.isfinite(envelope).all()


def test_a_rate_too_low_for_voices():
    with pytest.raises(ValueError, match="sample_rate 900 is out of range: at least 1000"):
        estimate_pitch(tf.zeros([900]), 900)


def test_envelope_of_white_noise_is_its_variance():
    envelope, _ = analysed(noise(4 * RATE, 0.3))
    assert np.mean(np.exp(envelope)) == pytest.approx(0.09, rel=0.1)


@pytest.mark.parametrize("pitch", [100.0, 140.0, 220.0])
def test_envelope_is_the_filter_whatever_the_pitch(pitch):
    """Pulses through an all-pole filter: the envelope is its response, without the harmonics."""
    pulses = np.zeros(6000)
    pulses[(np.arange(0, 6000 * pitch / RATE - 1) * RATE / pitch).round().astype(int)] = 1.0
    radius, angle = np.exp(-np.pi * 300 / RATE), 2 * np.pi * np.array([800.0, 2200.0]) / RATE
    poles = radius * np.exp(1j * np.concatenate([angle, -angle]))
    coefficients = np.real(np.poly(poles))
    audio = signal.lfilter([1.0], coefficients, pulses).astype(np.float32)
    envelope = estimate_envelope(tf.constant(audio), tf.fill([76], pitch), RATE).numpy()[20:-20].mean(0)
    frequencies = np.linspace(0, RATE / 2, len(envelope))
    _, response = signal.freqz([1.0], coefficients, frequencies, fs=RATE)
    difference = 10 * (envelope / np.log(10)) - 20 * np.log10(np.abs(response))
    inner = (frequencies > 200) & (frequencies < 3600)
    assert np.std(difference[inner]) < 1.6  # dB
    # The power of one pulse in each period is pitch / RATE.
    assert np.mean(difference[inner]) == pytest.approx(10 * np.log10(pitch / RATE), abs=0.5)


def test_reading_at_frequencies_is_linear_interpolation():
    spectra = np.random.default_rng(0).normal(size=(3, 9)).astype(np.float32)
    wanted = np.array([[0.0, 130.0, 4000.0], [250.0, 999.0, 3999.0], [-5.0, 4100.0, 2000.0]], np.float32)
    found = at_frequencies(tf.constant(spectra), tf.constant(wanted), RATE).numpy()
    expected = [
        np.interp(row, np.linspace(0, 4000, 9), spectrum)
        for row, spectrum in zip(wanted, spectra, strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_mel_matrices_keep_lines_and_come_back():
    to, back = mel_matrices(80, RATE)
    frequencies = np.linspace(0, RATE / 2, len(to))
    mel = frequencies @ to
    steps = np.diff(2595 * np.log10(1 + mel / 700))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    np.testing.assert_allclose(mel @ back, frequencies, rtol=1e-4, atol=1e-2)
    with pytest.raises(ValueError, match="bands 1 is out of range: at least 2"):
        mel_matrices(1, RATE)


def test_minimum_phase_is_that_of_the_minimum_phase_filter():
    zeros, poles = [0.8 * np.exp(0.7j)], [0.7 * np.exp(1.5j)]
    b, a = (np.real(np.poly([*roots, *np.conj(roots)])) for roots in (zeros, poles))
    _, response = signal.freqz(b, a, np.linspace(0, np.pi, 513))
    found = vocoder.minimum_phase(tf.constant(2 * np.log(np.abs(response))[None], tf.float32)).numpy()[0]
    np.testing.assert_allclose(found, np.unwrap(np.angle(response)), atol=1e-3)


def test_a_flat_envelope_gives_harmonics_of_one_height():
    """Harmonic h of a density S has the amplitude 2 sqrt(S pitch / rate)."""
    pitch, density = 200.0, 0.02
    envelope = tf.fill([101, 513], np.float32(np.log(density)))
    sound = vocoder.synthesise(envelope, tf.fill([101], pitch), RATE, RATE).numpy()
    amplitudes = 2 * np.abs(np.fft.rfft(sound)) / RATE
    expected = np.zeros(len(amplitudes))
    expected[200:4000:200] = 2 * np.sqrt(density * pitch / RATE)
    np.testing.assert_allclose(amplitudes, expected, atol=2e-3 * expected.max())


def test_noise_has_the_power_of_its_envelope_and_the_seed_chooses_it():
    envelope = tf.fill([401, 513], np.float32(np.log(0.04)))
    first, again, other = (
        vocoder._noise(envelope, tf.ones([401]), 32000, RATE, seed).numpy() for seed in (1, 1, 2)
    )
    assert np.var(first[200:-200]) == pytest.approx(0.04, rel=0.1)
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.05


@pytest.mark.parametrize("pitch", [120.0, 230.0])
def test_what_was_analysed_and_made_again_is_analysed_the_same(pitch):
    audio, _ = voiced(pitch, formants=(600.0, 1200.0, 2500.0), bend=0.1)
    first = vocoder.analyse(tf.constant(audio), RATE)
    made = vocoder.render(first, len(audio), RATE)
    assert made.shape == audio.shape
    second = vocoder.analyse(made, RATE)
    inner = slice(5, -5)
    np.testing.assert_allclose(second.pitch[inner], first.pitch[inner], rtol=0.01)
    np.testing.assert_allclose(second.picture[inner], first.picture[inner], atol=0.3)
    assert np.mean(np.abs(second.picture[inner] - first.picture[inner])) < 0.025  # 1 dB
    assert float(second.level) == pytest.approx(float(first.level), abs=0.25)
    assert np.abs(first.picture).max() <= 1.0


def test_pictures_do_not_depend_on_level():
    audio, _ = voiced(150.0)
    loud, soft = (vocoder.analyse(tf.constant(audio * level), RATE) for level in (1.0, 0.1))
    np.testing.assert_allclose(loud.picture, soft.picture, atol=2e-2)
    assert float(loud.level - soft.level) == pytest.approx(np.log(100), abs=1e-2)


def test_silence_is_rendered_as_silence():
    made = vocoder.render(vocoder.analyse(tf.zeros([1000]), RATE), 1000, RATE).numpy()
    assert np.isfinite(made).all()
    assert np.abs(made).max() < 1e-3
