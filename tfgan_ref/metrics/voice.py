"""Measures of a voice: its pitch and its formants. In NumPy, apart from any model."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import real_array

LOWEST, HIGHEST = 60.0, 500.0  # Hz, of the pitches that are looked for
VOICED = 0.45  # of the normalised autocorrelation from which a frame has a pitch, as in Boersma 1993
_OCTAVE_COST = 0.01  # by which each octave higher is preferred, as there
_SILENCE = 0.03  # share of the loudest frame's amplitude below which a frame is left out
_FINER = 4  # lags between samples at which the autocorrelation is read
_HOP = 0.01  # seconds between frames
_WINDOW = 0.03  # seconds of speech in which formants are taken to stand still
_FORMANTS_FROM = 150.0  # Hz; a pole below is the slope of the voice, not a formant
_WIDEST = 500.0  # Hz, of a formant's bandwidth


def median_pitch(audio: np.ndarray, sample_rate: int) -> float:
    """Returns the median fundamental frequency of a recording in Hz.

    The autocorrelation of each Hann window of three longest periods is divided by that of the window
    (Boersma 1993, "Accurate short-term analysis of the fundamental frequency"); its highest peak is the
    period. It is read between samples too, or twice the period of a high voice could look better.

    Args:
        audio: (T,).
        sample_rate: in Hz.

    Raises:
        InputError: ``audio`` cannot be used, or no frame of it has a pitch.
    """
    audio = _checked(audio, sample_rate, 3.0 / LOWEST)
    frames = _frames(audio, round(3.0 / LOWEST * sample_rate), sample_rate)
    frames = frames - frames.mean(axis=1, keepdims=True)
    window = np.hanning(frames.shape[1] + 2)[1:-1]
    ratios = _autocorrelation(frames * window, _FINER) / _autocorrelation(window, _FINER)
    found = [_pitch_of(ratio, _FINER * sample_rate) for ratio in ratios]
    pitches = [pitch for pitch in found if pitch]
    if not pitches:
        raise InputError("audio has no frame with a pitch")
    return float(np.median(pitches))


def formants(audio: np.ndarray, sample_rate: int, count: int = 2) -> np.ndarray:
    """Returns the medians of the lowest formants of a recording in Hz, (count,).

    Linear prediction of 2 + sample_rate / 1000 coefficients by the autocorrelation method, in Hamming windows
    of 30 ms after pre-emphasis; the angles of its poles that are narrower than 500 Hz are the formants
    (Markel and Gray 1976, chapters 6 and 7). In high voices they are drawn to harmonics: compare voices of
    one pitch.

    Args:
        audio: (T,).
        sample_rate: in Hz.
        count: how many formants.

    Raises:
        InputError: ``audio`` cannot be used, or no frame of it has so many formants.
    """
    audio = _checked(audio, sample_rate, _WINDOW)
    emphasised = np.append(audio[0], audio[1:] - 0.97 * audio[:-1])
    frames = _frames(emphasised, round(_WINDOW * sample_rate), sample_rate)
    order = 2 + sample_rate // 1000
    rows = _autocorrelation(frames * np.hamming(frames.shape[1]))
    found = [_formants_of(row[: order + 1], sample_rate) for row in rows]
    enough = [row[:count] for row in found if len(row) >= count]
    if not enough:
        raise InputError(f"audio has no frame with {count} formants")
    return np.median(enough, axis=0)


def predictor(autocorrelation: np.ndarray) -> np.ndarray:
    """Returns the prediction error filter 1, a_1, ..., a_p of an autocorrelation (p + 1,).

    They solve the normal equations sum_j a_j r(|i - j|) = -r(i).

    Raises:
        InputError: the autocorrelation is that of silence.
    """
    from scipy.linalg import solve_toeplitz

    if not autocorrelation[0] > 0:
        raise InputError(f"autocorrelation {autocorrelation[0]} at lag 0 is out of range: above 0")
    # White noise 90 dB below the signal, so that a pure tone can be solved for.
    column = autocorrelation[:-1] + np.eye(1, len(autocorrelation) - 1)[0] * autocorrelation[0] * 1e-9
    return np.append(1.0, solve_toeplitz(column, -autocorrelation[1:]))


def resonances(coefficients: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns frequencies and bandwidths in Hz of the poles of 1 / A above the real axis, lowest first."""
    poles = np.roots(coefficients)
    poles = poles[poles.imag > 0]
    frequencies = np.angle(poles) * sample_rate / (2 * np.pi)
    bandwidths = -np.log(np.abs(poles)) * sample_rate / np.pi
    order = np.argsort(frequencies)
    return frequencies[order], bandwidths[order]


