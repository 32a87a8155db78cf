"""Builders of generators and discriminators, one file per family of architectures, and the layers they share.

A builder takes plain arguments and returns a ``keras.Model``. ``*_features`` builds a discriminator's body,
on which ``discriminator``, ``auxiliary_discriminator`` or ``conditional_discriminator`` put a logit.
"""

from tfgan_ref.networks.features.classifier import feature_maps, small_classifier
from tfgan_ref.networks.features.inception_fid import InceptionFID
from tfgan_ref.networks.features.inception_keras import InceptionKeras
from tfgan_ref.networks.features.lpips import LPIPS
from tfgan_ref.networks.features.perceptual import PerceptualLoss
from tfgan_ref.networks.images.autoencoder import (
    began_autoencoder,
    began_generator,
    conv_autoencoder,
    point_autoencoder,
)
from tfgan_ref.networks.images.conv28 import conv28_discriminator, conv28_features, conv28_generator
from tfgan_ref.networks.images.dcgan import dcgan_discriminator, dcgan_features, dcgan_generator
from tfgan_ref.networks.images.mlp import mlp_discriminator, mlp_features, mlp_generator
from tfgan_ref.networks.images.points import point_discriminator, point_features, point_generator
from tfgan_ref.networks.images.progressive import progressive_discriminator, progressive_generator
from tfgan_ref.networks.images.r3gan import r3gan_features, r3gan_generator
from tfgan_ref.networks.images.unet import unet
from tfgan_ref.networks.layers.batch import MinibatchDiscrimination, MinibatchStddev, PixelNormalization
from tfgan_ref.networks.layers.codes import info_discriminator, info_generator
from tfgan_ref.networks.layers.heads import (
    auxiliary_discriminator,
    conditional_discriminator,
    conditional_generator,
    discriminator,
    gaussian_encoder,
    minibatch_features,
)
from tfgan_ref.networks.layers.reparametrised import (
    EqualisedLearningRate,
    SpectralNormalization,
    nested_layers,
    spectral_layers,
    update_spectral_norms,
)
from tfgan_ref.networks.layers.seeded import INITIALIZERS, Dropout, initializer_stream
from tfgan_ref.networks.layers.virtual_batch import VirtualBatchNormalization
from tfgan_ref.networks.sequences.frames import frame_discriminator, frame_generator
from tfgan_ref.networks.sequences.spectrogram_critic import (
    LogSpectrogram,
    joint_features,
    spectrogram_features,
)
from tfgan_ref.networks.sequences.text import text_discriminator, text_features, text_generator
from tfgan_ref.networks.sequences.voice import FrequencyWarp, spectrum_discriminator, warping_translator
from tfgan_ref.networks.sequences.wavegan import (
    PhaseShuffle,
    wavegan_discriminator,
    wavegan_features,
    wavegan_generator,
)
from tfgan_ref.networks.translation.adain import AdaIN, adain_generator
from tfgan_ref.networks.translation.patch_heads import encoder_features, patch_heads
from tfgan_ref.networks.translation.patchgan import patch_discriminator
from tfgan_ref.networks.translation.resnet_translator import ReflectionPadding2D, resnet_translator
from tfgan_ref.networks.translation.sr_discriminator import sr_discriminator
from tfgan_ref.networks.translation.srresnet import (
    BicubicEnlargement,
    PixelShuffle,
    receptive_margin,
    srresnet,
)
from tfgan_ref.networks.translation.translators import inpainting_generator, unet_translator

__all__ = [
    "INITIALIZERS",
    "LPIPS",
    "AdaIN",
    "BicubicEnlargement",
    "Dropout",
    "EqualisedLearningRate",
    "FrequencyWarp",
    "InceptionFID",
    "InceptionKeras",
    "LogSpectrogram",
    "MinibatchDiscrimination",
    "MinibatchStddev",
    "PerceptualLoss",
    "PhaseShuffle",
    "PixelNormalization",
    "PixelShuffle",
    "ReflectionPadding2D",
    "SpectralNormalization",
    "VirtualBatchNormalization",
    "adain_generator",
    "auxiliary_discriminator",
    "began_autoencoder",
    "began_generator",
    "conditional_discriminator",
    "conditional_generator",
    "conv28_discriminator",
    "conv28_features",
    "conv28_generator",
    "conv_autoencoder",
    "dcgan_discriminator",
    "dcgan_features",
    "dcgan_generator",
    "discriminator",
    "encoder_features",
    "feature_maps",
    "frame_discriminator",
    "frame_generator",
    "gaussian_encoder",
    "info_discriminator",
    "info_generator",
    "initializer_stream",
    "inpainting_generator",
    "joint_features",
    "minibatch_features",
    "mlp_discriminator",
    "mlp_features",
    "mlp_generator",
    "nested_layers",
    "patch_discriminator",
    "patch_heads",
    "point_autoencoder",
    "point_discriminator",
    "point_features",
    "point_generator",
    "progressive_discriminator",
    "progressive_generator",
    "r3gan_features",
    "r3gan_generator",
    "receptive_margin",
    "resnet_translator",
    "small_classifier",
    "spectral_layers",
    "spectrogram_features",
    "spectrum_discriminator",
    "sr_discriminator",
    "srresnet",
    "text_discriminator",
    "text_features",
    "text_generator",
    "unet",
    "unet_translator",
    "update_spectral_norms",
    "warping_translator",
    "wavegan_discriminator",
    "wavegan_features",
    "wavegan_generator",
]
