"""Generators from pictures to pictures of the same size: the U-Net of Isola et al. 2017, section 6.1.1.

Dropout is their only noise. It is active with ``training=True`` alone, where the paper also draws it at test
time: a trained generator here gives one picture for one source.
"""

import keras
from keras import layers, ops

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.images.unet import unet_layers


def unet_translator(
    image_channels: int,
    output_channels: int,
    depth: int,
    width: int = 64,
    *,
    dropout: float = 0.5,
    normalisation: str = "instance",
    initializer: str = "normal02",
    seed: int = 0,
    output_activation: str = "tanh",
) -> keras.Model:
    """Builds a U-Net from pictures to pictures, of any sides that are multiples of 2**depth.

    Args:
        image_channels: of the source.
        output_channels: of the output.
        depth: number of halvings; the paper's 256x256 take 8.
        width: filters of the layer nearest the image; each further in has twice as many, up to 8 times.
        dropout: share of the features dropped in the decoder's first three layers while training.
        normalisation: "instance", "layer", "batch" or "none", of the hidden layers but the first and the
            innermost, as in ``unet``.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers and of dropout.
        output_activation: "tanh" for pictures in [-1, 1], or "linear".

    Returns:
        A model from the input "source", (N, height, width, image_channels) in [-1, 1], to pictures (N,
        height, width, output_channels), float32.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(1, image_channels=image_channels)
    source = keras.Input((None, None, image_channels), name="source")
    picture, _ = unet_layers(
        source,
        depth,
        width,
        output_channels=output_channels,
        output_activation=output_activation,
        normalisation=normalisation,
        dropout=dropout,
        initializer=initializer,
        seed=seed,
    )
    return keras.Model(source, picture, name="unet_translator")


def inpainting_generator(
    channels: int,
    depth: int,
    width: int = 64,
    *,
    dropout: float = 0.5,
    normalisation: str = "instance",
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a U-Net that fills holes and leaves the known pixels exactly as they are.

    The U-Net sees the source and the mask beside each other, so that it can tell a hole from a grey pixel;
    its picture is taken in the hole and the source everywhere else.

    Args:
        channels: of source and output.
        depth: number of halvings.
        width: filters of the layer nearest the image, as in ``unet_translator``.
        dropout: share of the features dropped in the decoder's first three layers while training.
        normalisation: "instance", "layer", "batch" or "none". Statistics of feature maps take in the hole
            as well.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers and of dropout.

    Returns:
        A model from the inputs "source", (N, height, width, channels) in [-1, 1] and 0 in the hole, and
        "mask", (N, height, width, 1), 1 for known pixels and 0 for the hole, to pictures (N, height, width,
        channels) in [-1, 1], float32.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(1, channels=channels)
    source = keras.Input((None, None, channels), name="source")
    mask = keras.Input((None, None, 1), name="mask")
    filling, _ = unet_layers(
        layers.Concatenate()([source, mask]),
        depth,
        width,
        output_channels=channels,
        output_activation="tanh",
        normalisation=normalisation,
        dropout=dropout,
        initializer=initializer,
        seed=seed,
    )
    # A choice, not a sum of products: those would round known pixels. An operation, unlike a layer, does not
    # bring the source to half precision.
    picture = ops.where(ops.greater(mask, 0.5), source, filling)
    return keras.Model([source, mask], picture, name="inpainting_generator")
