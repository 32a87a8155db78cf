"""Images in memory, and the batches that training reads from them."""

import functools
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.decoding import (
    ImageSize,
    fit,
    from_pixels,
    is_smaller,
    to_pixels,
    warn_enlarged,
)
from tfgan_ref.data.order import balanced_order, mirror_choices, shuffled_order
from tfgan_ref.data.pipeline import Batch, BatchLoader, DataShape, Tensors, TrainingData, shareable
from tfgan_ref.data.streams.rows import Rows, candidate_places, read_rows
from tfgan_ref.errors import InputError, whole_number

GREY = 128  # the value of a missing pixel
# A label is a class number; a larger one is a mistake (a file's offset, a hash, a time).
MAXIMUM_CLASSES = 1_000_000
HOLD_OUT_SEED = 0
LEAST_HELD_OUT = 12  # what a score needs


@dataclass(frozen=True)
class ImageArrays:
    """Images of one size, with their class numbers where they are known.

    Tensors share the memory of images and masks, so that they are in memory once: do not write to them.
    Arrays that cannot be shared (read-only, not contiguous, not aligned to 64 bytes) are copied. Images on
    disk (``Rows``) are read when they are asked for.

    Attributes:
        name: what to call the data set in messages.
        images: uint8 of shape (N, H, W, C), N at least 1; in memory or on disk.
        labels: int32 of shape (N,), from 0 up, or None.
        class_names: one name per class; empty when there are no labels.
        masks: bool of shape (N, H, W), False where a pixel is missing; None when none is.
        whole: whether they are all images of a source that has no test split.

    Raises:
        InputError: if the arrays are not as described, or a label has no class name.
    """

    name: str
    images: np.ndarray | Rows
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    masks: np.ndarray | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        images, labels, masks = self.images, self.labels, self.masks
        if images.dtype != np.uint8 or images.ndim != 4:
            raise InputError(
                f"{self.name}: images are {images.dtype} of shape {images.shape}, "
                "they must be uint8 of shape (N, H, W, C)"
            )
        if 0 in images.shape:
            raise InputError(
                f"{self.name}: images have shape {images.shape}, there must be at least one pixel"
            )
        if isinstance(images, np.ndarray):
            object.__setattr__(self, "images", shareable(images))
        if masks is not None:
            if masks.dtype != np.bool_ or masks.shape != images.shape[:3]:
                raise InputError(
                    f"{self.name}: masks are {masks.dtype} of shape {masks.shape}, "
                    f"they must be bool of shape {images.shape[:3]}"
                )
            if not masks.any():
                raise InputError(
                    f"{self.name}: every pixel is missing: masks are True where a pixel was observed"
                )
            object.__setattr__(self, "masks", shareable(masks))
        if labels is None:
            if self.class_names:
                raise InputError(f"{self.name}: {len(self.class_names)} class names but no labels")
            return
        if labels.dtype != np.int32 or labels.shape != (len(images),):
            raise InputError(
                f"{self.name}: labels are {labels.dtype} of shape {labels.shape}, "
                f"they must be int32 of shape ({len(images)},)"
            )
        if not 0 <= labels.min() <= labels.max() < len(self.class_names):
            check_range(self.name, labels, len(self.class_names))  # which says the label that is not

    @property
    def on_disk(self) -> bool:
        """Returns whether the images are read when they are asked for."""
        return isinstance(self.images, Rows)

    @property
    def fingerprint(self) -> str:
        """Returns the shape and a checksum of images, labels and masks, as a file name.

        That of images on disk is of their files: names, sizes and some of the contents.
        """
        if isinstance(self.images, Rows):
            return self.images.fingerprint
        checksum = zlib.crc32(np.ascontiguousarray(self.images))
        if self.labels is not None:
            checksum = zlib.crc32(np.ascontiguousarray(self.labels), checksum)
        if self.masks is not None:
            checksum = zlib.crc32(np.packbits(self.masks), checksum)
        return "x".join(map(str, self.images.shape)) + f"-{checksum:08x}"


