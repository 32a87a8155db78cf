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
from tfgan_ref.recipes.settings import SHORT_STEPS, TargetSettings


@dataclass(frozen=True, kw_only=True)
class GANSettings(TargetSettings):
    """The articles' widths and rate."""

    loss: str = "non_saturating"  # or minimax
    steps: int = 6000
    initializer: str = "xavier"
    dropout: float = 0.3
    batch_norm: bool = True  # in the generator
    depth: int = 3  # hidden layers of G, 128 wide and each twice as wide as the one before; D has one fewer
    steps_per_execution: int = SHORT_STEPS

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("depth", 1 <= self.depth <= 6, "from 1 to 6")


def build(settings: GANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for images of any size."""
    height, width, channels = shape.sample_shape
    widths = [128 * 2**level for level in range(settings.depth)]
    generator = networks.mlp_generator(
        settings.latent_dim,
        shape.sample_shape,
        widths,
        batch_norm=settings.batch_norm,
        initializer=settings.initializer,
        seed=settings.seed,
    )
    features = networks.mlp_features(
        (height, width, channels * settings.packing),
        widths[:0:-1] or widths,
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
