"""R3GAN, unconditional or with labels, at DCGAN's sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from tfgan_ref import networks
from tfgan_ref.data import DataShape, TrainingData
from tfgan_ref.data.images.arrays import no_labels
from tfgan_ref.gans import R3GAN
from tfgan_ref.recipes.recipe import (
    Recipe,
    draw_class_rows,
    draw_grid,
    gan_settings,
    read_images,
    require_size,
)
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_1,
    DCGAN_SIZES,
    BurnInSettings,
    Changeable,
    Limits,
)


@dataclass(frozen=True, kw_only=True)
class R3GANSettings(BurnInSettings):
    """Beta_1, beta_2 and the factors of the burn-in of the authors' code; the rest for minutes on two cores.

    Theirs for CIFAR-10, in images of 32x32 and batches of 512: rate 5e-5 and gamma 0.005 after a burn-in of
    20 million images, an average of G with a half-life of 5 million, two blocks at each size. There is no
    setting here for their width of 768 at every size and for augmentation whose probability rises.
    """

    conditional: bool = False  # the data's labels reach both networks, D by projection
    image_size: int | None = 28
    batch_size: int = 32
    learning_rate: float = 7.5e-4
    beta_1: Changeable[float | None] = 0.0
    r1: Changeable[float] = 0.5
    r2: Changeable[float] = 0.5
    latent_dim: int = 64
    width: int = 16  # channels at half the images' size; a quarter as many at the full size, 4 times below
    blocks: int = 1  # residual blocks at each size
    expansion: int = 2  # how many times wider a block is inside
    initializer: str = "lecun"  # of what is outside the blocks, which scale theirs

    limits: ClassVar = {
        **dict.fromkeys(("blocks", "expansion"), AT_LEAST_1),
        "width": Limits("at least 4", least=4),
    }
    paper: ClassVar = ADAM | {  # the authors' code: preset CIFAR10 of train.py in brownvc/R3GAN
        "learning_rate": 5e-5,
        "d_learning_rate": None,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "batch_size": 512,
        "n_critic": 1,
        "r1": 0.005,
        "r2": 0.005,
        "burn_in_steps": 39062,
        "burn_in_gamma": 10.0,
        "burn_in_rate": 4.0,
        "burn_in_beta_2": 0.9,
        "latent_dim": 64,
        "blocks": 2,
        "expansion": 2,
        "ema_decay": 0.999929,
    }
    choices: ClassVar = DCGAN_SIZES | {"initializer": ("lecun",)}


def read(settings: R3GANSettings) -> TrainingData:
    """Reads the images, and requires labels if ``conditional``."""
    return read_images(settings, labels_for="conditional=true" if settings.conditional else None)


def build(settings: R3GANSettings, shape: DataShape) -> R3GAN:
    """Builds the GAN for images of DCGAN's sizes.

    Raises:
        InputError: images of another size, or ``conditional`` without labels.
    """
    size, _, channels = shape.sample_shape
    require_size("r3gan", shape, size)
    parts = settings.group("width", "blocks", "expansion")
    generator = partial(
        networks.r3gan_generator, image_size=size, channels=channels, seed=settings.seed, **parts
    )
    features = partial(networks.r3gan_features, size, seed=settings.seed + 1, **parts)
    classes = {}
    if settings.conditional:
        if shape.num_classes is None:
            raise no_labels(settings.data, "conditional=true")
        classes = {"num_classes": shape.num_classes}
        pair = (
            networks.conditional_generator(generator, settings.latent_dim, seed=settings.seed, **classes),
            networks.conditional_discriminator(
                features, shape.sample_shape, combine="projection", **classes, **settings.network(number=1)
            ),
        )
    else:
        pair = (
            generator(settings.latent_dim),
            networks.discriminator(features(channels * settings.packing), **settings.network(number=1)),
        )
    return R3GAN(
        *pair, **classes, **settings.group("burn_in_steps", "burn_in_gamma"), **gan_settings(settings)
    )


def draw(gan: R3GAN, examples: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
    """Draws a row of each class, or 8 rows of 8 samples without classes."""
    return draw_grid(gan) if gan.num_classes is None else draw_class_rows(gan, examples)


RECIPE = Recipe(
    "r3gan", "relativistic pairs, R1 and R2, residual networks", "E", R3GANSettings, build, draw, read
)
