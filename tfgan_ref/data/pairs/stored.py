"""Pairs of pictures of any sizes on disk, or two collections of pictures there without pairs."""

import copy
import zlib
from typing import Self

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.decoding import damage
from tfgan_ref.data.pairs.cutting import Sizes
from tfgan_ref.data.pairs.degradation import Degraded
from tfgan_ref.data.pairs.stored_pictures import StoredPictures
from tfgan_ref.data.streams.faults import Faults
from tfgan_ref.data.streams.pictures import decoding_threads
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.data.streams.stores import Changed
from tfgan_ref.errors import InputError


class StoredPairs:
    """Pairs of sources and targets that are decoded when they are asked for: ``PicturePairs`` on disk.

    Those of degraded sources are of this class in memory too, since a source is made when it is cut.

    Args:
        name: what to call them in messages.
        collections: one, of items of a source and a target; or two without pairs, of sources and of targets.
        scale: how many times higher and wider a target is than its source.
        degraded: whether sources are ``Degraded``, for which squares need seeds.
        on_disk: whether any of the pictures are; False for degraded ones in memory.

    Attributes:
        paired: whether there are pairs.
        numbers: of the items that there are of each collection, int64 (N,).
        firsts: what the numbers of each collection begin at in ``faults``, which counts through both.
        faults: the damaged items that were met; of pairs, a damaged picture takes its partner along.

    Raises:
        InputError: the headers of more than 1 % cannot be read.
    """

    def __init__(
        self,
        name: str,
        *collections: StoredPictures,
        scale: int = 1,
        degraded: bool = False,
        on_disk: bool = True,
    ) -> None:
        self.name, self.collections, self.scale = name, collections, scale
        self.degraded, self.on_disk = degraded, on_disk
        self.paired = len(collections) == 1
        counts = [len(collection.names) for collection in collections]
        self.firsts = [0, *counts[:-1]]
        self.numbers = tuple(np.arange(count) for count in counts)
        self.faults = Faults(name, sum(counts))
        for first, collection in zip(self.firsts, collections, strict=True):
            for number in np.flatnonzero(~collection.sound):
                try:
                    collection.read(int(number))
                    why = "its header"
                except InputError:
                    raise
                except Exception as error:  # damaged files make Pillow's decoders raise almost anything
                    why = damage(error)
                self.faults.add(first + int(number), collection.names[number], why)

    @property
    def source_channels(self) -> int:
        """Returns the channels of every source."""
        return self.collections[0].channels[0]

    @property
    def target_channels(self) -> int:
        """Returns the channels of every target."""
        return self.collections[-1].channels[-1]

    @property
    def source_count(self) -> int:
        """Returns the number of sources."""
        return len(self.numbers[0])

    @property
    def target_count(self) -> int:
        """Returns the number of targets."""
        return len(self.numbers[-1])

    @property
    def source_sizes(self) -> np.ndarray:
        """Returns heights and widths of the sources, int64 (N, 2), 0 if they are not known."""
        return self.collections[0].sizes[0][self.numbers[0]]

    @property
    def target_sizes(self) -> np.ndarray:
        """Returns heights and widths of the targets, int64 (N, 2), 0 if they are not known."""
        return self.collections[-1].sizes[-1][self.numbers[-1]]

    @property
    def nbytes(self) -> int:
        """Returns the bytes that the pictures would take in memory."""
        sources = int(self.source_sizes.prod(axis=1).sum()) * self.source_channels
        return sources + int(self.target_sizes.prod(axis=1).sum()) * self.target_channels

    @property
    def fingerprint(self) -> str:
        """Returns the counts and a checksum of sizes and of some of the contents, as a file name."""
        form = (self.scale, self.paired, *(["degraded"] if self.degraded else []))
        checksum = zlib.crc32(repr(form).encode())
        for collection, numbers in zip(self.collections, self.numbers, strict=True):
            checksum = zlib.crc32(repr((collection.checksum, collection.channels)).encode(), checksum)
            for values in (*collection.sizes, numbers):
                checksum = zlib.crc32(np.ascontiguousarray(values), checksum)
        return f"files-{self.source_count}-{self.target_count}-{checksum:08x}"

    def source_name(self, i: int) -> str:
        """Returns the name of source i for messages."""
        return self.collections[0].names[self.numbers[0][i]]

    def target_name(self, i: int) -> str:
        """Returns the name of target i for messages."""
        name = self.collections[-1].names[self.numbers[-1][i]]
        return f"target of {name}" if self.paired else name

    def take(self, chosen: np.ndarray) -> Self:
        """Returns some of the pairs, which share the damaged ones."""
        part = copy.copy(self)
        part.numbers = (self.numbers[0][chosen],)
        return part


