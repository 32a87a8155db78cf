"""WAV files: samples of files, mono and at another rate, as a whole or in pieces; and samples to bytes."""

import math
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfgan_ref.data.sounds.riff import PCM, WavForm, read_form, read_samples
from tfgan_ref.data.sounds.waves import to_int16

_BLOCK = 10  # seconds that are read at once


def read_wav(file: Path | BinaryIO, seconds: float | None = None) -> tuple[np.ndarray, int]:
    """Reads a WAV file, by its path or open for reading, or as many seconds of its start.

    Returns:
        Samples as float32 in [-1, 1] (those of float files as they are), (T,) or (T, channels), and the rate.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no WAV file, damaged, empty, or holds values that are no numbers.
    """
    if isinstance(file, Path):
        with file.open("rb") as opened:
            return read_wav(opened, seconds)
    form = read_form(file)
    length = form.length if seconds is None else math.ceil(seconds * form.rate)
    samples = read_samples(file, form, 0, length)
    if not samples.size:
        raise ValueError("empty")
    return samples[:, 0] if form.channels == 1 else samples, form.rate


def read_wav_form(path: Path) -> WavForm:
    """Reads the form of a WAV file's samples, with the errors of ``read_wav``."""
    with path.open("rb") as file:
        form = read_form(file)
    if not form.length:
        raise ValueError("empty")
    return form


def length_at(form: WavForm, new_rate: int) -> int:
    """Returns how many samples ``mono_blocks`` gives."""
    return -(-form.length * new_rate // form.rate)


def mono_blocks(path: Path, new_rate: int) -> Iterator[np.ndarray]:
    """Reads a WAV file as one channel at another rate, float32 (T,), some seconds at a time.

    They make up ``resample(to_mono(samples), rate, new_rate)``; errors are those of ``read_wav``.
    """
    with path.open("rb") as file:
        form = read_form(file)
        common = math.gcd(form.rate, new_rate)
        up, down = new_rate // common, form.rate // common
        # Blocks begin where a new sample stands. The filter of ``resample`` reaches around them.
        block = down * math.ceil(_BLOCK * form.rate / down)
        margin = down * math.ceil((10 * max(up, down) / up + 1) / down)
        for start in range(0, form.length, block):
            before = min(start, margin)
            samples = to_mono(read_samples(file, form, start - before, before + block + margin))
            first = before * up // down
            count = -(-min(block, form.length - start) * up // down)
            yield resample(samples, form.rate, new_rate)[first : first + count]


def encode_wav(samples: np.ndarray, rate: int) -> bytes:
    """Returns the bytes of a 16-bit WAV file of samples (T,), clipped to [-1, 1]."""
    return b"".join(encode_blocks([samples], len(samples), rate))


def encode_blocks(blocks: Iterable[np.ndarray], length: int, rate: int) -> Iterator[bytes]:
    """Encodes a recording of ``length`` samples as ``encode_wav`` does, block by block."""
    size = min(2 * length, 2**32 - 37)  # the most that a header can name: 74 hours at 8 kHz
    yield struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, PCM, 1, rate, 2 * rate, 2, 16,
                      b"data", size)  # fmt: skip
    for block in blocks:
        yield to_int16(block).astype("<i2").tobytes()


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
