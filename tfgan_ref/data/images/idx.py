"""Files of MNIST's own format, idx: a header of big-endian numbers, then bytes."""

import contextlib
import gzip
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfgan_ref.data.images.array_forms import Form, array_on_disk
from tfgan_ref.data.images.arrays import ImageArrays, check_whole, fit_array, no_labels, present_classes
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.errors import InputError, reason

_PREFIXES = {"train": "train", "test": "t10k"}
_FILE = "{}-images-idx3-ubyte"
_UNSIGNED_BYTE = 0x08


def read_idx(name: str, path: Path, options: ReadOptions) -> ImageArrays:
    """Reads a folder of ``train-`` and ``t10k-images-idx3-ubyte`` files, or one such file by any name.

    Files may be gzipped. Labels are read from the file beside it whose name says ``labels-idx1`` in place of
    ``images-idx3``, if it is there.

    Args:
        name: the data set's name for messages.
        path: the folder or the images file.
        options: what is asked of them; a folder has the splits "train" and "test". See ``array_on_disk`` for
            what images must be to stay in the file.

    Raises:
        InputError: if a file is missing, damaged, or not of unsigned bytes in as many dimensions as it should
            have, or if there is no such split or, for ``labels_for``, no file of labels.
    """
    if path.is_dir():
        split = options.split
        if split not in _PREFIXES:
            raise InputError(f"{name}: split={split!r} does not exist, there are {', '.join(_PREFIXES)}")
        file = _images_file(path, split)
        if file is None:
            file_name = _FILE.format(_PREFIXES[split])
            raise InputError(f"{name}: there is no {file_name} (or {file_name}.gz) in this folder")
        whole = _images_file(path, "test") is None
    else:
        check_whole(name, options.split)
        if not path.exists():
            raise InputError(f"{name}: there is no such file or folder")
        file, whole = path, True
    labels_file = _labels_file(file)
    if options.labels_for and labels_file is None:
        raise no_labels(name, options.labels_for)
    images = None
    if options.stream != "off":
        images = array_on_disk(name, file, _form(name, file), options)
    if images is None:
        images = _read_array(name, file, dimensions=3)[..., np.newaxis]
        images = fit_array(name, images, options.image_size, options.channels)
    labels, class_names = None, ()
    if labels_file is not None:
        labels = _read_array(name, labels_file, dimensions=1)
        if len(labels) != len(images):
            raise InputError(
                f"{name}: {labels_file.name} has {len(labels)} labels, {file.name} has {len(images)} images"
            )
        labels, class_names = present_classes(name, labels)
    return ImageArrays(name, images, labels, class_names, whole=whole)


def _images_file(folder: Path, split: str) -> Path | None:
    file_name = _FILE.format(_PREFIXES[split])
    return _plain_or_gzipped(folder / file_name) or _plain_or_gzipped(
        folder / file_name.replace("-idx", ".idx")
    )


def _plain_or_gzipped(path: Path) -> Path | None:
    for file in (path, path.with_name(path.name + ".gz")):
        if file.is_file():
            return file
    return None


def _labels_file(images_file: Path) -> Path | None:
    plain = images_file.name.removesuffix(".gz")
    labels_name = plain.replace("images", "labels").replace("idx3", "idx1")
    return None if labels_name == plain else _plain_or_gzipped(images_file.with_name(labels_name))


def _form(name: str, file: Path) -> Form:
    """Returns where the images are in a file, and what they are."""
    with _opened(f"{name}: {file.name}", file) as stream:
        shape = _read_header(f"{name}: {file.name}", stream, dimensions=3)
        gzipped = isinstance(stream, gzip.GzipFile)
        start = stream.tell()
    if not gzipped and file.stat().st_size != start + math.prod(shape):
        raise InputError(
            f"{name}: {file.name} announces {'x'.join(map(str, shape))} bytes and holds "
            f"{file.stat().st_size - start}"
        )
    return Form(start, shape, np.dtype(np.uint8), packed="gunzip" if gzipped else "")


@contextlib.contextmanager
def _opened(file_name: str, file: Path) -> Iterator[BinaryIO]:
    """Opens a file, gzipped or not; whatever is wrong with it is an InputError."""
    try:
        with file.open("rb") as raw:
            gzipped = raw.read(2) == b"\x1f\x8b"
        with gzip.open(file) if gzipped else file.open("rb") as stream:
            yield stream
    except (OSError, EOFError, zlib.error, MemoryError, OverflowError) as error:
        raise InputError(f"{file_name} cannot be read ({reason(error)})") from error


def _read_array(name: str, file: Path, dimensions: int) -> np.ndarray:
    """Reads one idx file: uint8, of as many dimensions as asked, none of them 0."""
    with _opened(f"{name}: {file.name}", file) as stream:
        shape = _read_header(f"{name}: {file.name}", stream, dimensions)
        # One byte too many is enough to see that the file is too long.
        data = stream.read(math.prod(shape) + 1)
    if len(data) != math.prod(shape):
        found = "more" if len(data) > math.prod(shape) else len(data)
        raise InputError(f"{name}: {file.name} announces {'x'.join(map(str, shape))} bytes and holds {found}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_header(file: str, stream: BinaryIO, dimensions: int) -> tuple[int, ...]:
    """Reads the magic number (two zeros, the type, the number of dimensions) and the shape that follows."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise InputError(f"{file} is no idx file, it begins with bytes {magic.hex(' ') or '(none)'}")
    if magic[2] != _UNSIGNED_BYTE:
        raise InputError(f"{file} holds type 0x{magic[2]:02x}, allowed is 0x08, unsigned byte")
    if magic[3] != dimensions:
        raise InputError(f"{file} has {magic[3]} dimensions, it must have {dimensions}")
    sizes = stream.read(4 * dimensions)
    shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4))
    if len(sizes) < 4 * dimensions or 0 in shape:
        raise InputError(f"{file} announces shape {shape}, allowed are {dimensions} sizes of at least 1")
    return shape
