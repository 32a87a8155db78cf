"""PatchGAN, with a logit for every patch of a picture: Isola et al. 2017, sections 3.2.2 and 6.1.2."""

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least, check_value
from tfgan_ref.networks.layers.normalisation import NORMALISATIONS, normalise
from tfgan_ref.networks.layers.reparametrised import SpectralNormalization
from tfgan_ref.networks.layers.seeded import initializer_stream

# Side of the patch that one logit sees: (kernel side, stride) of each convolution, the logits' own the last.
PLANS = {
    "1": ((1, 1),) * 3,
    "16": ((4, 2),) + ((4, 1),) * 2,
    "34": ((4, 2),) * 2 + ((4, 1),) * 2,
    "70": ((4, 2),) * 3 + ((4, 1),) * 2,
    "286": ((4, 2),) * 5 + ((4, 1),) * 2,
    "full": ((4, 2),) * 5 + ((1, 1),),
}


def patch_discriminator(
    channels: int,
    receptive_field: int | str = 70,
    width: int = 64,
    *,
    normalisation: str = "instance",
    spectral_norm: bool = False,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a discriminator of pictures of any size with a logit for each patch.

    It is the authors' NLayerDiscriminator (PixelGAN for patches of 1): 4x4 convolutions with LeakyReLU, the
    last two of stride 1 and the others of stride 2. Like them it pads by zeros, but always to the
    convolution's input size over its stride, rounded up, where they pad by one pixel on each side: pictures
    smaller than the patch do too, and 256x256 give 32x32 logits for 70, not 30x30.

    "full" sees the whole picture, whatever its size: five halvings, the mean over all places, one logit.

    Args:
        channels: of the input: of all pictures that it sees together, concatenated.
        receptive_field: side of the patch in pixels: 1, 16, 34, 70 or 286; or "full". Instance statistics
            are of a whole feature map and let a little of the rest through.
        width: filters of the first layer; each further has twice as many, up to 8 times.
        normalisation: of the hidden layers but the first (and the last of "full"): "instance", "batch" or
            "none". Instance normalisation brings a map of one pixel to 0, whatever the picture: sides must be
            above 2, 4, 8 and 32 pixels for 16, 34, 70 and 286, above 16 for "full", and above 1 for 1.
        spectral_norm: whether all layers have spectral norm 1.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from pictures (N, height, width, channels) in [-1, 1] to logits (N, h, w, 1), float32, with
        h and w the sides over 2, 4, 8 or 32, rounded up; (N, 1, 1, 1) for "full".

    Raises:
        InputError: an argument is unknown or out of range.
    """
    name = str(receptive_field)
    if name not in PLANS:
        raise InputError(f"receptive_field {receptive_field} is unknown: choose one of {', '.join(PLANS)}")
    check_at_least(1, channels=channels, width=width)
    check_value("normalisation", normalisation, NORMALISATIONS)
    fresh = initializer_stream(initializer, seed)

    def convolve(x: keras.KerasTensor, filters: int, level: int, use_bias: bool) -> keras.KerasTensor:
        kernel_size, strides = PLANS[name][level]
        convolution = layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            padding="same",
            kernel_initializer=fresh(),
            use_bias=use_bias,
        )
        return (SpectralNormalization(convolution, seed=seed + level) if spectral_norm else convolution)(x)

    pictures = keras.Input((None, None, channels), name="pictures")
    x = pictures
    hidden = len(PLANS[name]) - 1
    # Of 32 pixels the last map of "full" is one, which its own statistics would bring to 0.
    plain = {0, hidden - 1} if name == "full" else {0}
    for level in range(hidden):
        kind = "none" if level in plain else normalisation
        x = convolve(x, width * min(2**level, 8), level, use_bias=kind == "none")
        x = layers.LeakyReLU(0.2)(normalise(x, kind))
    if name == "full":
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = convolve(x, 1, hidden, use_bias=True)
    logits = layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(pictures, logits, name="patch_discriminator")
