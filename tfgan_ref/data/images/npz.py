"""Images and labels in a NumPy archive."""

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.arrays import GREY, ImageArrays, check_whole, fit_array, numbered_classes
from tfgan_ref.data.images.decoding import from_sixteen_bits
from tfgan_ref.data.pipeline import shareable
from tfgan_ref.errors import InputError, reason

# Arithmetic leaves a 1.0000001 or a -0.0000001 in images that are meant to lie in [0, 1].
_ROUNDING = 1e-6
_BLOCK = 1024


def read_npz(
    name: str, path: Path, *, image_size: int | None, channels: int | None, split: str
) -> ImageArrays:
    """Reads ``images`` and, if they are there, ``labels``, ``class_names`` and ``masks`` of an npz file.

    ``images`` is (N, H, W) or (N, H, W, C) with 1, 3 or 4 (RGBA) channels, uint8, uint16, or floats in [0, 1]
    or, if any is negative, [-1, 1]. ``labels`` is (N,) of whole numbers from 0 up; without ``class_names``,
    strings, the classes are named by their numbers. ``masks`` is (N, H, W) or (N, H, W, 1) of bool, or of
    whole numbers 0 and 1: true where the pixel was observed. Without ``masks``, pixels of float images that
    are NaN in all channels are missing. What the file holds at missing pixels is not used: they come as mid
    grey. Images with missing pixels cannot be resized.

    Args:
        name: the data set's name for messages.
        path: the file.
        image_size: side of the squares to scale and crop to; None keeps the size.
        channels: 1 or 3; None keeps the channels.
        split: "train", the whole file.

    Raises:
        InputError: if there is no such file or split, if the file is damaged or holds Python objects (which
            are never loaded), or if an array is not as described.
    """
    check_whole(name, split)
    arrays = load_arrays(name, path, required=("images",), optional=("labels", "class_names", "masks"))
    labels, class_names, masks = (arrays.get(key) for key in ("labels", "class_names", "masks"))
    images = _with_channels(name, arrays["images"])
    masks = _observed(name, images, masks)
    if masks is not None:
        if image_size is not None and images.shape[1:3] != (image_size, image_size):
            raise InputError(f"{name}: images with masks cannot be resized: leave image_size out")
        if np.issubdtype(images.dtype, np.floating):
            # Marks such as NaN, -1 or 255 must not decide which range the images lie in; 0 is in both.
            images[~masks] = 0
    images = _to_uint8(name, images)
    if labels is not None:
        labels = _class_numbers(name, labels)
    names = _class_names(name, class_names, labels)
    fitted = fit_array(name, images, image_size, channels)
    if masks is not None:
        fitted = np.where(masks[..., np.newaxis], fitted, np.uint8(GREY))
    return ImageArrays(name, fitted, labels, names, masks)


def load_arrays(
    name: str, path: Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Returns arrays of an npz file by their keys, without those ``optional`` ones that it does not hold.

    Raises:
        InputError: if there is no such file, if it is damaged or holds Python objects (which are never
            loaded), or if a ``required`` key is missing.
    """
    if not path.is_file():
        raise InputError(f"{name}: there is no such file")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{name}: is no npz file (a zip archive of arrays), or is cut off")
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys = set(archive.files)
            for key in required:
                if key not in keys:
                    found = ", ".join(sorted(keys)[:10]) or "no keys"
                    raise InputError(f"{name}: has no key {key!r}, found {found}")
            # What is not in NumPy's format comes as bytes.
            return {key: np.asarray(archive[key]) for key in (*required, *optional) if key in keys}
    except InputError:
        raise
    except Exception as error:  # damaged zip, deflate and npy data each raise errors of their own
        if "allow_pickle" in str(error):
            raise InputError(f"{name}: holds pickled Python objects, which are never loaded") from None
        raise InputError(f"{name}: cannot be read ({reason(error)})") from None


def _observed(name: str, images: np.ndarray, masks: np.ndarray | None) -> np.ndarray | None:
    """Returns where pixels were observed, bool (N, H, W), by ``masks`` or by NaN; None if all were."""
    # The minimum is NaN if any value is: complete images need no array of comparisons.
    some_nan = np.issubdtype(images.dtype, np.floating) and bool(np.isnan(images.min()))
    if masks is None:
        return _observed_by_nan(name, images) if some_nan else None
    if some_nan:
        raise InputError(f"{name}: has masks and NaN in images: say by one of them which pixels are missing")
    shape = images.shape[:3]
    if (
        masks.shape not in (shape, (*shape, 1))
        or masks.dtype.kind not in "biu"
        or not np.isin(masks, (0, 1)).all()
    ):
        raise InputError(
            f"{name}: masks are {masks.dtype} of shape {masks.shape}, "
            f"they must be bool, or 0 and 1 as whole numbers, of shape {shape}"
        )
    return masks.reshape(shape).astype(bool)


def _observed_by_nan(name: str, images: np.ndarray) -> np.ndarray:
    nan = np.isnan(images)
    missing = nan.all(axis=-1)
    partly = int(np.count_nonzero(nan.any(axis=-1) & ~missing))
    if partly:
        raise InputError(
            f"{name}: {partly} pixels are NaN in some channels only, a missing pixel must be NaN in all"
        )
    return ~missing


def _with_channels(name: str, images: np.ndarray) -> np.ndarray:
    shape = images.shape
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or 0 in shape:
        raise InputError(f"{name}: images have shape {shape}, allowed are (N, H, W) and (N, H, W, 1, 3 or 4)")
    return images


def _to_uint8(name: str, images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    if images.dtype == np.uint16:
        return _in_blocks(images, from_sixteen_bits)
    if not np.issubdtype(images.dtype, np.floating):
        raise InputError(f"{name}: images are {images.dtype}, allowed are uint8, uint16 and floats")
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise InputError(f"{name}: images hold infinite values")
    if low < -1 - _ROUNDING or high > 1 + _ROUNDING:
        raise InputError(
            f"{name}: float images lie in [{low:g}, {high:g}], allowed are [0, 1] and [-1, 1] "
            "(images in [0, 255] are to be saved as uint8)"
        )
    # [-1, 1] or [0, 1] to [0, 255]
    scale, offset = (127.5, 1.0) if low < -_ROUNDING else (255.0, 0.0)
    return _in_blocks(
        images,
        lambda block: np.rint(np.clip((block.astype(np.float32) + offset) * scale, 0, 255)).astype(np.uint8),
    )


def _in_blocks(images: np.ndarray, convert: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Converts some images at a time: the steps in between need several times the memory."""
    result = shareable(np.empty(images.shape, np.uint8), copy=False)
    for start in range(0, len(images), _BLOCK):
        result[start : start + _BLOCK] = convert(images[start : start + _BLOCK])
    return result


def _class_numbers(name: str, labels: np.ndarray) -> np.ndarray:
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or not len(labels):
        raise InputError(
            f"{name}: labels are {labels.dtype} of shape {labels.shape}, "
            "they must be whole numbers of shape (N,)"
        )
    numbered_classes(name, labels)  # before int32 could wrap a large number round
    return labels.astype(np.int32)


def _class_names(name: str, class_names: np.ndarray | None, labels: np.ndarray | None) -> tuple[str, ...]:
    if class_names is None:
        return () if labels is None else numbered_classes(name, labels)
    if class_names.ndim != 1 or class_names.dtype.kind != "U":
        raise InputError(
            f"{name}: class_names are {class_names.dtype} of shape {class_names.shape}, "
            "they must be a list of strings"
        )
    return tuple(class_names.tolist())
