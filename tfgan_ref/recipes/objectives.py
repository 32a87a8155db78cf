"""DCGAN's networks under the other objectives of the series' article 3 and of the metrics articles."""

from dataclasses import dataclass
from typing import ClassVar

from tfgan_ref.errors import InputError
from tfgan_ref.gans import DRAGAN, LSGAN, WGAN, WGANGP, HingeGAN
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS, PER_SAMPLE
from tfgan_ref.recipes.dcgan import DCGANPairSettings, dcgan_pair
from tfgan_ref.recipes.recipe import DataShape, Recipe, draw_grid, gan_settings
from tfgan_ref.recipes.settings import (
    ADAM,
    AT_LEAST_0,
    AT_LEAST_1,
    DCGAN_SIZES,
    RMSPROP,
    Changeable,
    Limits,
    TargetSettings,
)


@dataclass(frozen=True, kw_only=True)
class LSGANSettings(DCGANPairSettings, TargetSettings):
    """Settings of DCGAN.

    Rate and batches are those of the authors' code; its latents are of length 1,024, its networks deeper,
    after VGG, and it has neither dropout nor an average of G.
    """

    image_size: int | None = 28
    learning_rate: float = 1e-3
    dropout: float = 0.3
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    paper: ClassVar = ADAM | {  # the authors' code: train_lsun.py of xudonmao/LSGAN
        "learning_rate": 1e-3,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "batch_size": 64,
        "latent_dim": 1024,
        "normalisation": "batch",
        "dropout": 0.0,
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_lsgan(settings: LSGANSettings, shape: DataShape) -> LSGAN:
    """Builds LSGAN on DCGAN's networks."""
    return LSGAN(
        *dcgan_pair("lsgan", settings, shape),
        **gan_settings(settings),
    )


@dataclass(frozen=True, kw_only=True)
class WGANSettings(DCGANPairSettings):
    """N_critic and batches of the paper; five times its clip, and Adam at ten times its rate.

    The paper clips to 0.01 and takes RMSprop at 5e-5, for a hundred times as many steps, with batch norm in
    the critic, which this one has not. The authors' code also lets the critic make 100 updates in each of the
    first 25 steps and in every 500th. Both have no average of G.
    """

    image_size: int | None = 28
    learning_rate: float = 5e-4
    beta_1: Changeable[float | None] = 0.0
    n_critic: int = 5
    n_critic_warmup: Changeable[int | None] = None  # updates in first 25 steps, every 500th; None: n_critic
    clip: Changeable[float] = 0.05  # of all weights of the critic
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of the critic: none, batch, layer, instance

    limits: ClassVar = {
        "width": AT_LEAST_1,
        "clip": Limits("above 0", above=0),
        "n_critic_warmup": Limits("at least n_critic, or none", least=1),
    }
    paper: ClassVar = RMSPROP | {  # Arjovsky et al. 2017, Algorithm 1; the authors' code
        "learning_rate": 5e-5,
        "d_learning_rate": None,
        "batch_size": 64,
        "n_critic": 5,
        "n_critic_warmup": 100,
        "clip": 0.01,
        "latent_dim": 100,
        "width": 64,
        "normalisation": "batch",
        "dropout": 0.0,
        "initializer": "normal02",
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}

    def __post_init__(self) -> None:
        """Checks that the critic's schedule, which counts its updates, is that of the steps."""
        super().__post_init__()
        if self.n_critic_warmup is not None and (self.schedule != "constant" or self.warmup_steps):
            raise InputError(
                f"n_critic_warmup {self.n_critic_warmup} needs schedule=constant and warmup_steps=0: the "
                "critic's rates are of its updates"
            )


def build_wgan(settings: WGANSettings, shape: DataShape) -> WGAN:
    """Builds WGAN on DCGAN's networks."""
    pair = dcgan_pair("wgan", settings, shape)
    return WGAN(*pair, **settings.group("clip", "n_critic_warmup"), **gan_settings(settings))


@dataclass(frozen=True, kw_only=True)
class WGANGPSettings(DCGANPairSettings):
    """Lambda, n_critic and batches of the paper; a rate and betas for thousands of steps.

    The paper has the rate 1e-4 and betas of 0 and 0.9 where these are 5e-4, 0.5 and 0.999. The authors' code
    has latents of length 128, 200,000 steps and no average of G. At 64x64 it has the paper's betas and, for
    DCGAN's networks, layer norm in the critic; for MNIST and CIFAR-10 (gan_mnist.py, gan_cifar.py) a beta_1
    of 0.5 and no norm there.
    """

    image_size: int | None = 28
    learning_rate: float = 5e-4
    n_critic: int = 5
    penalty_weight: Changeable[float] = 10.0  # lambda
    one_sided: bool = False  # punish only gradient norms above 1
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of the critic: none, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1, "penalty_weight": AT_LEAST_0}
    # Gulrajani et al. 2017, Algorithm 1; the authors' code: gan_64x64.py of igul222/improved_wgan_training.
    paper: ClassVar = ADAM | {
        "learning_rate": 1e-4,
        "d_learning_rate": None,
        "beta_1": 0.0,
        "beta_2": 0.9,
        "batch_size": 64,
        "n_critic": 5,
        "penalty_weight": 10.0,
        "one_sided": False,
        "latent_dim": 128,
        "width": 64,
        "normalisation": "layer",
        "dropout": 0.0,
        "initializer": "normal02",
        "ema_decay": None,
    }
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
    """Settings of DCGAN.

    Lim and Ye's code takes RMSprop at 2e-4 and has neither dropout nor an average of G. It updates G ten
    times for each update of D, for which there is no setting here.
    """

    image_size: int | None = 28
    learning_rate: float = 1e-3
    dropout: float = 0.3
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "batch"  # of the discriminator: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    paper: ClassVar = RMSPROP | {  # the authors' code: exp3.celeba.sh of lim0606/pytorch-geometric-gan
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "batch_size": 64,
        "n_critic": 1,
        "latent_dim": 100,
        "width": 64,
        "normalisation": "batch",
        "dropout": 0.0,
        "initializer": "normal02",
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_hinge(settings: HingeSettings, shape: DataShape) -> HingeGAN:
    """Builds a GAN with the hinge loss on DCGAN's networks."""
    return HingeGAN(*dcgan_pair("hinge", settings, shape), **gan_settings(settings))


