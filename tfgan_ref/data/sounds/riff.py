"""WAV files (RIFF, RIFX and RF64): where the samples are, in what form, and some of them."""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from tfgan_ref.data.sounds.waves import check_rate

PCM, FLOATS, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WIDTHS = {PCM: (1, 2, 3, 4, 8), FLOATS: (4, 8), A_LAW: (1,), MU_LAW: (1,)}  # bytes of a sample
_UNKNOWN = 0xFFFFFFFF  # size of what was written to a pipe, or is in a chunk "ds64"
_MOST_CHUNKS = 1000  # before the samples


@dataclass(frozen=True)
class WavForm:
    """Form of a WAV file's samples.

    Attributes:
        kind: ``PCM``, ``FLOATS``, ``A_LAW`` or ``MU_LAW``.
        width: bytes of a sample.
        channels: samples of a moment, one after another.
        rate: moments per second.
        order: of bytes, "<" or ">".
        start: place of the first sample in the file.
        length: moments.
    """

    kind: int
    width: int
    channels: int
    rate: int
    order: str
    start: int
    length: int


def read_form(file: BinaryIO) -> WavForm:
    """Reads the headers of a WAV file; of one that is cut off, ``length`` is what is there.

    Raises:
        ValueError: it is no WAV file, damaged, or of a form that is not read.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    magic, _, wave = struct.unpack("<4sI4s", _exactly(file, 12))
    if magic not in (b"RIFF", b"RIFX", b"RF64", b"BW64") or wave != b"WAVE":
        raise ValueError("no sound WAV file: does not begin as one")
    order = ">" if magic == b"RIFX" else "<"
    said: tuple[int, int, int, int] | None = None
    large = _UNKNOWN
    for _ in range(_MOST_CHUNKS):
        name, length = struct.unpack(f"{order}4sI", _exactly(file, 8))
        begin = file.tell()
        if name == b"ds64":
            large = struct.unpack("<8xQ", _exactly(file, 16))[0]
        elif name == b"fmt ":
            said = _read_format(_exactly(file, min(length, 40)), order)
        elif name == b"data":
            break
        file.seek(begin + length + length % 2)
    else:
        raise ValueError(f"no sound WAV file: no samples in its first {_MOST_CHUNKS} chunks")
    if said is None:
        raise ValueError("no sound WAV file: samples come before their form")
    kind, channels, rate, width = said
    there = min(large if length == _UNKNOWN else length, size - begin)
    return WavForm(kind, width, channels, rate, order, begin, there // (width * channels))


def read_samples(file: BinaryIO, form: WavForm, start: int, length: int) -> np.ndarray:
    """Reads samples: float32 (up to ``length``, channels) in [-1, 1], or those of floats as they are.

    Raises:
        ValueError: they are no numbers.
    """
    bytes_each = form.width * form.channels
    length = max(0, min(length, form.length - start))
    file.seek(form.start + start * bytes_each)
    content = np.frombuffer(_exactly(file, length * bytes_each), np.uint8)
    return _scaled(content, form).reshape(length, form.channels)


def _exactly(file: BinaryIO, count: int) -> bytes:
    content = file.read(count)
    if len(content) < count:
        raise ValueError("no sound WAV file: it ends too early")
    return content


def _read_format(content: bytes, order: str) -> tuple[int, int, int, int]:
    """Returns the kind, the channels, the rate and the bytes of a sample."""
    if len(content) < 16:
        raise ValueError("no sound WAV file: its form is damaged")
    kind, channels, rate, _, together = struct.unpack(f"{order}HHIIH", content[:14])
    if kind == EXTENSIBLE and len(content) == 40:
        kind = struct.unpack(f"{order}H", content[24:26])[0]
    if kind not in _WIDTHS:
        raise ValueError(f"its sound is coded as format {kind:#x}: PCM, floats, mu-law and A-law are read")
    check_rate("its header", rate)
    width = together // channels if channels else 0
    if width not in _WIDTHS[kind] or together != width * channels:
        raise ValueError(f"no sound WAV file: {channels} channels in {together} bytes are no form of it")
    return kind, channels, rate, width


def _scaled(content: np.ndarray, form: WavForm) -> np.ndarray:
    """Returns bytes as float32 (N,)."""
    if form.kind in (A_LAW, MU_LAW):
        return (_a_law() if form.kind == A_LAW else _mu_law())[content]
    if form.kind == FLOATS:
        samples = content.view(f"{form.order}f{form.width}").astype(np.float32)
        if not np.isfinite(samples).all():
            raise ValueError("holds values that are no numbers")
        return samples
    if form.width == 1:
        return (content.astype(np.float32) - 128) / 128
    if form.width == 3:  # the upper bytes of 32 bits
        wide = np.zeros((len(content) // 3, 4), np.uint8)
        wide[:, 1:] = content.reshape(-1, 3)[:, :: 1 if form.order == "<" else -1]
        return wide.view("<i4")[:, 0].astype(np.float32) / 2**31
    return content.view(f"{form.order}i{form.width}").astype(np.float32) / 2 ** (8 * form.width - 1)


def _mu_law() -> np.ndarray:
    """Returns what the 256 codes of G.711's mu-law stand for, float32 in [-1, 1]."""
    code = ~np.arange(256) & 255
    size = ((2 * (code & 15) + 33) << (code >> 4 & 7)) - 33  # of 14 bits, without the sign
    return np.where(code & 128, -size, size).astype(np.float32) / 2**13


def _a_law() -> np.ndarray:
    """Returns what the 256 codes of G.711's A-law stand for, float32 in [-1, 1]."""
    code = np.arange(256) ^ 0x55  # every other bit is inverted
    exponent = code >> 4 & 7
    size = (2 * (code & 15) + 1 + 32 * (exponent > 0)) << np.maximum(exponent - 1, 0)  # of 13 bits
    return np.where(code & 128, size, -size).astype(np.float32) / 2**12
