"""Which files are images, by their names."""

import functools
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath

from PIL import Image

from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)

# What Pillow opens but does not draw itself, or not at all: other programs would do it, or nobody.
_NOT_DRAWN = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF")


def is_image_name(path: PurePath) -> bool:
    """Returns whether ``path`` has a suffix of a format that Pillow reads."""
    return path.suffix.lower() in _suffixes()


@functools.cache
def _suffixes() -> frozenset[str]:
    formats = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in formats if name in Image.OPEN and name not in _NOT_DRAWN)


def is_image(path: Path) -> bool:
    """Returns whether ``path`` is a file, not hidden, whose name is that of an image.

    A link that leads nowhere is one too: a damaged file, not one to pass over in silence.
    """
    named = is_image_name(path) and not path.name.startswith(".")
    return named and (path.is_file() or (path.is_symlink() and not path.exists()))


def files_below(folder: Path) -> Iterator[Path]:
    """Yields the files in ``folder`` and its sub-folders; not those in hidden ones.

    Links to folders are followed, but not back to a folder in which they are.
    """
    for parent, folders, files in os.walk(folder, followlinks=True):
        above = {os.path.realpath(path) for path in (parent, *Path(parent).parents)}
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(parent, name)) not in above
        ]
        yield from (Path(parent, name) for name in files)


def split_images(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Returns those of ``paths`` that are images by their names, and the other files; sorted, none hidden."""
    images, others = [], []
    for path in sorted(paths):
        if is_image(path):
            images.append(path)
        elif path.is_file() and not path.name.startswith("."):
            others.append(path)
    return images, others


def by_folders(
    name: str, loose: list[PurePath], classes: Mapping[str, list[PurePath]], others: list[PurePath]
) -> tuple[list[PurePath], list[int], tuple[str, ...]]:
    """Returns image files, the class of each, and the names of the classes (none for loose files).

    Args:
        name: the data set's name for messages.
        loose: image files that are in no sub-folder.
        classes: those of each sub-folder, by its name.
        others: files that are no images.

    Raises:
        InputError: if there is no image, or if they are both loose and in sub-folders.
    """
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


def tell_passed_over(name: str, others: list[PurePath]) -> None:
    """Logs in one line how many files of ``name`` are passed over, as ``split_images`` returns them."""
    if others:
        suffixes = sorted({path.suffix.lower() or "none" for path in others})
        listed = ", ".join(suffixes[:5]) + (", ..." if len(suffixes) > 5 else "")
        files = "1 file is" if len(others) == 1 else f"{len(others)} files are"
        logger.info(f"{name}: {files} passed over, by the suffixes no images that Pillow reads: {listed}")


def tell_several(name: str, several: list[str], count: int) -> None:
    """Warns in one line of files, of ``count`` in all, that have several frames or pages."""
    if several:
        logger.warning(
            f"{name}: {len(several)} of {count} files have several frames or pages, of which the first "
            f"is read: {several[0]}{', ...' if len(several) > 1 else ''}"
        )