@dataclass(frozen=True, kw_only=True)
class SNGANSettings(DCGANPairSettings):
    """One of the two losses of the paper, and its batches; rates for thousands of steps, which end at 0.

    With this loss and residual networks (appendix B.2) the paper has the rate 2e-4, betas of 0 and 0.9 and 5
    updates of D, where these are 5e-4 of G and 1e-3 of D, 0.5 and 0.999, and 1. Of the six settings that it
    tries with networks like these (table 1), two have 1 update of D and none a beta_1 of 0. The authors' code
    lets the rate fall in a straight line, for which there is no setting here.

    One power iteration per update follows a kernel that hardly moves any more: the norms come to 1.
    """

    image_size: int | None = 28
    learning_rate: float = 5e-4
    d_learning_rate: float | None = 1e-3
    schedule: str = "cosine"
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of D beside its spectral norms: none, batch, layer, instance

    limits: ClassVar = {"width": AT_LEAST_1}
    paper: ClassVar = ADAM | {  # Miyato et al. 2018, appendix B.2, and table 3 of networks like these
        "learning_rate": 2e-4,
        "d_learning_rate": None,
        "schedule": "constant",
        "beta_1": 0.0,
        "beta_2": 0.9,
        "batch_size": 64,
        "n_critic": 5,
        "latent_dim": 128,
        "width": 64,
        "dropout": 0.0,
        "ema_decay": None,
    }
    choices: ClassVar = DCGAN_SIZES | {"normalisation": NORMALISATIONS}


def build_sngan(settings: SNGANSettings, shape: DataShape) -> HingeGAN:
    """Builds SNGAN: the hinge loss, and spectral normalisation of every layer of D instead of batch norm."""
    return HingeGAN(*dcgan_pair("sngan", settings, shape, spectral_norm=True), **gan_settings(settings))


@dataclass(frozen=True, kw_only=True)
class DRAGANSettings(DCGANPairSettings):
    """Lambda and spread of the authors' code; a rate for thousands of steps.

    The code has the rate 1e-4, betas of 0.5 and 0.9 and batches of 128, where these are 1e-3, 0.5 and 0.999,
    and 64, and no average of G. Its networks have one hidden layer of 128 units.
    """

    image_size: int | None = 28
    learning_rate: float = 1e-3
    penalty_weight: Changeable[float] = 10.0  # lambda
    spread: float = 0.5  # most of the noise around real images, in standard deviations of the batch
    width: int = 64  # filters of the layers nearest the image
    normalisation: str = "none"  # of the discriminator: none, layer, instance

    limits: ClassVar = {
        "width": AT_LEAST_1,
        "penalty_weight": AT_LEAST_0,
        "spread": Limits("above 0", above=0),
    }
    paper: ClassVar = ADAM | {  # the authors' code: DRAGAN.ipynb of kodalinaveen3/DRAGAN
        "learning_rate": 1e-4,
        "d_learning_rate": None,
        "beta_1": 0.5,
        "beta_2": 0.9,
        "batch_size": 128,
        "n_critic": 1,
        "penalty_weight": 10.0,
        "spread": 0.5,
        "latent_dim": 100,
        "dropout": 0.0,
        "ema_decay": None,
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
