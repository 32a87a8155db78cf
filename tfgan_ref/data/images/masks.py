"""Masks from files: which pixels of a picture are known."""

import logging
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ImageOps

from tfgan_ref.data.images.decoding import ImageFile, check_wide, is_wide, open_image
from tfgan_ref.errors import InputError, reason

logger = logging.getLogger(__name__)

# Formats that change values, so that small ones are noise and no labels.
_LOSSY = ("AVIF", "JPEG", "JPEG2000", "MPO", "WEBP")


class _Decoded(NamedTuple):
    """A mask file.

    Attributes:
        values: float (H, W) in [0, 1], of the brightest channel.
        opaque: bool (H, W).
        coloured: whether it has a palette of colours.
        lossy: whether its format changes values.
    """

    values: np.ndarray
    opaque: np.ndarray
    coloured: bool
    lossy: bool


def read_mask(path: Path, *, invert: bool = False) -> np.ndarray:
    """Reads a mask file, of any kind that ``read_picture`` reads, as bool (H, W): True for what is known.

    The one place where grey becomes known or missing: where arrays are taken as masks, all but 0 is known.

    Known is what is opaque and at least half as bright as white, in its brightest channel. In label maps all
    but 0 is known: these are files with a palette of colours, and files without loss whose values, of 8 or 16
    bits, are all below half of the range. Soft edges, and masks of which all or nothing is known, are said.

    Args:
        path: the file.
        invert: whether the mask says what is missing instead.

    Raises:
        InputError: it cannot be read.
    """
    try:
        known, soft = decode_mask(path)
    except Exception as error:  # damaged files make Pillow's decoders raise almost anything
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    if invert:
        known = ~known
    if known.all():
        logger.warning("%s: everything is known, so that nothing is filled", path)
    elif not known.any():
        logger.warning("%s: nothing is known, so that the whole picture is filled", path)
    elif soft:
        logger.info("%s: %d pixels are less than half as bright as white, which counts as black", path, soft)
    return known


def decode_mask(file: ImageFile) -> tuple[np.ndarray, int]:
    """Decodes a mask file as ``read_mask`` does, without a word.

    Returns:
        What is known, bool (H, W), and the number of pixels of soft edges.

    Raises:
        Exception: whatever Pillow raises for a damaged file.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as `read_picture`
        mask = _decode(file)
    labels = mask.coloured or (not mask.lossy and mask.values.max(where=mask.opaque, initial=0) < 0.5)
    known = ((mask.values > 0) if labels else (mask.values >= 0.5)) & mask.opaque
    soft = 0 if labels or mask.lossy else int(((mask.values > 0) & (mask.values < 0.5)).sum())
    return known, soft


def _decode(file: ImageFile) -> _Decoded:
    with open_image(file) as opened:
        lossy = opened.format in _LOSSY
        image = ImageOps.exif_transpose(opened)
        opaque = np.ones((image.height, image.width), bool)
        if is_wide(image):
            return _Decoded(np.asarray(image) / check_wide(image), opaque, coloured=False, lossy=lossy)
        palette = image.mode == "P"
        if image.has_transparency_data:
            image = image.convert("RGBA")
            opaque = np.asarray(image)[..., 3] >= 128
        colours = np.asarray(image.convert("RGB"))
    coloured = palette and bool((colours != colours[..., :1]).any())
    return _Decoded(colours.max(axis=-1) / 255, opaque, coloured, lossy)