def hold_out_images(arrays: ImageArrays, share: float) -> tuple[ImageArrays, ImageArrays | None]:
    """Splits images: (to train on, held out), the same ones each time.

    Those that are held out change places with the last ones in memory, so that next to nothing is copied:
    ``arrays`` itself must not be used afterwards. None are where the share is fewer than ``LEAST_HELD_OUT``
    images, or pixels are missing: no score could be taken against them.
    """
    n = len(arrays.images)
    count = round(share * n)
    if count < LEAST_HELD_OUT or arrays.masks is not None:
        return arrays, None
    chosen = np.random.default_rng(HOLD_OUT_SEED).permutation(n)[:count]
    kept = n - count
    before = chosen[chosen < kept]
    behind = np.setdiff1d(np.arange(kept, n), chosen)
    images = arrays.images
    if isinstance(images, Rows):
        order = np.arange(n)
        order[before], order[behind] = behind, before
        images = images.take(order)
    for values in (images, arrays.labels):
        if isinstance(values, np.ndarray):
            values[before], values[behind] = values[behind], values[before]

    def part(rows: slice) -> ImageArrays:
        labels = None if arrays.labels is None else arrays.labels[rows]
        return replace(arrays, images=images.take(rows) if arrays.on_disk else images[rows], labels=labels)

    return part(slice(kept)), part(slice(kept, n))


def training_images(
    arrays: ImageArrays, seed: int = 0, *, balanced: bool = False, missing: float = 0.0, flip: bool = False
) -> TrainingData:
    """Returns images to train on.

    Args:
        arrays: the images, with or without labels.
        seed: chooses the order and the missing pixels.
        balanced: whether all classes come equally often.
        missing: the share of pixels that is removed from the images in training; ``arrays`` keeps them.
        flip: whether half of the images are mirrored.
    """
    numbers = tuple(map(str, range(len(arrays.class_names))))
    names = {"classes": arrays.class_names} if arrays.class_names != numbers else None
    shape = DataShape(tuple(arrays.images.shape[1:]), len(arrays.class_names) or None, names=names)
    trained = remove_pixels(arrays, missing, seed) if missing > 0 else arrays
    loader = functools.partial(image_loader, trained, seed=seed, balanced=balanced, flip=flip)
    return TrainingData(
        arrays,
        shape,
        arrays.fingerprint,
        loader,
        len(trained.images),
        trained.images.nbytes,
        faults=getattr(arrays.images, "faults", None),
    )


