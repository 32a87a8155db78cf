"""Training the small classifier once for each data set, of its classes or of rotations, and keeping it."""

import contextlib
import functools
import json
import logging
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.data import ImageArrays, batches
from tfgan_ref.data.streams.derived import DerivedRows
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation.short_calls import train_in_short_calls
from tfgan_ref.files import cache_directory, keep_folder, write_json
from tfgan_ref.networks.features.classifier import small_classifier

logger = logging.getLogger(__name__)

# A change of the network or its training makes kept classifiers stale: count it up.
VERSION = 2
STEPS, BATCH_SIZE, SEED = 1000, 64, 0
SMALLEST_SIDE, LARGEST_SIDE = 16, 64
ROTATIONS = 4
AT_ONCE = 100  # images that are resized, or judged to see how many are right


@dataclass(frozen=True)
class SmallClassifier:
    """A trained classifier as a feature extractor.

    Attributes:
        network: images in [-1, 1] to features and logits.
        accuracy: on held-out images of its data set.
        held_out: number of those images.
        data: name of its data set.
        key: what tells this extractor from every other; None: nothing does, see ``ImageArrays.version``.
        image_size: height and width of the images that it takes, which it resizes to those of the network;
            None if they are the same.
        rotations: whether its classes are rotations of the images, not the data's classes.
    """

    network: keras.Model
    accuracy: float
    held_out: int
    data: str
    key: str | None
    image_size: tuple[int, int] | None = None
    rotations: bool = False

    @property
    def label(self) -> str:
        """Returns what the Frechet distance of its features is called."""
        return f"Frechet distance ({'rotations' if self.rotations else 'classifier'})"

    @property
    def name(self) -> str:
        """Returns the label of scores from this extractor."""
        what = "rotation classifier" if self.rotations else "classifier"
        return f"{what} of {self.data}, {self.accuracy:.1%} right on {self.held_out} held-out images"

    @property
    def notes(self) -> list[str]:
        """Returns what a reader of its scores must know, one line each."""
        notes = []
        if self.rotations:
            notes.append(
                f"{self.data} has no labels of two classes: the features are of a classifier of rotations, "
                f"and scores compare only with others on {self.data}"
            )
        if self.image_size is not None:
            (height, width), (rows, columns) = self.image_size, self.network.input_shape[1:3]
            notes.append(
                f"for the features both sides are resized from {width}x{height} to {columns}x{rows} pixels"
            )
        return notes

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps uint8 images (N, H, W, C) to features (N, 128) and logits (N, classes)."""
        expected = (*(self.image_size or self.network.input_shape[1:3]), self.network.input_shape[-1])
        if images.shape[1:] != expected:
            raise InputError(
                f"the classifier of {self.data} takes images of shape {expected}, not {images.shape[1:]}"
            )
        if self.image_size is not None:
            images = _resized(images, self.network.input_shape[1:3])
        outputs = self.network(tf.cast(images, tf.float32) / 127.5 - 1.0, training=False)
        return outputs["features"].numpy(), outputs["logits"].numpy()


def classifier_for(
    arrays: ImageArrays, cache: Path | None = None, *, rotations: bool = False
) -> SmallClassifier:
    """Returns the classifier of a data set, trained now or kept from an earlier time.

    A seeded tenth of the images is held out; on it the accuracy is measured. Sides above 64 pixels are
    resized to 64, with antialiasing. Images on disk are read for each batch: the classifier is the same as of
    these images in memory, and sees ``STEPS`` batches, however many there are. It is kept for these very
    images, see ``ImageArrays.version``.

    Args:
        arrays: the data set.
        cache: where classifiers are kept; None is the user's cache directory.
        rotations: whether it learns to tell by how many quarter turns an image is rotated, which needs no
            labels (Gidaris et al. 2018, section 2); images that are no squares become squares.

    Raises:
        InputError: the data have no labels or fewer than 2 classes, unless it learns rotations; fewer than
            100 images; or sides below 16.
    """
    _check(arrays, rotations)
    path = (cache or cache_directory()) / "classifiers" / f"{arrays.version}-v{VERSION}"
    classes = len(arrays.class_names)
    if rotations:
        path, classes = path.with_name(f"{path.name}-rotations"), ROTATIONS
    key = None if arrays.version is None else path.name
    height, width, channels = arrays.images.shape[1:]
    size = min(height, LARGEST_SIDE), min(width, LARGEST_SIDE)
    if rotations:
        size = (max(size), max(size))
    network = small_classifier((*size, channels), classes)
    given = None if size == (height, width) else (height, width)
    if key and os.path.isfile(path / "info.json"):
        try:
            info = json.loads((path / "info.json").read_text(encoding="utf-8"))
            network.load_weights(path / "classifier.weights.h5")
            found = info["accuracy"], info["held_out"]
            return SmallClassifier(network, *found, arrays.name, key, given, rotations)
        except (OSError, ValueError, KeyError) as error:
            logger.warning("kept classifier %s cannot be read (%s): training it again", path, error)
            shutil.rmtree(path, ignore_errors=True)
    what, use = ("rotations of ", "features") if rotations else ("", "features and labels")
    logger.info("training a classifier of %s%s once, for %s", what, arrays.name, use)
    small = arrays if given is None else replace(arrays, images=_resized(arrays.images, size), masks=None)
    with arrays.images.faults.raised() if arrays.on_disk else contextlib.nullcontext():
        accuracy, held_out = _train(network, small, rotations)

    def write(folder: Path) -> None:
        network.save_weights(folder / "classifier.weights.h5")
        write_json(folder / "info.json", {"accuracy": accuracy, "held_out": held_out, "data": arrays.name})

    if key:
        keep_folder(path, write)
    return SmallClassifier(network, accuracy, held_out, arrays.name, key, given, rotations)


def _check(arrays: ImageArrays, rotations: bool) -> None:
    if rotations:
        if len(arrays.images) < 100:
            raise InputError(
                f"{arrays.name} has {len(arrays.images)} images: a classifier of rotations needs at least 100"
            )
    elif arrays.labels is None:
        raise InputError(f"{arrays.name} has no labels, which a classifier of its classes needs")
    elif len(np.unique(arrays.labels)) < 2 or len(arrays.images) < 100:
        raise InputError(
            f"{arrays.name} has {len(arrays.images)} images of {len(np.unique(arrays.labels))} classes: a "
            "classifier needs at least 100 images of 2 classes"
        )
    sides = arrays.images.shape[1:3]
    if min(sides) < SMALLEST_SIDE:
        raise InputError(
            f"{arrays.name} has images of {sides[1]}x{sides[0]}: the small classifier takes sides of at "
            f"least {SMALLEST_SIDE} pixels"
        )


def _resized(images: np.ndarray | Rows, size: tuple[int, int]) -> np.ndarray | Rows:
    """Returns uint8 images (N, H, W, C) in another size, by Lanczos' kernel against aliasing.

    Those on disk are resized as they are read.
    """
    if isinstance(images, Rows):
        shape = (*size, images.shape[-1])
        return DerivedRows(images, shape, functools.partial(_resized, size=size), "lanczos")
    resized = np.empty((len(images), *size, images.shape[-1]), np.uint8)
    for start in range(0, len(images), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        smooth = tf.image.resize(images[part], size, tf.image.ResizeMethod.LANCZOS3, antialias=True)
        resized[part] = tf.cast(tf.clip_by_value(tf.round(smooth), 0, 255), tf.uint8)
    return resized


def _train(network: keras.Model, arrays: ImageArrays, rotations: bool) -> tuple[float, int]:
    """Trains ``network``; returns the accuracy on the held-out tenth and its size."""
    order = np.random.default_rng(SEED).permutation(len(arrays.images))
    held_out, kept = np.split(order, [len(order) // 10])
    train = replace(arrays.take(kept), masks=None)
    if rotations:
        train = replace(train, labels=None, class_names=())
        dataset = batches(train, batch_size=BATCH_SIZE // ROTATIONS, seed=SEED).map(_rotated)
    else:
        dataset = batches(train, batch_size=BATCH_SIZE, seed=SEED)
    dataset = dataset.map(_augmented)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, STEPS), clipnorm=1.0)
    optimizer.build(network.trainable_variables)

    def step(batch: dict[str, tf.Tensor]) -> None:
        with tf.GradientTape() as tape:
            logits = network(batch["image"], training=True)["logits"]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
            loss = tf.reduce_mean(losses)
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    train_in_short_calls(step, dataset, STEPS, f"classifier of {arrays.name}")
    right, seen = [], 0
    for start in range(0, len(held_out), AT_ONCE):
        images, numbers = arrays.read(held_out[start : start + AT_ONCE])
        seen += len(numbers)
        batch = {"image": images.astype(np.float32) / 127.5 - 1.0}
        batch = _rotated(batch) if rotations else batch | {"label": arrays.labels[numbers]}
        logits = network(batch["image"], training=False)["logits"]
        right.append(np.argmax(logits, axis=1) == batch["label"])
    return float(np.mean(np.concatenate(right))), seen


def _rotated(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns the images in all rotations by quarter turns, labelled with the number of turns."""
    turned = [tf.convert_to_tensor(batch["image"])]
    for _ in range(ROTATIONS - 1):
        turned.append(tf.reverse(tf.transpose(turned[-1], (0, 2, 1, 3)), (1,)))
    labels = tf.repeat(tf.range(ROTATIONS), tf.shape(turned[0])[0])
    return {"image": tf.concat(turned, 0), "label": labels}


def _augmented(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Shifts every batch by up to two pixels: small data sets are memorised otherwise."""
    images = batch["image"]
    height, width = images.shape[1:3]
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="SYMMETRIC")
    # Seeded by the batch itself, so that the same data give the same classifier.
    seed = tf.stack([tf.reduce_sum(batch["label"]), tf.cast(tf.reduce_sum(images), tf.int32)])
    top, left = tf.unstack(tf.random.stateless_uniform([2], seed, 0, 5, tf.int32))
    return {"image": padded[:, top : top + height, left : left + width], "label": batch["label"]}
