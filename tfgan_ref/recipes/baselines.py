"""Baselines of the articles: supervised learning by squared error, and a VAE."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from tfgan_ref import networks
from tfgan_ref.gans import VAE, MSEGenerator
from tfgan_ref.networks.layers.heads import COMBINE
from tfgan_ref.recipes.cgan import conditional_dcgan_generator
from tfgan_ref.recipes.recipe import (
    DataShape,
    Recipe,
    draw_class_rows,
    draw_grid,
    read_images,
    require_size,
)
from tfgan_ref.recipes.settings import AT_LEAST_1, DCGAN_SIZES, SHORT_STEPS, Limits, SamplingSettings


@dataclass(frozen=True, kw_only=True)
class MSESettings(SamplingSettings):
    """Settings of cgan, whose generator it trains."""

    image_size: int | None = 28
    steps: int = 1000
    batch_size: int = 32
    learning_rate: float = 1e-3
    latent_dim: int = 64
    ema_decay: float | None = 0.99
    combine: str = "concat"  # how the label enters: concat, hadamard
    width: int = 32  # filters of the layer nearest the image
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {"width": AT_LEAST_1}
    choices: ClassVar = DCGAN_SIZES | {"combine": COMBINE}


@dataclass(frozen=True, kw_only=True)
class VAESettings(SamplingSettings):
    """DCGAN's generator as decoder, the body of its discriminator as encoder.

    Samples are decoded latents of the prior, like the data only where the posteriors of the data fill it. So
    the variance is far above the likeliest one, the squared error: a deviation of 0.3 drew worse digits.
    """

    image_size: int | None = 28
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 1e-3
    latent_dim: int = 32
    stddev: float | None = 1.0  # of the decoder's pixels; None: learnt
    width: int = 32  # filters of the layers nearest the image
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {"width": AT_LEAST_1, "stddev": Limits("above 0, or none", above=0)}
    choices: ClassVar = DCGAN_SIZES


def build_mse(settings: MSESettings, shape: DataShape) -> MSEGenerator:
    """Builds the supervised generator for labelled images of DCGAN's sizes."""
    require_size("mse", shape, shape.sample_shape[0])
    generator = conditional_dcgan_generator(settings, shape)
    return MSEGenerator(generator, num_classes=shape.num_classes, **settings.group("seed", "ema_decay"))


def build_vae(settings: VAESettings, shape: DataShape) -> VAE:
    """Builds the VAE for images of DCGAN's sizes."""
    size, _, channels = shape.sample_shape
    require_size("vae", shape, size)
    decoder = networks.dcgan_generator(settings.latent_dim, size, channels, **settings.network("width"))
    features = networks.dcgan_features(size, channels, **settings.network("width", number=1))
    encoder = networks.gaussian_encoder(features, **settings.network("latent_dim", number=1))
    return VAE(decoder, encoder, **settings.group("stddev", "seed", "ema_decay"))


RECIPE_MSE = Recipe(
    "mse",
    "baseline: supervised, squared error",
    "E",
    MSESettings,
    build_mse,
    draw_class_rows,
    partial(read_images, labels_for="recipe mse"),
    labelled=True,
)
RECIPE_VAE = Recipe("vae", "baseline: variational autoencoder", "M", VAESettings, build_vae, draw_grid)
