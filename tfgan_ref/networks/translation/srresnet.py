"""SRResNet, the generator of SRGAN: Ledig et al. 2017, figure 4.

All its work but the last steps is done at the size of the source, so that depth is cheap.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.seeded import initializer_stream

SCALES = {2: 1, 4: 2, 8: 3}  # number of doublings; the paper's is 4
ACTIVATIONS = ("prelu", "relu")
UPSAMPLES = ("shuffle", "icnr", "resize")


def srresnet(
    scale: int = 4,
    blocks: int = 16,
    width: int = 64,
    *,
    channels: int = 3,
    end_kernel: int = 9,
    batch_norm: bool = True,
    activation: str = "prelu",
    global_skip: bool = False,
    upsample: str = "shuffle",
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds the network that enlarges pictures of any size; its defaults are the paper's.

    Those have 1,548,547 trainable parameters: convolutions before batch norm have no bias, which it would
    take away again. Pictures are padded with zeros. The output is linear: a tanh would reach white and black,
    which are common in pictures, only at infinity.

    Args:
        scale: how many times higher and wider the output is: 2, 4 or 8.
        blocks: number of residual blocks.
        width: filters of every hidden layer (of those before a pixel shuffle, 4 times as many). "resize" has
            a quarter of the parameters in its place, at four times the pixels.
        channels: of the pictures, 1 or 3.
        end_kernel: side of the first and the last convolution's kernels, odd. On a processor the last one, at
            the output's size, takes a third of a training step; 3 makes it cheap.
        batch_norm: False leaves it out, as EDSR does (Lim et al. 2017, section 3.1). Each block then starts
            as the identity, its last kernel being 0, since nothing else would keep its output small.
        activation: "prelu", whose slopes (from 0.25) belong to a feature map, not to a pixel, or "relu".
        global_skip: whether the network makes what is to be added to the bicubically enlarged source. It then
            starts as bicubic enlargement, its last kernel being 0, which saves much of a short training.
        upsample: how each doubling is done. "shuffle", the paper's: a convolution to 4 times the channels and
            a pixel shuffle. The 4 pixels of a square are made by kernels that are drawn apart, so that flat
            regions begin with a lattice of period 2, which training has to remove. "icnr": the same, but the
            4 kernels start equal (ICNR, Aitken et al. 2017), as ``EqualSubpixels`` says: each doubling
            starts as nearest-neighbour enlargement, without a lattice. "resize": nearest-neighbour
            enlargement, then a 3x3 convolution (Odena et al. 2016), which treats all pixels alike for good.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from source (N, H, W, channels) in [-1, 1] to pictures (N, scale*H, scale*W, channels),
        float32, near [-1, 1] but not clipped.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(1, channels=channels, width=width)
    _check(scale, blocks, end_kernel, activation, upsample)
    fresh = initializer_stream(initializer, seed)
    source = keras.Input((None, None, channels), name="source")
    x = first = _activate(_convolution(width, end_kernel, fresh())(source), activation)
    for _ in range(blocks):
        y = _normalise(_convolution(width, 3, fresh(), use_bias=not batch_norm)(x), batch_norm)
        last = fresh() if batch_norm else "zeros"
        y = _convolution(width, 3, last, use_bias=not batch_norm)(_activate(y, activation))
        x = layers.Add()([x, _normalise(y, batch_norm)])
    x = _normalise(_convolution(width, 3, fresh(), use_bias=not batch_norm)(x), batch_norm)
    x = layers.Add()([x, first])
    for _ in range(SCALES[scale]):
        x = _activate(_double(x, width, upsample, fresh()), activation)
    x = _convolution(channels, end_kernel, "zeros" if global_skip else fresh())(x)
    if global_skip:
        x = layers.Add(dtype="float32")([x, BicubicEnlargement(scale, dtype="float32")(source)])
    pictures = layers.Activation("linear", dtype="float32", name="pictures")(x)
    return keras.Model(source, pictures, name="srresnet")


def receptive_margin(scale: int, blocks: int, end_kernel: int = 9, upsample: str = "shuffle") -> int:
    """Returns how many source pixels around an output pixel ``srresnet`` depends on.

    That is in inference, where batch norm couples no pixels. Further away than this from the border of a
    tile, pictures made in tiles are the same as those made in one piece.

    Raises:
        InputError: an argument is out of range.
    """
    _check(scale, blocks, end_kernel, upsample=upsample)
    reach = end_kernel // 2  # of the last convolution, in pixels of the output
    for _ in range(SCALES[scale]):
        # In pixels of half the size. The 3x3 convolution is before the shuffle, and behind the enlargement.
        reach = -(-(reach + 1) // 2) if upsample == "resize" else -(-reach // 2) + 1
    return reach + 1 + 2 * blocks + end_kernel // 2


def _check(
    scale: int, blocks: int, end_kernel: int, activation: str = "prelu", upsample: str = "shuffle"
) -> None:
    if scale not in SCALES:
        raise InputError(
            f"scale {scale} is not built by SRResNet: choose one of {', '.join(map(str, SCALES))}"
        )
    check_at_least(1, blocks=blocks)
    if end_kernel < 1 or end_kernel % 2 == 0:
        raise InputError(f"end_kernel {end_kernel} is out of range: an odd number")
    if activation not in ACTIVATIONS:
        raise InputError(f"activation {activation!r} is unknown: choose one of {', '.join(ACTIVATIONS)}")
    if upsample not in UPSAMPLES:
        raise InputError(f"upsample {upsample!r} is unknown: choose one of {', '.join(UPSAMPLES)}")


def _convolution(
    filters: int, size: int, initializer: str | keras.Initializer, *, use_bias: bool = True
) -> Callable[[keras.KerasTensor], keras.KerasTensor]:
    return layers.Conv2D(filters, size, padding="same", kernel_initializer=initializer, use_bias=use_bias)


def _double(
    x: keras.KerasTensor, width: int, upsample: str, initializer: keras.Initializer
) -> keras.KerasTensor:
    """Makes maps (N, H, W, C) twice as high and wide, with ``width`` channels; see ``srresnet``."""
    if upsample == "resize":
        return _convolution(width, 3, initializer)(layers.UpSampling2D(2, interpolation="nearest")(x))
    if upsample == "icnr":
        initializer = EqualSubpixels(initializer, 2)
    return PixelShuffle(2)(_convolution(4 * width, 3, initializer)(x))


def _normalise(x: keras.KerasTensor, batch_norm: bool) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9)(x) if batch_norm else x


def _activate(x: keras.KerasTensor, activation: str) -> keras.KerasTensor:
    if activation == "relu":
        return layers.ReLU()(x)
    # He et al. 2015 start the slopes from 0.25.
    return layers.PReLU(alpha_initializer=keras.initializers.Constant(0.25), shared_axes=(1, 2))(x)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class EqualSubpixels(keras.Initializer):
    """Draws the kernel before a ``PixelShuffle`` so that all r*r pixels made of one are equal: ICNR.

    Aitken et al. 2017: a kernel (h, w, Cin, C) is drawn and repeated r*r times along its last
    axis, since output pixel (a, b) of channel c is channel C*r*a + C*b + c here. With biases of 0 and any
    function of single values behind it, the two layers start as a convolution and nearest-neighbour
    enlargement. Kernels part as they are trained.

    Args:
        initializer: of the kernel that is drawn, with the C filters that are left after the shuffle.
        scale: r of the pixel shuffle.
    """

    def __init__(self, initializer: keras.Initializer, scale: int) -> None:
        self.initializer = keras.initializers.get(initializer)
        self.scale = scale

    def __call__(self, shape: tuple[int, ...], dtype: Any = None, **settings: Any) -> Any:
        """Returns a kernel of ``shape``, (h, w, Cin, r*r*C)."""
        *others, filters = shape
        copies = self.scale**2
        kernel = self.initializer((*others, filters // copies), dtype=dtype, **settings)
        return ops.tile(kernel, [1] * len(others) + [copies])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {"initializer": keras.initializers.serialize(self.initializer), "scale": self.scale}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class PixelShuffle(layers.Layer):
    """Spreads the channels of each pixel over a square: (N, H, W, r*r*C) to (N, r*H, r*W, C).

    Shi et al. 2016, equation 4, with x across and y down: output pixel (r*i + a, r*j + b) of channel c is
    input pixel (i, j) of channel C*r*a + C*b + c. (PyTorch's layer of that name: channel r*r*c + r*a + b.)

    Args:
        scale: the paper's r.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, scale: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        """Rearranges (N, H, W, r*r*C) to (N, r*H, r*W, C)."""
        return tf.nn.depth_to_space(inputs, self.scale)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape, sides times the scale and channels divided by its square."""
        n, height, width, channels = input_shape
        return (n, *_times(self.scale, height, width), channels // self.scale**2)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class BicubicEnlargement(layers.Layer):
    """Enlarges pictures as MATLAB's ``imresize`` does: (N, H, W, C) to (N, s*H, s*W, C).

    Bicubic interpolation of Keys 1981 with a = -0.5, the border mirrored. Far from the border an output pixel
    depends on nothing but the 5x5 source pixels around it. Unlike ``tf.image.resize``'s it compiles with XLA.
    Both sides must be at least 2.

    Args:
        scale: s, a whole number.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, scale: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        """Enlarges (N, H, W, C) to (N, s*H, s*W, C)."""
        padded = ops.pad(inputs, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="symmetric")
        kernel = ops.convert_to_tensor(_bicubic_kernel(self.scale, inputs.shape[-1]), inputs.dtype)
        return tf.nn.depth_to_space(ops.conv(padded, kernel), self.scale)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape, sides times the scale."""
        n, height, width, channels = input_shape
        return (n, *_times(self.scale, height, width), channels)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "scale": self.scale}


def _times(scale: int, *sides: int | None) -> list[int | None]:
    return [None if side is None else scale * side for side in sides]


def _bicubic_kernel(scale: int, channels: int) -> np.ndarray:
    """Returns the kernel (5, 5, C, s*s*C) that makes the s*s output pixels of each source pixel."""
    # Output pixel a of a source pixel lies this far from its centre, in source pixels.
    offsets = (np.arange(scale) + 0.5) / scale - 0.5
    weights = _keys(np.arange(-2, 3)[:, None] - offsets)  # (5, s)
    kernel = np.einsum("ya,xb,cd->yxcabd", weights, weights, np.eye(channels))
    return kernel.reshape(5, 5, channels, -1)


def _keys(x: np.ndarray) -> np.ndarray:
    """Keys 1981: the cubic convolution kernel with a = -0.5, 0 beyond 2."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
