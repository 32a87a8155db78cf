"""Rows of an array that stands in a file as it is in memory."""

import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.data.streams.stores import Changed


class ArrayFileRows(Rows):
    """Rows of an array in a file, read at their places: they never are in memory all together.

    A memory map would do the same, but its pages count as memory of the process.

    Args:
        name: the data set's name for messages.
        path: the file.
        offset: where in the file the array begins, in bytes.
        shape: of the array.
        dtype: of the array.
        fingerprint: see ``Rows``.
    """

    def __init__(
        self, name: str, path: Path, offset: int, shape: tuple[int, ...], dtype: Any, fingerprint: str
    ) -> None:
        super().__init__(name, shape, dtype, fingerprint)
        self.path, self.offset = path, offset
        self._descriptor = os.open(path, os.O_RDONLY)
        self._status = self._read_status()
        changed = os.fstat(self._descriptor).st_ctime_ns  # which no program can set back
        self.version = f"{fingerprint}-{zlib.crc32(repr((self._status, changed)).encode()):08x}"
        self._row_bytes = self.nbytes // len(self)

    def item_name(self, number: int) -> str:
        """Returns the number of a row."""
        return f"item {number}"

    def fetch(self, numbers: np.ndarray) -> tuple[np.ndarray, dict[int, str]]:
        """Reads rows; see ``Rows.fetch``."""
        try:
            return self.read_whole(numbers), {}
        except Changed as error:
            raise self.changed(error) from error

    def read_whole(self, numbers: np.ndarray) -> np.ndarray:
        """Reads rows of the whole.

        Raises:
            Changed: the file is not what it was.
        """
        if self._read_status() != self._status:
            raise Changed(f"{self.path} has changed")
        values = np.empty((len(numbers), *self.item_shape), self.dtype)
        for row, number in zip(values, numbers, strict=True):
            if os.preadv(self._descriptor, [row], self.offset + int(number) * self._row_bytes) != row.nbytes:
                raise Changed(f"{self.path} is cut off")
        return values

    def _read_status(self) -> tuple[int, int]:
        status = os.fstat(self._descriptor)
        return status.st_size, status.st_mtime_ns
