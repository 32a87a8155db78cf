"""What the headers of picture files say, read once and kept in the user's cache."""

import logging
import os
import time
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import BinaryIO, NamedTuple

import numpy as np

from tfgan_ref.data.images.decoding import count_frames, is_grey, open_image
from tfgan_ref.data.streams.stores import Store
from tfgan_ref.files import cache_directory, keep, write_npz

logger = logging.getLogger(__name__)

# Kinds of files. The first two are not for TensorFlow's decoder.
DAMAGED, OTHER, PLAIN = 0, 1, 2
_ORIENTATION = 0x0112
_TELLING = {"exif", "xmp"}  # what may say the orientation of a JPEG file
_SIDEWAYS = (5, 6, 7, 8)  # orientations that exchange width and height
_FILES_WORTH_A_PROGRESS_BAR = 3000
_TOGETHER = 256  # files that a thread reads in turn
_SLOW_SECONDS = 5e-4  # of a file, above which a disk is slow
_READERS = 16  # threads for such a disk


class Headers(NamedTuple):
    """The headers of picture files, one value for each file.

    Attributes:
        widths, heights: after turning as EXIF says, int32 (N,).
        channels: 1 or 3, uint8 (N,).
        kinds: DAMAGED, OTHER or PLAIN, a JPEG file whose pixels need nothing but decoding; uint8 (N,).
        frames: frames or pages, int32 (N,).
    """

    widths: np.ndarray
    heights: np.ndarray
    channels: np.ndarray
    kinds: np.ndarray
    frames: np.ndarray


_KINDS_OF_VALUES = Headers(np.int32, np.int32, np.uint8, np.uint8, np.int32)
_Row = tuple[int, int, int, int, int]


def read_headers(name: str, store: Store) -> Headers:
    """Reads the headers of all files of a store, or of those that have changed since they were last read.

    Args:
        name: the data set's name, for the progress bar. Each kind, ``folder`` or ``pairs``, has kept headers
            of its own: it does not list the same files of a place.
        store: the files.
    """
    key = os.fsencode(f"{name.partition(':')[0]}:{store.place.resolve()}")
    path = cache_directory() / "headers" / f"{zlib.crc32(key):08x}-{len(key)}.npz"
    names = np.frombuffer("\n".join(store.names).encode("utf-8", "surrogateescape"), np.uint8)
    known = _kept(path, store)
    left = np.flatnonzero(~known.any(axis=1))
    for number, row in zip(left, _read_all(name, store, left), strict=True):
        known[number] = row
    headers = Headers(*(column.astype(kind) for column, kind in zip(known.T, _KINDS_OF_VALUES, strict=True)))
    if len(left):
        rows = {"names": names, "sizes": store.sizes, "stamps": store.stamps, "headers": known}
        keep(path, lambda path: write_npz(path, **rows))
    return headers


def _kept(path: os.PathLike, store: Store) -> np.ndarray:
    """Returns the kept headers of files that have not changed, int64 (N, 5); zeros for all others."""
    result = np.zeros((len(store.names), len(Headers._fields)), np.int64)
    if not os.path.isfile(path):
        return result
    try:
        with np.load(path, allow_pickle=False) as kept:
            names = kept["names"].tobytes().decode("utf-8", "surrogateescape").split("\n")
            rows = zip(kept["sizes"], kept["stamps"], kept["headers"], strict=True)
            before = dict(zip(names, rows, strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        logger.warning("kept headers %s cannot be read (%s): reading the files again", path, error)
        return result
    for i, file in enumerate(store.names):
        size, stamp, row = before.get(file, (None, None, None))
        if size == store.sizes[i] and stamp == store.stamps[i] and row.shape == result[i].shape:
            result[i] = row
    return result


def _read_all(name: str, store: Store, numbers: np.ndarray) -> list[_Row]:
    from tqdm import tqdm

    parts = np.array_split(numbers, range(_TOGETHER, len(numbers), _TOGETHER))
    quiet = None if len(numbers) >= _FILES_WORTH_A_PROGRESS_BAR else True  # None: on terminals only
    # Filters belong to the process, so they are set here and not in each thread.
    with (
        warnings.catch_warnings(),
        tqdm(desc=f"{name}: reading headers", total=len(numbers), unit="", disable=quiet) as bar,
    ):
        warnings.simplefilter("ignore")
        start = time.monotonic()
        rows = _read_part(store, parts[0])
        bar.update(len(rows))
        # A disk that keeps its readers waiting serves many at once; else threads wait for Python's lock only.
        slow = time.monotonic() - start > _SLOW_SECONDS * max(1, len(rows))
        with ThreadPoolExecutor(_READERS if slow else 1) as pool:
            for part in pool.map(_read_part, repeat(store), parts[1:]):
                rows += part
                bar.update(len(part))
    return rows


def _read_part(store: Store, numbers: np.ndarray) -> list[_Row]:
    rows = []
    for number in numbers:
        try:
            with store.open(int(number)) as file:
                rows.append(read_header(file))
        except Exception:  # damaged files make Pillow raise almost anything; to name it, it is decoded
            rows.append((0, 0, 1, DAMAGED, 1))
    return rows


def read_header(file: BinaryIO) -> _Row:
    """Returns width, height, channels, kind and frames of a picture file, as in ``Headers``.

    Raises:
        Exception: whatever Pillow raises for a damaged file.
    """
    with open_image(file) as image:
        width, height = image.size
        # Most JPEG files say nothing of it, which takes as long to be told as all else.
        silent = image.format == "JPEG" and not _TELLING & image.info.keys()
        orientation = 1 if silent else image.getexif().get(_ORIENTATION, 1)
        if orientation in _SIDEWAYS:
            width, height = height, width
        plain = image.format == "JPEG" and image.mode in ("L", "RGB") and orientation == 1
        channels = 1 if is_grey(image) else 3
        return width, height, channels, PLAIN if plain else OTHER, count_frames(image)
