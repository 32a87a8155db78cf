"""Image data sets by name, read into memory or as batches."""

import difflib
import logging
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan_ref.data.images.arrays import ImageArrays, batches, fit_array, no_labels
from tfgan_ref.data.images.decoding import ImageSize
from tfgan_ref.data.images.folder import open_folder
from tfgan_ref.data.images.idx import read_idx
from tfgan_ref.data.images.npy import read_npy
from tfgan_ref.data.images.npz import read_npz
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.images.own import is_own, read_own
from tfgan_ref.data.images.photographs import PHOTOGRAPHS, read_photograph_arrays
from tfgan_ref.data.images.stored import read_stored
from tfgan_ref.data.images.tfds import find_builder, known_names, read_tfds
from tfgan_ref.data.images.tfrecord import open_tfrecord
from tfgan_ref.data.images.zip import open_zip
from tfgan_ref.data.pipeline import check_order
from tfgan_ref.errors import InputError, reason, whole_number

logger = logging.getLogger(__name__)

MINIMUM_IMAGE_SIZE = 4
_SPLIT_NAMES = {"train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval"}
_FORMS = (
    "digits, photographs, mnist, fashion_mnist, cifar10 or another name of tensorflow-datasets, "
    "folder:PATH, zip:PATH, tfrecord:PATH, npz:PATH, npy:PATH, idx:PATH, FILE.py:FUNCTION"
)
# scikit-learn keeps the digits in the order of their 13 writers: shuffled, both parts have digits of all, so
# that a generator can be measured by those it was not trained on. A third is for that, since scores of few
# images say little.
_TRAIN = 1198
_ORDER_SEED = 0
_SPLITS = {"train": slice(0, _TRAIN), "test": slice(_TRAIN, None), "all": slice(None)}
# As in MNIST: the digit in a box of 20, in the middle of a frame of 28.
_BOX, _FRAME = 20, 28
ENCODED = {"folder": open_folder, "zip": open_zip, "tfrecord": open_tfrecord}  # of files to decode
_ARRAYS = {"npz": read_npz, "npy": read_npy, "idx": read_idx}


def read(
    name: str,
    *,
    image_size: ImageSize | None = None,
    channels: int | None = None,
    split: str = "train",
    data_dir: str | Path | None = None,
    labels_for: str | None = None,
    stream: str = "off",
    cache: str | Path | None = None,
    write_cache: bool = True,
) -> ImageArrays:
    """Reads a data set into memory, or opens it on disk.

    Args:
        name: ``digits`` (scikit-learn's) or ``photographs`` (the eight of scikit-image), at hand without
            network, any image data set of tensorflow-datasets (``mnist``, ``cifar10``, ...), ``folder:PATH``
            (image files, a sub-folder per class or none), ``zip:PATH`` (an archive of such a folder, or of
            StyleGAN's), ``tfrecord:PATH`` (a file, folder or pattern of files with encoded pictures),
            ``npz:PATH`` (arrays ``images`` and ``labels``), ``npy:PATH`` (one array of images),
            ``idx:PATH`` (MNIST's own files) or ``FILE.py:FUNCTION`` (what your function returns, see
            ``read_value``).
        image_size: side of squares, or (height, width), at least 4: images are scaled to cover it and their
            middle is kept. None keeps the size, which all images must then have in common.
        channels: 1 or 3; None keeps the images' own: of image files 3 if any is coloured, else 1.
        split: "train" or "test" where a data set has them; tensorflow-datasets takes parts too,
            "train[:50%]".
        data_dir: where tensorflow-datasets keeps prepared data sets.
        labels_for: what needs labels, for the message that there are none, before anything is decoded:
            "recipe cgan"; None: nothing needs them.
        stream: whether images stay on disk, to be read when they are asked for: "on", "off" or "auto" (if
            they would take more than a quarter of the free memory).
        cache: folder in which decoded picture files are kept for later runs; None: nowhere.
        write_cache: whether pictures that are not there are written to it; if not, they are decoded.

    Raises:
        InputError: if the name is unknown, an argument out of range, or the data cannot be read or used.
    """
    pair = isinstance(image_size, tuple) and len(image_size) == 2
    for side in image_size if pair else (image_size,):
        check_form(side, channels)
    options = ReadOptions(image_size, channels, split, labels_for, stream, cache, write_cache)
    if stream == "on" and name in ("digits", PHOTOGRAPHS):
        raise InputError(f"{name}: there is nothing to leave on disk: set stream=off")
    kind, _, path = name.partition(":")
    if cache is not None and (kind in ("digits", PHOTOGRAPHS, *_ARRAYS) or is_own(name)):
        raise InputError(
            f"{name}: these are no picture files, of which cache keeps what they hold: leave it out"
        )
    if name == "digits":
        return read_digits(options)
    if name == PHOTOGRAPHS:
        if labels_for:
            raise no_labels(name, labels_for)
        return read_photograph_arrays(options)
    if is_own(name):
        return read_own(name, options)
    if kind in ENCODED or kind in _ARRAYS:
        if not path:
            raise InputError(f"data set {name!r}: needs a path, {kind}:PATH")
        try:
            place = Path(path).expanduser()
            if kind in _ARRAYS:
                return _ARRAYS[kind](name, place, options)
            arrays = read_stored(name, ENCODED[kind](name, place, options), options)
        except (OSError, RuntimeError) as error:  # no permission, a broken disk, "~nobody"
            raise InputError(f"{name}: cannot be read ({reason(error)})") from error
        if kind in ("folder", "zip"):
            _warn_of_splits(arrays)
        return arrays
    builder = find_builder(name, data_dir)
    if builder is None:
        raise InputError(f"data set {name!r} is not known{_suggestion(name)}; allowed are {_FORMS}")
    return read_tfds(name, builder, options, data_dir)


