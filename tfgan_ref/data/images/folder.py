"""Image files in a folder, with one sub-folder per class or without classes."""

from pathlib import Path

import numpy as np

from tfgan_ref.data.images.arrays import check_whole, no_labels
from tfgan_ref.data.images.listing import by_folders, files_below, split_images
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.stored import Listed
from tfgan_ref.data.streams.stores import FolderStore
from tfgan_ref.errors import InputError


def open_folder(name: str, path: Path, options: ReadOptions) -> Listed:
    """Lists the images in a folder; hidden files, and files that are no images by their names, are left out.

    Classes are the sub-folders that hold images (at any depth, links to folders included), in the order of
    their names.

    Args:
        name: the data set's name for messages.
        path: the folder.
        options: what is asked of it.

    Raises:
        InputError: if there is no such folder or split, no image, images both in the folder and in its
            sub-folders, or no sub-folders for ``labels_for``.
    """
    check_whole(name, options.split)
    check_folder(name, path)
    files, labels, class_names = list_files(name, path)
    if options.labels_for and not class_names:
        raise no_labels(name, options.labels_for)
    return Listed(FolderStore(path, files), np.array(labels) if class_names else None, class_names)


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
