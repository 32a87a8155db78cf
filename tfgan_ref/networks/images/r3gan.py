"""R3GAN's residual networks without normalisation: Huang et al. 2024, section 4, at 12 to 256 pixels.

A block is 1x1, grouped 3x3 and 1x1 convolutions beside the identity (ResNeXt's, inverted: the middle is the
wider). No layer normalises: the last convolution of a block starts at 0 and the others as Fixup scales them
(Zhang et al. 2019), so that values keep their size at the start. A stage's blocks follow each change of size;
G starts from a learned basis of pictures and D ends with one. Neither has an activation at its end, not even
a tanh. The sizes are DCGAN's: the basis is 4x4 as the paper's at powers of two, else 3x3, 5x5 or 7x7.
"""

import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.images.dcgan import SIZES
from tfgan_ref.networks.layers.residual import (
    BinomialDownsampling,
    BinomialUpsampling,
    DiscriminativeBasis,
    GenerativeBasis,
    GroupedConv2D,
)

SLOPE = 0.2  # of LeakyReLU
LEAKY_GAIN = math.sqrt(2.0 / (1.0 + SLOPE**2))  # keeps the mean square of what passes it
GROUP_WIDTH = 16  # channels of a group, at least: 1,536 in 96 groups in the paper

Scaled = Callable[[float], keras.Initializer]


def r3gan_generator(
    latent_dim: int = 64,
    image_size: int = 32,
    channels: int = 3,
    *,
    width: int = 64,
    blocks: int = 1,
    expansion: int = 2,
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from latents (N, latent_dim) to images (N, size, size, channels), of any range.

    Args:
        latent_dim: length of a latent vector.
        image_size: 3, 4, 5 or 7, doubled at least twice, up to 256: one of ``dcgan.SIZES``.
        channels: 1 or 3.
        width: channels at half the images' size, as of DCGAN; four times as many at a quarter and below, and
            a quarter as many at the full size, so that all sizes cost about the same. The paper has 768 at
            each size up to 32.
        blocks: residual blocks at each size (the paper's is 2).
        expansion: how many times wider a block is inside.
        seed: seed of the initialisers.

    Raises:
        InputError: another image size, or a number out of range.
    """
    side, *widths = _stages(image_size, width, blocks, expansion)
    check_at_least(1, latent_dim=latent_dim, channels=channels)
    scaled = _scaled_initializers(seed)
    block = partial(_residual_block, expansion=expansion, stacked=blocks * len(widths), scaled=scaled)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(widths[0], use_bias=False, kernel_initializer=scaled(1.0))(latents)
    x = GenerativeBasis(side, scaled(side))(x)  # N(0, 1): fan_in is side^2
    for number, filters in enumerate(widths):
        if number:
            x = BinomialUpsampling()(_pointwise(x, filters, scaled))
        for _ in range(blocks):
            x = block(x)
    images = layers.Activation("linear", dtype="float32", name="images")(_pointwise(x, channels, scaled))
    return keras.Model(latents, images, name="r3gan_generator")


def r3gan_features(
    image_size: int = 32,
    channels: int = 3,
    *,
    width: int = 64,
    blocks: int = 1,
    expansion: int = 2,
    seed: int = 0,
) -> keras.Model:
    """Builds the discriminator's body, from images (N, size, size, channels) to features (N, F).

    The arguments are those of ``r3gan_generator``, of which it is the mirror image.
    """
    side, *widths = _stages(image_size, width, blocks, expansion)
    check_at_least(1, channels=channels)
    scaled = _scaled_initializers(seed)
    block = partial(_residual_block, expansion=expansion, stacked=blocks * len(widths), scaled=scaled)
    images = keras.Input((image_size, image_size, channels), name="images")
    x = images
    for number, filters in enumerate(reversed(widths)):
        x = _pointwise(BinomialDownsampling()(x) if number else x, filters, scaled)
        for _ in range(blocks):
            x = block(x)
    return keras.Model(images, DiscriminativeBasis(side, scaled(1.0))(x), name="r3gan_features")


def _stages(image_size: int, width: int, blocks: int, expansion: int) -> tuple[int, ...]:
    """Returns the first map's side, then the channels at each size from the smallest to the largest."""
    check_at_least(1, blocks=blocks, expansion=expansion)
    check_at_least(4, width=width)
    if image_size not in SIZES:
        allowed = ", ".join(map(str, SIZES))
        raise InputError(f"image_size {image_size} is not built by R3GAN: choose one of {allowed}")
    side, doublings = SIZES[image_size]
    return side, *[4 * width] * (doublings - 1), width, width // 4


def _scaled_initializers(seed: int) -> Scaled:
    """Returns a function from a gain to an initialiser with a seed of its own: N(0, gain^2 / fan_in)."""
    # Spaced as those of ``initializer_stream``.
    numbers = itertools.count(seed * 1_000_003)

    def scaled(gain: float) -> keras.Initializer:
        return keras.initializers.VarianceScaling(
            gain**2, "fan_in", "untruncated_normal", seed=next(numbers) % 2**31
        )

    return scaled


def _pointwise(x: Any, filters: int, scaled: Scaled) -> Any:
    """Returns ``filters`` linear combinations of the channels."""
    return layers.Conv2D(filters, 1, use_bias=False, kernel_initializer=scaled(1.0))(x)


def _residual_block(x: Any, *, expansion: int, stacked: int, scaled: Scaled) -> Any:
    """Adds to ``x`` what three convolutions make of it, which is 0 at the start.

    Args:
        x: (N, H, W, C).
        expansion: of the channels inside.
        stacked: blocks in the network: with more, each starts smaller (Fixup with three layers in a block).
        scaled: of ``_scaled_initializers``.
    """
    channels = x.shape[-1]
    inner = channels * expansion
    groups = max(n for n in range(1, max(1, inner // GROUP_WIDTH) + 1) if inner % n == 0)
    gain = LEAKY_GAIN * stacked**-0.25
    y = layers.Conv2D(inner, 1, kernel_initializer=scaled(gain))(x)
    y = layers.LeakyReLU(SLOPE)(y)
    y = GroupedConv2D(inner, 3, padding="same", groups=groups, kernel_initializer=scaled(gain))(y)
    y = layers.LeakyReLU(SLOPE)(y)
    y = layers.Conv2D(channels, 1, use_bias=False, kernel_initializer="zeros")(y)
    return layers.Add()([x, y])
