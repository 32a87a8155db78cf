"""Spectrograms of sounds, in decibels and as pictures for image metrics."""

from collections.abc import Iterator

import numpy as np

from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.data.sounds.waves import Waves, to_float

FRAMES = 64  # at most, in a picture
BANDS = 40
FLOOR = -60.0  # dB: quieter is shown as this
_BLOCK = 256


def log_power(audio: np.ndarray, *, window: int = 256, hop: int = 64) -> np.ndarray:
    """Returns spectrograms in decibels, 0 for a sine of full scale, not below ``FLOOR``.

    Args:
        audio: floats (N, T) in [-1, 1], T a multiple of ``hop``.
        window: samples of a frame, tapered by Hann's function.
        hop: samples between frames.

    Returns:
        float32 (N, T / hop, window / 2 + 1), low frequencies first.
    """
    return np.concatenate([_decibels(power) for power in _powers(audio, window, hop)])


def log_mel(audio: np.ndarray, sample_rate: int, *, hop: int = 64, bands: int = BANDS) -> np.ndarray:
    """Returns mel spectrograms in decibels, as ``log_power`` does, with windows of 32 ms or of two hops.

    Args:
        audio: floats (N, T) in [-1, 1], T a multiple of ``hop``.
        sample_rate: per second.
        hop: samples between frames.
        bands: filters over the whole range, see ``mel_filters``.

    Returns:
        float32 (N, T / hop, bands), low frequencies first.
    """
    window = 2 ** round(np.log2(max(0.032 * sample_rate, 2 * hop)))
    filters = mel_filters(bands, window, sample_rate)
    return np.concatenate([_decibels(power @ filters.T) for power in _powers(audio, window, hop)])


def mel_filters(bands: int, window: int, sample_rate: int) -> np.ndarray:
    """Returns triangular filters (bands, window / 2 + 1) of equal width in mel = 2595 log10(1 + f / 700).

    Their peaks are 1, and each begins and ends at its neighbours' peaks.
    """
    top = 2595 * np.log10(1 + sample_rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    spacing = sample_rate / window
    frequencies = np.arange(window // 2 + 1) * spacing
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    # No side of a triangle is narrower than a bin: a filter between two bins would be empty.
    rising = 1 - (middle - frequencies) / np.maximum(middle - low, spacing)
    falling = 1 - (frequencies - middle) / np.maximum(high - middle, spacing)
    return np.maximum(0, np.minimum(rising, falling))


def spectrogram_pictures(audio: np.ndarray, sample_rate: int | None = None) -> np.ndarray:
    """Returns spectrograms of at most 64 frames as uint8 pictures: 0 is -60 dB, 255 is 0 dB.

    Args:
        audio: int16, or floats in [-1, 1], (N, T), T a power of two times a number up to 64, at least 64.
        sample_rate: per second, for 40 mel bands; None: 128 frequencies, evenly spaced.

    Returns:
        uint8 (N, 40 or 128, frames, 1), high frequencies at the top.
    """
    samples = to_float(audio) if audio.dtype == np.int16 else audio
    hop = _hop(audio.shape[1])
    if sample_rate is None:
        decibels = log_power(samples, hop=hop)[..., :-1]
    else:
        decibels = log_mel(samples, sample_rate, hop=hop)
    shares = np.clip(1 - decibels / FLOOR, 0, 1)
    return np.rint(255 * shares).astype(np.uint8).transpose(0, 2, 1)[:, ::-1, :, None]


def spectrogram_arrays(waves: Waves) -> ImageArrays:
    """Returns the mel spectrograms of recordings, with their labels, as a data set of pictures."""
    pictures = spectrogram_pictures(waves.audio[:], waves.sample_rate)
    return ImageArrays(waves.name, pictures, waves.labels, waves.class_names)


def _hop(length: int) -> int:
    hop = 64
    while length > FRAMES * hop:
        hop *= 2
    return hop


def _powers(audio: np.ndarray, window: int, hop: int) -> Iterator[np.ndarray]:
    """Yields power spectra (n, T / hop, window / 2 + 1) of some recordings at a time."""
    taper = np.hanning(window + 1)[:-1]
    before = max(0, window - hop) // 2
    padded = np.pad(audio, [(0, 0), (before, max(0, window - hop - before))])
    frames = np.lib.stride_tricks.sliding_window_view(padded, window, axis=1)[:, ::hop]
    for start in range(0, len(frames), _BLOCK):
        spectra = np.fft.rfft(frames[start : start + _BLOCK] * taper)
        # A sine of amplitude 1 reaches (window / 4)^2 in its bin.
        yield np.abs(spectra) ** 2 / (window / 4) ** 2


def _decibels(power: np.ndarray) -> np.ndarray:
    return (10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))).astype(np.float32)
