"""Pictures in TFRecord files: where they are, and their labels, read once and kept in the user's cache.

A record is a length (uint64), its checksum, as many bytes, and theirs; the bytes are a ``tf.train.Example``,
a dict of lists. Numbers are little-endian, checksums ``masked``.
"""

import functools
import io
import logging
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_ref.data.streams.crc32c import crc32c, masked
from tfgan_ref.data.streams.stores import Part, Status, read_part
from tfgan_ref.files import cache_directory, keep, write_npz

logger = logging.getLogger(__name__)

_LENGTH = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_BYTES_WORTH_A_PROGRESS_BAR = 100_000_000
NO_PICTURE = "no tf.train.Example with one picture, and a label if others have one"


class DamagedFile(ValueError):
    """A TFRecord file of which the rest cannot be read: the message names it and the place."""


class Keys(NamedTuple):
    """The features of an example that hold a picture, encoded, and its class; None: there is none."""

    picture: str
    label: str | None


class Index(NamedTuple):
    """The records of one file, one value for each.

    Attributes:
        starts, lengths: of their bytes in the file, int64 (N,).
        checksums: of these bytes, masked, int64 (N,).
        offsets, sizes: of the picture in these bytes, int64 (N,); -1 in damaged records.
        labels: int64 (N,); 0 in damaged records and where there are none.
    """

    starts: np.ndarray
    lengths: np.ndarray
    checksums: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    labels: np.ndarray


class RecordStore:
    """The pictures in TFRecord files as files; the stamp is the checksum of the record.

    Args:
        place: what holds them, a file, a folder, a pattern or a split, see ``Store``.
        shards: the files.
        indices: of each, what ``index_records`` returns, and what the file was then.
        chosen: numbers of records, counted through all files, in the order that they shall have; None: all.
    """

    def __init__(
        self,
        place: Path,
        shards: Sequence[Path],
        indices: Sequence[tuple[Index, Status]],
        chosen: np.ndarray | None = None,
    ) -> None:
        counts = [len(index.starts) for index, _ in indices]
        order = np.arange(sum(counts)) if chosen is None else chosen
        columns = zip(*(index for index, _ in indices), strict=True)
        self._index = Index(*(np.concatenate(column)[order] for column in columns))
        self._shards = np.repeat(np.arange(len(shards)), counts)[order]
        numbers = np.concatenate([np.arange(count) for count in counts])[order]
        self._files = [(shard, known) for shard, (_, known) in zip(shards, indices, strict=True)]
        self.place = place
        self.names = [
            f"{shards[shard].name}:{number}" for shard, number in zip(self._shards, numbers, strict=True)
        ]
        self.sizes = self._index.sizes
        self.stamps = self.changes = self._index.checksums
        self.labels = labels_of(self._index)

    def open(self, number: int) -> BinaryIO:
        """See ``Store``."""
        if self.sizes[number] < 0:
            raise OSError(NO_PICTURE)
        path, _ = self._files[self._shards[number]]
        start = int(self._index.starts[number] + self._index.offsets[number])
        return io.BufferedReader(Part(path, start, int(self.sizes[number])))

    def read(self, number: int) -> bytes:
        """See ``Store``; a picture in a record whose checksum is another one cannot be read either."""
        path, known = self._files[self._shards[number]]
        start, length = int(self._index.starts[number]), int(self._index.lengths[number])
        record = read_part(path, known, path.name, start, length)
        if masked(crc32c(record)) != self.stamps[number]:
            raise OSError("its checksum is another one")
        if self.sizes[number] < 0:
            raise OSError(NO_PICTURE)
        offset = int(self._index.offsets[number])
        return record[offset : offset + int(self.sizes[number])]


def labels_of(index: Index) -> np.ndarray:
    """Returns the labels of an index; damaged records, which are not read, get a class that there is."""
    sound = index.sizes >= 0
    return np.where(sound, index.labels, index.labels[np.argmax(sound)])


def find_keys(shard: Path, pictures: Sequence[str], labels: Sequence[str]) -> Keys | None:
    """Returns the keys that the first sound example of a file has; None if there is none in it.

    Args:
        shard: the file.
        pictures: keys of a picture, the first that is there counts.
        labels: keys of a class number, likewise.

    Raises:
        DamagedFile: it is no TFRecord file.
        KeyError: there is an example, but no such picture in it: with the features that it has.
    """
    with shard.open("rb") as file:
        for _, record, checksum in _records(file, shard):
            features = _features(record) if masked(crc32c(record)) == checksum else {}
            if not features:
                continue
            picture = [key for key in pictures if len(_feature(features, key).bytes_list.value) == 1]
            if not picture:
                raise KeyError(", ".join(sorted(features)))
            label = [key for key in labels if len(_feature(features, key).int64_list.value) == 1]
            return Keys(picture[0], label[0] if label else None)
    return None


