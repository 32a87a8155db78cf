"""Images in a file of one array, in NumPy's format."""

from pathlib import Path

import numpy as np

from tfgan_ref.data.images.array_forms import array_on_disk, npy_form, unreadable
from tfgan_ref.data.images.arrays import ImageArrays, check_whole, no_labels
from tfgan_ref.data.images.npz import to_images
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.errors import InputError


def read_npy(name: str, path: Path, options: ReadOptions) -> ImageArrays:
    """Reads images, as ``images`` of ``read_npz``, from the array of an npy file; they have no labels.

    Args:
        name: the data set's name for messages.
        path: the file.
        options: what is asked of them. See ``array_on_disk`` for what images must be to stay in the file.

    Raises:
        InputError: if there is no such file or split, it is damaged or holds Python objects (which are never
            loaded), the array is not as described, or something needs labels.
    """
    check_whole(name, options.split)
    if not path.is_file():
        raise InputError(f"{name}: there is no such file")
    if options.labels_for:
        raise no_labels(name, options.labels_for)
    if options.stream != "off":
        images = array_on_disk(name, path, npy_form(name, path), options)
        if images is not None:
            return ImageArrays(name, images, whole=True)
    try:
        array = np.load(path, allow_pickle=False)
    except Exception as error:  # damaged files raise errors of many types
        raise unreadable(name, error) from None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name}: is an archive of arrays: name it npz:{path}")
    images, masks = to_images(name, array, None, options)
    return ImageArrays(name, images, masks=masks, whole=True)
