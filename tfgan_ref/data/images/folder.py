"""Image files in a folder, with one sub-folder per class or without classes."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.arrays import ImageArrays, check_whole, no_labels, present_classes
from tfgan_ref.data.images.decoding import Collection, ImageSize, decode_first, fit, to_pixels
from tfgan_ref.data.images.listing import files_below, split_images, tell_passed_over
from tfgan_ref.data.streams.pictures import stored_pictures
from tfgan_ref.data.streams.stores import FolderStore
from tfgan_ref.errors import InputError, reason

logger = logging.getLogger(__name__)

_LARGEST_BAD_SHARE = 0.01
_NAMED_BAD_FILES = 10
_FILES_WORTH_A_PROGRESS_BAR = 3000

# Pixels, size before fitting, what is wrong with the file ("" if nothing), and its frames or pages.
_Read = tuple[np.ndarray | None, tuple[int, int], str, int]


def read_folder(
    name: str,
    path: Path,
    *,
    image_size: ImageSize | None,
    channels: int | None,
    split: str,
    labels_for: str | None = None,
    stream: str = "off",
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
    rows = stored_pictures(name, FolderStore(path, files), image_size, channels, stream)
    if rows is not None:
        classes = present_classes(name, np.array(labels), class_names) if class_names else ()
        return ImageArrays(name, rows, *classes, whole=True)
    collection = Collection(name, image_size, capacity=len(files), channels=channels, named=True)
    kept = []
    with closing(decode_files(name, path, files, image_size)) as decoded:  # an error stops the threads
        for i, pixels, size in decoded:
            collection.add(pixels, size, str(files[i].relative_to(path)))
            kept.append(i)
    images = collection.to_array()
    if not class_names:
        return ImageArrays(name, images, whole=True)
    return ImageArrays(name, images, *present_classes(name, np.array(labels)[kept], class_names), whole=True)


def check_folder(name: str, path: Path) -> None:
    """Raises InputError unless ``path`` is a folder."""
    if not path.is_dir():
        raise InputError(
            f"{name}: {'is a file, not a folder' if path.exists() else 'there is no such folder'}"
        )


def decode_files(
    name: str, path: Path, files: list[Path], image_size: ImageSize | None
) -> Iterator[tuple[int, np.ndarray, tuple[int, int]]]:
    """Reads image files; a damaged one is named in a warning and left out.

    Args:
        name: the data set's name for messages.
        path: the folder in which the files are, for their names in messages.
        files: what to read.
        image_size: side of the squares, or (height, width), to scale and crop to; None keeps the sizes.

    Yields:
        The file's index in ``files``, uint8 (H, W, 1 or 3) after fitting, and (width, height) before it.

    Raises:
        InputError: at the end, if more than 1 % of the files are damaged.
    """
    bad, several = [], []
    with closing(_decode_all(files, image_size)) as decoded:
        for i, (pixels, size, error, frames) in enumerate(decoded):
            if frames > 1:
                several.append(files[i])
            if pixels is None:
                bad.append(f"{files[i].relative_to(path)} ({error})")
            else:
                yield i, pixels, size
    _judge(name, bad, len(files))
    if several:
        logger.warning(
            f"{name}: {len(several)} of {len(files)} files have several frames or pages, of which the first "
            f"is read: {several[0].relative_to(path)}{', ...' if len(several) > 1 else ''}"
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
    tell_passed_over(name, others)
    full = {class_name: files for class_name, files in classes.items() if files}
    if loose and full:
        raise InputError(
            f"{name}: holds loose images ({loose[0].name}) beside sub-folders of images "
            f"({next(iter(full))}): put every image into the sub-folder of its class, or all into one folder"
        )
    if loose:
        return loose, [], ()
    if not full:
        raise InputError(f"{name}: no images there or in its sub-folders, by the suffixes that Pillow reads")
    if len(full) < len(classes):
        empty = ", ".join(class_name for class_name in classes if class_name not in full)
        logger.warning(f"{name}: sub-folders without images are no classes: {empty}")
    files = [file for files in full.values() for file in files]
    labels = [label for label, files in enumerate(full.values()) for _ in files]
    return files, labels, tuple(full)


def _decode_all(files: list[Path], image_size: ImageSize | None) -> Iterator[_Read]:
    """Yields what is read of each file."""
    from tqdm import tqdm

    def decode_one(file: Path) -> _Read:
        try:
            image, frames = decode_first(file)
            return to_pixels(fit(image, image_size)), image.size, "", frames
        except Exception as error:  # damaged files make Pillow's decoders raise almost anything
            return None, (0, 0), reason(error).replace(f" {str(file)!r}", ""), 0

    # Filters belong to the process, so they are set here and not in each thread. Pillow warns of oddities in
    # files that it reads well, and of sizes that `decode` refuses.
    with warnings.catch_warnings(), ThreadPool(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")
        # None shows the bar on terminals only.
        quiet = None if len(files) >= _FILES_WORTH_A_PROGRESS_BAR else True
        yield from tqdm(
            pool.imap(decode_one, files), desc="reading images", total=len(files), unit="", disable=quiet
        )


def _judge(name: str, bad: list[str], n: int) -> None:
    """Names the damaged files: in warnings if they are few, in an error if they are more than 1 %."""
    if len(bad) > _LARGEST_BAD_SHARE * n:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise InputError(
            f"{name}: {len(bad)} of {n} images cannot be read, more than 1 %: {', '.join(bad[:3])}{more}"
        )
    for file in bad[:_NAMED_BAD_FILES]:
        logger.warning(f"{name}: left out, cannot be read: {file}")
    if bad:
        logger.warning(f"{name}: {len(bad)} of {n} images cannot be read and are left out")
