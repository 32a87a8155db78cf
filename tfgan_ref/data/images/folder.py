"""Image files in a folder, with one sub-folder per class or without classes."""

from pathlib import Path

import numpy as np

from tfgan_ref.data.images.arrays import ImageArrays, check_whole, no_labels
from tfgan_ref.data.images.decoding import ImageSize
from tfgan_ref.data.images.listing import by_folders, files_below, split_images
from tfgan_ref.data.images.stored import read_stored
from tfgan_ref.data.streams.stores import FolderStore
from tfgan_ref.errors import InputError


def read_folder(
    name: str,
    path: Path,
    *,
    image_size: ImageSize | None,
    channels: int | None,
    split: str,
    labels_for: str | None = None,
    stream: str = "off",
    cache: str | Path | None = None,
) -> ImageArrays:
    """Reads a folder of images; hidden files, and files that are no images by their names, are left out.

    Classes are the sub-folders that hold images (at any depth, links to folders included), in the order of
    their names. A damaged file is named in a warning and left out.

    Args:
        name: the data set's name for messages.
        path: the folder.
        image_size: side of the squares, or (height, width), to scale and crop to; None if all images
            have one size.
        channels: 1 or 3; None is 3 if any image is coloured, else 1.
        split: "train", the whole folder.
        labels_for: what needs labels, "recipe cgan": without them nothing is decoded; None: nothing does.
        stream: whether the images stay on disk, see ``streams``.
        cache: folder of decoded images, see ``CachedRows``; None: none is kept.

    Raises:
        InputError: if there is no such folder or split, no image, images both in the folder and in its
            sub-folders, images of different sizes without ``image_size``, no sub-folders for ``labels_for``,
            or if more than 1 % of the files are damaged.
    """
    check_whole(name, split)
    check_folder(name, path)
    files, labels, class_names = list_files(name, path)
    if labels_for and not class_names:
        raise no_labels(name, labels_for)
    return read_stored(
        name,
        FolderStore(path, files),
        np.array(labels) if class_names else None,
        class_names,
        image_size=image_size,
        channels=channels,
        stream=stream,
        cache=cache,
    )


def check_folder(name: str, path: Path) -> None:
    """Raises InputError unless ``path`` is a folder."""
    if not path.is_dir():
        raise InputError(
            f"{name}: {'is a file, not a folder' if path.exists() else 'there is no such folder'}"
        )


def list_files(name: str, path: Path) -> tuple[list[Path], list[int], tuple[str, ...]]:
    """Returns the image files, the class of each, and the names of the classes (none for loose files).

    Raises:
        InputError: if there is no image, or if they are both in the folder and in its sub-folders.
    """
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    loose, others = split_images(entries)
    classes = {}
    for entry in entries:
        if entry.is_dir() and not path.resolve().is_relative_to(entry.resolve()):
            classes[entry.name], more = split_images(files_below(entry))
            others += more
    return by_folders(name, loose, classes, others)
