"""InfoGAN on DCGAN's networks: classes and other factors of images found without labels."""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from tfgan_ref import networks
from tfgan_ref.data import DataShape, TrainingData
from tfgan_ref.gans import InfoGAN
from tfgan_ref.media.medium import code_names
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS
from tfgan_ref.recipes.recipe import Recipe, draw_class_rows, gan_settings, read_images, require_size
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    DCGAN_SIZES,
    Changeable,
    CriticSettings,
    Limits,
)

UNLABELLED_CODES = 10  # values of the categorical code where the data have no classes


@dataclass(frozen=True, kw_only=True)
class InfoGANSettings(CriticSettings):
    """Codes, latents and G's rate of the authors' code for MNIST; D has the same rate, theirs 2e-4.

    The code has batches of 128, fully connected layers of 1,024 units beside its convolutions and no average
    of G; its continuous codes have a fixed variance and the weight 1.
    """

    image_size: int | None = 28
    learning_rate: float = 1e-3
    latent_dim: int = 64  # length of a latent vector, the continuous codes included
    codes: int | None = None  # values of the categorical code; None: as many as classes, 10 without
    continuous_codes: int = 2  # uniform on [-1, 1]
    categorical_weight: Changeable[float] = 1.0  # lambda of the categorical code's information
    continuous_weight: Changeable[float] = 0.1  # lambda of the continuous codes'
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance

    limits: ClassVar = {
        **dict.fromkeys(("width", "continuous_codes"), AT_LEAST_1),
        **dict.fromkeys(("categorical_weight", "continuous_weight"), AT_LEAST_0),
        "codes": Limits("at least 1, or none", least=1),
    }
    paper: ClassVar = ADAM | {  # the authors' code: run_mnist_exp.py of openai/InfoGAN
        "learning_rate": 1e-3,
        "d_learning_rate": 2e-4,
        "beta_1": 0.5,
        "batch_size": 128,
        "n_critic": 1,
        "latent_dim": 64,
        "codes": 10,
        "continuous_codes": 2,
        "categorical_weight": 1.0,
        "width": 64,
        "normalisation": "batch",
        "dropout": 0.0,
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def read(settings: InfoGANSettings) -> TrainingData:
    """Reads the images that ``settings`` name; the codes take the place of their classes.

    Raises:
        InputError: they cannot be read or used.
    """
    training = read_images(settings)
    names = code_names(settings.codes or training.shape.num_classes or UNLABELLED_CODES)
    shape = training.shape._replace(num_classes=len(names), names={"classes": names})
    return replace(training, shape=shape, examples=({"classes": np.array(names)},))


def build(settings: InfoGANSettings, shape: DataShape) -> InfoGAN:
    """Builds InfoGAN for images of DCGAN's sizes."""
    size, _, channels = shape.sample_shape
    require_size("infogan", shape, size)
    codes = {"num_codes": shape.num_classes, "continuous_codes": settings.continuous_codes}
    body = partial(networks.dcgan_generator, image_size=size, channels=channels, **settings.network("width"))
    features = networks.dcgan_features(
        size, channels, **settings.network("width", "normalisation", "dropout", number=1)
    )
    return InfoGAN(
        networks.info_generator(body, settings.latent_dim, **codes),
        networks.info_discriminator(
            features, **codes, **settings.network("minibatch_discrimination", number=1)
        ),
        num_classes=shape.num_classes,
        **settings.group("categorical_weight", "continuous_weight"),
        **gan_settings(settings),
    )


RECIPE = Recipe(
    "infogan",
    "classes and other factors as codes, without labels",
    "X",
    InfoGANSettings,
    build,
    draw_class_rows,
    read,
)
