"""Handwritten digits of scikit-learn in the form of MNIST, which need no download."""

import numpy as np
from PIL import Image

from tfgan_ref.data.images.arrays import ImageArrays, fit_array
from tfgan_ref.errors import InputError

# scikit-learn keeps the digits in the order of their 13 writers: the last 297 are by (almost) only other
# writers.
_TRAIN = 1500
_SPLITS = {"train": slice(0, _TRAIN), "test": slice(_TRAIN, None), "all": slice(None)}
# As in MNIST: the digit in a box of 20, in the middle of a frame of 28.
_BOX, _FRAME = 20, 28


def read_digits(*, image_size: int | None, channels: int | None, split: str) -> ImageArrays:
    """Reads the 1,797 digits (Alpaydin and Kaynak 1998) as white ink on black, 28x28 unless resized.

    Raises:
        InputError: if the split is none of train (1,500), test (297) and all.
    """
    if split not in _SPLITS:
        raise InputError(f"digits: split={split!r} does not exist, there are {', '.join(_SPLITS)}")
    from sklearn.datasets import load_digits

    digits = load_digits()
    values, labels = digits.images[_SPLITS[split]], digits.target[_SPLITS[split]]
    images = np.zeros((len(values), _FRAME, _FRAME, 1), np.uint8)
    margin = (_FRAME - _BOX) // 2
    inside = slice(margin, margin + _BOX)
    for image, ink in zip(images, values, strict=True):
        pixels = Image.fromarray(np.rint(ink * (255 / 16)).astype(np.uint8))
        image[inside, inside, 0] = np.asarray(pixels.resize((_BOX, _BOX), Image.Resampling.BICUBIC))
    return ImageArrays(
        "digits",
        fit_array("digits", images, image_size, channels),
        labels.astype(np.int32),
        tuple("0123456789"),
    )
