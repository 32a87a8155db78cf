"""What is heard of vowels, and the simplest conversion of a voice: for the benchmark of voices."""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tfgan_ref.data.sounds.spectrograms import log_mel
from tfgan_ref.data.sounds.vocoder import BANDS
from tfgan_ref.metrics import formants, median_pitch

LOUD = 20.0  # dB under the loudest frame down to which a frame is heard by the classifier


class Measured(NamedTuple):
    """What is heard of recordings: pitch (N,) and formants (N, 2) in Hz, and spectra (N, bands)."""

    pitch: np.ndarray
    formants: np.ndarray
    spectra: np.ndarray


def measure(audio: np.ndarray, sample_rate: int) -> Measured:
    """Measures recordings (N, T), whatever their level."""
    audio = audio / np.abs(audio).max(axis=1, keepdims=True)
    rows = []
    for decibels in log_mel(audio, sample_rate):
        loudness = decibels.mean(axis=1)
        spectrum = decibels[loudness > loudness.max() - LOUD].mean(axis=0)
        rows.append(spectrum - spectrum.mean())
    return Measured(
        np.array([median_pitch(recording, sample_rate) for recording in audio]),
        np.array([formants(recording, sample_rate) for recording in audio]),
        np.array(rows),
    )


def of_vowels(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns the medians (vowels, ...) of values (N, ...)."""
    return np.stack([np.median(values[labels == label], axis=0) for label in np.unique(labels)])


def classifier(spectra: np.ndarray, labels: np.ndarray) -> Any:
    """Returns logistic regression trained on mean spectra (N, bands)."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(spectra, labels)


def scaled(factor: float, sample_rate: int) -> keras.Model:
    """Returns a generator that multiplies all frequencies of an envelope."""
    mel = np.linspace(0, 2595 * np.log10(1 + sample_rate / 2 / 700), BANDS)
    wanted = 2595 * np.log10(1 + 700 * (10 ** (mel / 2595) - 1) / factor / 700)
    matrix = np.stack([np.interp(wanted, mel, row) for row in np.eye(BANDS)])
    source = keras.Input((None, BANDS, 1))
    dense = layers.Dense(BANDS, use_bias=False)
    moved = layers.Reshape((-1, BANDS, 1))(dense(layers.Reshape((-1, BANDS))(source)))
    dense.set_weights([matrix])
    return keras.Model(source, moved)
