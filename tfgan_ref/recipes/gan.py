"""The fully connected GAN of "GAN from scratch" and of the series' articles 1 and 2."""

from dataclasses import dataclass

from tfgan_ref import networks
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes.recipe import (
    DataShape,
    Recipe,
    discriminator_of,
    draw_grid,
    gan_settings,
    label_targets,
)
from tfgan_ref.recipes.settings import TargetSettings


@dataclass(frozen=True, kw_only=True)
class GANSettings(TargetSettings):
    """The articles' widths and rate."""

    loss: str = "non_saturating"  # or minimax
    steps: int = 6000
    initializer: str = "xavier"
    dropout: float = 0.3
    batch_norm: bool = True  # in the generator


def build(settings: GANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for images of any size."""
    height, width, channels = shape.sample_shape
    generator = networks.mlp_generator(
        settings.latent_dim,
        shape.sample_shape,
        batch_norm=settings.batch_norm,
        initializer=settings.initializer,
        seed=settings.seed,
    )
    features = networks.mlp_features(
        (height, width, channels * settings.packing),
        dropout=settings.dropout,
        initializer=settings.initializer,
        seed=settings.seed + 1,
    )
    return VanillaGAN(
        generator,
        discriminator_of(features, settings),
        loss=settings.loss,
        label_targets=label_targets(settings),
        **gan_settings(settings),
    )


RECIPE = Recipe("gan", "fully connected GAN, any image size", "F, S1, S2", GANSettings, build, draw_grid)
