"""Conditional GANs of the series' articles 7 and 9: `make demo` trains cgan on the embedded digits."""

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import keras

from tfgan_ref import networks
from tfgan_ref.gans import ACGAN, ConditionalGAN
from tfgan_ref.losses import ADVERSARIAL_LOSSES
from tfgan_ref.networks.images.dcgan import POOLING
from tfgan_ref.networks.layers.heads import COMBINE
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_class_rows, gan_settings, read_images
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    DCGAN_SIZES,
    SHORT_STEPS,
    Changeable,
    CriticSettings,
    TargetSettings,
)


@dataclass(frozen=True, kw_only=True)
class CGANSettings(TargetSettings):
    """Chosen so that digits are readable within a minute on two cores.

    The projection is on D's flattened maps, not on their sums over the positions as in its paper: with
    pooling=sum more samples show another label than the one asked for.

    Mirza and Osindero 2014 train by SGD with momentum and put label and latents together, as combine=concat
    does. There is no setting here for their fully connected networks, dropout in G, a rate that falls by a
    factor of 1.00004 in each step and a momentum that rises to 0.7.
    """

    loss: str = "non_saturating"  # or minimax, least_squares, hinge, wasserstein (with spectral_norm or r1)
    image_size: int | None = 28
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 1e-3
    latent_dim: int = 64
    dropout: float = 0.3
    ema_decay: float | None = 0.99
    combine: str = "projection"  # how the label enters: concat, hadamard, projection
    pooling: str = "flatten"  # of D's last maps: flatten, or sum over the positions (projection's paper)
    width: int = 32  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance
    spectral_norm: bool = False  # of the discriminator's layers
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {"width": AT_LEAST_1}
    paper: ClassVar = {  # Mirza and Osindero 2014, section 4.1
        "optimizer": "sgd",
        "beta_1": 0.5,
        "learning_rate": 0.1,
        "d_learning_rate": None,
        "batch_size": 100,
        "latent_dim": 100,
        "dropout": 0.5,
        "combine": "concat",
        "normalisation": "none",
        "spectral_norm": False,
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {
        "loss": tuple(ADVERSARIAL_LOSSES),
        "combine": COMBINE,
        "pooling": POOLING,
        "normalisation": NORMALISATIONS,
    }


@dataclass(frozen=True, kw_only=True)
class ACGANSettings(CriticSettings):
    """Settings of cgan, and the weight of the classes.

    The paper has the rate 2e-4, batches of 100, dropout of 0.5 in each layer of D and no average of G, for
    50,000 steps. There is no setting here for its deeper D and the noise of up to 0.2 on D's activations.
    There is no code of the authors, and the appendix could not be read itself: the preset has what others
    take from it, clvrai/ACGAN-PyTorch (main.py, network.py) and kozistr/Awesome-GANs (ACGAN/readme.md).
    """

    image_size: int | None = 28
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 1e-3
    latent_dim: int = 64
    dropout: float = 0.3
    ema_decay: float | None = 0.99
    class_weight: Changeable[float] = 1.0  # of the classes beside real or fake
    combine: str = "concat"  # how the label enters the generator: concat, hadamard
    width: int = 32  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {"width": AT_LEAST_1, "class_weight": AT_LEAST_0}
    paper: ClassVar = ADAM | {  # Odena et al. 2017, appendix A, as others report it
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "batch_size": 100,
        "n_critic": 1,
        "latent_dim": 100,
        "dropout": 0.5,
        "normalisation": "batch",
        "class_weight": 1.0,
        "combine": "concat",
        "initializer": "normal02",
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"combine": COMBINE, "normalisation": NORMALISATIONS}


def conditional_dcgan_generator(settings: Any, shape: DataShape) -> keras.Model:
    """Builds DCGAN's generator with a label, from ``width``, ``combine`` and what all settings have."""
    size, _, channels = shape.sample_shape
    body = partial(networks.dcgan_generator, image_size=size, channels=channels, **settings.network("width"))
    return networks.conditional_generator(
        body,
        settings.latent_dim,
        num_classes=shape.num_classes,
        combine=settings.combine,
        seed=settings.seed,
    )


def build(settings: CGANSettings, shape: DataShape) -> ConditionalGAN:
    """Builds the GAN for labelled images of DCGAN's sizes."""
    body = settings.network("width", "normalisation", "spectral_norm", "dropout", "pooling", number=1)
    head = settings.network("combine", "spectral_norm", "minibatch_discrimination", number=1)
    discriminator = networks.conditional_discriminator(
        partial(networks.dcgan_features, shape.sample_shape[0], **body),
        shape.sample_shape,
        num_classes=shape.num_classes,
        **head,
    )
    return ConditionalGAN(
        conditional_dcgan_generator(settings, shape),
        discriminator,
        num_classes=shape.num_classes,
        loss=settings.loss,
        **gan_settings(settings),
    )


def build_acgan(settings: ACGANSettings, shape: DataShape) -> ACGAN:
    """Builds the auxiliary classifier GAN for labelled images of DCGAN's sizes."""
    size, _, channels = shape.sample_shape
    body = settings.network("width", "normalisation", "dropout", number=1)
    discriminator = networks.auxiliary_discriminator(
        networks.dcgan_features(size, channels, **body),
        num_classes=shape.num_classes,
        **settings.network("minibatch_discrimination", number=1),
    )
    return ACGAN(
        conditional_dcgan_generator(settings, shape),
        discriminator,
        num_classes=shape.num_classes,
        class_weight=settings.class_weight,
        **gan_settings(settings),
    )


RECIPE = Recipe(
    "cgan",
    "conditional DCGAN, the label reaches both networks",
    "S7, S9, E",
    CGANSettings,
    build,
    draw_class_rows,
    partial(read_images, labels_for="recipe cgan"),
    labelled=True,
)
RECIPE_AUXILIARY = Recipe(
    "acgan",
    "conditional DCGAN whose D names the class",
    "E",
    ACGANSettings,
    build_acgan,
    draw_class_rows,
    partial(read_images, labels_for="recipe acgan"),
    labelled=True,
)
