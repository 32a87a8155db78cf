"""Where the files of a data set are, each read as bytes by its number: a folder."""

import io
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, Self

import numpy as np


class Changed(OSError):
    """A file is not what it was when its data set was listed: the message names it."""


class Status(NamedTuple):
    """Size of a file in bytes, and the time of its last change in nanoseconds."""

    size: int
    time: int

    @classmethod
    def of(cls, file: str | os.PathLike | int) -> Self:
        """Returns that of a path or an open descriptor.

        Raises:
            OSError: there is none.
        """
        status = os.stat(file)
        return cls(status.st_size, status.st_mtime_ns)


def read_part(
    path: str | os.PathLike, known: Status, name: str, start: int = 0, length: int | None = None
) -> bytes:
    """Reads a part of a file, opened for this alone, so that several threads may.

    Args:
        path: the file.
        known: what it was when the data set was listed.
        name: of the file, for messages.
        start: where the part begins, in bytes.
        length: of the part; None: to the end.

    Raises:
        Changed: the file is gone, or is not what it was.
        OSError: the disk cannot read it, or it ends before the part does.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)  # not a file object, which takes twice the time
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Changed(f"{name} is gone") from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise Changed(f"{name} is gone")
        if status.st_size != known.size or status.st_mtime_ns != known.time:
            raise Changed(f"{name} has changed")
        wanted = known.size - start if length is None else length
        content = os.pread(descriptor, wanted, start)
    finally:
        os.close(descriptor)
    if len(content) < wanted:
        raise OSError(f"{name} ends before it")
    return content


class Part(io.RawIOBase):
    """A part of a file as a file, for what reads its beginning only.

    Args:
        path: the file.
        start: where the part begins, in bytes.
        length: of the part.
    """

    def __init__(self, path: str | os.PathLike, start: int, length: int) -> None:
        self._file = io.FileIO(path)
        self._start, self._length, self._position = start, length, 0

    def readable(self) -> bool:
        """Returns True."""
        return True

    def seekable(self) -> bool:
        """Returns True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to a place in the part."""
        self._position = offset + {0: 0, 1: self._position, 2: self._length}[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        """Reads into ``buffer`` what is left of the part, as far as it goes."""
        self._file.seek(self._start + self._position)
        left = max(0, self._length - self._position)
        count = self._file.readinto(memoryview(buffer)[:left])
        self._position += count
        return count

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()


class Store(Protocol):
    """Files by number.

    Attributes:
        place: what holds them, a folder or an archive, or one split of a prepared data set: what is read of
            their headers is kept by it.
        names: of the files, with ``/`` between folders.
        sizes: bytes of each, int64 (N,).
        stamps: numbers that change when a file does: times or checksums, int64 (N,).
    """

    place: Path
    names: Sequence[str]
    sizes: np.ndarray
    stamps: np.ndarray

    def open(self, number: int) -> BinaryIO:
        """Opens a file whose beginning is wanted.

        Raises:
            OSError: the disk cannot read it.
        """

    def read(self, number: int) -> bytes:
        """Reads a file; several threads may.

        Raises:
            Changed: it is gone, or its size or stamp is another one.
            OSError: the disk cannot read it.
        """


class FolderStore:
    """Files in a folder; the stamp is the time of the last change, in nanoseconds.

    Args:
        place: the folder.
        files: paths of files in it. One that cannot be looked at, a link that leads nowhere, has size -1.

    Attributes:
        changes: times of any change, of permissions too, in nanoseconds, int64 (N,). Unlike a stamp, no
            program can set them back.
    """

    def __init__(self, place: Path, files: Sequence[Path]) -> None:
        self.place = place
        self.names = [file.relative_to(place).as_posix() for file in files]
        self.sizes = np.full(len(files), -1, np.int64)
        self.stamps = np.zeros(len(files), np.int64)
        self.changes = np.zeros(len(files), np.int64)
        for i, file in enumerate(files):
            try:
                status = file.stat()
            except OSError:
                continue
            self.sizes[i], self.stamps[i] = status.st_size, status.st_mtime_ns
            self.changes[i] = status.st_ctime_ns

    def open(self, number: int) -> BinaryIO:
        """See ``Store``."""
        return open(os.path.join(self.place, self.names[number]), "rb")

    def read(self, number: int) -> bytes:
        """See ``Store``."""
        name = self.names[number]
        if self.sizes[number] < 0:
            raise OSError("a link that leads nowhere")
        known = Status(int(self.sizes[number]), int(self.stamps[number]))
        return read_part(os.path.join(self.place, name), known, name)
