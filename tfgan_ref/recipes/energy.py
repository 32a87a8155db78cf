"""GANs whose discriminator is an autoencoder, of the article on energies: EBGAN and BEGAN."""

from dataclasses import dataclass
from typing import ClassVar

import keras

from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.gans import BEGAN, EBGAN
from tfgan_ref.networks.images.dcgan import SIZES
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings, require_size
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    DCGAN_SIZES,
    SHORT_STEPS,
    AdversarialSettings,
    Changeable,
    Limits,
)

DISCRIMINATORS = ("autoencoder", "unet")
# Builders of BEGAN's generator and discriminator.
BEGAN_NETWORKS = {
    "dcgan": (networks.dcgan_generator, networks.conv_autoencoder),
    "paper": (networks.began_generator, networks.began_autoencoder),
}


@dataclass(frozen=True, kw_only=True)
class EBGANSettings(AdversarialSettings):
    """DCGAN's generator against an autoencoder, with a margin for digits.

    The margin, 0.8, is about three times the energy of real digits. Even so, with two seeds of three the mean
    energy of fakes is past it in most of the second half of 1,500 steps (docs/objectives.md), and D leaves
    them alone. The paper's 10, an energy of 0.13 at 28x28, is below what real digits have so early: D then
    rebuilds fakes better than real ones, and G draws few shapes.
    """

    image_size: int | None = 28
    batch_size: int = 32
    learning_rate: float = 1e-3
    initializer: str = "xavier"
    discriminator: str = "autoencoder"  # or unet
    width: int = 32  # filters of the layers nearest the image
    code_dim: int = 32  # length of the autoencoder's code; the U-Net's is its innermost feature map
    margin: float = 0.8  # energy up to which D pushes fakes
    pull_away_weight: Changeable[float] = 0.1  # of the term that makes the codes of fakes differ
    pretrain_steps: int = 0  # first steps, in which D learns to rebuild real images and G waits
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {
        **dict.fromkeys(("width", "code_dim"), AT_LEAST_1),
        "pull_away_weight": AT_LEAST_0,
        "margin": Limits("above 0", above=0),
    }
    # Zhao et al. 2017, sections 2.4 and 4.1. Margins are in other units there: lengths, not mean squares.
    paper: ClassVar = {
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "d_learning_rate": None,
        "pull_away_weight": 0.1,
        "discriminator": "autoencoder",
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"discriminator": DISCRIMINATORS}

    def __post_init__(self) -> None:
        """Checks that the generator learns at all."""
        super().__post_init__()
        if not 0 <= self.pretrain_steps < self.steps:
            raise InputError(
                f"pretrain_steps {self.pretrain_steps} is out of range: from 0 to below steps, which is "
                f"{self.steps}"
            )


def build_ebgan(settings: EBGANSettings, shape: DataShape) -> EBGAN:
    """Builds EBGAN for images of DCGAN's sizes: its generator, an autoencoder or U-Net as D."""
    size, _, channels = shape.sample_shape
    require_size("ebgan", shape, size)
    return EBGAN(
        networks.dcgan_generator(settings.latent_dim, size, channels, **settings.network("width")),
        _discriminator(settings, size, channels * settings.packing),
        **settings.group("margin", "pull_away_weight", "pretrain_steps"),
        **gan_settings(settings),
    )


def _discriminator(settings: EBGANSettings, size: int, channels: int) -> keras.Model:
    if settings.discriminator == "autoencoder":
        return networks.conv_autoencoder(size, channels, **settings.network("width", "code_dim", number=1))
    _, depth = SIZES[size]  # as far in as DCGAN goes
    return networks.unet((size, size, channels), depth, **settings.network("width", number=1))


@dataclass(frozen=True, kw_only=True)
class BEGANSettings(AdversarialSettings):
    """Networks of ``ebgan``, and a gamma and a gain with which they learn digits in 1,500 steps.

    In thousands of steps the paper's gain of 0.001 leaves k near 0, and G with the one image that is easiest
    to rebuild: here k follows 50 times as fast. Even so, a gamma below 1, which asks G for images that are
    rebuilt better than real ones, costs diversity. The paper's networks, without batch norm, need more and
    longer steps.
    """

    image_size: int | None = 28
    batch_size: int = 32
    learning_rate: float = 1e-3
    latent_dim: int = 64
    initializer: str = "xavier"
    architecture: str = "dcgan"  # DCGAN's generator and EBGAN's autoencoder, or paper
    width: int = 32  # n of the paper, filters of the layers nearest the image
    convolutions: int = 1  # at each resolution, with architecture=paper; the paper has 2
    code_dim: int = 32  # length of D's code
    gamma: Changeable[float] = 1.0  # energy of fakes to real images' at equilibrium: lower is less diverse
    k_rate: Changeable[float] = 0.05  # lambda_k, how fast k follows; 0.001 in the paper
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {
        **dict.fromkeys(("width", "code_dim", "convolutions"), AT_LEAST_1),
        "gamma": Limits("above 0", above=0),
        "k_rate": Limits("above 0", above=0),
    }
    # Berthelot et al. 2017, section 4.1, which names Adam, its rate, halved whenever M stalls, and no betas:
    # these are Adam's own. There is no code of the authors; carpedm20/BEGAN-tensorflow has batches of 16, and
    # beta_1 0.5 in config.py, but trainer.py leaves its Adam with 0.9.
    paper: ClassVar = ADAM | {
        "learning_rate": 1e-4,
        "d_learning_rate": None,
        "batch_size": 16,
        "architecture": "paper",
        "latent_dim": 64,
        "width": 128,
        "convolutions": 2,
        "code_dim": 64,
        "gamma": 0.5,
        "k_rate": 0.001,
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"architecture": tuple(BEGAN_NETWORKS)}

    def __post_init__(self) -> None:
        """Checks that the number of convolutions is asked for where the networks have one."""
        super().__post_init__()
        if self.architecture == "dcgan":
            self.refuse("architecture dcgan: it is of the paper's", "convolutions")


def build_began(settings: BEGANSettings, shape: DataShape) -> BEGAN:
    """Builds BEGAN for images of DCGAN's sizes."""
    size, _, channels = shape.sample_shape
    require_size("began", shape, size)
    make_generator, make_autoencoder = BEGAN_NETWORKS[settings.architecture]
    own = ("convolutions",) if settings.architecture == "paper" else ()
    discriminator = settings.network("width", "code_dim", *own, number=1)
    return BEGAN(
        make_generator(settings.latent_dim, size, channels, **settings.network("width", *own)),
        make_autoencoder(size, channels * settings.packing, **discriminator),
        **settings.group("gamma", "k_rate"),
        **gan_settings(settings),
    )


RECIPES = (
    Recipe("ebgan", "energy-based GAN, D an autoencoder", "E", EBGANSettings, build_ebgan, draw_grid),
    Recipe("began", "boundary equilibrium GAN", "E", BEGANSettings, build_began, draw_grid),
)
