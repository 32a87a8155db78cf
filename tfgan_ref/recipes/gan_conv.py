"""Convolutional GAN of "GANs vs. MNIST"."""

from dataclasses import dataclass
from typing import ClassVar

from tfgan_ref import networks
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings, require_size
from tfgan_ref.recipes.settings import TargetSettings


@dataclass(frozen=True, kw_only=True)
class ConvGANSettings(TargetSettings):
    """Adam(2e-4, 0.5) and dropout of the article."""

    loss: str = "non_saturating"  # of both players: non_saturating or minimax
    image_size: int | None = 28
    dropout: float = 0.3

    choices: ClassVar = {"image_size": (None, 28)}


def build(settings: ConvGANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for 28x28 images."""
    require_size("gan-conv", shape, 28)
    channels = shape.sample_shape[-1]
    generator = networks.conv28_generator(settings.latent_dim, channels, **settings.network())
    discriminator = networks.conv28_discriminator(
        channels * settings.packing,
        **settings.network("dropout", "minibatch_discrimination", number=1),
    )
    return VanillaGAN(generator, discriminator, loss=settings.loss, **gan_settings(settings))


RECIPE = Recipe("gan-conv", "convolutional GAN, 28x28", "M, S2", ConvGANSettings, build, draw_grid)
