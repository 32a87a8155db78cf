"""Single pictures from files, neither resized nor converted, to score pairs and to apply models."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.decoding import decode, is_image, to_pixels
from tfgan_ref.errors import InputError, reason


def list_pictures(folder: Path) -> list[Path]:
    """Returns the image files directly in ``folder``, by name; hidden files are left out."""
    return sorted(filter(is_image, folder.iterdir()))


def by_stem(files: Iterable[Path]) -> dict[str, Path]:
    """Returns files by their names less suffix, by which pictures find their partners.

    Raises:
        InputError: two have the same.
    """
    found: dict[str, Path] = {}
    for file in files:
        if file.stem in found:
            raise InputError(f"{found[file.stem]} and {file.name} would have the same partner")
        found[file.stem] = file
    return found


def read_picture(path: Path) -> np.ndarray:
    """Reads an image file as uint8 (H, W, 1 or 3), turned as EXIF says, transparency shown on white.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of oddities in files that it reads well, and of sizes that `decode` refuses.
            warnings.simplefilter("ignore")
            return to_pixels(decode(path))
    except Exception as error:  # damaged files make Pillow's decoders raise almost anything
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
