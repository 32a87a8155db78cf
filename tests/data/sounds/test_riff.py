"""WAV files of every form: known samples come back, and what cannot be read is said."""

import io
import struct

import numpy as np
import pytest
from scipy.io import wavfile

from tfgan_ref.data.sounds.riff import A_LAW, EXTENSIBLE, FLOATS, MU_LAW, PCM, read_form, read_samples

RATE = 8000


def chunk(name, content, order="<"):
    return name + struct.pack(f"{order}I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(samples, kind=PCM, width=2, channels=1, order="<", extra=b"", before=b""):
    """A WAV file of samples that are bytes already."""
    form = struct.pack(f"{order}HHIIHH", kind, channels, RATE, RATE * width, width * channels, 8 * width)
    body = b"WAVE" + before + chunk(b"fmt ", form + extra, order) + chunk(b"data", samples, order)
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(f"{order}I", len(body)) + body


def read(content):
    file = io.BytesIO(content)
    form = read_form(file)
    return read_samples(file, form, 0, form.length)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("kind", "width", "code"),
    [(PCM, 2, "i2"), (PCM, 4, "i4"), (PCM, 8, "i8"), (FLOATS, 4, "f4"), (FLOATS, 8, "f8")],
)
def test_numbers_come_back(order, kind, width, code):
    values = np.array([0.0, 0.5, -0.5, -1.0, 0.25, 0.75])
    stored = values if code[0] == "f" else values * 2.0 ** (8 * width - 1)
    made = read(wav(stored.astype(order + code).tobytes(), kind, width, channels=2, order=order))
    np.testing.assert_array_equal(made, values.reshape(3, 2))
    assert made.dtype == np.float32


@pytest.mark.parametrize("order", "<>")
def test_three_bytes(order):
    values = [0, 2**22, -(2**22), -(2**23)]
    stored = b"".join(
        int(value).to_bytes(3, "little" if order == "<" else "big", signed=True) for value in values
    )
    made = read(wav(stored, width=3, order=order))
    np.testing.assert_array_equal(made[:, 0], [0.0, 0.5, -0.5, -1.0])


def test_mu_law_of_g711():
    """Table 2 of G.711: the largest value, the ends of segments, and zero, of 14 bits."""
    codes = bytes([0x80, 0x8F, 0x9F, 0xEF, 0xF0, 0xFE, 0xFF, 0x7F, 0x7E, 0x00])
    values = [8031, 4191, 2079, 33, 30, 2, 0, 0, -2, -8031]
    np.testing.assert_array_equal(read(wav(codes, MU_LAW, 1))[:, 0] * 8192, values)


def test_a_law_of_g711():
    """Table 1 of G.711, of 13 bits, with every other bit inverted: 1 and 4032, and both signs."""
    codes = bytes([0x80 ^ 0x55, 0x81 ^ 0x55, 0x90 ^ 0x55, 0xA0 ^ 0x55, 0xFF ^ 0x55, 0x00 ^ 0x55, 0x7F ^ 0x55])
    values = [1, 3, 33, 66, 4032, -1, -4032]
    np.testing.assert_array_equal(read(wav(codes, A_LAW, 1))[:, 0] * 4096, values)


def test_extensible_form_names_its_kind():
    extra = struct.pack("<HHIH", 22, 16, 0, PCM) + bytes.fromhex("000000001000800000aa00389b71")
    made = read(wav(np.array([16384], "<i2").tobytes(), EXTENSIBLE, extra=extra))
    np.testing.assert_array_equal(made, [[0.5]])


def test_other_chunks_are_passed_over():
    content = wav(b"\0\x40", before=chunk(b"LIST", b"odd"))
    np.testing.assert_array_equal(read(content), [[0.5]])


def test_a_part_is_read_from_its_place():
    file = io.BytesIO(wav(np.arange(12, dtype="<i2").tobytes(), channels=2))
    form = read_form(file)
    assert (form.length, form.rate, form.channels) == (6, RATE, 2)
    np.testing.assert_array_equal(read_samples(file, form, 4, 9) * 2**15, [[8, 9], [10, 11]])


def test_a_size_that_was_not_known_is_the_rest_of_the_file():
    content = bytearray(wav(np.array([16384, 0], "<i2").tobytes()))
    content[40:44] = b"\xff" * 4
    np.testing.assert_array_equal(read(bytes(content)), [[0.5], [0.0]])


def test_agrees_with_scipy(tmp_path):
    samples = np.random.default_rng(0).integers(-(2**15), 2**15, (50, 3)).astype(np.int16)
    wavfile.write(tmp_path / "a.wav", RATE, samples)
    np.testing.assert_array_equal(read((tmp_path / "a.wav").read_bytes()) * 2**15, samples)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it ends too early"),
        (b"fLaC" + bytes(40), "does not begin as one"),
        (wav(b"", kind=2), "coded as format 0x2: PCM, floats, mu-law and A-law are read"),
        (wav(b"", channels=0), "0 channels in 0 bytes are no form of it"),
        (wav(b"", width=5), "1 channels in 5 bytes are no form of it"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", b"\0\0"), "samples come before their form"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"\0\0"), "its form is damaged"),
        (b"RIFF\0\0\0\0WAVE" + bytes(16000), "no samples in its first 1000 chunks"),
        (wav(np.full(2, np.inf, "<f4").tobytes(), FLOATS, 4), "holds values that are no numbers"),
    ],
)
def test_files_that_cannot_be_read(content, message):
    with pytest.raises(ValueError, match=message):
        read(content)
