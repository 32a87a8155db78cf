"""Checks of where to write, and atomic writes: no half-written file is found under its final name."""

import contextlib
import errno
import io
import json
import logging
import math
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)

LONGEST_NAME = 255  # bytes, of a file or folder on the usual file systems


def check_writable(path: Path) -> None:
    """Checks that a file or folder can be made at ``path``: called before anything is computed.

    Folders above it that do not exist will be made. Whether it exists itself is for the caller to judge.

    Raises:
        InputError: one of its names is too long, or what would hold it is no folder or cannot be written.
    """
    for name in path.parts:
        if len(os.fsencode(name)) > LONGEST_NAME:
            raise InputError(f"{path} cannot be written: a name has more than {LONGEST_NAME} bytes")
    # os.path, unlike pathlib, takes what may not be looked at for what does not exist.
    existing = next((part for part in (path, *path.parents) if os.path.exists(part)), Path())
    if existing == path and not path.is_dir():
        existing = path.parent
    if not existing.is_dir():
        raise InputError(f"{path} cannot be written: {existing} is not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: no permission to write in {existing}")


def absolute(path: str) -> str:
    """Returns a path that names the same file from any working directory; ``~`` is the home directory."""
    return os.path.join(os.getcwd(), os.path.expanduser(path))


def temporary_beside(path: Path) -> Path:
    """Returns a new temporary name in the folder of ``path``, short whatever its own name is."""
    return path.with_name(f".{uuid.uuid4().hex[:8]}.tmp")


def write_bytes(path: Path, content: bytes) -> None:
    """Writes ``content`` to a temporary file beside ``path``, then renames it to ``path``."""
    write_parts(path, [content])


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Writes ``parts`` one after another, as they are made, atomically."""
    temporary = temporary_beside(path)
    try:
        with temporary.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Makes a folder under a temporary name to write to; at the end of the block it becomes ``path``.

    If the block fails, nothing is left.
    """
    temporary = temporary_beside(path)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes ``text`` in UTF-8, atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Writes ``value`` as indented JSON, atomically; inf and NaN, which JSON has not, become null."""
    text = json.dumps(_with_nulls(value), indent=2, sort_keys=True, allow_nan=False)
    write_text(path, text + "\n")


def _with_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_nulls(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_nulls(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """Writes arrays as an uncompressed ``.npz``, atomically."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


def cache_directory() -> Path:
    """Returns the folder of results that can be computed again: in ``XDG_CACHE_HOME``, or ``~/.cache``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tfgan_ref"


def keep(path: Path, write: Callable[[Path], None]) -> None:
    """Calls ``write(path)`` for a result in a cache; says in one line if nothing can be written there.

    A full disk stays an error.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise
        logger.warning("%s cannot be written (%s): it is computed again next time", path, error.strerror)


def keep_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Does the same for a folder: ``write`` fills one of a temporary name, which is then renamed."""

    def write_beside(path: Path) -> None:
        try:
            with new_folder(path) as folder:
                write(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # else another process was faster
                raise

    keep(path, write_beside)
