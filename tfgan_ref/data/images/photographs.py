"""Photographs that come with scikit-image and need no download."""

import numpy as np

from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.data.images.decoding import Collection, ImageSize, fit, from_pixels, to_pixels
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.errors import InputError, reason

PHOTOGRAPHS = "photographs"
# Those that are files in scikit-image's wheel, from 451x300 to 1411x1411 pixels; only `camera` is grey.
_NAMES = (
    "astronaut",
    "camera",
    "chelsea",
    "coffee",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "rocket",
)


def read_photographs(
    *, image_size: ImageSize | None, split: str
) -> list[tuple[np.ndarray, tuple[int, int], str]]:
    """Reads the eight photographs.

    Args:
        image_size: side of the squares, or (height, width), to scale and crop to; None keeps the sizes.
        split: "train", all of them.

    Returns:
        For each, uint8 (H, W, 1 or 3) after fitting, (width, height) before it, and its name.

    Raises:
        InputError: if there is no such split, or this scikit-image lacks a photograph.
    """
    if split != "train":
        raise InputError(f"{PHOTOGRAPHS}: split={split!r} does not exist, there is train")
    from skimage import data

    photographs = []
    for name in _NAMES:
        try:
            image = from_pixels(np.atleast_3d(getattr(data, name)()))
        except Exception as error:  # scikit-image would try to download a file that it lacks
            raise InputError(
                f"{PHOTOGRAPHS}: this scikit-image does not hold {name} ({reason(error)})"
            ) from error
        photographs.append((to_pixels(fit(image, image_size)), image.size, name))
    return photographs


def read_photograph_arrays(options: ReadOptions) -> ImageArrays:
    """Reads the photographs as squares of one size.

    Raises:
        InputError: there is no ``image_size`` (their sizes differ), or see ``read_photographs``.
    """
    size = options.image_size
    photographs = read_photographs(image_size=size, split=options.split)
    collection = Collection(
        PHOTOGRAPHS, size, capacity=len(photographs), channels=options.channels, named=True
    )
    for pixels, size_before, name in photographs:
        collection.add(pixels, size_before, name)
    return ImageArrays(PHOTOGRAPHS, collection.to_array(), whole=True)
