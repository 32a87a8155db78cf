"""What the players look like: functional-API builders, one file per architecture family."""

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
from tfgan_ref.networks.images.conv28 import conv28_features, conv28_generator
from tfgan_ref.networks.images.dcgan import dcgan_features, dcgan_generator
from tfgan_ref.networks.images.mlp import mlp_features, mlp_generator
from tfgan_ref.networks.images.points import point_features, point_generator
from tfgan_ref.networks.images.unet import unet
from tfgan_ref.networks.layers.heads import (
    auxiliary_discriminator,
    conditional_discriminator,
    conditional_generator,
    discriminator,
    gaussian_encoder,
    minibatch_features,
)
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization, update_spectral_norms
from tfgan_ref.networks.sequences.frames import frame_discriminator, frame_generator
from tfgan_ref.networks.sequences.spectrogram_critic import (
    LogSpectrogram,
    joint_features,
    spectrogram_features,
)
from tfgan_ref.networks.sequences.text import text_features, text_generator
from tfgan_ref.networks.sequences.voice import spectrum_discriminator, warping_translator
from tfgan_ref.networks.sequences.wavegan import wavegan_features, wavegan_generator
from tfgan_ref.networks.translation.adain import adain_generator
from tfgan_ref.networks.translation.patchgan import patch_discriminator
from tfgan_ref.networks.translation.resnet_translator import resnet_translator
from tfgan_ref.networks.translation.sr_discriminator import sr_discriminator
from tfgan_ref.networks.translation.srresnet import receptive_margin, srresnet
from tfgan_ref.networks.translation.translators import inpainting_generator, unet_translator

__all__ = [
    "LPIPS",
    "InceptionFID",
    "InceptionKeras",
    "LogSpectrogram",
    "PerceptualLoss",
    "SpectralNormalization",
    "adain_generator",
    "auxiliary_discriminator",
    "began_autoencoder",
    "began_generator",
    "conditional_discriminator",
    "conditional_generator",
    "conv28_features",
    "conv28_generator",
    "conv_autoencoder",
    "dcgan_features",
    "dcgan_generator",
    "discriminator",
    "frame_discriminator",
    "frame_generator",
    "gaussian_encoder",
    "inpainting_generator",
    "joint_features",
    "minibatch_features",
    "mlp_features",
    "mlp_generator",
    "patch_discriminator",
    "point_autoencoder",
    "point_features",
    "point_generator",
    "receptive_margin",
    "resnet_translator",
    "spectrogram_features",
    "spectrum_discriminator",
    "sr_discriminator",
    "srresnet",
    "text_features",
    "text_generator",
    "unet",
    "unet_translator",
    "update_spectral_norms",
    "warping_translator",
    "wavegan_features",
    "wavegan_generator",
]
