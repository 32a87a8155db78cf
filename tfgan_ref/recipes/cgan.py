"""The conditional GAN of the series' articles 7 and 9: `make demo` trains it on the embedded digits."""

from dataclasses import dataclass

from tfgan_ref import networks
from tfgan_ref.gans import ConditionalGAN
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_class_rows, gan_settings, require_labels
from tfgan_ref.recipes.settings import Settings


@dataclass(frozen=True, kw_only=True)
class CGANSettings(Settings):
    """Chosen so that digits are readable within a minute on two cores."""

    image_size: int | None = 28
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 1e-3
    latent_dim: int = 64
    dropout: float = 0.3
    ema_decay: float | None = 0.99
    combine: str = "projection"  # how the label enters: concat, hadamard, projection
    width: int = 32  # filters of the layers nearest the image
    batch_norm: bool = True  # in the discriminator


def build(settings: CGANSettings, shape: DataShape) -> ConditionalGAN:
    """Builds the GAN for labelled images of 28, 32 or 64 pixels."""
    num_classes = require_labels("cgan", shape, settings)
    size = shape.image_shape[0]
    generator = networks.conditional_generator(
        lambda latent_dim: networks.dcgan_generator(
            latent_dim,
            size,
            shape.image_shape[-1],
            width=settings.width,
            initializer=settings.initializer,
            seed=settings.seed,
        ),
        settings.latent_dim,
        num_classes,
        settings.combine,
        seed=settings.seed,
    )
    discriminator = networks.conditional_discriminator(
        lambda channels: networks.dcgan_features(
            size,
            channels,
            width=settings.width,
            batch_norm=settings.batch_norm,
            dropout=settings.dropout,
            initializer=settings.initializer,
            seed=settings.seed + 1,
        ),
        shape.image_shape,
        num_classes,
        settings.combine,
        initializer=settings.initializer,
        seed=settings.seed + 1,
    )
    return ConditionalGAN(generator, discriminator, num_classes, loss=settings.loss, **gan_settings(settings))


RECIPE = Recipe(
    "cgan",
    "conditional DCGAN, the label reaches both networks",
    "S7, S9, E",
    CGANSettings,
    build,
    draw_class_rows,
)
