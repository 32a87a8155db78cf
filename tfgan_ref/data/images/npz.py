"""Images and labels in a NumPy archive."""

import contextlib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.array_forms import array_on_disk, npz_form, unreadable
from tfgan_ref.data.images.arrays import GREY, ImageArrays, check_whole, fit_array, no_labels, present_classes
from tfgan_ref.data.images.decoding import from_sixteen_bits, height_and_width
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.pipeline import shareable
from tfgan_ref.errors import InputError

# Arithmetic leaves a 1.0000001 or a -0.0000001 in images that are meant to lie in [0, 1].
_ROUNDING = 1e-6
_BLOCK = 1024


def read_npz(name: str, path: Path, options: ReadOptions) -> ImageArrays:
    """Reads ``images`` and, if they are there, ``labels``, ``class_names`` and ``masks`` of an npz file.

    ``images`` is (N, H, W) or (N, H, W, C) with 1, 3 or 4 (RGBA) channels, uint8, uint16, or floats in [0, 1]
    or, if any is negative, [-1, 1]. ``labels`` is (N,) or (N, 1) of whole numbers from 0 up; without
    ``class_names``, strings, the classes are named by their numbers. Keras's own files hold ``x_train``,
    ``y_train``, ``x_test`` and ``y_test`` in place of ``images`` and ``labels``. ``masks`` is (N, H, W) or
    (N, H, W, 1) of bool, or of whole numbers 0 and 1: true where the pixel was observed. Without ``masks``,
    pixels of float images that are NaN in all channels are missing. What the file holds at missing pixels is
    not used: they come as mid grey. Images with missing pixels cannot be resized.

    Args:
        name: the data set's name for messages.
        path: the file.
        options: what is asked of them; Keras's own files have the splits "train" and "test". See
            ``array_on_disk`` for what images must be to stay in the file.

    Raises:
        InputError: if there is no such file or split, no labels for ``labels_for``, if the file is damaged or
            holds Python objects (which are never loaded), or if an array is not as described.
    """
    images_key, labels_key, labelled, whole = _keys_of(name, path, options.split)
    if options.labels_for and not labelled:
        raise no_labels(name, options.labels_for)
    images = None
    if options.stream != "off" and not _has_masks(name, path, options.stream):
        images = array_on_disk(name, path, npz_form(name, path, images_key), options)
    needed = (images_key,) if images is None else ()
    arrays = load_arrays(name, path, required=needed, optional=(labels_key, "class_names", "masks"))
    labels, class_names, masks = (arrays.get(key) for key in (labels_key, "class_names", "masks"))
    labels, names = _classes(name, labels, class_names)
    if images is not None:
        return ImageArrays(name, images, labels, names, whole=whole)
    images, masks = to_images(name, arrays[images_key], masks, options)
    return ImageArrays(name, images, labels, names, masks, whole=whole)


def to_images(
    name: str, array: np.ndarray, masks: np.ndarray | None, options: ReadOptions
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns images, uint8 (N, H, W, C), and where pixels were observed, bool (N, H, W), None: all were.

    Arguments and errors are those of ``read_npz``.
    """
    images = _with_channels(name, array)
    masks = _observed(name, images, masks)
    if masks is not None:
        size = options.image_size
        if size is not None and images.shape[1:3] != height_and_width(size):
            raise InputError(f"{name}: images with masks cannot be resized: leave image_size out")
        if np.issubdtype(images.dtype, np.floating):
            # Marks such as NaN, -1 or 255 must not decide which range the images lie in; 0 is in both.
            images[~masks] = 0
    fitted = fit_array(name, _to_uint8(name, images), options.image_size, options.channels)
    if masks is not None:
        fitted = np.where(masks[..., np.newaxis], fitted, np.uint8(GREY))
    return fitted, masks


def _has_masks(name: str, path: Path, stream: str) -> bool:
    """Returns whether a file has masks, with which images do not stay on disk.

    Raises:
        InputError: it has, and they are to stay there.
    """
    with _opened(name, path) as archive:
        found = "masks" in archive.files
    if found and stream == "on":
        raise InputError(f"{name}: images with masks cannot stay on disk: set stream=off")
    return found


def _keys_of(name: str, path: Path, split: str) -> tuple[str, str, bool, bool]:
    """Returns the keys of the images and of the labels of ``split``.

    And whether there are such labels, and whether the file is one whole set.
    """
    with _opened(name, path) as archive:
        keys = archive.files
    splits = [part for part in ("train", "test") if f"x_{part}" in keys]
    if not splits or "images" in keys:
        check_whole(name, split)
        return "images", "labels", "labels" in keys, True
    if split not in splits:
        raise InputError(f"{name}: split={split!r} does not exist, there are {', '.join(splits)}")
    return f"x_{split}", f"y_{split}", f"y_{split}" in keys, splits == ["train"]


def load_arrays(
    name: str, path: Path, *, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Returns arrays of an npz file by their keys, without those ``optional`` ones that it does not hold.

    Raises:
        InputError: if there is no such file, if it is damaged or holds Python objects (which are never
            loaded), or if a ``required`` key is missing.
    """
    with _opened(name, path) as archive:
        keys = set(archive.files)
        for key in required:
            if key not in keys:
                found = ", ".join(sorted(keys)[:10]) or "no keys"
                raise InputError(f"{name}: has no key {key!r}, found {found}")
        # What is not in NumPy's format comes as bytes.
        return {key: np.asarray(archive[key]) for key in (*required, *optional) if key in keys}


@contextlib.contextmanager
def _opened(name: str, path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """Opens an npz file; whatever is wrong with it is an InputError."""
    if not path.is_file():
        raise InputError(f"{name}: there is no such file")
    if not zipfile.is_zipfile(path):
        raise InputError(f"{name}: is no npz file (a zip archive of arrays), or is cut off")
    try:
        with np.load(path, allow_pickle=False) as archive:
            yield archive
    except InputError:
        raise
    except Exception as error:  # damaged zip, deflate and npy data each raise errors of their own
        raise unreadable(name, error) from None


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


def _classes(
    name: str, labels: np.ndarray | None, names: np.ndarray | None
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Returns the labels, from 0 up without gaps, and what they stand for; without labels None and ()."""
    if names is not None:
        if names.ndim != 1 or names.dtype.kind != "U":
            raise InputError(
                f"{name}: class_names are {names.dtype} of shape {names.shape}, "
                "they must be a list of strings"
            )
        names = tuple(names.tolist())
    if labels is None:
        return None, names or ()  # names without labels are refused with the images
    if labels.shape[1:] not in ((), (1,)) or not np.issubdtype(labels.dtype, np.integer) or not labels.size:
        raise InputError(
            f"{name}: labels are {labels.dtype} of shape {labels.shape}, "
            "they must be whole numbers of shape (N,) or (N, 1)"
        )
    return present_classes(name, labels.reshape(-1), names)
