"""Training the small classifier once for each data set, and keeping it."""

import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.data import ImageArrays, batches
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation.short_calls import run_in_short_calls
from tfgan_ref.files import cache_directory, keep_folder, write_json
from tfgan_ref.networks.features.classifier import small_classifier

logger = logging.getLogger(__name__)

# A change of the network or its training makes kept classifiers stale: count it up.
VERSION = 2
STEPS, BATCH_SIZE, SEED = 1000, 64, 0
LARGEST_SIDE = 64


@dataclass(frozen=True)
class SmallClassifier:
    """A trained classifier as a feature extractor.

    Attributes:
        network: images in [-1, 1] to features and logits.
        accuracy: on held-out images of its data set.
        held_out: number of those images.
        data: name of its data set.
        key: what tells this extractor from every other.
        label: what the Frechet distance of its features is called.
    """

    network: keras.Model
    accuracy: float
    held_out: int
    data: str
    key: str
    label: str = "Frechet distance (classifier)"

    @property
    def name(self) -> str:
        """Returns the label of scores from this extractor."""
        return f"classifier of {self.data}, {self.accuracy:.1%} right on {self.held_out} held-out images"

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps uint8 images (N, H, W, C) to features (N, 128) and logits (N, classes)."""
        expected = self.network.input_shape[1:]
        if images.shape[1:] != expected:
            raise InputError(
                f"the classifier of {self.data} takes images of shape {expected}, not {images.shape[1:]}"
            )
        outputs = self.network(tf.cast(images, tf.float32) / 127.5 - 1.0, training=False)
        return outputs["features"].numpy(), outputs["logits"].numpy()


def classifier_for(arrays: ImageArrays, cache: Path | None = None) -> SmallClassifier:
    """Returns the classifier of a labelled data set, trained now or kept from an earlier time.

    A seeded tenth of the images is held out; on it the accuracy is measured.

    Args:
        arrays: the data set.
        cache: where classifiers are kept; None is the user's cache directory.

    Raises:
        InputError: the data have no labels, fewer than 2 classes, fewer than 100 images or sides above 64.
    """
    _check(arrays)
    cache = (cache or cache_directory()) / "classifiers"
    path = cache / f"{arrays.fingerprint}-v{VERSION}"
    network = small_classifier(arrays.images.shape[1:], len(arrays.class_names))
    if os.path.isfile(path / "info.json"):
        try:
            info = json.loads((path / "info.json").read_text(encoding="utf-8"))
            network.load_weights(path / "classifier.weights.h5")
            return SmallClassifier(network, info["accuracy"], info["held_out"], arrays.name, path.name)
        except (OSError, ValueError, KeyError) as error:
            logger.warning("kept classifier %s cannot be read (%s): training it again", path, error)
            shutil.rmtree(path, ignore_errors=True)
    logger.info("training a classifier of %s once, for features and labels", arrays.name)
    accuracy, held_out = _train(network, arrays)

    def write(folder: Path) -> None:
        network.save_weights(folder / "classifier.weights.h5")
        write_json(folder / "info.json", {"accuracy": accuracy, "held_out": held_out, "data": arrays.name})

    keep_folder(path, write)
    return SmallClassifier(network, accuracy, held_out, arrays.name, path.name)


def _check(arrays: ImageArrays) -> None:
    if arrays.labels is None:
        raise InputError(f"{arrays.name} has no labels, which a classifier needs: choose other --features")
    if len(np.unique(arrays.labels)) < 2 or len(arrays.images) < 100:
        raise InputError(
            f"{arrays.name} has {len(arrays.images)} images of {len(np.unique(arrays.labels))} classes: a "
            "classifier needs at least 100 images of 2 classes"
        )
    sides = arrays.images.shape[1:3]
    if min(sides) < 16 or max(sides) > LARGEST_SIDE:
        raise InputError(
            f"{arrays.name} has images of {sides[1]}x{sides[0]}: the small classifier takes sides of 16 to "
            f"{LARGEST_SIDE} pixels"
        )


def _train(network: keras.Model, arrays: ImageArrays) -> tuple[float, int]:
    """Trains ``network``; returns the accuracy on the held-out tenth and its size."""
    order = np.random.default_rng(SEED).permutation(len(arrays.images))
    held_out, kept = np.split(order, [len(order) // 10])
    train = ImageArrays(arrays.name, arrays.images[kept], arrays.labels[kept], arrays.class_names)
    dataset = batches(train, batch_size=BATCH_SIZE, seed=SEED).map(_augmented)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, STEPS), clipnorm=1.0)
    optimizer.build(network.trainable_variables)

    @tf.function
    def run(iterator: tf.data.Iterator, count: tf.Tensor) -> None:
        for _ in tf.range(count):
            batch = next(iterator)
            with tf.GradientTape() as tape:
                logits = network(batch["image"], training=True)["logits"]
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["label"], logits)
                loss = tf.reduce_mean(losses)
            variables = network.trainable_variables
            optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    iterator = iter(dataset)
    run_in_short_calls(lambda count: run(iterator, count), STEPS, f"classifier of {arrays.name}")
    right = 0
    for start in range(0, len(held_out), 500):
        part = held_out[start : start + 500]
        logits = network(arrays.images[part].astype(np.float32) / 127.5 - 1.0, training=False)["logits"]
        right += int(np.sum(np.argmax(logits, axis=1) == arrays.labels[part]))
    return right / len(held_out), len(held_out)


def _augmented(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Shifts every batch by up to two pixels: small data sets are memorised otherwise."""
    images = batch["image"]
    height, width = images.shape[1:3]
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="SYMMETRIC")
    # Seeded by the batch itself, so that the same data give the same classifier.
    seed = tf.stack([tf.reduce_sum(batch["label"]), tf.cast(tf.reduce_sum(images), tf.int32)])
    top, left = tf.unstack(tf.random.stateless_uniform([2], seed, 0, 5, tf.int32))
    return {"image": padded[:, top : top + height, left : left + width], "label": batch["label"]}
