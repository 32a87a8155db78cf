"""Masks from files, to learn to fill holes of their forms."""

import io
import logging
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.decoding import damage
from tfgan_ref.data.images.folder import open_folder
from tfgan_ref.data.images.masks import decode_mask
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.zip import open_zip
from tfgan_ref.data.pairs.picture_sources import unreadable
from tfgan_ref.errors import InputError, check_exists

logger = logging.getLogger(__name__)


def read_masks(path: str | Path, side: int) -> np.ndarray:
    """Reads the masks of a folder or zip archive, in sub-folders too, for ``hole`` of ``pair_batches``.

    What is known in a file is what ``read_mask`` takes for it. A mask of another size is scaled to the
    square, its sides apart, and each pixel is that of the mask which its middle falls into.

    Args:
        path: the folder or the archive.
        side: of the squares, in pixels, at least 1.

    Returns:
        bool (M, side, side), True for what is known, in the order of the files' names.

    Raises:
        InputError: there is no such folder or archive, no mask in it, or one that cannot be read, has no hole
            at that size, or has nothing but a hole.
    """
    path = Path(path).expanduser()
    name = f"masks {path}"
    check_exists(path, "a folder or a zip archive of masks")
    with unreadable(name):
        store = (open_folder if path.is_dir() else open_zip)(name, path, ReadOptions()).store
    masks = np.empty((len(store.names), side, side), bool)
    soft = []
    for number, file in enumerate(store.names):
        try:
            known, soft_pixels = decode_mask(io.BytesIO(store.read(number)))
        except Exception as error:  # damaged files make Pillow's decoders raise almost anything
            raise InputError(f"{name}: {file} cannot be read: {damage(error)}") from error
        masks[number] = _nearest(known, side)
        if masks[number].all() or not masks[number].any():
            what = "everything is known, so that there is no hole" if known.any() else "nothing is known"
            raise InputError(f"{name}: {file} at {side}x{side}: {what}")
        if soft_pixels:
            soft.append(file)
    if soft:
        logger.info(
            "%s: %d of %d have pixels less than half as bright as white, which count as black: %s%s",
            name, len(soft), len(masks), soft[0], ", ..." if len(soft) > 1 else "",
        )  # fmt: skip
    return masks


def _nearest(known: np.ndarray, side: int) -> np.ndarray:
    """Returns bool (H, W) scaled to (side, side): of each pixel, the one that its middle falls into."""
    rows, columns = ((2 * np.arange(side) + 1) * length // (2 * side) for length in known.shape)
    return known[np.ix_(rows, columns)]