def index_records(name: str, shards: Sequence[Path], keys: Keys) -> list[tuple[Index, Status]]:
    """Returns where the pictures of TFRecord files are, of each file; and what it was when it was read.

    It is read once, all of it, and kept in the user's cache by path, size and time.

    Args:
        name: the data set's name, for the progress bar.
        shards: the files.
        keys: of the picture and of its class.

    Raises:
        DamagedFile: one is cut off, no TFRecord file, or the length of a record is damaged.
    """
    from tqdm import tqdm

    files = [(shard, Status.of(shard)) for shard in shards]
    total = sum(known.size for _, known in files)
    quiet = None if total >= _BYTES_WORTH_A_PROGRESS_BAR else True  # None: on terminals only
    result = []
    with tqdm(desc=f"{name}: indexing", total=total, unit="B", unit_scale=True, disable=quiet) as bar:
        for shard, known in files:
            make = functools.partial(_index, shard, keys, bar.update)
            index = kept_index(f"{shard.resolve()} {keys}", known, make)
            bar.update(known.size - index.lengths.sum())
            result.append((index, known))
    return result


def _index(shard: Path, keys: Keys, tell: Callable[[int], Any]) -> Index:
    rows = []
    with shard.open("rb") as file:
        for start, record, checksum in _records(file, shard):
            place = find_picture(record, keys) if masked(crc32c(record)) == checksum else (-1, -1, 0)
            rows.append((start, len(record), checksum, *place))
            tell(len(record))
    return Index(*np.array(rows, np.int64).reshape(-1, len(Index._fields)).T)


def find_picture(record: bytes, keys: Keys) -> tuple[int, int, int]:
    """Returns where the picture is in a record, its size and label; (-1, -1, 0) if one of them is missing."""
    features = _features(record)
    pictures = _feature(features, keys.picture).bytes_list.value
    labels = [0] if keys.label is None else _feature(features, keys.label).int64_list.value
    if len(pictures) != 1 or len(labels) != 1:
        return -1, -1, 0
    return record.find(pictures[0]), len(pictures[0]), labels[0]


def _features(record: bytes) -> Mapping[str, tf.train.Feature]:
    """Returns the features of an example by their names; none of bytes that are no example."""
    try:
        return tf.train.Example.FromString(record).features.feature
    except Exception:  # protobuf's own error
        return {}


def _feature(features: Mapping[str, tf.train.Feature], key: str) -> tf.train.Feature:
    """Returns a feature, an empty one if it is not there: protobuf's maps would add it."""
    return features[key] if key in features else tf.train.Feature()


def _records(file: BinaryIO, shard: Path) -> Iterator[tuple[int, bytes, int]]:
    """Yields where the bytes of each record begin, these bytes, and the checksum that the file has of them.

    Raises:
        DamagedFile: the file is cut off, no TFRecord file, or the length of a record is damaged.
    """
    size = Status.of(file.fileno()).size
    while head := file.read(_LENGTH.size):
        start = file.tell()
        if head.startswith(b"\x1f\x8b") and start == _LENGTH.size:
            raise DamagedFile(f"{shard.name} is compressed by gzip: unpack it")
        if len(head) < _LENGTH.size or masked(crc32c(head[:8])) != _LENGTH.unpack(head)[1]:
            kind = "is no TFRecord file" if start <= _LENGTH.size else "is damaged or cut off"
            raise DamagedFile(f"{shard.name} {kind}, at byte {start - len(head)}")
        length, _ = _LENGTH.unpack(head)
        record, tail = file.read(min(length, size)), file.read(_CHECKSUM.size)
        if len(tail) < _CHECKSUM.size:
            raise DamagedFile(f"{shard.name} is cut off, in the record at byte {start - len(head)}")
        yield start, record, _CHECKSUM.unpack(tail)[0]


def kept_index(what: str, known: Sequence[int], make: Callable[[], Index]) -> Index:
    """Returns the index of records that is kept in the user's cache; it is made if none is.

    Args:
        what: is indexed.
        known: numbers that change when the files of the records do.
        make: returns the index.
    """
    name = what.encode("utf-8", "surrogateescape")
    path = cache_directory() / "records" / f"{zlib.crc32(name):08x}-{len(name)}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as kept:
                if kept["what"].tobytes() == name and np.array_equal(kept["known"], known):
                    return Index(*kept["index"])
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            logger.warning("kept index %s cannot be read (%s): reading the records again", path, error)
    index = make()
    rows = {"what": np.frombuffer(name, np.uint8), "known": np.array(known), "index": np.stack(index)}
    keep(path, lambda path: write_npz(path, **rows))
    return index
