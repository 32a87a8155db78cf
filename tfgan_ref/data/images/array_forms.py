"""Images in one array of a file that can stay there: which may, and how they are read."""

import logging
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from tfgan_ref.data.images.decoding import height_and_width
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.streams.archive import ZipStore, read_directory
from tfgan_ref.data.streams.array_file import ArrayFileRows
from tfgan_ref.data.streams.choice import goes_to_disk, streams
from tfgan_ref.data.streams.rows import sampled_numbers
from tfgan_ref.errors import InputError, reason

logger = logging.getLogger(__name__)


class Form(NamedTuple):
    """An array in a file.

    Attributes:
        start: where its values begin, in bytes.
        shape, dtype: its own.
        fortran: whether the first index runs fastest.
        packed: what to do since it is compressed; "": it is not.
    """

    start: int
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool = False
    packed: str = ""


def npy_form(name: str, path: Path) -> Form:
    """Returns what the header of an npy file says.

    Raises:
        InputError: it is damaged or cut off.
    """
    try:
        with path.open("rb") as file:
            return _read_form(file, 0, path.stat().st_size)
    except Exception as error:  # damaged headers raise errors of many types
        raise unreadable(name, error) from None


def npz_form(name: str, path: Path, key: str) -> Form:
    """Returns what the header of an array in an npz archive says.

    Raises:
        InputError: the archive has none of this key, or is damaged or cut off.
    """
    directory = read_directory(name, path)
    entries = [entry for entry in directory.entries if entry.filename == f"{key}.npy"]
    if not entries:
        found = ", ".join(entry.filename.removesuffix(".npy") for entry in directory.entries[:10])
        raise InputError(f"{name}: has no key {key!r}, found {found or 'no keys'}")
    store = ZipStore(name, path, entries, directory.known)
    try:
        with store.open(0) as file:
            form = _read_form(file, int(store.starts[0]), int(store.sizes[0]))
    except Exception as error:
        raise unreadable(name, error) from None
    return form._replace(
        packed="np.savez in place of np.savez_compressed" if entries[0].compress_type else ""
    )


def _read_form(file: BinaryIO, start: int, size: int) -> Form:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if not dtype.hasobject and file.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize > size:
        raise ValueError("it is cut off")
    return Form(start + file.tell(), shape, dtype, fortran)


def array_on_disk(name: str, path: Path, form: Form, options: ReadOptions) -> ArrayFileRows | None:
    """Returns images as rows on disk; None if they are to be kept in memory, or must.

    On disk they must be as a batch needs them: not compressed, uint8, (N, H, W) or (N, H, W, 1 or 3) of the
    very size and channels.

    Args:
        name: the data set's name for messages.
        path: the file.
        form: of the array in it.
        options: what is asked of it.

    Raises:
        InputError: they shall stay on disk and cannot.
    """
    nbytes = int(np.prod(form.shape, dtype=object))
    return array_rows(name, path, form) if stay_in_file(name, [form], nbytes, options) else None


def stay_in_file(name: str, forms: Sequence[Form], nbytes: int, options: ReadOptions) -> bool:
    """Decides whether arrays stay in their file, and says why if they must not.

    Args:
        name: the data set's name for messages.
        forms: of the arrays, which must all be as ``array_on_disk`` says.
        nbytes: what the images would take in memory.
        options: what is asked of them.

    Raises:
        InputError: they shall stay there and cannot.
    """
    obstacle = next(filter(None, (_obstacle(form, options) for form in forms)), None)
    if obstacle is None:
        return streams(name, nbytes, options.stream)
    if options.stream == "on":
        raise InputError(f"{name}: to stay on disk (stream=on), images {obstacle}; or set stream=off")
    if goes_to_disk(nbytes, options.stream):
        logger.info(f"{name}: kept in memory; to stay on disk, images {obstacle}")
    return False


def array_rows(name: str, path: Path, form: Form) -> ArrayFileRows:
    """Returns the images of an array that can stay in its file, uint8 (N, H, W, 1 or 3)."""
    shape = form.shape if len(form.shape) == 4 else (*form.shape, 1)
    rows = ArrayFileRows(name, path, form.start, shape, np.uint8, "")
    sample = rows[sampled_numbers(len(rows))]
    rows.fingerprint = f"array-{'x'.join(map(str, shape))}-{zlib.crc32(sample):08x}"
    return rows


def _obstacle(form: Form, options: ReadOptions) -> str | None:
    """Returns what images must be to stay on disk and are not; None if they are."""
    if form.packed:
        return f"must not be compressed ({form.packed})"
    if form.dtype != np.uint8:
        return f"must be uint8, they are {form.dtype}"
    size, depth = form.shape[1:3], form.shape[3:] or (1,)
    if len(form.shape) not in (3, 4) or depth not in ((1,), (3,)) or 0 in form.shape:
        return f"must have shape (N, H, W) or (N, H, W, 1 or 3), not {form.shape}"
    if form.fortran:
        return "must be in C order (np.ascontiguousarray)"
    if options.image_size is not None and size != height_and_width(options.image_size):
        return f"must have the size that is asked for, they have {size[1]}x{size[0]}: leave image_size out"
    if options.channels not in (None, *depth):
        return f"must have the channels that are asked for, they have {depth[0]}: leave channels out"
    return None


def unreadable(name: str, error: Exception) -> InputError:
    """Returns the error that a file of NumPy's formats is damaged, or holds what is never loaded."""
    if "allow_pickle" in str(error):
        return InputError(f"{name}: holds pickled Python objects, which are never loaded")
    return InputError(f"{name}: cannot be read ({reason(error)})")
