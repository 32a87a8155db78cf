"""Images with missing pixels, for training on incomplete data."""

from dataclasses import replace
from numbers import Real

import numpy as np

from tfgan_ref.data.checks import whole_number
from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.errors import InputError

GREY = 128  # what stands where a pixel is missing


def remove_pixels(arrays: ImageArrays, share: float, seed: int) -> ImageArrays:
    """Takes away each pixel with probability ``share``: one fixed mask for each image.

    The masks are those of NumPy's generator with ``seed``; pixels that are missing already stay so. What is
    taken away is gone from the images too.

    Args:
        arrays: the images.
        share: probability of losing a pixel, in all channels at once; above 0 and below 1.
        seed: of the masks, any whole number from 0 up.

    Raises:
        InputError: ``share`` or ``seed`` is out of range, or not a pixel would be left.
    """
    whole_number("seed", seed, 0)
    if not (isinstance(share, Real) and 0 < share < 1):
        raise InputError(f"share {share!r} of missing pixels is out of range: above 0 and below 1")
    rng = np.random.default_rng(seed)
    masks = np.empty(arrays.images.shape[:3], bool)
    for mask in masks:  # one image at a time: the draws of all take eight times the images' memory
        mask[...] = rng.random(mask.shape) >= share
    if arrays.masks is not None:
        masks &= arrays.masks
    return replace(arrays, images=np.where(masks[..., None], arrays.images, np.uint8(GREY)), masks=masks)
