"""Pictures in the ArrayRecord files of a data set that tensorflow-datasets prepared."""

import io
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfgan_ref.data.streams.records import (
    NO_PICTURE,
    Index,
    Keys,
    find_picture,
    kept_index,
    labels_of,
)
from tfgan_ref.data.streams.stores import Changed, Status
from tfgan_ref.errors import reason


class ArrayRecordStore:
    """The pictures in ArrayRecord files as files; the stamp is a checksum of the record.

    Args:
        place: the folder of the files.
        source: the records as bytes, by their numbers.
        files: of each record, the file that it is in.
        split: which of the data set's records they are.
        keys: of the picture and of its class.
    """

    def __init__(
        self, place: Path, source: Sequence[bytes], files: Sequence[Path], split: str, keys: Keys
    ) -> None:
        self.place = place / split
        self.names = [f"{file.name}:{number}" for number, file in enumerate(files)]
        self._source, self._files = source, files
        self._known = {file: Status.of(file) for file in dict.fromkeys(files)}
        self._one_at_a_time = threading.Lock()  # the package does not say that several threads may read
        what = f"{place.resolve()} {[file.name for file in self._known]} {split} {keys}"
        known = [number for status in self._known.values() for number in status]
        self._index = kept_index(what, known, lambda: self._read_index(keys))
        self.sizes = self._index.sizes
        self.stamps = self.changes = self._index.checksums
        self.labels = labels_of(self._index)

    def open(self, number: int) -> BinaryIO:
        """See ``Store``."""
        return io.BytesIO(self.read(number))

    def read(self, number: int) -> bytes:
        """See ``Store``."""
        file = self._files[number]
        try:
            same = Status.of(file) == self._known[file]
        except FileNotFoundError as error:
            raise Changed(f"{file.name} is gone") from error
        if not same:
            raise Changed(f"{file.name} has changed")
        if self.sizes[number] < 0:
            raise OSError(NO_PICTURE)
        record, offset = self._record(number), int(self._index.offsets[number])
        return record[offset : offset + int(self.sizes[number])]

    def _record(self, number: int) -> bytes:
        try:
            with self._one_at_a_time:
                return self._source[number]
        except Exception as error:  # of the package, in C++
            raise OSError(reason(error)) from error

    def _read_index(self, keys: Keys) -> Index:
        rows = []
        for number in range(len(self._files)):
            record = self._record(number)
            rows.append((0, len(record), zlib.crc32(record), *find_picture(record, keys)))
        return Index(*np.array(rows, np.int64).reshape(-1, len(Index._fields)).T)
