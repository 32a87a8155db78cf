"""Generators from pictures to pictures of the same size: the U-Net of Isola et al. 2017, section 6.1.1.

Dropout is their only noise. It is active with ``training=True`` alone, where the paper also draws it at test
time: a trained generator here gives one picture for one source.
"""

import keras
from keras import layers, ops

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.images.unet import unet_layers
from tfgan_ref.networks.layers.seeded import initializer_stream

# Added to the seed for the layers behind the U-Net: other networks of a GAN have seeds near it.
_REFINEMENT = 500


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
    refinement: int = 0,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a U-Net that fills holes and leaves the known pixels exactly as they are.

    The U-Net sees the source and the mask beside each other, so that it can tell a hole from a grey pixel;
    its picture is taken in the hole and the source everywhere else.

    With ``refinement`` the U-Net makes feature maps of the picture's size in place of the picture, and two
    3x3 convolutions make the picture of them and of the source and the mask beside them. The U-Net alone has
    the source only in maps of half of its size or less: what it paints does not meet what is around a hole.

    Args:
        channels: of source and output.
        depth: number of halvings.
        width: filters of the layer nearest the image, as in ``unet_translator``.
        dropout: share of the features dropped in the decoder's first three layers while training.
        normalisation: "instance", "layer", "batch" or "none". Statistics of feature maps take in the hole
            as well.
        refinement: filters of the maps of the picture's size, and of the first convolution on them; 0: there
            are none.
        initializer: a name in ``networks.INITIALIZERS``; the first convolution of the refinement has "he".
        seed: seed of the initialisers and of dropout.

    Returns:
        A model from the inputs "source", (N, height, width, channels) in [-1, 1] and 0 in the hole, and
        "mask", (N, height, width, 1), 1 for known pixels and 0 for the hole, to pictures (N, height, width,
        channels) in [-1, 1], float32.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(1, channels=channels)
    check_at_least(0, refinement=refinement)
    source = keras.Input((None, None, channels), name="source")
    mask = keras.Input((None, None, 1), name="mask")
    seen = layers.Concatenate()([source, mask])
    filling, _ = unet_layers(
        seen,
        depth,
        width,
        output_channels=refinement or channels,
        output_activation="linear" if refinement else "tanh",
        normalisation=normalisation,
        dropout=dropout,
        initializer=initializer,
        seed=seed,
    )
    if refinement:
        filling = _refined(filling, seen, channels, refinement, initializer, seed)
    # A choice, not a sum of products: those would round known pixels. An operation, unlike a layer, does not
    # bring the source to half precision.
    picture = ops.where(ops.greater(mask, 0.5), source, filling)
    return keras.Model([source, mask], picture, name="inpainting_generator")


def _refined(
    features: keras.KerasTensor,
    seen: keras.KerasTensor,
    channels: int,
    filters: int,
    initializer: str,
    seed: int,
) -> keras.KerasTensor:
    """Makes a picture of the U-Net's features and of what it has seen, both of the picture's size."""
    # He's weights, since nothing normalises these maps: they would fade with 0.02.
    hidden, last = (initializer_stream(name, seed + _REFINEMENT)() for name in ("he", initializer))
    x = layers.Concatenate()([layers.LeakyReLU(0.2)(features), seen])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 3, padding="same", kernel_initializer=hidden)(x))
    x = layers.Conv2D(channels, 3, padding="same", kernel_initializer=last)(x)
    return layers.Activation("tanh", dtype="float32", name="refined")(x)
