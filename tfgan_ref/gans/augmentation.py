"""Differentiable augmentation for data-efficient GAN training: Zhao et al. 2020."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.batches import shape_of
from tfgan_ref.gans.techniques import Technique


def colour(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Changes brightness by up to 0.5, saturation by a factor up to 2, contrast by 0.5 to 1.5."""
    uniform = randomness.uniform([3, shape_of(images)[0], 1, 1, 1], seed, axis=1)
    images += uniform[0] - 0.5
    mean = tf.reduce_mean(images, axis=3, keepdims=True)
    images = mean + (images - mean) * (2.0 * uniform[1])
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return mean + (images - mean) * (uniform[2] + 0.5)


def translation(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Moves each image by up to an eighth of its side in both directions; 0 (mid grey) moves in."""
    for axis in (1, 2):
        size = images.shape[axis]
        most = size // 8
        shift = randomness.uniform(
            [shape_of(images)[0], 1], randomness.fold_in(seed, axis), -most, most + 1, dtype=tf.int32
        )
        # One line of zeros at either end stands for all that is outside.
        padded = tf.pad(images, [[int(a == axis)] * 2 for a in range(4)])
        lines = tf.clip_by_value(tf.range(size)[None] + shift + 1, 0, size + 1)
        images = tf.gather(padded, lines, axis=axis, batch_dims=1)
    return images


def cutout(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Sets a square of half the side, centred anywhere in the image, to 0 (mid grey)."""
    inside = tf.ones([shape_of(images)[0], 1, 1, 1], tf.bool)
    for axis in (1, 2):
        size = images.shape[axis]
        seed_of_axis = randomness.fold_in(seed, axis)
        centre = randomness.uniform([shape_of(images)[0], 1], seed_of_axis, 0, size, dtype=tf.int32)
        first = centre - size // 4
        lines = tf.range(size)[None]
        within = (lines >= first) & (lines < first + size // 2)
        inside &= within[:, :, None, None] if axis == 1 else within[:, None, :, None]
    return tf.where(inside, 0.0, images)


POLICIES = {"colour": colour, "translation": translation, "cutout": cutout}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class DifferentiableAugmentation(Technique):
    """Random changes of real and fake images before D, in D's step and in G's: equation 2 and 3 of the paper.

    Args:
        policies: some of "colour", "translation", "cutout", applied in this order.

    Raises:
        InputError: an unknown policy, or none.
    """

    def __init__(self, policies: Sequence[str]) -> None:
        for policy in policies or [""]:
            if policy not in POLICIES:
                raise InputError(f"augmentation {policy!r} is unknown: choose some of {', '.join(POLICIES)}")
        self.policies = tuple(policies)

    def __call__(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Changes ``images`` (N, H, W, C), each in its own way, with draws from the (2,) ``seed``.

        Raises:
            InputError: samples that are not images.
        """
        if len(images.shape) != 4:
            raise InputError(f"augmentation needs images (N, H, W, C), not samples of shape {images.shape}")
        dtype = images.dtype
        images = tf.cast(images, tf.float32)
        for number, (name, change) in enumerate(POLICIES.items()):
            if name in self.policies:
                images = change(images, randomness.fold_in(seed, number))
        return tf.cast(images, dtype)