def _formants_of(autocorrelation: np.ndarray, sample_rate: int) -> np.ndarray:
    frequencies, bandwidths = resonances(predictor(autocorrelation), sample_rate)
    return frequencies[(bandwidths < _WIDEST) & (frequencies > _FORMANTS_FROM)]


def _pitch_of(ratio: np.ndarray, sample_rate: int) -> float | None:
    """Returns the pitch of one frame from its normalised autocorrelation, None without a high enough peak."""
    ratio = ratio / ratio[0]
    lags = np.arange(int(sample_rate / HIGHEST), min(int(sample_rate / LOWEST) + 1, len(ratio) - 1))
    middle, before, after = ratio[lags], ratio[lags - 1], ratio[lags + 1]
    curvature = before - 2 * middle + after
    peaks = (middle >= before) & (middle > after) & (curvature < 0)
    if not peaks.any():
        return None
    shift = 0.5 * (before - after)[peaks] / curvature[peaks]
    heights = middle[peaks] - 0.25 * (before - after)[peaks] * shift
    periods = (lags[peaks] + shift) / sample_rate
    best = np.argmax(heights - _OCTAVE_COST * np.log2(LOWEST * periods))
    return 1.0 / periods[best] if heights[best] > VOICED else None


def _autocorrelation(frames: np.ndarray, finer: int = 1) -> np.ndarray:
    """Returns the autocorrelation of frames (..., L) at lags from 0 to L / 2, ``finer`` for each sample."""
    length = frames.shape[-1]
    power = np.abs(np.fft.rfft(frames, 2 * length)) ** 2
    return finer * np.fft.irfft(power, 2 * length * finer)[..., : finer * length // 2 + 1]


def _frames(audio: np.ndarray, length: int, sample_rate: int) -> np.ndarray:
    """Cuts frames (F, length), of which those much quieter than the loudest are left out."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, length)[:: max(1, round(_HOP * sample_rate))]
    loudness = frames.std(axis=1)
    return frames[loudness > _SILENCE * loudness.max()]


def _checked(audio: np.ndarray, sample_rate: int, shortest: float) -> np.ndarray:
    audio = real_array(audio, "audio").astype(np.float64)
    if sample_rate < 2 * HIGHEST:
        raise InputError(f"sample_rate {sample_rate} is out of range: at least {2 * HIGHEST:.0f}")
    if audio.ndim != 1 or len(audio) < round(shortest * sample_rate):
        raise InputError(
            f"audio of shape {audio.shape} is out of range: (T,) with at least {shortest * 1000:.0f} ms"
        )
    if not np.isfinite(audio).all() or not audio.any():
        raise InputError("audio is silent or not finite")
    return audio


def formant_shift(before: np.ndarray, after: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns how much of the way from one voice to another the formants of its vowels have gone.

    With d the logarithm of target / before and m that of after / before, over the vowels: "moved" is the
    share of d in m by least squares, sum(d m) / sum(d^2), in which errors cancel; "removed" is the share of
    the distance that is gone, 1 - sum|d - m| / sum|d|, in which they do not. Both are 1 on arrival.

    Args:
        before: formants of the vowels of the first voice in Hz, (vowels, formants).
        after: of what was made of it.
        target: of the second voice.

    Returns:
        Both for each formant: moved and removed, (formants,).

    Raises:
        InputError: shapes differ, a formant is not above 0, or both voices have the same.
    """
    given = {"before": before, "after": after, "target": target}
    arrays = [real_array(array, name).astype(np.float64) for name, array in given.items()]
    if arrays[0].ndim != 2 or any(array.shape != arrays[0].shape for array in arrays):
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise InputError(f"before, after and target of shapes {shapes}: they must all be (vowels, formants)")
    if any(not (array > 0).all() for array in arrays):
        raise InputError("before, after and target hold a formant that is not above 0")
    start, end, goal = np.log(arrays)
    wanted, made = goal - start, end - start
    if not (wanted != 0).any(axis=0).all():
        raise InputError("before and target have a formant in common: there is no way between them")
    moved = (wanted * made).sum(axis=0) / (wanted**2).sum(axis=0)
    return moved, 1.0 - np.abs(wanted - made).sum(axis=0) / np.abs(wanted).sum(axis=0)
