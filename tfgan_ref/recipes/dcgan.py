"""DCGAN by its paper's rules, at 28, 32 or 64 pixels."""

from dataclasses import dataclass

from tfgan_ref import networks
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings, require_size
from tfgan_ref.recipes.settings import Settings


@dataclass(frozen=True, kw_only=True)
class DCGANSettings(Settings):
    """The paper's nets and N(0, 0.02); rate and dropout for thousands of steps instead of its many epochs."""

    image_size: int | None = 28
    learning_rate: float = 1e-3
    dropout: float = 0.3
    width: int = 64  # filters of the layers nearest the image


@dataclass(frozen=True, kw_only=True)
class DCGAN64Settings(DCGANSettings):
    """64x64 in colour, as "choosing metrics" builds it, with the paper's Adam(2e-4, 0.5)."""

    learning_rate: float = 2e-4
    dropout: float = 0.0
    image_size: int | None = 64
    channels: int | None = 3
    steps: int = 2000
    batch_size: int = 32
    width: int = 32
    steps_per_execution: int = 1


def build(settings: DCGANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for 28x28, 32x32 or 64x64 images."""
    size, _, channels = shape.image_shape
    require_size("dcgan", shape, size)
    generator = networks.dcgan_generator(
        settings.latent_dim,
        size,
        channels,
        width=settings.width,
        initializer=settings.initializer,
        seed=settings.seed,
    )
    features = networks.dcgan_features(
        size,
        channels,
        width=settings.width,
        dropout=settings.dropout,
        initializer=settings.initializer,
        seed=settings.seed + 1,
    )
    discriminator = networks.discriminator(features, initializer=settings.initializer, seed=settings.seed + 1)
    return VanillaGAN(generator, discriminator, loss=settings.loss, **gan_settings(settings))


RECIPE = Recipe("dcgan", "DCGAN by the paper's rules, 28x28", "E", DCGANSettings, build, draw_grid)
RECIPE_64 = Recipe("dcgan64", "DCGAN at 64x64 in colour", "X", DCGAN64Settings, build, draw_grid)
