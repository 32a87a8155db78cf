"""Image files in a zip archive: in folders by class, or with StyleGAN's ``dataset.json``."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from tfgan_ref.data.images.arrays import check_whole, no_labels
from tfgan_ref.data.images.listing import by_folders, is_image_name, tell_passed_over
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.stored import Listed
from tfgan_ref.data.streams.archive import Directory, ZipStore, read_directory
from tfgan_ref.data.streams.stores import Changed
from tfgan_ref.errors import InputError, reason

logger = logging.getLogger(__name__)

LABELS = "dataset.json"


def open_zip(name: str, path: Path, options: ReadOptions) -> Listed:
    """Lists the images in a zip archive, which is not unpacked.

    Classes are the folders in it, as ``open_folder`` takes them; a folder that holds all there is is none.
    If there is a ``dataset.json`` beside them, as NVIDIA's ``dataset_tool.py`` for StyleGAN writes it, it
    says the class of each image, ``{"labels": [["00000/img00000000.png", 6], ...]}``, or ``"labels": null``.

    Args:
        name: the data set's name for messages.
        path: the archive, of files that are stored or deflated.
        options: what is asked of it.

    Raises:
        InputError: if there is no such archive or split, it is damaged, encrypted or compressed in another
            way, or for what ``open_folder`` refuses.
    """
    check_whole(name, options.split)
    directory = read_directory(name, path)
    files = _visible(directory)
    if (labels_path := PurePosixPath(LABELS)) in files:
        listed, labels, class_names = _by_list(name, path, directory, files, files[labels_path])
    else:
        listed, labels, class_names = _by_folders(name, files)
    if options.labels_for and labels is None:
        raise no_labels(name, options.labels_for)
    entries = [directory.entries[files[file]] for file in listed]
    return Listed(ZipStore(name, path, entries, directory.known), labels, class_names)


def _visible(directory: Directory) -> dict[PurePosixPath, int]:
    """Returns the numbers of the entries that are not hidden, by their paths below what holds them all."""
    paths = [
        ([part for part in entry.filename.split("/") if part not in ("", ".")], number)
        for number, entry in enumerate(directory.entries)
    ]
    paths = [
        (parts, number)
        for parts, number in paths
        # The last one is what macOS adds.
        if parts and parts[0] != "__MACOSX" and not any(part.startswith(".") for part in parts)
    ]
    while len({parts[0] for parts, _ in paths}) == 1 and all(len(parts) > 1 for parts, _ in paths):
        paths = [(parts[1:], number) for parts, number in paths]
    return {PurePosixPath(*parts): number for parts, number in sorted(paths)}


def _by_folders(
    name: str, files: Mapping[PurePosixPath, int]
) -> tuple[list[PurePosixPath], np.ndarray | None, tuple[str, ...]]:
    """Returns the images, their labels, and the names of the classes, as ``by_folders``."""
    loose, others, classes = [], [], {}
    for file in files:
        if len(file.parts) > 1:
            classes.setdefault(file.parts[0], [])
        if not is_image_name(file):
            others.append(file)
        elif len(file.parts) > 1:
            classes[file.parts[0]].append(file)
        else:
            loose.append(file)
    listed, labels, class_names = by_folders(name, loose, classes, others)
    return listed, np.array(labels) if class_names else None, class_names


def _by_list(
    name: str, path: Path, directory: Directory, files: Mapping[PurePosixPath, int], number: int
) -> tuple[list[PurePosixPath], np.ndarray | None, None]:
    """Returns the images, and their labels by ``dataset.json``, which is the entry of this number.

    Raises:
        InputError: it is not as described, does not name an image, or there is none.
    """
    store = ZipStore(name, path, [directory.entries[number]], directory.known)
    try:
        labels = json.loads(store.read(0))["labels"]
        given = None if labels is None else dict(labels)
    except (OSError, Changed, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f'{name}: {LABELS} is not {{"labels": [["PATH", CLASS], ...]}} or {{"labels": null}} '
            f"({reason(error)})"
        ) from error
    listed = [file for file in files if is_image_name(file)]
    tell_passed_over(name, [file for file in files if not is_image_name(file) and file.name != LABELS])
    if not listed:
        raise InputError(f"{name}: no images there, by the suffixes that Pillow reads")
    if given is None:
        return listed, None, None
    return listed, np.array([_class_of(name, given, file) for file in listed]), None


def _class_of(name: str, labels: Mapping[str, Any], file: PurePosixPath) -> int:
    label = labels.get(str(file))
    if label is None:
        raise InputError(f"{name}: {LABELS} names no class of {file}")
    if type(label) is not int:
        raise InputError(f"{name}: {LABELS} has {label!r} for {file}: a class is a whole number from 0 up")
    return label
