"""What the players look like: functional-API builders, one file per architecture family."""

from tfgan_ref.networks.autoencoder import (
    began_autoencoder,
    began_generator,
    conv_autoencoder,
    point_autoencoder,
)
from tfgan_ref.networks.conv28 import conv28_features, conv28_generator
from tfgan_ref.networks.dcgan import dcgan_features, dcgan_generator
from tfgan_ref.networks.heads import (
    auxiliary_discriminator,
    conditional_discriminator,
    conditional_generator,
    discriminator,
    gaussian_encoder,
    minibatch_features,
)
from tfgan_ref.networks.inception_fid import InceptionFID
from tfgan_ref.networks.inception_keras import InceptionKeras
from tfgan_ref.networks.lpips import LPIPS
from tfgan_ref.networks.mlp import mlp_features, mlp_generator
from tfgan_ref.networks.perceptual import PerceptualLoss
from tfgan_ref.networks.points import point_features, point_generator
from tfgan_ref.networks.reparametrised import SpectralNormalization, update_spectral_norms
from tfgan_ref.networks.unet import unet

__all__ = [
    "LPIPS",
    "InceptionFID",
    "InceptionKeras",
    "PerceptualLoss",
    "SpectralNormalization",
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
    "gaussian_encoder",
    "minibatch_features",
    "mlp_features",
    "mlp_generator",
    "point_autoencoder",
    "point_features",
    "point_generator",
    "unet",
    "update_spectral_norms",
]
