"""Pictures of any sizes by the name of a data set, read into memory."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.decoding import from_pixels, to_pixels, warn_enlarged
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.photographs import PHOTOGRAPHS, read_photographs
from tfgan_ref.data.images.sources import ENCODED, check_form, read
from tfgan_ref.data.images.stored import decode_stored
from tfgan_ref.data.images.tfds import find_builder, open_tfds_pictures, read_tfds_pictures
from tfgan_ref.data.streams.stores import Store
from tfgan_ref.errors import InputError, reason

Pictures = tuple[np.ndarray, ...]
Names = tuple[str, ...]
# One picture as read: pixels after fitting, width and height before it, name.
Read = tuple[np.ndarray, tuple[int, int], str]


def read_pictures(
    name: str,
    *,
    channels: int | None = None,
    split: str = "train",
    data_dir: str | Path | None = None,
    image_size: int | None = None,
    store: Store | None = None,
) -> tuple[Pictures, Names]:
    """Reads pictures into memory, which, unlike those of ``read``, may be of different sizes.

    Args:
        name: ``folder:PATH``, ``zip:PATH``, ``tfrecord:PATH``, ``photographs`` (the eight that come with
            scikit-image), a data set of tensorflow-datasets with images in its feature ``image`` or ``hr``
            (``div2k``), or any other name that ``read`` takes.
        channels: 1 or 3; None is 3 if any picture is coloured, else 1.
        split: as for ``read``.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        image_size: at least 4: the short side is scaled to it and the square in the middle kept. None keeps
            the sizes.
        store: what ``open_pictures`` found; None: it is called.

    Returns:
        uint8 (H, W, C) each, and what to call them in messages.

    Raises:
        InputError: if the name is unknown, an argument out of range, or the data cannot be read or used.
    """
    check_form(image_size, channels)
    store = store or open_pictures(name, split, data_dir, image_size=image_size)
    if store is not None:
        with unreadable(name):
            decoded = decode_stored(name, store, image_size)
            pictures = [(pixels, size, store.names[i]) for i, pixels, size in decoded]
    elif name == PHOTOGRAPHS:
        pictures = read_photographs(image_size=image_size, split=split)
    elif builder := find_builder(name, data_dir):
        found = read_tfds_pictures(name, builder, image_size=image_size, split=split, data_dir=data_dir)
        pictures = [(*picture, f"image {i}") for i, picture in enumerate(found)]
    else:
        images = read(name, image_size=image_size, channels=channels, split=split, data_dir=data_dir).images
        return tuple(images), tuple(f"image {i}" for i in range(len(images)))
    tell_enlarged(name, [picture[1:] for picture in pictures], image_size)
    return same_channels((pixels for pixels, _, _ in pictures), channels), tuple(p[2] for p in pictures)


def open_pictures(
    name: str, split: str, data_dir: str | Path | None, *, image_size: int | None, stream: str = "off"
) -> Store | None:
    """Returns the files of pictures; None of what has none, and of prepared data that are to be in memory.

    Args:
        name: see ``read_pictures``.
        split: as for ``read``.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        image_size: as for ``read_pictures``.
        stream: whether they stay on disk, "on", "off" or "auto".

    Raises:
        InputError: there are no such data, no such split, or no picture in them.
    """
    kind, _, path = name.partition(":")
    if kind in ENCODED and path:
        with unreadable(name):
            return ENCODED[kind](name, Path(path).expanduser(), ReadOptions(split=split)).store
    if name in ("digits", PHOTOGRAPHS) or not (builder := find_builder(name, data_dir)):
        return None
    form = {"image_size": image_size, "split": split, "data_dir": data_dir, "stream": stream}
    return open_tfds_pictures(name, builder, **form)


def same_channels(pictures: Iterable[np.ndarray], channels: int | None) -> Pictures:
    """Converts pictures, uint8 (H, W, 1 or 3), to 1 or 3 channels; None is 3 if any has 3."""
    pictures = tuple(pictures)
    channels = channels or max(pixels.shape[-1] for pixels in pictures)
    return tuple(
        pixels if pixels.shape[-1] == channels else to_pixels(from_pixels(pixels), channels)
        for pixels in pictures
    )


def tell_enlarged(name: str, pictures: list[tuple[tuple[int, int], str]], image_size: int | None) -> None:
    """Warns in one line if pictures, by width and height and name, are enlarged to ``image_size``."""
    if image_size is None:
        return
    enlarged = [(min(size), size, file) for size, file in pictures if min(size) < image_size]
    if enlarged:
        _, size, file = min(enlarged)
        warn_enlarged(name, len(enlarged), len(pictures), image_size, size, file)


@contextlib.contextmanager
def unreadable(name: str) -> Iterator[None]:
    """Raises InputError for errors of the file system inside (no permission, a broken disk, "~nobody")."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise InputError(f"{name}: cannot be read ({reason(error)})") from error
