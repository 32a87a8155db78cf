"""Spectral envelopes of voices, free of the pitch: CheapTrick (Morise 2015) in TensorFlow operations.

"CheapTrick, a spectral envelope estimator for high-quality speech synthesis", Speech Communication 67.
"""

import math

import numpy as np
import tensorflow as tf

from tfgan_ref.data.sounds.pitch import HOP, LOWEST
from tfgan_ref.errors import check_at_least

UNVOICED = 500.0  # Hz, in place of the pitch of frames that have none, as in the author's WORLD
_RECOVERY = (1.18, -0.09)  # q0 and q1 of the paper's equation 10
_SILENCE = 1e-10  # power that is added, of audio in [-1, 1]


def fft_length(sample_rate: int) -> int:
    """Returns the length of Fourier transforms: a power of 2 that holds two of the longest windows."""
    return 2 ** math.ceil(math.log2(6 * sample_rate / LOWEST))


def estimate_envelope(audio: tf.Tensor, pitch: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Estimates the power spectral density of one recording, smooth over its harmonics.

    Args:
        audio: float32 (T,).
        pitch: Hz (frames,), 0 for none, as ``estimate_pitch`` gives it.
        sample_rate: in Hz.

    Returns:
        Natural logarithm of the density, float32 (frames, fft_length / 2 + 1): its mean over the frequencies
        from -sample_rate / 2 to sample_rate / 2 is the signal's power.
    """
    pitch = tf.where(pitch > 0.0, pitch, UNVOICED)[:, tf.newaxis]
    size = fft_length(sample_rate)
    power = tf.abs(tf.signal.rfft(_windowed(audio, pitch, sample_rate), [size])) ** 2
    power = _fill_below_the_pitch(power, pitch, sample_rate)
    quefrency = tf.cast(tf.minimum(tf.range(size), size - tf.range(size)), tf.float32) / sample_rate
    # Section 2.3: a moving average of the width 2/3 pitch is a product with a sinc of the autocorrelation.
    correlation = tf.signal.irfft(tf.cast(power, tf.complex64), [size])
    smooth = tf.math.real(tf.signal.rfft(correlation * _sinc(2.0 / 3.0 * pitch * quefrency)))
    cepstrum = tf.signal.irfft(tf.cast(tf.math.log(tf.maximum(smooth, 0.0) + _SILENCE), tf.complex64), [size])
    q0, q1 = _RECOVERY
    lifter = _sinc(pitch * quefrency) * (q0 + 2.0 * q1 * tf.cos(2.0 * math.pi * pitch * quefrency))
    return tf.math.real(tf.signal.rfft(cepstrum * lifter))


def mel_matrices(bands: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the matrices that bring spectra to ``bands`` frequencies even on the mel scale, and back.

    Both interpolate linearly; the frequencies go from 0 to sample_rate / 2 (O'Shaughnessy's mel).

    Returns:
        Matrices, float32 (fft_length / 2 + 1, bands) and (bands, fft_length / 2 + 1), to multiply rows with.

    Raises:
        InputError: ``bands`` is out of range.
    """
    check_at_least(2, bands=bands)
    linear = np.linspace(0, sample_rate / 2, fft_length(sample_rate) // 2 + 1)
    highest = 2595 * np.log10(1 + sample_rate / 2 / 700)
    mel = 700 * (10 ** (np.linspace(0, highest, bands) / 2595) - 1)
    return _interpolation(linear, mel), _interpolation(mel, linear)


def at_frequencies(spectra: tf.Tensor, frequencies: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Reads spectra (frames, bins) at frequencies in Hz (frames, K), linearly between bins: (frames, K)."""
    last = spectra.shape[-1] - 1
    place = tf.clip_by_value(frequencies * (2.0 * last / sample_rate), 0.0, float(last))
    below = tf.minimum(tf.cast(place, tf.int32), last - 1)
    share = place - tf.cast(below, tf.float32)
    low, high = (tf.gather(spectra, below + step, batch_dims=1) for step in (0, 1))
    return low + share * (high - low)


def _windowed(audio: tf.Tensor, pitch: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Cuts the frames out with Hann windows three periods long, whose squares sum to 1 (section 2.2)."""
    hop, reach = round(HOP * sample_rate), math.ceil(1.5 * sample_rate / LOWEST)
    frames = tf.signal.frame(
        tf.pad(audio, [[reach, reach + hop]]), 2 * reach + 1, hop
    )[: tf.shape(pitch)[0]]  # fmt: skip
    time = tf.range(-reach, reach + 1, dtype=tf.float32) / sample_rate
    phase = tf.minimum(tf.abs(time) * pitch / 1.5, 1.0)
    window = 0.5 + 0.5 * tf.cos(math.pi * phase)
    return frames * window / tf.norm(window, axis=1, keepdims=True)


def _fill_below_the_pitch(power: tf.Tensor, pitch: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Adds to the power below the pitch its mirror image, as WORLD does: there is no harmonic."""
    frequencies = tf.linspace(0.0, sample_rate / 2.0, power.shape[-1])[tf.newaxis]
    mirrored = at_frequencies(power, pitch - frequencies, sample_rate)
    return tf.where(frequencies < pitch, power + mirrored, power)


def _sinc(x: tf.Tensor) -> tf.Tensor:
    x = math.pi * x
    return tf.where(x == 0.0, 1.0, tf.sin(x) / tf.where(x == 0.0, 1.0, x))


def _interpolation(given: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns the matrix (given, wanted) of linear interpolation."""
    return np.stack([np.interp(wanted, given, row) for row in np.eye(len(given))]).astype(np.float32)
