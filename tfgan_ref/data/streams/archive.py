"""Files in a zip archive, read at their places without unpacking it."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from tfgan_ref.data.streams.stores import Part, Status, read_part
from tfgan_ref.errors import InputError, reason

_LARGEST_FILE = 2**30  # bytes, unpacked: a small archive could else fill the memory
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}
# Of a file's header in the archive: signature, what is repeated in the directory, lengths of name and extra.
_HEADER = struct.Struct("<4s22xHH")


class Directory(NamedTuple):
    """What a zip archive holds: its entries that are files, in their order, and what the archive was then."""

    entries: list[zipfile.ZipInfo]
    known: Status


def read_directory(name: str, path: Path) -> Directory:
    """Reads the directory of a zip archive.

    Raises:
        InputError: it is none, or is damaged, or the path of an entry leads out of it or is there twice.
    """
    if path.is_dir():
        raise InputError(f"{name}: is a folder, not a zip archive: name it folder:{path}")
    if not path.exists():
        raise InputError(f"{name}: there is no such file")
    known = Status.of(path)
    if not zipfile.is_zipfile(path):
        raise InputError(f"{name}: is no zip archive, or is cut off")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except Exception as error:  # damaged archives make zipfile raise errors of many types
        raise InputError(f"{name}: cannot be read ({reason(error)})") from error
    seen = set()
    for entry in entries:
        parts = entry.filename.split("/")
        if ".." in parts or not parts[0] or "\\" in entry.filename or parts[0].endswith(":"):
            raise InputError(f"{name}: the path of entry {entry.filename!r} leads out of the archive")
        if entry.filename in seen:
            raise InputError(f"{name}: entry {entry.filename} is there twice")
        seen.add(entry.filename)
    return Directory(entries, known)


class ZipStore:
    """Files in a zip archive, stored or deflated; the stamp is the checksum that the archive has of each.

    Args:
        name: the data set's name for messages.
        place: the archive.
        entries: those to read.
        known: what the archive was when they were listed.

    Attributes:
        starts: where in the archive the bytes of each begin, int64 (N,); -1: they cannot be found.

    Raises:
        InputError: an entry is encrypted, or compressed in another way.
    """

    def __init__(self, name: str, place: Path, entries: Sequence[zipfile.ZipInfo], known: Status) -> None:
        for entry in entries:
            if entry.flag_bits & _ENCRYPTED:
                raise InputError(f"{name}: {entry.filename} is encrypted: unpack it and pack it without")
            if entry.compress_type not in _METHODS:
                method = zipfile.compressor_names.get(entry.compress_type, entry.compress_type)
                allowed = " and ".join(_METHODS.values())
                raise InputError(
                    f"{name}: {entry.filename} is compressed by {method}, allowed are {allowed}: pack it anew"
                )
        self.place = place
        self.names = [entry.filename for entry in entries]
        self.sizes = np.array([entry.file_size for entry in entries], np.int64)
        self.stamps = np.array([entry.CRC for entry in entries], np.int64)
        self._packed = np.array([entry.compress_size for entry in entries], np.int64)
        self._deflated = np.array([entry.compress_type == zipfile.ZIP_DEFLATED for entry in entries], bool)
        self.starts = _starts(place, entries)
        self._known = known

    def open(self, number: int) -> BinaryIO:
        """See ``Store``."""
        if self._deflated[number]:
            return io.BytesIO(self.read(number))
        self._check_place(number)
        part = Part(self.place, int(self.starts[number]), int(self.sizes[number]))
        return io.BufferedReader(part)

    def read(self, number: int) -> bytes:
        """See ``Store``; a file whose checksum is another one cannot be read either."""
        self._check_place(number)
        if self.sizes[number] > _LARGEST_FILE:
            raise OSError(f"{self.sizes[number]:,} bytes, more than {_LARGEST_FILE:,}")
        start, packed = int(self.starts[number]), int(self._packed[number])
        content = read_part(self.place, self._known, self.place.name, start, packed)
        if self._deflated[number]:
            content = _inflate(content, int(self.sizes[number]))
        if len(content) != self.sizes[number] or zlib.crc32(content) != self.stamps[number]:
            raise OSError("its checksum in the archive is another one")
        return content

    def _check_place(self, number: int) -> None:
        if self.starts[number] < 0:
            raise OSError("its place in the archive is damaged")


def _starts(place: Path, entries: Sequence[zipfile.ZipInfo]) -> np.ndarray:
    """Returns where the bytes of each entry begin, int64 (N,); -1 where there is no header before them."""
    starts = np.full(len(entries), -1, np.int64)
    with open(place, "rb", buffering=0) as file:
        for i, entry in enumerate(entries):
            file.seek(entry.header_offset)
            header = file.read(_HEADER.size)
            if len(header) == _HEADER.size and header.startswith(b"PK\3\4"):
                _, name, extra = _HEADER.unpack(header)
                starts[i] = entry.header_offset + _HEADER.size + name + extra
    return starts


def _inflate(packed: bytes, size: int) -> bytes:
    """Returns what was deflated, at most ``size`` bytes of it.

    Raises:
        OSError: it is damaged.
    """
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, max(1, size))
    except zlib.error as error:
        raise OSError(f"it cannot be unpacked: {error}") from error