class SquareRows(Rows):
    """Squares that are cut from the items of a collection, uint8 (N, bytes): of an item one after another.

    Args:
        pairs: with the collection.
        collection: which one of theirs.
        sizes: height and width of what is cut from each picture of an item; the second square shows the same
            place as the first one, ``pairs.scale`` times larger.
        flip: whether half of the squares are mirrored.

    Attributes:
        shapes: height, width and channels of the squares of an item.
    """

    def __init__(
        self, pairs: StoredPairs, collection: int, sizes: tuple[tuple[int, int], ...], flip: bool
    ) -> None:
        self._pictures = pairs.collections[collection]
        self._first = pairs.firsts[collection]
        self._scale, self._flip = pairs.scale, flip
        self._sizes = Sizes(self._pictures.sizes[0])
        channels = self._pictures.channels
        self.shapes = tuple((*size, n) for size, n in zip(sizes, channels, strict=True))
        length = sum(int(np.prod(shape)) for shape in self.shapes)
        super().__init__(pairs.name, (len(self._pictures.names), length), np.uint8, pairs.fingerprint)
        self.numbers, self.faults = self._first + pairs.numbers[collection], pairs.faults

    def item_name(self, number: int) -> str:
        """Returns the name of an item."""
        return self._pictures.names[number - self._first]

    def fetch(
        self, numbers: np.ndarray, places: np.ndarray | None = None
    ) -> tuple[np.ndarray, dict[int, str]]:
        """Reads items and cuts their squares; see ``Rows.fetch``.

        Args:
            numbers: which items.
            places: for row, column and mirror, float32 (B, 3) in [0, 1), and any more for the seed of
                degraded squares; None: the middle, not mirrored, and the item's number as the seed.
        """
        own = numbers - self._first
        size = self.shapes[0][:2]
        with tf.device("CPU:0"):
            indices = tf.constant(own)
            if places is None:
                first = self._sizes.centres(indices, size)
            else:
                first = self._sizes.places(indices, tf.constant(places[:, :3]), size, self._flip)
            where = [(first if i == 0 else first.enlarged(self._scale)) for i in range(len(self.shapes))]
        corners = [list(zip(place.tops.numpy(), place.lefts.numpy(), strict=True)) for place in where]
        mirrored = first.mirrored.numpy()
        seeds = own[:, np.newaxis] if places is None else _seeds(places[:, 3:])
        values = np.empty((len(numbers), *self.item_shape), np.uint8)

        def cut(i: int) -> str:
            squares = []
            try:
                pictures = self._pictures.read(int(own[i]))
                for picture, (height, width, _), corner in zip(pictures, self.shapes, corners, strict=True):
                    top, left = corner[i]
                    if isinstance(picture, Degraded):
                        square = picture.square(top, left, height, width, seeds[i].tolist())
                    else:
                        square = picture[top : top + height, left : left + width]
                    squares.append((square[:, ::-1] if mirrored[i] else square).ravel())
                np.concatenate(squares, out=values[i])
            except (Changed, InputError):
                raise
            except Exception as error:  # damaged files make Pillow's decoders raise almost anything
                return damage(error)
            return ""

        try:
            reasons = list(decoding_threads().map(cut, range(len(numbers))))
        except Changed as error:
            raise self.changed(error) from error
        return values, {i: why for i, why in enumerate(reasons) if why}

    def split(self, values: tf.Tensor) -> list[tf.Tensor]:
        """Returns the squares, uint8 (B, h, w, C) of each picture of an item, that rows (B, bytes) hold."""
        parts = tf.split(values, [int(np.prod(shape)) for shape in self.shapes], axis=1)
        return [tf.reshape(part, (-1, *shape)) for part, shape in zip(parts, self.shapes, strict=True)]


def _seeds(draws: np.ndarray) -> np.ndarray:
    """Returns seeds for NumPy, uint32 (B, K), from random numbers, float32 (B, K)."""
    return np.ascontiguousarray(draws).view(np.uint32)
