"""Autoencoders: discriminators that score a sample by how well they rebuild it.

All give [reconstruction, code] and none has batch norm: a sample's energy must not depend on the samples that
happen to be beside it. A reconstruction is linear and float32; energies of samples in [-1, 1] need no tanh.
"""

from collections.abc import Callable, Sequence

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.images.dcgan import SIZES
from tfgan_ref.networks.layers.seeded import initializer_stream

# Image size: (smallest feature map's side, number of doublings); the paper starts from 8x8. DCGAN's sizes.
BEGAN_SIZES = {size: next((size >> n, n) for n in range(7) if size >> n <= 8) for size in SIZES}


def _plan(image_size: int, sizes: dict[int, tuple[int, int]], name: str) -> tuple[int, int]:
    if image_size not in sizes:
        raise InputError(
            f"image_size {image_size} is not built by {name}: choose one of {', '.join(map(str, sizes))}"
        )
    return sizes[image_size]


def conv_autoencoder(
    image_size: int = 28,
    channels: int = 1,
    *,
    width: int = 32,
    code_dim: int = 32,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds the autoencoder of EBGAN: strided 4x4 convolutions down to a code and up again.

    Zhao et al. 2017, appendix C, without its batch norm; a fully connected layer makes the code, so that its
    length, and with it what can be rebuilt, is the same at every image size.

    Args:
        image_size: one of DCGAN's sizes, 12 to 256.
        channels: of the images; times the packing, if D sees packs.
        width: filters of the layers nearest the image; each layer further in has twice as many.
        code_dim: length of a code.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from images (N, size, size, channels) in [-1, 1] to [reconstruction, code (N, code_dim)].

    Raises:
        InputError: another image size or initialiser.
    """
    check_at_least(1, channels=channels, width=width, code_dim=code_dim)
    side, doublings = _plan(image_size, SIZES, "the convolutional autoencoder")
    fresh = initializer_stream(initializer, seed)
    images = keras.Input((image_size, image_size, channels), name="images")
    x = images
    for number in range(doublings):
        filters = width * 2**number
        x = layers.Conv2D(filters, 4, strides=2, padding="same", kernel_initializer=fresh())(x)
        x = layers.LeakyReLU(0.2)(x)
    code = layers.Dense(code_dim, kernel_initializer=fresh(), name="code")(layers.Flatten()(x))
    x = layers.Dense(side * side * filters, kernel_initializer=fresh())(code)
    x = layers.LeakyReLU(0.2)(layers.Reshape((side, side, filters))(x))
    for _ in range(doublings - 1):
        filters //= 2
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same", kernel_initializer=fresh())(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", kernel_initializer=fresh())(x)
    reconstruction = layers.Activation("linear", dtype="float32", name="reconstruction")(x)
    return keras.Model(images, [reconstruction, code], name="conv_autoencoder")


def began_autoencoder(
    image_size: int = 28,
    channels: int = 1,
    *,
    width: int = 16,
    code_dim: int = 64,
    convolutions: int = 2,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator of BEGAN: Berthelot et al. 2017, section 3.5 and figure 1.

    3x3 convolutions with ELU. The encoder's filters grow linearly with each halving (by stride 2), the
    decoder's stay, and it doubles by repeating its nearest neighbours. Without the paper's optional skip
    connections from the code.

    Args:
        image_size: one of DCGAN's sizes, 12 to 256.
        channels: of the images; times the packing, if D sees packs.
        width: n of the paper, filters of the layers nearest the image.
        code_dim: N_h of the paper, the length of a code.
        convolutions: layers at each resolution, 2 in the paper.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from images (N, size, size, channels) in [-1, 1] to [reconstruction, code (N, code_dim)].

    Raises:
        InputError: another image size or initialiser, or ``convolutions`` is below 1.
    """
    check_at_least(1, channels=channels, width=width, code_dim=code_dim, convolutions=convolutions)
    _, doublings = _plan(image_size, BEGAN_SIZES, "BEGAN")
    fresh = initializer_stream(initializer, seed)
    images = keras.Input((image_size, image_size, channels), name="images")
    x = _elu_convolution(images, width, fresh)
    for number in range(1, doublings + 1):
        for _ in range(convolutions - 1):
            x = _elu_convolution(x, width * number, fresh)
        x = _elu_convolution(x, width * (number + 1), fresh, strides=2)
    for _ in range(convolutions):
        x = _elu_convolution(x, x.shape[-1], fresh)
    code = layers.Dense(code_dim, kernel_initializer=fresh(), name="code")(layers.Flatten()(x))
    x = _decode(code, image_size, channels, width, convolutions, fresh)
    reconstruction = layers.Activation("linear", dtype="float32", name="reconstruction")(x)
    return keras.Model(images, [reconstruction, code], name="began_autoencoder")


def began_generator(
    latent_dim: int = 64,
    image_size: int = 28,
    channels: int = 1,
    *,
    width: int = 16,
    convolutions: int = 2,
    initializer: str = "xavier",
    seed: int = 0,
) -> keras.Model:
    """Builds the generator of BEGAN, its discriminator's decoder with weights of its own (section 3.5).

    From latents (N, latent_dim) to images (N, size, size, channels) in [-1, 1], by a tanh that the paper has
    not: generators of this package give images in range. Arguments and errors are those of
    ``began_autoencoder``.
    """
    check_at_least(1, latent_dim=latent_dim, channels=channels, width=width, convolutions=convolutions)
    _plan(image_size, BEGAN_SIZES, "BEGAN")
    fresh = initializer_stream(initializer, seed)
    latents = keras.Input((latent_dim,), name="latents")
    x = _decode(latents, image_size, channels, width, convolutions, fresh)
    images = layers.Activation("tanh", dtype="float32", name="images")(x)
    return keras.Model(latents, images, name="began_generator")


def point_autoencoder(
    dim: int = 2,
    widths: Sequence[int] = (128, 128),
    code_dim: int = 2,
    *,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds an autoencoder of points (N, dim), unbounded, to [reconstruction (N, dim), code (N, code_dim)].

    ``widths`` are those of the encoder's layers; the decoder has them in reverse. A code as long as a point
    can copy every point, so that energies tell real from fake only as far as the capacity of ``widths`` is
    spent where the real points are.
    """
    check_at_least(1, dim=dim, widths=widths, code_dim=code_dim)
    fresh = initializer_stream(initializer, seed)
    points = keras.Input((dim,), name="points")
    x = points
    for width in widths:
        x = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer=fresh())(x))
    code = layers.Dense(code_dim, kernel_initializer=fresh(), name="code")(x)
    x = code
    for width in reversed(widths):
        x = layers.LeakyReLU(0.2)(layers.Dense(width, kernel_initializer=fresh())(x))
    reconstruction = layers.Dense(dim, kernel_initializer=fresh(), dtype="float32", name="reconstruction")(x)
    return keras.Model(points, [reconstruction, code], name="point_autoencoder")


def _elu_convolution(
    x: keras.KerasTensor, filters: int, fresh: Callable[[], keras.Initializer], strides: int = 1
) -> keras.KerasTensor:
    convolution = layers.Conv2D(filters, 3, strides=strides, padding="same", kernel_initializer=fresh())
    return layers.ELU()(convolution(x))


def _decode(
    code: keras.KerasTensor,
    image_size: int,
    channels: int,
    width: int,
    convolutions: int,
    fresh: Callable[[], keras.Initializer],
) -> keras.KerasTensor:
    side, doublings = BEGAN_SIZES[image_size]
    x = layers.Dense(side * side * width, kernel_initializer=fresh())(code)
    x = layers.Reshape((side, side, width))(x)
    for number in range(doublings + 1):
        if number:
            x = layers.UpSampling2D(2, interpolation="nearest")(x)
        for _ in range(convolutions):
            x = _elu_convolution(x, width, fresh)
    return layers.Conv2D(channels, 3, padding="same", kernel_initializer=fresh())(x)
