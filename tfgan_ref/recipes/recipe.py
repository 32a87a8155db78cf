"""What a recipe is: data + networks + GAN + optimizers + the picture that shows its progress."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np

from tfgan_ref import plotting
from tfgan_ref.errors import InputError
from tfgan_ref.gans import GAN, ConditionalGAN
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.training.schedules import make_schedule


class DataShape(NamedTuple):
    """What the networks must know of the data."""

    image_shape: tuple[int, int, int]
    num_classes: int | None  # None: the data have no labels


@dataclass(frozen=True)
class Recipe:
    """One of the tutorials' systems, ready to train.

    Attributes:
        name: what ``train.py`` calls it.
        summary: one line for ``train.py --list``.
        tutorials: the articles that it mirrors.
        settings: the defaults.
        build: makes the GAN for data of a shape, not yet compiled.
        draw: makes a uint8 picture of a GAN's samples, the same latents each time.
    """

    name: str
    summary: str
    tutorials: str
    settings: type[Settings]
    build: Callable[[Any, DataShape], GAN]
    draw: Callable[[GAN], np.ndarray]


def gan_settings(settings: Settings) -> dict[str, Any]:
    """Returns the arguments that every GAN type takes, from a recipe's settings."""
    noise = settings.instance_noise
    return {
        "seed": settings.seed,
        "n_critic": settings.n_critic,
        "ema_decay": settings.ema_decay,
        "label_targets": LabelTargets(settings.label_smoothing, settings.label_noise),
        "instance_noise": InstanceNoise(noise, settings.instance_noise_steps) if noise else None,
        "replay": settings.replay,
        "l2": settings.l2,
    }


def adam_pair(settings: Settings) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """Returns the optimizers of the generator and of the discriminator, with their schedules."""
    d_learning_rate = settings.learning_rate if settings.d_learning_rate is None else settings.d_learning_rate
    pair = ((settings.learning_rate, 1), (d_learning_rate, settings.n_critic))
    g_rate, d_rate = (
        make_schedule(
            settings.schedule,
            learning_rate,
            total_steps=settings.steps,
            decay=settings.decay,
            cycles=settings.cycles,
            warmup_steps=settings.warmup_steps,
            updates_per_step=updates,
        )
        for learning_rate, updates in pair
    )
    return (
        keras.optimizers.Adam(g_rate, beta_1=settings.beta_1),
        keras.optimizers.Adam(d_rate, beta_1=settings.beta_1),
    )


def require_labels(recipe: str, shape: DataShape, settings: Settings) -> int:
    """Returns the number of classes.

    Raises:
        InputError: the data have no labels.
    """
    if shape.num_classes is None:
        raise InputError(f"recipe {recipe} needs labels: data {settings.data} has none")
    return shape.num_classes


def require_size(recipe: str, shape: DataShape, size: int) -> None:
    """Checks that images have the side that a recipe's networks are made for.

    Raises:
        InputError: they have another.
    """
    if shape.image_shape[:2] != (size, size):
        height, width, _ = shape.image_shape
        raise InputError(
            f"recipe {recipe} takes {size}x{size} images, not {width}x{height}: set image_size={size}"
        )


def draw_grid(gan: GAN) -> np.ndarray:
    """Draws 8 rows of 8 samples."""
    return _picture(gan.generate(64, seed=0), columns=8)


def draw_class_rows(gan: ConditionalGAN) -> np.ndarray:
    """Draws one row of 10 samples for each class."""
    labels = np.repeat(np.arange(gan.num_classes), 10)
    return _picture(gan.generate(len(labels), seed=0, label=labels), columns=10)


def _picture(samples: Any, columns: int) -> np.ndarray:
    images = plotting.to_uint8(samples)
    return plotting.grid(images, columns, enlarge=2 if images.shape[1] < 48 else 1)