def read_digits(options: ReadOptions) -> ImageArrays:
    """Reads scikit-learn's 1,797 digits (Alpaydin and Kaynak 1998) as white ink on black, of 28x28 pixels.

    Raises:
        InputError: if the split is none of train (1,198), test (599) and all.
    """
    if options.split not in _SPLITS:
        raise InputError(f"digits: split={options.split!r} does not exist, there are {', '.join(_SPLITS)}")
    from sklearn.datasets import load_digits

    digits = load_digits()
    chosen = np.random.default_rng(_ORDER_SEED).permutation(len(digits.images))[_SPLITS[options.split]]
    values, labels = digits.images[chosen], digits.target[chosen]
    images = np.zeros((len(values), _FRAME, _FRAME, 1), np.uint8)
    margin = (_FRAME - _BOX) // 2
    inside = slice(margin, margin + _BOX)
    for image, ink in zip(images, values, strict=True):
        pixels = Image.fromarray(np.rint(ink * (255 / 16)).astype(np.uint8))
        image[inside, inside, 0] = np.asarray(pixels.resize((_BOX, _BOX), Image.Resampling.BICUBIC))
    return ImageArrays(
        "digits",
        fit_array("digits", images, options.image_size, options.channels),
        labels.astype(np.int32),
        tuple("0123456789"),
    )


def load(
    name: str,
    *,
    batch_size: int,
    image_size: ImageSize | None = None,
    seed: int,
    start_step: int = 0,
    split: str = "train",
    balanced: bool = False,
    data_dir: str | Path | None = None,
    channels: int | None = None,
    flip: bool = False,
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches: ``batches`` of the images that ``read`` returns.

    Args:
        name: see ``read``.
        batch_size: images per batch; every batch is full.
        image_size: side of squares, or (height, width); None keeps their size.
        seed: chooses the order, any whole number from 0 up.
        start_step: the number of batches to leave out, of a run that is resumed.
        split: "train" or "test" where a data set has them.
        balanced: whether all classes come equally often.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        channels: 1, 3 or None, see ``read``.
        flip: whether half of the images are mirrored, drawn anew each time.

    Returns:
        Dicts of ``image``, float32 of shape (batch_size, H, W, C) in [-1, 1], and, if there are labels,
        ``label``, int32 of shape (batch_size,); and, if pixels are missing, ``mask`` (see ``batches``).

    Raises:
        InputError: if the name is unknown, an argument out of range, or the data cannot be read or used.
    """
    check_order(batch_size, seed, start_step)  # before minutes of reading
    arrays = read(name, image_size=image_size, channels=channels, split=split, data_dir=data_dir)
    return batches(arrays, batch_size, start_step, seed=seed, balanced=balanced, flip=flip)


def check_form(image_size: int | None, channels: int | None) -> None:
    """Raises InputError unless ``image_size`` is None or at least 4, and ``channels`` None, 1 or 3."""
    if image_size is not None:
        whole_number("image_size", image_size, MINIMUM_IMAGE_SIZE)
    if channels not in (None, 1, 3):
        raise InputError(f"channels={channels!r}: must be 1 (grey), 3 (RGB) or None (as the images are)")


def _warn_of_splits(arrays: ImageArrays) -> None:
    """Warns if the classes, by their names, are the parts of a data set."""
    if arrays.class_names and {name.lower() for name in arrays.class_names} <= _SPLIT_NAMES:
        counts = np.bincount(arrays.labels)
        found = [f"{name} (pictures: {n})" for name, n in zip(arrays.class_names, counts, strict=True)]
        logger.warning(
            f"{arrays.name}: {' and '.join(found)} are taken for classes: if they are parts of one data set, "
            f"name one of them, {arrays.name}/{arrays.class_names[0]}"
        )


def _suggestion(name: str) -> str:
    path = Path(name).expanduser()
    if path.exists():
        named = [kind for kind in (*ENCODED, *_ARRAYS) if f".{kind}" in path.name]
        kind = "folder" if path.is_dir() else (*named, "idx")[0]
        return f", did you mean {kind}:{name}?"
    close = difflib.get_close_matches(name.lower(), ["digits", PHOTOGRAPHS, *known_names()], cutoff=0.75)
    return f", did you mean {' or '.join(close)}?" if close else ""
