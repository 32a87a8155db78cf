"""Pitch and formants of signals for which they are known."""

import numpy as np
import pytest
from scipy import signal

from tfgan_ref.data.sounds.vowels import FORMANTS, GROUPS, PITCHES, VOWELS, synthesise
from tfgan_ref.metrics import formant_shift, formants, median_pitch
from tfgan_ref.metrics.voice import predictor, resonances

RATE = 8000


def sine(frequency, seconds=0.4, rate=RATE):
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("frequency", [75.0, 131.7, 240.0, 450.0])
def test_pitch_of_a_sine(frequency, rate):
    assert median_pitch(sine(frequency, rate=rate), rate) == pytest.approx(frequency, rel=2e-3)


def test_pitch_of_harmonics_without_the_fundamental():
    audio = sum(sine(h * 120.0) for h in (3, 4, 5, 6))
    assert median_pitch(audio, RATE) == pytest.approx(120.0, rel=5e-3)


@pytest.mark.parametrize("group", GROUPS)
def test_pitch_of_all_vowels_is_published(group):
    for vowel in range(len(VOWELS)):
        pitch = PITCHES[group][vowel]
        audio = synthesise(np.full(3200, float(pitch)), FORMANTS[group][vowel], RATE)
        assert median_pitch(audio, RATE) == pytest.approx(pitch, rel=0.01)


def test_median_passes_over_a_part_that_is_another_voice_and_over_silence():
    audio = np.concatenate([sine(120.0, 1.0), sine(300.0, 0.3), np.zeros(8000)])
    assert median_pitch(audio, RATE) == pytest.approx(120.0, rel=5e-3)


def test_predictor_solves_the_normal_equations():
    frame = np.random.default_rng(0).normal(size=200)
    lags = np.correlate(frame, frame, "full")[199:204]
    a = predictor(lags)
    matrix = lags[np.abs(np.subtract.outer(np.arange(4), np.arange(4)))]
    np.testing.assert_allclose(matrix @ a[1:], -lags[1:], rtol=1e-6)
    assert a[0] == 1.0


def test_predictor_finds_the_filter_that_made_the_signal():
    coefficients = np.array([1.0, -1.2, 0.8])
    audio = signal.lfilter([1.0], coefficients, np.eye(1, 4000)[0])
    lags = np.correlate(audio, audio, "full")[3999:4002]
    np.testing.assert_allclose(predictor(lags), coefficients, atol=1e-4)


def test_resonances_of_a_filter_of_known_formants():
    frequencies, bandwidths = np.array([500.0, 1480.0, 2600.0]), np.array([60.0, 90.0, 150.0])
    poles = np.exp(-np.pi * bandwidths / RATE + 2j * np.pi * frequencies / RATE)
    coefficients = np.real(np.poly(np.concatenate([poles, poles.conj()])))
    found = resonances(coefficients, RATE)
    np.testing.assert_allclose(found, [frequencies, bandwidths], rtol=1e-6)


def test_formants_of_mens_vowels_are_published_ones():
    found = [
        formants(synthesise(np.full(4000, 100.0), FORMANTS["men"][vowel], RATE), RATE, count=3)
        for vowel in range(len(VOWELS))
    ]
    ratio = np.array(found) / FORMANTS["men"]
    assert np.abs(np.log(ratio)).mean() < 0.02
    assert np.abs(np.log(ratio)).max() < 0.1


def test_formants_do_not_depend_on_the_slope_of_the_spectrum():
    """Voices fall by 12 dB per octave; pre-emphasis takes half of it away."""
    wanted = np.array([300.0, 1000.0, 2200.0, 3300.0])
    poles = np.exp(-np.pi * 60 / RATE + 2j * np.pi * wanted / RATE)
    vocal_tract = np.real(np.poly(np.concatenate([poles, poles.conj()])))
    source = signal.lfilter([1.0], np.poly([0.97, 0.97]), np.random.default_rng(0).normal(size=RATE))
    audio = signal.lfilter([1.0], vocal_tract, source)
    np.testing.assert_allclose(formants(audio, RATE, count=3), wanted[:3], rtol=0.02)


def test_level_changes_nothing():
    audio = synthesise(np.full(4000, 140.0), (500, 1500, 2500), RATE)
    assert median_pitch(audio, RATE) == pytest.approx(median_pitch(1e-3 * audio, RATE))
    np.testing.assert_allclose(formants(audio, RATE), formants(1e-3 * audio, RATE))


def test_formant_shift_counts_what_was_moved():
    before = np.array([[300.0, 2000.0], [700.0, 1100.0]])
    target = before * [1.2, 1.1]
    for share in (0.0, 0.5, 1.0, 1.5):
        after = before * np.array([1.2, 1.1]) ** share
        moved, removed = formant_shift(before, after, target)
        np.testing.assert_allclose(moved, share)
        np.testing.assert_allclose(removed, 1 - abs(1 - share))


def test_errors_that_cancel_do_so_in_moved_alone():
    before, target = np.full((2, 1), 500.0), np.full((2, 1), 600.0)
    after = np.array([[500.0], [720.0]])  # none of the way, and twice
    moved, removed = formant_shift(before, after, target)
    np.testing.assert_allclose([moved, removed], [[1.0], [0.0]], atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: median_pitch(np.zeros(4000), RATE), "audio is silent"),
        (lambda: median_pitch(sine(100.0)[:100], RATE), r"audio of shape \(100,\) is out of range: .* 50 ms"),
        (lambda: median_pitch(np.random.default_rng(0).normal(size=8000), RATE), "no frame with a pitch"),
        (lambda: median_pitch(sine(100.0), 500), "sample_rate 500 is out of range: at least 1000"),
        (lambda: formants(np.full(4000, np.nan), RATE), "silent or not finite"),
        (lambda: formants(sine(100.0)[None], RATE), r"audio of shape \(1, 3200\) is out of range"),
        (lambda: formants(sine(500.0), RATE, count=9), "no frame with 9 formants"),
        (lambda: formant_shift(np.ones((2, 1)), np.ones((2, 2)), np.ones((2, 1))), "must all be"),
        (lambda: formant_shift(np.ones((2, 1)), np.zeros((2, 1)), np.ones((2, 1))), "not above 0"),
        (lambda: formant_shift(*[np.ones((2, 1))] * 3), "there is no way between them"),
    ],
)
def test_what_cannot_be_measured(call, message):
    with pytest.raises(ValueError, match=message):
        call()
