"""What a recipe is: data + networks + GAN + optimizers + the picture that shows its progress."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tfgan_ref import data, networks, plotting
from tfgan_ref.data import DataShape, TrainingData, TrainingImages, TrainingPairs
from tfgan_ref.errors import InputError
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets
from tfgan_ref.media.medium import PICTURES, Medium
from tfgan_ref.recipes.settings import (
    AdversarialSettings,
    CriticSettings,
    PairedSettings,
    SamplingSettings,
    Settings,
    TargetSettings,
    TwoPlayerSettings,
)
from tfgan_ref.training.schedules import make_schedule


def read_images(settings: SamplingSettings) -> TrainingImages:
    """Reads the images that ``settings`` name.

    Raises:
        InputError: they cannot be read or used.
    """
    arrays = data.read(
        settings.data,
        image_size=settings.image_size,
        channels=settings.channels,
        data_dir=settings.data_dir,
    )
    return TrainingImages(arrays, settings.seed, settings.balanced, settings.missing)


def read_training_pairs(settings: PairedSettings, hole: str | None = None, **form: Any) -> TrainingPairs:
    """Reads the pairs that ``settings`` name, without those that are held out.

    Args:
        settings: the recipe's.
        hole: the kind of holes in the sources, see ``TrainingPairs``.
        form: what else ``data.read_pairs`` takes: ``make``, ``scale``, ``image_size``, ``reverse``.

    Raises:
        InputError: they cannot be read or used.
    """
    pairs = data.read_pairs(settings.data, channels=settings.channels, data_dir=settings.data_dir, **form)
    training, _ = data.split_pairs(pairs, settings.hold_out)
    return TrainingPairs(training, settings.crop, settings.seed, settings.flip, hole)


@dataclass(frozen=True)
class Recipe:
    """One of the tutorials' systems, ready to train.

    Attributes:
        name: what ``train.py`` calls it.
        summary: one line for ``train.py --list``.
        tutorials: the articles that it mirrors.
        settings: the defaults.
        build: makes the GAN for data of a shape, not yet compiled.
        draw: makes a uint8 picture of what a GAN can do by now: (gan) of samples, the same latents each time;
            (gan, examples) of what becomes of the data's examples.
        read: reads the data that the settings name.
        medium: what its generator makes.
    """

    name: str
    summary: str
    tutorials: str
    settings: type[Settings]
    build: Callable[[Any, DataShape], GenerativeModel]
    draw: Callable[..., np.ndarray]
    read: Callable[[Any], TrainingData] = read_images
    medium: Medium = PICTURES


def gan_settings(settings: AdversarialSettings) -> dict[str, Any]:
    """Returns the arguments that every GAN type takes, from a recipe's settings."""
    noise = settings.instance_noise
    augment = settings.augment
    return {
        "seed": settings.seed,
        "n_critic": settings.n_critic,
        "ema_decay": settings.ema_decay,
        "instance_noise": InstanceNoise(noise, settings.instance_noise_steps) if noise else None,
        "augmentation": DifferentiableAugmentation(augment.split(",")) if augment else None,
        "replay": settings.replay,
        "packing": settings.packing,
        "l2": settings.l2,
        "r1": settings.r1,
        "measure_fakes": settings.measure_fakes,
    }


def with_minibatch_discrimination(features: keras.Model, settings: CriticSettings) -> keras.Model:
    """Returns a discriminator's body that sees how near its samples are to each other, if it is set so."""
    return (
        networks.minibatch_features(features, settings.seed + 2)
        if settings.minibatch_discrimination
        else features
    )


def discriminator_of(
    features: keras.Model, settings: CriticSettings, *, spectral_norm: bool = False
) -> keras.Model:
    """Makes the discriminator of unlabelled samples on its body ``features``."""
    return networks.discriminator(
        with_minibatch_discrimination(features, settings),
        spectral_norm=spectral_norm,
        initializer=settings.initializer,
        seed=settings.seed + 1,
    )


def label_targets(settings: TargetSettings) -> LabelTargets:
    """Returns the discriminator's targets from a recipe's settings."""
    return LabelTargets(settings.label_smoothing, settings.label_noise)


def optimizers(settings: Settings) -> list[keras.optimizers.Optimizer]:
    """Returns the generator's optimizer and, for two players, the discriminator's, with their schedules."""
    rates = [(settings.learning_rate, 1)]
    if isinstance(settings, TwoPlayerSettings):
        d_rate = settings.learning_rate if settings.d_learning_rate is None else settings.d_learning_rate
        rates.append((d_rate, getattr(settings, "n_critic", 1)))
    return [
        keras.optimizers.Adam(
            make_schedule(
                settings.schedule,
                learning_rate,
                total_steps=settings.steps,
                decay=settings.decay,
                cycles=settings.cycles,
                warmup_steps=settings.warmup_steps,
                updates_per_step=updates,
            ),
            beta_1=settings.beta_1,
            global_clipnorm=settings.clip_norm,
        )
        for learning_rate, updates in rates
    ]


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
    if shape.sample_shape[:2] != (size, size):
        height, width, _ = shape.sample_shape
        raise InputError(
            f"recipe {recipe} takes {size}x{size} images, not {width}x{height}: set image_size={size}"
        )


def draw_grid(gan: GenerativeModel) -> np.ndarray:
    """Draws 8 rows of 8 samples."""
    return _picture(gan.generate(64, seed=0), columns=8)


def draw_class_rows(gan: GenerativeModel) -> np.ndarray:
    """Draws one row of 10 samples for each class."""
    labels = np.repeat(np.arange(gan.num_classes), 10)
    return _picture(gan.generate(len(labels), seed=0, label=labels), columns=10)


def _picture(samples: Any, columns: int) -> np.ndarray:
    images = plotting.to_uint8(samples)
    return plotting.grid(images, columns, enlarge=2 if images.shape[1] < 48 else 1)
