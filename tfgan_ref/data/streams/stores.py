"""Where the files of a data set are, each read as bytes by its number: a folder."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np


class Changed(OSError):
    """A file is not what it was when its data set was listed: the message names it."""


class Store(Protocol):
    """Files by number.

    Attributes:
        place: what holds them: a folder or an archive.
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
    """

    def __init__(self, place: Path, files: Sequence[Path]) -> None:
        self.place = place
        self.names = [file.relative_to(place).as_posix() for file in files]
        self.sizes = np.full(len(files), -1, np.int64)
        self.stamps = np.zeros(len(files), np.int64)
        for i, file in enumerate(files):
            try:
                status = file.stat()
            except OSError:
                continue
            self.sizes[i], self.stamps[i] = status.st_size, status.st_mtime_ns

    def open(self, number: int) -> BinaryIO:
        """See ``Store``."""
        return open(os.path.join(self.place, self.names[number]), "rb")

    def read(self, number: int) -> bytes:
        """See ``Store``."""
        name = self.names[number]
        if self.sizes[number] < 0:
            raise OSError("a link that leads nowhere")
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(open(os.path.join(self.place, name), "rb", buffering=0))
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
                raise Changed(f"{name} is gone") from error
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime_ns) != (self.sizes[number], self.stamps[number]):
                raise Changed(f"{name} has changed")
            return file.read()
