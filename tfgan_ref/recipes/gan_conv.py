"""The convolutional GAN of "GANs vs. MNIST"."""

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
    require_size,
)
from tfgan_ref.recipes.settings import TargetSettings


@dataclass(frozen=True, kw_only=True)
class ConvGANSettings(TargetSettings):
    """The article's Adam(2e-4, 0.5) and dropout."""

    loss: str = "non_saturating"  # or minimax
    image_size: int | None = 28
    dropout: float = 0.3


def build(settings: ConvGANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for 28x28 images."""
    require_size("gan-conv", shape, 28)
    channels = shape.sample_shape[-1]
    generator = networks.conv28_generator(
        settings.latent_dim, channels, initializer=settings.initializer, seed=settings.seed
    )
    features = networks.conv28_features(
        channels * settings.packing,
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


RECIPE = Recipe("gan-conv", "convolutional GAN, 28x28", "M, S2", ConvGANSettings, build, draw_grid)
