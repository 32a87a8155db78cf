"""DCGAN by its paper's rules, at 12 to 256 pixels, and its networks for other objectives."""

from dataclasses import dataclass
from typing import ClassVar

import keras

from tfgan_ref import networks
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.gans.vanilla import LOSSES
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings, require_size
from tfgan_ref.recipes.settings import ADAM, AT_LEAST_1, DCGAN_SIZES, CriticSettings, TargetSettings


@dataclass(frozen=True, kw_only=True)
class DCGANPairSettings(CriticSettings):
    """Settings of recipes whose networks ``dcgan_pair`` builds."""

    virtual_batch_norm: bool = False  # of the generator: batch norm by a fixed reference batch of batch_size


@dataclass(frozen=True, kw_only=True)
class DCGANSettings(DCGANPairSettings, TargetSettings):
    """Nets, N(0, 0.02) and betas of the paper; all else is for thousands of steps, not its many epochs.

    The rate is five times the paper's 2e-4, batches are of half its 128 images, the layers half as wide, and
    there are dropout and an average of G, which it has not. Its latents are uniform in [-1, 1]; the authors'
    code has weight decay 1e-5.
    """

    loss: str = "non_saturating"  # of both players: non_saturating or minimax
    image_size: int | None = 28
    learning_rate: float = 1e-3
    dropout: float = 0.3
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    paper: ClassVar = ADAM | {  # Radford et al. 2016, section 4; the width of figure 1
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "batch_size": 128,
        "latent_dim": 100,
        "width": 128,
        "normalisation": "batch",
        "dropout": 0.0,
        "initializer": "normal02",
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"loss": LOSSES, "normalisation": NORMALISATIONS}
    faster_in_bfloat16: ClassVar = True


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


def dcgan_pair(
    recipe: str,
    settings: DCGANPairSettings,
    shape: DataShape,
    *,
    spectral_norm: bool = False,
) -> tuple[keras.Model, keras.Model]:
    """Builds DCGAN's generator and discriminator for unlabelled images of DCGAN's sizes.

    Args:
        recipe: whose, for messages.
        settings: those of the recipe, with ``width`` and ``normalisation``.
        shape: of the data.
        spectral_norm: whether its layers are spectrally normalised.

    Raises:
        InputError: images of another size.
    """
    size, _, channels = shape.sample_shape
    require_size(recipe, shape, size)
    body = settings.network("width", "dropout", "minibatch_discrimination", "normalisation", number=1)
    reference = settings.batch_size if settings.virtual_batch_norm else None
    return (
        networks.dcgan_generator(
            settings.latent_dim, size, channels, reference=reference, **settings.network("width")
        ),
        networks.dcgan_discriminator(size, channels * settings.packing, spectral_norm=spectral_norm, **body),
    )


def build(settings: DCGANSettings, shape: DataShape) -> VanillaGAN:
    """Builds the GAN for images of DCGAN's sizes, 12 to 256 pixels."""
    return VanillaGAN(
        *dcgan_pair("dcgan", settings, shape),
        loss=settings.loss,
        **gan_settings(settings),
    )


RECIPE = Recipe("dcgan", "DCGAN by the paper's rules, 28x28", "E", DCGANSettings, build, draw_grid)
RECIPE_64 = Recipe("dcgan64", "DCGAN at 64x64 in colour", "X", DCGAN64Settings, build, draw_grid)
