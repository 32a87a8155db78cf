"""Single pictures from files, neither resized nor converted, to score pairs and to apply models."""

import logging
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.decoding import decode_first, to_pixels
from tfgan_ref.data.images.listing import split_images, tell_passed_over
from tfgan_ref.errors import InputError, reason

logger = logging.getLogger(__name__)


def list_pictures(folder: Path) -> list[Path]:
    """Returns the image files directly in ``folder``, by name; how many other files there are is logged."""
    images, others = split_images(folder.iterdir())
    tell_passed_over(str(folder), others)
    return images


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

    Of several frames or pages the first is read, which a warning says.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of oddities in files that it reads well, and of sizes that `decode` refuses.
            warnings.simplefilter("ignore")
            image, frames = decode_first(path)
    except Exception as error:  # damaged files make Pillow's decoders raise almost anything
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    if frames > 1:
        logger.warning("%s has %d frames or pages: only the first is read", path, frames)
    return to_pixels(image)
