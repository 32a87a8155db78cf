"""How they play: one file per GAN type, each a ``keras.Model`` with its own ``train_step``."""

from tfgan_ref.gans.base import GAN
from tfgan_ref.gans.conditional import ConditionalGAN
from tfgan_ref.gans.vanilla import VanillaGAN

__all__ = ["GAN", "ConditionalGAN", "VanillaGAN"]
