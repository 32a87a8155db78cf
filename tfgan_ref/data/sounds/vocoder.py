"""Vocoder: a voice as a picture of its spectral envelope and a pitch, and back to sound.

The sound is made of harmonics with the phase of a minimum-phase filter.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from tfgan_ref.data.sounds.envelope import at_frequencies, estimate_envelope, fft_length, mel_matrices
from tfgan_ref.data.sounds.pitch import HOP, LOWEST, estimate_pitch

BANDS = 80  # of a picture, even on the mel scale
_MIDDLE, _REACH = -20.0, 40.0  # dB over the loudest frame's mean density that are 0 in a picture, and 1 more
_DECIBEL = 10.0 / math.log(10.0)  # of a natural logarithm of power


class Voice(NamedTuple):
    """Parameters of a recording's voice, frame by frame.

    Attributes:
        picture: of the envelope, float32 (frames, BANDS) in [-1, 1]: the power spectral density in dB over
            the mean density of the loudest frame, from -60 to 20.
        pitch: Hz, float32 (frames,), 0 for frames without one.
        level: natural logarithm of the power of the loudest frame.
    """

    picture: tf.Tensor
    pitch: tf.Tensor
    level: tf.Tensor


def analyse(audio: tf.Tensor, sample_rate: int) -> Voice:
    """Analyses a recording, float32 (T,): one frame at its start and one after each 10 ms."""
    pitch = estimate_pitch(audio, sample_rate)
    envelope = estimate_envelope(audio, pitch, sample_rate)
    level = loudest(envelope)
    decibels = _DECIBEL * tf.matmul(envelope - level, mel_matrices(BANDS, sample_rate)[0])
    return Voice(tf.clip_by_value((decibels - _MIDDLE) / _REACH, -1.0, 1.0), pitch, level)


def render(voice: Voice, samples: tf.Tensor | int, sample_rate: int) -> tf.Tensor:
    """Synthesises the sound of a voice, float32 (T,), whose loudest frame has the voice's level."""
    decibels = _MIDDLE + _REACH * voice.picture
    envelope = tf.matmul(decibels / _DECIBEL, mel_matrices(BANDS, sample_rate)[1])
    envelope += voice.level - loudest(envelope)
    return synthesise(envelope, voice.pitch, samples, sample_rate)


def loudest(envelope: tf.Tensor) -> tf.Tensor:
    """Returns the logarithm of the mean density of the loudest frame of ``estimate_envelope``'s."""
    return tf.reduce_max(tf.reduce_logsumexp(envelope, axis=1)) - math.log(envelope.shape[-1])


def synthesise(
    envelope: tf.Tensor, pitch: tf.Tensor, samples: tf.Tensor | int, sample_rate: int, seed: int = 0
) -> tf.Tensor:
    """Synthesises the sound of a pitch and an envelope.

    Frames with a pitch are sums of its harmonics up to half the sample rate: harmonic h has the amplitude
    that the envelope has at its frequency, and the phase h times the integral of the pitch plus the phase of
    the minimum-phase filter whose power response the envelope is, as in WORLD (Morise et al. 2016). No phase
    of a recording enters. Frames without a pitch are white noise from ``seed`` through the envelope. Between
    frames everything is interpolated linearly.

    Args:
        envelope: logarithm of the power spectral density, float32 (frames, bins), as ``estimate_envelope``.
        pitch: Hz (frames,), 0 for none.
        samples: T, of the result.
        sample_rate: in Hz.
        seed: of the noise.

    Returns:
        float32 (T,).
    """
    voiced = tf.cast(pitch > 0.0, tf.float32)
    harmonics = _harmonics(envelope, _filled(pitch), voiced, samples, sample_rate)
    return harmonics + _noise(envelope, 1.0 - voiced, samples, sample_rate, seed)


