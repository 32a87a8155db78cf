"""Collections of pictures of any sizes, which are decoded when they are asked for: from files, or held."""

import contextlib
import io
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tfgan_ref.data.images.decoding import (
    ImageSize,
    damage,
    decode_first,
    fit,
    from_pixels,
    height_and_width,
    is_smaller,
    to_pixels,
    warn_enlarged,
)
from tfgan_ref.data.images.listing import tell_several
from tfgan_ref.data.pairs.degradation import Degraded
from tfgan_ref.data.pairs.picture_sources import tell_enlarged
from tfgan_ref.data.pairs.sketches import Small
from tfgan_ref.data.streams.array_file import ArrayFileRows
from tfgan_ref.data.streams.choice import streams
from tfgan_ref.data.streams.headers import DAMAGED, Headers, read_header
from tfgan_ref.data.streams.pictures import checksum
from tfgan_ref.data.streams.rows import sampled_numbers
from tfgan_ref.data.streams.stores import Changed, Store
from tfgan_ref.errors import InputError

Source = np.ndarray | Small | Degraded


@dataclass(frozen=True)
class StoredPictures:
    """Items of one picture, or of two that belong together, read by their numbers.

    Attributes:
        names: of the items.
        sizes: of each picture of an item: heights and widths, int64 (N, 2); 0 if a header cannot be read.
        channels: of each picture of an item.
        read: reads an item: uint8 (h, w, C) each, or what gives such parts of it by rows and columns
            (``Small``), and a seed (``Degraded``). It raises ``Changed``, or, of a damaged one, any error.
        checksum: differs for other contents, as far as a look at some of them tells.
    """

    names: Sequence[str]
    sizes: tuple[np.ndarray, ...]
    channels: tuple[int, ...]
    read: Callable[[int], tuple[Source, ...]]
    checksum: int

    @property
    def sound(self) -> np.ndarray:
        """Returns whether the headers of an item could be read, bool (N,)."""
        return np.all([sizes.all(axis=1) for sizes in self.sizes], axis=0)

    @property
    def nbytes(self) -> int:
        """Returns the bytes that the pictures would take in memory."""
        areas = [int(sizes.prod(axis=1).sum()) for sizes in self.sizes]
        return sum(area * channels for area, channels in zip(areas, self.channels, strict=True))

    def reversed(self) -> "StoredPictures":
        """Returns the same items with their pictures in the other order."""

        def read(number: int) -> tuple[np.ndarray, ...]:
            return self.read(number)[::-1]

        return replace(self, sizes=self.sizes[::-1], channels=self.channels[::-1], read=read)


def stored_files(
    name: str, store: Store, headers: Headers, image_size: int | None, channels: int | None
) -> StoredPictures:
    """Returns the pictures of files, as ``read_pictures`` would read them.

    Args:
        name: the data set's name for messages.
        store: the files.
        headers: of the files.
        image_size: the short side is scaled to it and the square in the middle kept; None keeps the sizes.
        channels: 1 or 3; None is 3 if any picture is coloured, else 1.
    """
    sound = headers.kinds != DAMAGED
    tell_several(name, [store.names[i] for i in np.flatnonzero(headers.frames > 1)], len(store.names))
    sizes = np.stack([headers.heights, headers.widths], axis=1).astype(np.int64)
    if image_size is not None:
        widths_and_heights = sizes[:, ::-1].tolist()
        files = [(tuple(widths_and_heights[i]), store.names[i]) for i in np.flatnonzero(sound)]
        tell_enlarged(name, files, image_size)
        sizes[sound] = image_size
    kept = channels or int(headers.channels[sound].max(initial=1))

    def read(number: int) -> tuple[np.ndarray, ...]:
        image, _ = decode_first(io.BytesIO(store.read(number)))
        return (to_pixels(fit(image, image_size), kept),)

    return StoredPictures(store.names, (sizes,), (kept,), read, checksum(store))


def held_pictures(pictures: Sequence[np.ndarray], names: Sequence[str]) -> StoredPictures:
    """Returns pictures that are in memory, uint8 (h, w, C) each, as a collection."""
    sizes = np.array([picture.shape[:2] for picture in pictures], np.int64)
    contents = 0
    for picture in pictures:
        contents = zlib.crc32(np.ascontiguousarray(picture), contents)
    names = names or tuple(f"image {i}" for i in range(len(pictures)))
    channels = (pictures[0].shape[-1],)
    return StoredPictures(names, (sizes,), channels, lambda number: (pictures[number],), contents)


