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
    """Widths of the articles, whose rate of 2e-4 is for many epochs: this one learns in 1,500 steps.

    Goodfellow et al. 2014 train by SGD with momentum, without batch norm. Of what their code has, there is no
    setting here for two layers of 1,200 units in G, maxout units in D, weights drawn uniformly, a rate that
    falls by a factor of 1.000004 in each step and a momentum that rises to 0.7.
    """

    loss: str = "non_saturating"  # of both players: non_saturating or minimax
    steps: int = 6000
    learning_rate: float = 1e-3
    initializer: str = "xavier"
    dropout: float = 0.3
    batch_norm: bool = True  # in the generator
    depth: int = 3  # hidden layers of G, 128 wide and each twice as wide as the one before; D has one fewer
    steps_without_xla: ClassVar = SHORT_STEPS

    limits: ClassVar = {"depth": Limits("from 1 to 6", least=1, below=7)}
    paper: ClassVar = {  # the authors' code: mnist.yaml of goodfeli/adversarial
        "optimizer": "sgd",
        "beta_1": 0.5,
        "learning_rate": 0.1,
        "d_learning_rate": None,
        "batch_size": 100,
        "latent_dim": 100,
        "depth": 2,
        "dropout": 0.5,
        "batch_norm": False,
        "ema_decay": None,
    }
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