def minimum_phase(envelope: tf.Tensor) -> tf.Tensor:
    """Returns the phase in radians of the causal filter of least delay with a power response.

    It is the imaginary part of the transform of the folded cepstrum (Oppenheim and Schafer, section 12.4).

    Args:
        envelope: logarithm of the power response, float32 (frames, size / 2 + 1).

    Returns:
        float32 of the same shape, not wrapped.
    """
    size = 2 * (envelope.shape[-1] - 1)
    cepstrum = tf.signal.irfft(tf.cast(0.5 * envelope, tf.complex64), [size])
    place = tf.range(size)
    folding = tf.where((place == 0) | (place == size // 2), 1.0, tf.where(place < size // 2, 2.0, 0.0))
    return tf.math.imag(tf.signal.rfft(cepstrum * folding))


def _harmonics(
    envelope: tf.Tensor, pitch: tf.Tensor, voiced: tf.Tensor, samples: tf.Tensor | int, sample_rate: int
) -> tf.Tensor:
    """Sums the harmonics one after another, so that a long recording fits in memory."""
    phases = minimum_phase(envelope)
    of_samples = _between_frames(pitch, samples, sample_rate)
    # In turns, of which the whole ones are dropped: float32 would lose the phase of a long recording.
    turns = tf.cumsum(tf.cast(of_samples, tf.float64) / sample_rate)
    turns = tf.cast(turns - tf.floor(turns), tf.float32)
    count = tf.cast(tf.floor(sample_rate / 2.0 / tf.reduce_min(pitch)), tf.int32)

    def with_harmonic(number: tf.Tensor, sound: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        order = tf.cast(number, tf.float32)
        frequency = order * pitch[:, tf.newaxis]
        power, phase = (at_frequencies(part, frequency, sample_rate)[:, 0] for part in (envelope, phases))
        # A band of the width of the pitch has the power of its harmonic: A^2 / 4 on each side of 0.
        amplitude = 2.0 * tf.sqrt(tf.exp(power) * pitch / sample_rate) * voiced
        amplitude = tf.where(frequency[:, 0] < sample_rate / 2.0, amplitude, 0.0)
        turn = order * turns
        angle = 2.0 * math.pi * (turn - tf.floor(turn)) + _between_frames(phase, samples, sample_rate)
        return number + 1, sound + _between_frames(amplitude, samples, sample_rate) * tf.cos(angle)

    _, sound = tf.while_loop(
        lambda number, _: number <= count,
        with_harmonic,
        (1, tf.zeros([samples])),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
    )
    return sound


def _noise(
    envelope: tf.Tensor, gain: tf.Tensor, samples: tf.Tensor | int, sample_rate: int, seed: int
) -> tf.Tensor:
    """Returns white noise whose short-time spectrum is multiplied with the envelope, frame by frame."""
    hop, size = round(HOP * sample_rate), fft_length(sample_rate)
    length = 4 * hop
    # Long enough for all frames, whose middles are at the multiples of the hop.
    white = tf.random.stateless_normal([tf.shape(envelope)[0] * hop + length], [seed, 0])
    window = tf.signal.hann_window
    spectra = tf.signal.stft(white, length, hop, size, window)[: tf.shape(envelope)[0]]
    shaped = spectra * tf.cast(tf.exp(0.5 * envelope) * gain[:, tf.newaxis], tf.complex64)
    inverse = tf.signal.inverse_stft_window_fn(hop, window)
    sound = tf.signal.inverse_stft(shaped, length, hop, size, inverse)
    return tf.pad(sound, [[0, hop + length]])[length // 2 :][:samples]


def _between_frames(values: tf.Tensor, samples: tf.Tensor | int, sample_rate: int) -> tf.Tensor:
    """Interpolates values (frames,) linearly for every sample: (T,)."""
    place = tf.range(samples, dtype=tf.float32) / round(HOP * sample_rate)
    last = tf.size(values) - 1
    below = tf.minimum(tf.cast(place, tf.int32), last)
    share = place - tf.cast(below, tf.float32)
    low, high = tf.gather(values, below), tf.gather(values, tf.minimum(below + 1, last))
    return low + share * (high - low)


def _filled(pitch: tf.Tensor) -> tf.Tensor:
    """Gives frames without a pitch that of their nearest neighbour in front, or else behind."""
    with_pitch = tf.reshape(tf.where(pitch > 0.0), [-1])
    # Never empty, so that a recording without any pitch needs no branch.
    candidates = tf.concat([tf.gather(pitch, with_pitch), [LOWEST]], 0)
    place = tf.searchsorted(with_pitch, tf.range(tf.size(pitch), dtype=tf.int64), side="right") - 1
    return tf.gather(candidates, tf.maximum(place, 0))