def batches(
    arrays: ImageArrays,
    batch_size: int,
    start_step: int = 0,
    *,
    seed: int,
    balanced: bool = False,
    flip: bool = False,
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches.

    Every batch is full: position p = step * batch_size + i of the sequence belongs to epoch p // N, and a
    batch may span epochs. The batch of a step depends on the arguments and the step only.

    Args:
        arrays: the images.
        batch_size: images per batch; may be more than there are images.
        start_step: the number of batches to leave out, of a run that is resumed.
        seed: chooses the order, any whole number from 0 up.
        balanced: whether all classes come equally often; else all images do.
        flip: whether half of the images are mirrored, left to right, with their masks; drawn anew each time.

    Returns:
        Dicts of ``image``, float32 of shape (batch_size, H, W, C) in [-1, 1], and, if there are labels,
        ``label``, int32 of shape (batch_size,); and, if there are masks, ``mask``, float32 of shape
        (batch_size, H, W, 1), 1 where a pixel was observed and 0 where it is missing and ``image`` is 0.

    Raises:
        InputError: if a number is out of its range, or ``balanced`` is asked of images without labels.
    """
    loader = image_loader(arrays, batch_size, seed=seed, balanced=balanced, flip=flip)
    return loader.dataset(start_step)


def image_loader(
    arrays: ImageArrays, batch_size: int, *, seed: int, balanced: bool = False, flip: bool = False
) -> BatchLoader:
    """Returns the loader of ``batches``; arguments and errors are the same."""
    if balanced and arrays.labels is None:
        raise InputError(f"{arrays.name}: balanced=True needs labels, and this data set has none")
    rows = arrays.images if isinstance(arrays.images, Rows) else None
    # Captured as they are, on the CPU: the memory of a GPU is for training.
    with tf.device("CPU:0"):
        order = balanced_order(arrays.labels, seed) if balanced else shuffled_order(len(arrays.images), seed)
        if flip:
            mirrors = mirror_choices(seed)
        kept = {} if rows else {"image": tf.experimental.dlpack.from_dlpack(arrays.images.__dlpack__())}
        labels = None if arrays.labels is None else tf.constant(arrays.labels)
        if arrays.masks is not None:
            masks = arrays.masks.view(np.uint8)[..., None]
            kept["mask"] = tf.experimental.dlpack.from_dlpack(masks.__dlpack__())

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        if rows:
            chosen = {"indices": candidate_places(order, tf.ensure_shape(positions, (batch_size,)))}
        else:
            chosen = {"indices": tf.ensure_shape(order(positions), (batch_size,))}
            if labels is not None:
                chosen["label"] = tf.gather(labels, chosen["indices"])
        if flip:
            chosen["mirrored"] = mirrors(positions)
        return chosen

    def gather(chosen: Tensors, arrays: Tensors) -> Tensors:
        if rows:
            image, indices = read_rows(rows, chosen["indices"])
            values = {"image": image}
            if labels is not None:
                chosen = chosen | {"label": tf.gather(labels, indices)}
        else:
            values = {name: tf.gather(array, chosen["indices"]) for name, array in arrays.items()}
        if flip:
            mirrored = chosen["mirrored"][:, None, None, None]
            values = {name: tf.where(mirrored, tf.reverse(v, [2]), v) for name, v in values.items()}
        return values | ({} if labels is None else {"label": chosen["label"]})

    def finish(values: Tensors) -> Batch:
        batch = values | {"image": tf.cast(values["image"], tf.float32) / 127.5 - 1.0}
        if "mask" in values:
            observed = values["mask"] > 0
            batch["mask"] = tf.cast(observed, tf.float32)
            # Not a product with the mask: -0.0 would tell that a missing pixel was dark.
            batch["image"] = tf.where(observed, batch["image"], 0.0)
        return batch

    return BatchLoader(batch_size, choose, gather, finish, kept, rows)


def remove_pixels(arrays: ImageArrays, share: float, seed: int) -> ImageArrays:
    """Removes each pixel with probability ``share``: one fixed mask for each image.

    The masks are those of NumPy's generator with ``seed``; pixels that are missing already stay so. What is
    removed is gone from the images too.

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
    masks = shareable(np.empty(arrays.images.shape[:3], bool), copy=False)
    for mask in masks:  # one image at a time: the draws of all take eight times the images' memory
        mask[...] = rng.random(mask.shape) >= share
    if arrays.masks is not None:
        masks &= arrays.masks
    return replace(arrays, images=np.where(masks[..., None], arrays.images, np.uint8(GREY)), masks=masks)


def fit_array(
    name: str, images: np.ndarray, image_size: ImageSize | None, channels: int | None
) -> np.ndarray:
    """Resizes images that are in one array, uint8 (N, H, W, C), and converts their channels.

    Args:
        name: the data set's name for messages.
        images: the images; C is 1, 3 or 4 (RGBA).
        image_size: side of the squares, or (height, width), to scale and crop to; None keeps the size.
        channels: 1 or 3; None keeps the channels.
    """
    height, width = images.shape[1:3]
    kept = image_size in (None, (height, width)) or image_size == height == width
    if kept and channels in (None, images.shape[-1]):
        return images
    if image_size is not None and is_smaller((width, height), image_size):
        warn_enlarged(name, len(images), len(images), image_size, (width, height), None)
    first = to_pixels(fit(from_pixels(images[0]), image_size), channels)
    result = shareable(np.empty((len(images), *first.shape), np.uint8), copy=False)
    for row, pixels in zip(result, images, strict=True):
        row[...] = to_pixels(fit(from_pixels(pixels), image_size), channels)
    return result


def check_range(name: str, labels: np.ndarray, classes: int) -> None:
    """Raises InputError unless every label is in [0, classes)."""
    for label in (labels.min(), labels.max()):
        if not 0 <= label < classes:
            raise InputError(f"{name}: label out of range: {label}, allowed are 0 to {classes - 1}")


def present_classes(
    name: str, labels: np.ndarray, names: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers the classes that there are from 0 on: a generator could not learn one without an item.

    Args:
        name: the data set's name for messages.
        labels: whole numbers from 0 up, (N,).
        names: of the classes by their numbers; None: they are called by these numbers.

    Returns:
        Labels, int32 (N,), and the name of each class.

    Raises:
        InputError: if a label is negative, has no name or is no class number (a million or more).
    """
    check_range(name, labels, MAXIMUM_CLASSES if names is None else len(names))
    present, numbers = np.unique(labels, return_inverse=True)
    return numbers.astype(np.int32), tuple(str(k) if names is None else names[k] for k in present)


def no_labels(name: str, labels_for: str) -> InputError:
    """Returns the error that data have no labels, which what ``labels_for`` names needs."""
    return InputError(f"{labels_for} needs labels: data {name} has none")


def check_whole(name: str, split: str) -> None:
    """Raises InputError unless ``split`` is "train", for sources that are a single set."""
    if split != "train":
        raise InputError(
            f"{name}: split={split!r} does not exist, a path is one whole set (split 'train'); "
            "name the path of the other set instead"
        )
