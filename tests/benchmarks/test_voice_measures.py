"""What the benchmark of voices measures with: vowels that are told apart, and envelopes that are scaled."""

import numpy as np
import pytest

from tests.conftest import ROOT
from tfgan_ref.data.sounds.vocoder import BANDS
from tfgan_ref.data.sounds.vowels import vowels

RATE = 8000


@pytest.fixture
def measures(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import voice_measures

    return voice_measures


@pytest.mark.slow
def test_classifier_tells_vowels_apart_and_the_pitch_is_the_group_s(measures):
    known, others = (vowels(4, seed, groups=("men",)) for seed in (0, 1))
    heard = [measures.measure(waves.floats(), RATE) for waves in (known, others)]
    judge = measures.classifier(heard[0].spectra, known.labels)
    assert np.mean(judge.predict(heard[1].spectra) == others.labels) > 0.9
    assert np.median(heard[1].pitch) == pytest.approx(131, rel=0.1)
    assert measures.of_vowels(heard[1].formants, others.labels).shape == (10, 2)


def test_medians_are_of_each_vowel(measures):
    found = measures.of_vowels(np.array([1.0, 9.0, 2.0, 3.0, 8.0, 7.0]), np.array([0, 1, 0, 0, 1, 1]))
    np.testing.assert_array_equal(found, [2.0, 8.0])


def test_classifier_does_not_hear_level(measures):
    audio = vowels(1, 0, groups=("men",)).floats()
    loud, soft = (measures.measure(level * audio, RATE).spectra for level in (1.0, 0.5))
    np.testing.assert_allclose(loud, soft, atol=1e-2)


@pytest.mark.parametrize("factor", [1.0, 0.85, 1.2])
def test_scaled_envelopes_have_their_peaks_at_the_factor(measures, factor):
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS)
    hertz = 700 * (10 ** (mel / 2595) - 1)
    for peak in (600.0, 1500.0, 2500.0):
        envelope = np.exp(-0.5 * ((hertz - peak) / 200) ** 2)[None, None, :, None]
        made = measures.scaled(factor, RATE)(envelope).numpy()[0, 0, :, 0]
        assert made.shape == (BANDS,)
        expected = np.exp(-0.5 * ((hertz / factor - peak) / 200) ** 2)
        np.testing.assert_allclose(made[:-5], expected[:-5], atol=0.05)
