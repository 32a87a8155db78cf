"""DCGAN's networks under the other objectives of the series' article 3 and of the metrics articles."""

from dataclasses import dataclass
from typing import ClassVar

from tfgan_ref.gans import DRAGAN, LSGAN, WGAN, WGANGP, HingeGAN
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS, PER_SAMPLE
from tfgan_ref.recipes.dcgan import DCGANPairSettings, dcgan_pair
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings
from tfgan_ref.recipes.settings import (
    AT_LEAST_0,
    AT_LEAST_1,
    DCGAN_SIZES,
    Changeable,
    Limits,
    TargetSettings,
)


@dataclass(frozen=True, kw_only=True)
class LSGANSettings(DCGANPairSettings, TargetSettings):
    """Settings of DCGAN."""

    image_size: int | None = 28
    learning_rate: float = 1e-3
    dropout: float = 0.3
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_lsgan(settings: LSGANSettings, shape: DataShape) -> LSGAN:
    """Builds LSGAN on DCGAN's networks."""
    return LSGAN(
        *dcgan_pair("lsgan", settings, shape),
        **gan_settings(settings),
    )


@dataclass(frozen=True, kw_only=True)
class WGANSettings(DCGANPairSettings):
    """Clip and n_critic of the paper; Adam without momentum, since RMSprop is what the paper takes."""

    image_size: int | None = 28
    learning_rate: float = 2e-4
    beta_1: float = 0.0
    n_critic: int = 5
    clip: Changeable[float] = 0.01  # of all weights of the critic
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the critic: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1, "clip": Limits("above 0", above=0)}
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_wgan(settings: WGANSettings, shape: DataShape) -> WGAN:
    """Builds WGAN on DCGAN's networks."""
    pair = dcgan_pair("wgan", settings, shape)
    return WGAN(*pair, clip=settings.clip, **gan_settings(settings))


@dataclass(frozen=True, kw_only=True)
class WGANGPSettings(DCGANPairSettings):
    """Lambda, n_critic and betas of the paper; a rate for thousands of steps."""

    image_size: int | None = 28
    learning_rate: float = 5e-4
    n_critic: int = 5
    penalty_weight: Changeable[float] = 10.0  # lambda
    one_sided: bool = False  # punish only gradient norms above 1
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of the critic: none, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1, "penalty_weight": AT_LEAST_0}
    choices: ClassVar = DCGAN_SIZES | {"normalisation": PER_SAMPLE}
    faster_in_bfloat16: ClassVar = True


def build_wgan_gp(settings: WGANGPSettings, shape: DataShape) -> WGANGP:
    """Builds WGAN-GP on DCGAN's networks, without batch norm in the critic; section 4 proposes layer norm."""
    return WGANGP(
        *dcgan_pair("wgan-gp", settings, shape),
        **settings.group("penalty_weight", "one_sided"),
        **gan_settings(settings),
    )


@dataclass(frozen=True, kw_only=True)
class HingeSettings(DCGANPairSettings):
    """Settings of DCGAN."""

    image_size: int | None = 28
    learning_rate: float = 1e-3
    dropout: float = 0.3
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_hinge(settings: HingeSettings, shape: DataShape) -> HingeGAN:
    """Builds a GAN with the hinge loss on DCGAN's networks."""
    return HingeGAN(*dcgan_pair("hinge", settings, shape), **gan_settings(settings))


@dataclass(frozen=True, kw_only=True)
class SNGANSettings(DCGANPairSettings):
    """Hinge loss, as in the paper; rates for thousands of steps, which end at 0.

    One power iteration per update follows a kernel that hardly moves any more: the norms come to 1.
    """

    image_size: int | None = 28
    learning_rate: float = 5e-4
    d_learning_rate: float | None = 1e-3
    schedule: str = "cosine"
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of D beside its spectral norms: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_sngan(settings: SNGANSettings, shape: DataShape) -> HingeGAN:
    """Builds SNGAN: the hinge loss, and spectral normalisation of every layer of D instead of batch norm."""
    return HingeGAN(*dcgan_pair("sngan", settings, shape, spectral_norm=True), **gan_settings(settings))


@dataclass(frozen=True, kw_only=True)
class DRAGANSettings(DCGANPairSettings):
    """Lambda of the paper; a rate for thousands of steps."""

    image_size: int | None = 28
    learning_rate: float = 1e-3
    penalty_weight: Changeable[float] = 10.0  # lambda
    spread: float = 0.5  # of the noise around real images, in standard deviations of the batch
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of the discriminator: none, layer, instance

    limits: ClassVar = {
        "width": AT_LEAST_1,
        "penalty_weight": AT_LEAST_0,
        "spread": Limits("above 0", above=0),
    }
    choices: ClassVar = DCGAN_SIZES | {"normalisation": PER_SAMPLE}


def build_dragan(settings: DRAGANSettings, shape: DataShape) -> DRAGAN:
    """Builds DRAGAN on DCGAN's networks, without batch norm in D."""
    return DRAGAN(
        *dcgan_pair("dragan", settings, shape),
        **settings.group("penalty_weight", "spread"),
        **gan_settings(settings),
    )


RECIPES = (
    Recipe("lsgan", "least squares GAN", "S3", LSGANSettings, build_lsgan, draw_grid),
    Recipe("wgan", "Wasserstein GAN, weights clipped", "S3, M, E", WGANSettings, build_wgan, draw_grid),
    Recipe(
        "wgan-gp", "Wasserstein GAN, gradient penalty", "E, M, X", WGANGPSettings, build_wgan_gp, draw_grid
    ),
    Recipe("hinge", "hinge loss", "S3", HingeSettings, build_hinge, draw_grid),
    Recipe("sngan", "spectral normalisation, hinge loss", "E", SNGANSettings, build_sngan, draw_grid),
    Recipe(
        "dragan", "gradient penalty around real images", "M, E, X", DRAGANSettings, build_dragan, draw_grid
    ),
)
