"""CRC-32C (Castagnoli 1993), the checksum of TFRecord files."""

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # reversed
_BLOCK = 512  # bytes that are looked up together
_TOGETHER = 64  # blocks whose values fit into a processor's cache
_ALL_ONES = 0xFFFFFFFF


def crc32c(content: bytes) -> int:
    """Returns the checksum of some bytes.

    The remainder of a message is the sum (XOR) of what each byte adds to it at its place: those of a block
    are looked up in one table, and blocks are joined by the linear map that a block of zeros is.
    """
    if len(content) < 4:
        return _byte_by_byte(content)
    tables = _tables()
    padded = np.zeros(-(-len(content) // _BLOCK) * _BLOCK, np.uint8)  # zeros before a message add nothing
    padded[-len(content) :] = np.frombuffer(content, np.uint8)
    padded[len(padded) - len(content) :][:4] ^= 0xFF  # the register begins with ones
    first, second, third, fourth = _first_tables()
    register = 0
    for blocks in np.split(padded.reshape(-1, _BLOCK), range(_TOGETHER, len(padded) // _BLOCK, _TOGETHER)):
        places = blocks + np.arange(0, 256 * _BLOCK, 256)
        for block in np.bitwise_xor.reduce(tables.ravel().take(places), axis=1).tolist():
            register = (
                first[register & 255]
                ^ second[register >> 8 & 255]
                ^ third[register >> 16 & 255]
                ^ fourth[register >> 24]
                ^ block
            )
    return register ^ _ALL_ONES


def masked(checksum: int) -> int:
    """Returns what a TFRecord file holds in place of a checksum."""
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & _ALL_ONES


def _byte_by_byte(content: bytes) -> int:
    table, register = _tables()[-1], _ALL_ONES
    for byte in content:
        register = int(table[(register ^ byte) & 255]) ^ register >> 8
    return register ^ _ALL_ONES


@functools.cache
def _tables() -> np.ndarray:
    """Returns the remainder of each byte at each place of a block, uint32 (_BLOCK, 256)."""
    remainders = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        remainders = np.where(remainders & 1, remainders >> 1 ^ np.uint32(_POLYNOMIAL), remainders >> 1)
    tables = np.empty((_BLOCK, 256), np.uint32)
    tables[-1] = remainders
    for place in range(_BLOCK - 2, -1, -1):
        tables[place] = remainders[tables[place + 1] & 255] ^ tables[place + 1] >> 8
    return tables


@functools.cache
def _first_tables() -> list[list[int]]:
    """Returns the tables of the first four places as lists, which are faster for single values."""
    return _tables()[:4].tolist()
