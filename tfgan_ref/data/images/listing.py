"""Which files are images, by their names."""

import functools
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

logger = logging.getLogger(__name__)

# What Pillow opens but does not draw itself, or not at all: other programs would do it, or nobody.
_NOT_DRAWN = ("BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF")


def is_image_name(path: Path) -> bool:
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


def tell_passed_over(name: str, others: list[Path]) -> None:
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
