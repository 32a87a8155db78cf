"""CRC-32C against the published values and a bit-by-bit division."""

import numpy as np
import pytest

from tfgan_ref.data.streams.crc32c import crc32c, masked


@pytest.mark.parametrize(
    ("content", "checksum"),  # RFC 3720, B.4; the first is the check value of the catalogue of CRCs
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"", 0),
    ],
)
def test_published_values(content, checksum):
    assert crc32c(content) == checksum


def by_bits(content):
    register = 0xFFFFFFFF
    for byte in content:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize("size", [1, 3, 4, 5, 511, 512, 513, 1025, 64 * 512, 64 * 512 + 3])
def test_any_size(size):
    content = np.random.default_rng(size).bytes(size)
    assert crc32c(content) == by_bits(content)


def test_masked():
    """TensorFlow's rotation by 15 bits and its constant, undone."""
    for checksum in (0, 1, 0xE3069283, 0xFFFFFFFF):
        rotated = (masked(checksum) - 0xA282EAD8) % 2**32
        assert (rotated << 15 | rotated >> 17) % 2**32 == checksum
