"""Decoded pictures in a file: decoded once, then read by every run that needs them in this form."""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.decoding import height_and_width
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.streams.array_file import ArrayFileRows
from tfgan_ref.data.streams.choice import streams
from tfgan_ref.data.streams.headers import read_header, read_headers
from tfgan_ref.data.streams.pictures import PictureRows
from tfgan_ref.data.streams.rows import Rows, sampled_numbers
from tfgan_ref.data.streams.stores import Store
from tfgan_ref.errors import InputError
from tfgan_ref.files import check_writable, write_json

logger = logging.getLogger(__name__)

_TOGETHER = 64  # pictures that are decoded and written at a time
_WORTH_A_PROGRESS_BAR = 3000


class CachedRows(ArrayFileRows):
    """The pictures of ``rows``, decoded, from a file of NumPy's format; see ``cached_rows``.

    Args:
        rows: the pictures, not yet decoded.
        path: the file.
        notes: what was noted of it.

    Raises:
        InputError: too many pictures are damaged.
    """

    def __init__(self, rows: PictureRows, path: Path, notes: dict) -> None:
        offset = path.stat().st_size - rows.nbytes
        super().__init__(rows.name, path, offset, rows.shape, rows.dtype, rows.fingerprint)
        self._names = rows.store.names
        self.version = rows.version
        for number, why in notes["damaged"].items():
            self.faults.add(int(number), self.item_name(int(number)), why)

    def item_name(self, number: int) -> str:
        """Returns the path of a picture's file."""
        return self._names[number]


def cached_rows(rows: PictureRows, cache: Path, *, write: bool) -> CachedRows | None:
    """Returns pictures as they are kept, decoded, in the folder ``cache``.

    A file that is not there is written: under a temporary name, by one process at a time, with a checksum of
    every picture beside it. It is used again as long as the files that it was made from are the same.

    Args:
        rows: the pictures, not yet decoded.
        cache: the folder; it is made if need be.
        write: whether to write; if not, nothing in the folder changes.

    Returns:
        The pictures; None: they are not kept, and nothing is to be written.

    Raises:
        InputError: the folder cannot be written or has no room, or too many pictures are damaged.
    """
    path = cache / f"{rows.version}.npy"
    if not write:
        notes = _checked(path, rows)
        return None if notes is None else CachedRows(rows, path, notes)
    check_writable(cache)
    cache.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(path.with_suffix(".lock")):
        notes = _checked(path, rows)
        if notes is None:
            notes = _write(path, rows)
    return CachedRows(rows, path, notes)


def stored_pictures(
    name: str, store: Store, options: ReadOptions
) -> tuple[Rows | np.ndarray, np.ndarray] | None:
    """Returns the pictures of a store, on disk or from the cache of decoded ones.

    Args:
        name: the data set's name for messages.
        store: their files.
        options: what is asked of them.

    Returns:
        The pictures, and the numbers of their files, (N,): of all if they are on disk, of the sound ones if
        they are in memory. None: they are to be in memory, and there is no cache to read them from.

    Raises:
        InputError: as of ``PictureRows`` and ``cached_rows``.
    """
    cache = None if options.cache is None else Path(options.cache).expanduser()
    if cache is not None and not options.write_cache and not cache.is_dir():
        cache = None
    if options.stream == "off" and cache is None:
        return None
    size, channels = options.image_size, options.channels
    height, width = _first_size(store) if size is None else height_and_width(size)
    on_disk = streams(name, len(store.names) * height * width * (channels or 3), options.stream)
    if not on_disk and cache is None:
        return None
    rows = PictureRows(name, store, read_headers(name, store), size, channels)
    kept = None if cache is None else cached_rows(rows, cache, write=options.write_cache)
    if on_disk:
        return (rows if kept is None else kept), np.arange(len(rows))
    if kept is None:
        return None
    sound = np.array([number for number in range(len(kept)) if number not in kept.faults])
    return kept[sound], sound


def _first_size(store: Store) -> tuple[int, int]:
    """Returns the height and width of the first picture that can be opened; zeros if none can be."""
    for number in range(len(store.names)):
        with contextlib.suppress(Exception), store.open(number) as file:
            return read_header(file)[1::-1]
    return 0, 0


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Lets one process in; others wait, which they say."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.info("%s: waiting for another process that writes the same pictures", path.parent)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _checked(path: Path, rows: PictureRows) -> dict | None:
    """Returns what was noted of a kept file; None if there is none or it is not as it was written."""
    if not path.exists():
        return None
    try:
        notes = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        pictures = np.load(path, mmap_mode="r", allow_pickle=False)
        sound = pictures.shape == rows.shape and pictures.dtype == rows.dtype
        sound = sound and all(
            zlib.crc32(pictures[i].tobytes()) == notes["checksums"][i] for i in sampled_numbers(len(rows))
        )
    except (OSError, ValueError, KeyError, IndexError, EOFError) as error:
        logger.warning("%s cannot be read (%s): decoding the pictures again", path, error)
        return None
    if not sound:
        logger.warning("%s is not as it was written: decoding the pictures again", path)
        return None
    return notes


def _write(path: Path, rows: PictureRows) -> dict:
    """Decodes all pictures to ``path``; returns what is noted of them."""
    from tqdm import tqdm

    free = shutil.disk_usage(path.parent).free
    if rows.nbytes > free:
        raise InputError(
            f"cache {path.parent}: the decoded pictures take {rows.nbytes / 1e9:,.1f} GB, "
            f"{free / 1e9:,.1f} GB are free there"
        )
    temporary = path.with_suffix(".tmp")  # of an interrupted process too: this one alone is here
    checksums: list[int] = []
    damaged: dict[str, str] = {}
    quiet = None if len(rows) >= _WORTH_A_PROGRESS_BAR else True
    with temporary.open("wb") as file, tqdm(desc="decoding", total=len(rows), unit="", disable=quiet) as bar:
        header = {"descr": rows.dtype.str, "fortran_order": False, "shape": rows.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(rows), _TOGETHER):
            numbers = np.arange(start, min(start + _TOGETHER, len(rows)))
            values, wrong = rows.fetch(numbers)
            pictures = np.asarray(values)
            for place, why in wrong.items():
                number = int(numbers[place])
                rows.faults.add(number, rows.item_name(number), why)
                damaged[str(number)] = why
                pictures[place] = 0
            checksums += [zlib.crc32(picture) for picture in pictures]
            file.write(pictures.data)
            bar.update(len(numbers))
        file.flush()
        os.fsync(file.fileno())
    notes = {"checksums": checksums, "damaged": damaged}
    write_json(path.with_suffix(".json"), notes)
    temporary.replace(path)
    return notes
