"""U-Net: an autoencoder whose decoder also sees each of the encoder's feature maps.

Ronneberger et al. 2015, in the strided form of Isola et al. 2017, section 6.1. It serves as an autoencoding
discriminator and as a generator from images to images.
"""

from collections.abc import Sequence

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least, check_value
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS, normalise
from tfgan_ref.networks.layers.seeded import Dropout, initializer_stream

OUTPUT_ACTIVATIONS = ("linear", "tanh")


def unet(
    image_shape: tuple[int | None, int | None, int],
    depth: int,
    width: int = 64,
    *,
    output_channels: int | None = None,
    output_activation: str = "linear",
    normalisation: str = "none",
    dropout: float = 0.0,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a U-Net of 4x4 convolutions, LeakyReLU on the way down and ReLU on the way up.

    Args:
        image_shape: (height, width, channels); both sides multiples of 2**depth, or None to take any such.
        depth: number of halvings.
        width: filters of the layer nearest the image; each further in has twice as many, up to 8 times.
        output_channels: of the output; None: those of the images.
        output_activation: "linear", or "tanh" for images in [-1, 1].
        normalisation: of the hidden layers, but the first and the innermost (as in the paper's code): one
            of ``NORMALISATIONS``; "instance" takes each of a sample's feature maps by its own statistics.
        dropout: share of the features dropped in the decoder's first three layers, 0.5 in the paper, where it
            is the generator's only noise.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers and of dropout.

    Returns:
        A model from images (N, height, width, channels) to [output (N, height, width, output_channels)
        float32, code (N, D)], the innermost feature map, flattened.

    Raises:
        InputError: a side is no multiple of 2**depth, or an argument is unknown or out of range.
    """
    check_at_least(1, image_shape=[size for size in image_shape if size is not None])
    images = keras.Input(image_shape, name="images")
    output, innermost = unet_layers(
        images,
        depth,
        width,
        output_channels=image_shape[-1] if output_channels is None else output_channels,
        output_activation=output_activation,
        normalisation=normalisation,
        dropout=dropout,
        initializer=initializer,
        seed=seed,
    )
    return keras.Model(images, [output, layers.Flatten(name="code")(innermost)], name="unet")


def unet_layers(
    images: keras.KerasTensor,
    depth: int,
    width: int,
    *,
    output_channels: int,
    output_activation: str,
    normalisation: str,
    dropout: float,
    initializer: str,
    seed: int,
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Applies the U-Net to (N, height, width, channels); the settings are those of ``unet``.

    Returns:
        The output (N, height, width, output_channels), float32, and the innermost feature map.

    Raises:
        InputError: as ``unet``.
    """
    check_at_least(1, depth=depth, width=width, output_channels=output_channels)
    check_at_least(0, below=1, dropout=dropout)
    check_value("normalisation", normalisation, NORMALISATIONS)
    _check_sides(images.shape[1:3], depth)
    if output_activation not in OUTPUT_ACTIVATIONS:
        allowed = ", ".join(OUTPUT_ACTIVATIONS)
        raise InputError(f"output_activation {output_activation!r} is unknown: choose one of {allowed}")
    fresh = initializer_stream(initializer, seed)
    filters = [width * min(2**level, 8) for level in range(depth)]
    skips = []
    x = images
    for level in range(depth):
        # The innermost map of a small picture is one pixel, which its own statistics would bring to 0.
        kind = normalisation if 0 < level < depth - 1 else "none"
        x = layers.Conv2D(
            filters[level], 4, strides=2, padding="same", kernel_initializer=fresh(), use_bias=kind == "none"
        )(x)
        x = layers.LeakyReLU(0.2)(normalise(x, kind))
        skips.append(x)
    for number, level in enumerate(reversed(range(depth - 1))):
        x = layers.Conv2DTranspose(
            filters[level],
            4,
            strides=2,
            padding="same",
            kernel_initializer=fresh(),
            use_bias=normalisation == "none",
        )(x)
        x = normalise(x, normalisation)
        if dropout and number < 3:
            x = Dropout(dropout, seed=seed + number)(x)
        x = layers.Concatenate()([layers.ReLU()(x), skips[level]])
    x = layers.Conv2DTranspose(output_channels, 4, strides=2, padding="same", kernel_initializer=fresh())(x)
    output = layers.Activation(output_activation, dtype="float32", name="output")(x)
    return output, skips[-1]


def _check_sides(sides: Sequence[int | None], depth: int) -> None:
    for side in sides:
        if side is not None and side % 2**depth:
            raise InputError(f"image side {side} is not a multiple of {2**depth}, which depth {depth} needs")
