"""Pitch of voices: YIN (de Cheveigne and Kawahara 2002) in TensorFlow operations."""

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError

HOP = 0.01  # seconds between frames
LOWEST, HIGHEST = 60.0, 500.0  # Hz, of the voices that are looked for
THRESHOLD = 0.15  # of the aperiodicity below which the first dip is taken (step 4)
VOICED = 0.3  # of the aperiodicity from which a frame has no pitch
SILENCE = 0.03  # share of the loudest frame's amplitude below which a frame has none
_SMOOTHED = 5  # frames of the median that takes octave errors out


def estimate_pitch(audio: tf.Tensor, sample_rate: int) -> tf.Tensor:
    """Estimates the fundamental frequency of one recording.

    The recording is first averaged over a millisecond, twice, so that no formant is taken for a pitch (the
    paper's section 2 does it once). Frames near the ends look at the first and the last window that lies
    within the recording. After the paper's steps 1 to 5 a running median takes single octave errors out.

    Args:
        audio: float32 (T,).
        sample_rate: in Hz, at least twice ``HIGHEST``.

    Returns:
        Hz, float32 (frames,), 0 where there is no pitch: a frame at the start and one after each ``HOP``.

    Raises:
        InputError: ``sample_rate`` is out of range.
    """
    if sample_rate < 2 * HIGHEST:
        raise InputError(f"sample_rate {sample_rate} is out of range: at least {2 * HIGHEST:.0f}")
    longest, shortest = int(sample_rate / LOWEST) + 1, int(sample_rate / HIGHEST)
    windows = _windows(_low_passed(audio, sample_rate), 2 * longest, longest, sample_rate)
    aperiodicity = _normalised_difference(windows, longest)
    inner = aperiodicity[:, shortest : longest - 1]
    before, after = aperiodicity[:, shortest - 1 : longest - 2], aperiodicity[:, shortest + 1 : longest]
    dips = (inner <= before) & (inner < after)
    deep = dips & (inner < THRESHOLD)
    lowest = tf.argmin(tf.where(dips, inner, 2.0), axis=1)
    # tf.argmax of bool finds the first True.
    chosen = tf.where(tf.reduce_any(deep, axis=1), tf.argmax(tf.cast(deep, tf.int32), axis=1), lowest)
    left, depth, right = (tf.gather(part, chosen, batch_dims=1) for part in (before, inner, after))
    offset = tf.math.divide_no_nan(left - right, 2.0 * (left - 2.0 * depth + right))
    pitch = sample_rate / (tf.cast(chosen, tf.float32) + shortest + tf.clip_by_value(offset, -0.5, 0.5))
    loudness = tf.math.reduce_std(windows, axis=1)
    voiced = (depth < VOICED) & (loudness > SILENCE * tf.reduce_max(loudness))
    # What is shorter than a window was lengthened by silence.
    frames = 1 + tf.size(audio) // round(HOP * sample_rate)
    return _running_median(tf.where(voiced, pitch, 0.0)[:frames])


def _low_passed(audio: tf.Tensor, sample_rate: int) -> tf.Tensor:
    length = round(sample_rate / 1000)
    kernel = np.convolve(np.ones(length), np.ones(length)) / length**2
    kernel = tf.convert_to_tensor(kernel[:, np.newaxis, np.newaxis], tf.float32)
    return tf.nn.conv1d(audio[tf.newaxis, :, tf.newaxis], kernel, 1, "SAME")[0, :, 0]


def _windows(audio: tf.Tensor, length: int, longest: int, sample_rate: int) -> tf.Tensor:
    """Cuts windows of ``length + longest`` samples around the frames: (frames, length + longest)."""
    hop, whole = round(HOP * sample_rate), length + longest
    audio = tf.pad(audio, [[0, tf.maximum(whole - tf.size(audio), 0)]])
    count = 1 + tf.size(audio) // hop
    starts = tf.clip_by_value(tf.range(count) * hop - whole // 2, 0, tf.size(audio) - whole)
    return tf.gather(audio, starts[:, tf.newaxis] + tf.range(whole))


def _normalised_difference(windows: tf.Tensor, longest: int) -> tf.Tensor:
    """Returns d' of the paper's equation 8 at lags 0 to ``longest``: (frames, longest + 1)."""
    whole = windows.shape[1]
    length = whole - longest
    # Equation 6 from equation 1: d(lag) = r_0(0) + r_lag(0) - 2 r_0(lag), the last one by FFT.
    transform = tf.signal.rfft(windows, [2 * whole])
    head = tf.signal.rfft(windows[:, :length], [2 * whole])
    correlation = tf.signal.irfft(transform * tf.math.conj(head), [2 * whole])[:, : longest + 1]
    energy = tf.cumsum(tf.pad(windows**2, [[0, 0], [1, 0]]), axis=1)
    moving = energy[:, length : length + longest + 1] - energy[:, : longest + 1]
    difference = tf.maximum(moving[:, :1] + moving - 2.0 * correlation, 0.0)[:, 1:]
    mean = tf.cumsum(difference, axis=1) / tf.range(1.0, longest + 1.0)
    # Silence differs by nothing from itself at every lag: it has no pitch.
    ratio = tf.where(mean > 0.0, tf.math.divide_no_nan(difference, mean), 1.0)
    return tf.pad(ratio, [[0, 0], [1, 0]], constant_values=1.0)


def _running_median(pitch: tf.Tensor) -> tf.Tensor:
    half = _SMOOTHED // 2
    ends = tf.concat([tf.repeat(pitch[:1], half), pitch, tf.repeat(pitch[-1:], half)], 0)
    return tf.sort(tf.signal.frame(ends, _SMOOTHED, 1), axis=1)[:, half]
