"""The latents whose pictures come nearest to given ones: projection onto what a generator makes."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan_ref import randomness
from tfgan_ref.errors import check_at_least, check_seed
from tfgan_ref.evaluation.anomaly import minimise
from tfgan_ref.metrics import psnr

ROWS = 100  # latents that are updated at once
FIRST = 64  # random latents, of which the one with the nearest picture is where the search begins
MOST_CLASSES = 10  # with which a picture is projected, those with the nearest first pictures
LEARNING_RATE = 0.1  # of Adam


class Projection(NamedTuple):
    """What a generator can make of N pictures.

    Attributes:
        latents: float32 (N, latent_dim), each of length sqrt(latent_dim).
        labels: int32 (N,); None of an unconditional generator.
        images: what it makes of these, uint8 (N, H, W, C).
        psnr: of these against the pictures, in dB, float64 (N,).
    """

    latents: np.ndarray
    labels: np.ndarray | None
    images: np.ndarray
    psnr: np.ndarray


def project(
    serve: Callable[..., tf.Tensor],
    images: np.ndarray,
    latent_dim: int,
    classes: np.ndarray | None = None,
    *,
    steps: int = 500,
    seed: int = 0,
    title: str | None = None,
) -> Projection:
    """Looks for the latents, and classes, whose pictures have the least squared error to given ones.

    The search begins at the best of ``FIRST`` random latents and goes ``steps`` updates of Adam on. Latents
    stay on the sphere of radius sqrt(d), near which N(0, I) has nearly all its mass (as in PULSE, Menon et
    al. 2020, section 3.2): what is found is a latent as the generator was trained on, of a picture as it
    draws them. Without the sphere the error would be less and the latent of no use.

    Args:
        serve: maps latents (N, latent_dim), and labels (N,) if conditional, to images in [0, 1]; it has
            gradients.
        images: uint8 (N, H, W, C), of the size of its images.
        latent_dim: d.
        classes: those that a conditional generator may be given; None: it is unconditional. Of more than
            ``MOST_CLASSES``, those are tried whose first pictures are nearest.
        steps: at least 1.
        seed: of the first latents.
        title: of a progress bar; None: there is none.

    Raises:
        InputError: ``steps`` or ``seed`` is out of range.
    """
    check_at_least(1, steps=steps)
    check_seed(seed)
    first = onto_sphere(randomness.sample_latents(FIRST, latent_dim, randomness.base_seed(seed)))
    wanted = np.float32(images) / np.float32(255)

    def made(latents: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        return serve(latents) if labels is None else serve(latents, labels)

    def first_errors(label: int | None) -> np.ndarray:
        labels = None if label is None else tf.fill([FIRST], tf.constant(label, tf.int32))
        flat = tf.reshape(made(first, labels), [FIRST, -1]).numpy()
        return np.stack([np.sum((flat - picture.ravel()) ** 2, axis=1) for picture in wanted])

    @tf.function(autograph=False, reduce_retracing=True)
    def search(start: tf.Tensor, labels: tf.Tensor | None, pictures: tf.Tensor) -> list[tf.Tensor]:
        def errors(drawn: tf.Tensor) -> tf.Tensor:
            return tf.reduce_sum((drawn - pictures) ** 2, axis=[1, 2, 3])

        latents = onto_sphere(
            minimise(lambda rows: errors(made(onto_sphere(rows), labels)), start, steps, LEARNING_RATE)
        )
        drawn = made(latents, labels)
        return [errors(drawn), latents, drawn]

    # (classes, N, FIRST): the errors of the first pictures.
    begun = np.stack([first_errors(label) for label in ([None] if classes is None else classes)])
    tried = np.argsort(begun.min(axis=2), axis=0, kind="stable")[:MOST_CLASSES].T  # (N, classes tried)
    together = max(1, ROWS // tried.shape[1])
    found = []
    disable = None if title else True
    with tqdm(total=len(images), desc=title, unit="picture", file=sys.stderr, disable=disable) as bar:
        for begin in range(0, len(images), together):
            part = tried[begin : begin + together]
            rows, columns = np.arange(begin, begin + len(part)).repeat(part.shape[1]), part.ravel()
            starts = tf.gather(first, begun[columns, rows].argmin(axis=1))
            labels = None if classes is None else np.asarray(classes, np.int32)[columns]
            given = None if labels is None else tf.constant(labels)
            errors, *results = (each.numpy() for each in search(starts, given, tf.constant(wanted[rows])))
            best = errors.reshape(part.shape).argmin(axis=1) + np.arange(len(part)) * part.shape[1]
            found.append([each[best] for each in (*results, *([] if labels is None else [labels]))])
            bar.update(len(part))
    latents, drawn, *labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    nearest = np.rint(drawn * 255).astype(np.uint8)
    nearness = np.array([psnr(*pair) for pair in zip(images, nearest, strict=True)])
    return Projection(latents, labels[0] if labels else None, nearest, nearness)


def onto_sphere(latents: tf.Tensor) -> tf.Tensor:
    """Scales latents (N, d) to length sqrt(d)."""
    return latents * tf.math.rsqrt(tf.reduce_mean(latents**2, axis=1, keepdims=True) + 1e-8)