def stored_array(
    name: str, rows: ArrayFileRows, image_size: int | None, channels: int | None
) -> StoredPictures:
    """Returns the pictures of an array in a file, as ``fit_array`` would fit them.

    Args:
        name: the data set's name for messages.
        rows: of the array, uint8 (N, H, W, 1 or 3).
        image_size: the short side is scaled to it and the square in the middle kept; None keeps the size.
        channels: 1 or 3; None keeps the channels.
    """
    height, width, depth = rows.item_shape
    if image_size is not None and is_smaller((width, height), image_size):
        warn_enlarged(name, len(rows), len(rows), image_size, (width, height), None)
    size = (height, width) if image_size is None else (image_size, image_size)

    def read(number: int) -> tuple[np.ndarray, ...]:
        (picture,) = rows.read_whole(np.array([number]))
        return (to_pixels(fit(from_pixels(picture), image_size), channels),)

    names = [rows.item_name(number) for number in range(len(rows))]
    sizes = np.full((len(rows), 2), size, np.int64)
    return StoredPictures(names, (sizes,), (channels or depth,), read, zlib.crc32(rows.fingerprint.encode()))


def together(first: StoredPictures, second: StoredPictures) -> StoredPictures:
    """Returns items of a picture of ``first`` and one of ``second``, of the same numbers."""

    def read(number: int) -> tuple[np.ndarray, ...]:
        source = first.read(number)
        try:
            return source + second.read(number)
        except (Changed, InputError):
            raise
        except Exception as error:  # damaged files make Pillow's decoders raise almost anything
            raise ValueError(f"its partner: {damage(error)}") from error

    both = zlib.crc32(second.checksum.to_bytes(4, "little"), first.checksum)
    return StoredPictures(
        first.names, first.sizes + second.sizes, first.channels + second.channels, read, both
    )


def halves(name: str, files: StoredPictures, image_size: int | None, channels: int | None) -> StoredPictures:
    """Returns items of the left and the right half of each picture.

    Args:
        name: the data set's name for messages.
        files: the pictures, as they are in their files.
        image_size: to which halves are brought; None keeps the sizes.
        channels: 1 or 3; None: those of the pictures.

    Raises:
        InputError: the width of a picture is odd.
    """
    (sizes,), kept = files.sizes, channels or files.channels[0]
    for i in np.flatnonzero(sizes[:, 1] % 2):
        height, width = sizes[i]
        raise InputError(f"{name}: {files.names[i]} is {width}x{height}: no two halves, its width is odd")
    half = sizes // (1, 2)
    if image_size is not None:
        sound = files.sound
        tell_enlarged(
            name, [((half[i, 1], half[i, 0]), files.names[i]) for i in np.flatnonzero(sound)], image_size
        )
        half[sound] = image_size

    def read(number: int) -> tuple[np.ndarray, ...]:
        parts = np.split(files.read(number)[0], 2, axis=1)
        return tuple(to_pixels(fit(from_pixels(part), image_size), kept) for part in parts)

    return replace(files, sizes=(half, half), channels=(kept, kept), read=read)


def with_sources(
    pictures: StoredPictures,
    make: Callable[[np.ndarray], tuple[Source, np.ndarray]],
    scale: int,
    channels: int,
) -> StoredPictures:
    """Returns items of a source that is made of each picture, and the picture.

    Args:
        pictures: the collection.
        make: maps a picture to a source and what remains of the picture.
        scale: by which a source is smaller; what it leaves over at the right and below is lost.
        channels: of the sources.
    """
    small = pictures.sizes[0] // scale
    sizes, both = (small, scale * small), (channels, *pictures.channels)
    return replace(pictures, sizes=sizes, channels=both, read=lambda number: make(*pictures.read(number)))


def stay_on_disk(
    name: str,
    stores: Sequence[Store | None],
    *,
    image_size: ImageSize | None,
    channels: int | None,
    stream: str,
    sides: float = 1,
) -> bool:
    """Decides whether pictures are decoded when they are asked for, see ``streams``.

    Args:
        name: the data set's name for messages.
        stores: the files of each collection; None: it is read into memory in any case.
        image_size: side of the pictures, or (height, width); None: they keep their sizes.
        channels: 1 or 3; None: as many as they have.
        stream: "on", "off" or "auto".
        sides: by how many times as much what is made of the pictures takes in memory.

    Raises:
        InputError: ``stream`` is "on" and there are no files.
    """
    if stream == "off":
        return False
    files = [store for store in stores if store is not None]
    if not files and stream == "on":
        raise InputError(f"{name}: stream=on is for pictures in files, this is kept in memory: leave it out")
    nbytes = sum(_estimated_bytes(store, image_size, channels) for store in files)
    return bool(files) and streams(name, round(sides * nbytes), stream)


def _estimated_bytes(store: Store, image_size: ImageSize | None, channels: int | None) -> float:
    """Returns about what the pictures of files take in memory, by the headers of some of them."""
    found = []
    for number in sampled_numbers(len(store.names)):
        with contextlib.suppress(Exception), store.open(int(number)) as file:  # damaged ones are named later
            width, height, own, *_ = read_header(file)
            size = (height, width) if image_size is None else height_and_width(image_size)
            found.append(size[0] * size[1] * (channels or own))
    return len(store.names) * np.mean(found) if found else 0
