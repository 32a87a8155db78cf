"""The types: one file each, a ``keras.Model`` with its own ``train_step``."""

from tfgan_ref.gans.acgan import ACGAN
from tfgan_ref.gans.adaptive import AdaptiveAugmentation
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.base import FusedAdam, GenerativeModel
from tfgan_ref.gans.baselines import VAE, MSEGenerator
from tfgan_ref.gans.began import BEGAN
from tfgan_ref.gans.burn_in import BurnInAdam, CosineBurnIn
from tfgan_ref.gans.callbacks import TerminateOnNaN
from tfgan_ref.gans.conditional import ConditionalGAN
from tfgan_ref.gans.cut import CUT
from tfgan_ref.gans.cyclegan import CycleGAN
from tfgan_ref.gans.diversity import DiversitySensitiveGAN
from tfgan_ref.gans.dragan import DRAGAN
from tfgan_ref.gans.ebgan import EBGAN
from tfgan_ref.gans.frame import FrameGAN
from tfgan_ref.gans.gan import GAN
from tfgan_ref.gans.hinge import HingeGAN
from tfgan_ref.gans.infogan import InfoGAN
from tfgan_ref.gans.lsgan import LSGAN
from tfgan_ref.gans.pix2pix import Pix2Pix
from tfgan_ref.gans.progressive import ProgressiveGAN
from tfgan_ref.gans.r3gan import R3GAN
from tfgan_ref.gans.srgan import SRGAN, FeatureContent
from tfgan_ref.gans.style_transfer import StyleTransferGAN
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, ReplayBuffer
from tfgan_ref.gans.text import TextGAN
from tfgan_ref.gans.translation import ImageTranslator
from tfgan_ref.gans.vanilla import VanillaGAN
from tfgan_ref.gans.voice import PitchStatistics
from tfgan_ref.gans.wgan import WGAN, WeightClip
from tfgan_ref.gans.wgan_gp import WGANGP

__all__ = [
    "ACGAN",
    "BEGAN",
    "CUT",
    "DRAGAN",
    "EBGAN",
    "GAN",
    "LSGAN",
    "R3GAN",
    "SRGAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "AdaptiveAugmentation",
    "BurnInAdam",
    "ConditionalGAN",
    "CosineBurnIn",
    "CycleGAN",
    "DifferentiableAugmentation",
    "DiversitySensitiveGAN",
    "FeatureContent",
    "FrameGAN",
    "FusedAdam",
    "GenerativeModel",
    "HingeGAN",
    "ImageTranslator",
    "InfoGAN",
    "InstanceNoise",
    "LabelTargets",
    "MSEGenerator",
    "PitchStatistics",
    "Pix2Pix",
    "ProgressiveGAN",
    "ReplayBuffer",
    "StyleTransferGAN",
    "TerminateOnNaN",
    "TextGAN",
    "VanillaGAN",
    "WeightClip",
]
