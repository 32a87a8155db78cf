"""WAV files: bytes to samples and back, and samples to mono and to another rate."""

import io
import math
import warnings
from pathlib import Path

import numpy as np

from tfgan_ref.data.sounds.waves import check_rate, to_int16

LARGEST_FILE = 2**26  # bytes: an hour of mono at 8 kHz


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """Reads a WAV file.

    Returns:
        Samples as float32 in [-1, 1] (those of float files as they are), (T,) or (T, channels), and the rate.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no WAV file, damaged, empty, too large, or holds values that are no numbers.
    """
    from scipy.io import wavfile

    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise ValueError(f"{size} bytes, at most {LARGEST_FILE} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of chunks that hold no sound
            rate, samples = wavfile.read(path)
    except OSError:
        raise
    except Exception as error:  # damaged headers make SciPy raise almost anything
        raise ValueError(f"no sound WAV file: {error or type(error).__name__}") from error
    check_rate("its header", rate)
    if not samples.size:
        raise ValueError("empty")
    return _scaled(samples), rate


def encode_wav(samples: np.ndarray, rate: int) -> bytes:
    """Returns the bytes of a 16-bit WAV file of samples (T,), clipped to [-1, 1]."""
    from scipy.io import wavfile

    buffer = io.BytesIO()
    wavfile.write(buffer, rate, to_int16(samples))
    return buffer.getvalue()


def to_mono(samples: np.ndarray) -> np.ndarray:
    """Returns the mean of the channels, (T,), of samples (T,) or (T, channels)."""
    return samples if samples.ndim == 1 else samples.mean(axis=1)


def resample(samples: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Resamples (T,) to another rate with a polyphase filter that removes what the new rate cannot hold."""
    from scipy.signal import resample_poly

    if rate == new_rate:
        return samples
    common = math.gcd(rate, new_rate)
    return resample_poly(samples, new_rate // common, rate // common)


def _scaled(samples: np.ndarray) -> np.ndarray:
    if samples.dtype == np.uint8:
        return (samples.astype(np.float32) - 128) / 128
    if np.issubdtype(samples.dtype, np.integer):
        return samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    if not np.isfinite(samples).all():
        raise ValueError("holds values that are no numbers")
    return samples.astype(np.float32)
