"""Fully connected GAN of "GAN from scratch" and of the series' articles 1 and 2."""

from dataclasses import dataclass
from typing import ClassVar

from tfgan_ref import networks
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.gans.vanilla import LOSSES
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings
from tfgan_ref.recipes.settings import SHORT_STEPS, Limits, TargetSettings


@dataclass(frozen=True, kw_only=True)
class GANSettings(TargetSettings):
    """Widths of the articles, whose rate of 2e-4 is for many epochs: this one learns in 1,500 steps."""

    loss: str = "non_saturating"  # of both players: non_saturating or minimax
    steps: int = 6000
    learning_rate: float = 1e-3
    initializer: str = "xavier"
    dropout: float = 0.3
    batch_norm: bool = True  # in the generator
    depth: int = 3  # hidden layers of G, 128 wide and each twice as wide as the one before; D has one fewer
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {"depth": Limits("from 1 to 6", least=1, below=7)}
    choices: ClassVar = {"loss": LOSSES}


def build(settings: GANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for images of any size."""
    height, width, channels = shape.sample_shape
    widths = [128 * 2**level for level in range(settings.depth)]
    generator = networks.mlp_generator(
        settings.latent_dim, shape.sample_shape, widths, **settings.network("batch_norm")
    )
    discriminator = networks.mlp_discriminator(
        (height, width, channels * settings.packing),
        widths[:0:-1] or widths,
        **settings.network("dropout", "minibatch_discrimination", number=1),
    )
    return VanillaGAN(generator, discriminator, loss=settings.loss, **gan_settings(settings))


RECIPE = Recipe("gan", "fully connected GAN, any image size", "F, S1, S2", GANSettings, build, draw_grid)
