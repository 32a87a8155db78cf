"""CycleGAN's generator: Zhu et al. 2017, appendix 7.2, after Johnson, Alahi and Fei-Fei 2016.

Two halvings, residual blocks at a quarter of the size, two doublings.
"""

from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.networks.layers.normalisation import normalise
from tfgan_ref.networks.layers.seeded import initializer_stream


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ReflectionPadding2D(layers.Layer):
    """Surrounds feature maps by their mirror image, in which the border pixels are not repeated.

    Unlike zeros it draws no frame that later layers could see: (N, H, W, C) becomes (N, H + 2p, W + 2p, C).

    Args:
        padding: p, pixels on each side.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``padding`` below 1, or a side of the input that is not above it.
    """

    def __init__(self, padding: int, **settings: Any) -> None:
        check_at_least(1, padding=padding)
        super().__init__(**settings)
        self.padding = padding

    def call(self, inputs: Any) -> Any:
        """Pads (N, H, W, C)."""
        for side in inputs.shape[1:3]:
            if side is not None and side <= self.padding:
                raise InputError(f"side {side} is out of range: above the padding {self.padding}")
        both = (self.padding, self.padding)
        return ops.pad(inputs, ((0, 0), both, both, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape, its sides longer by 2p."""
        n, *sides, channels = input_shape
        return (n, *(side and side + 2 * self.padding for side in sides), channels)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "padding": self.padding}


def resnet_translator(
    image_channels: int,
    output_channels: int,
    blocks: int = 9,
    width: int = 64,
    *,
    initializer: str = "normal02",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from pictures to pictures of the same size, whose sides are multiples of 4.

    In the paper's notation c7s1-64, d128, d256, R256 for each block, u128, u64, c7s1-3. As in the authors'
    code convolutions of stride 1 pad by reflection, strided ones by zeros, and those that double are
    transposed. Every convolution but the last is followed by instance norm, which here has a scale and a
    shift for each feature map: the authors' has none, but their convolutions have a bias, which it removes.

    With 9 blocks and 3 channels it has 11,383,427 parameters (the authors' code: 11,378,179).

    Args:
        image_channels: of the source.
        output_channels: of the output.
        blocks: number of residual blocks: in the paper 6 for 128x128 pixels and 9 from 256x256 on.
        width: filters of the layers nearest the pictures; the blocks have 4 times as many.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from the input "source", (N, height, width, image_channels) in [-1, 1], to pictures (N,
        height, width, output_channels) in [-1, 1], float32. Sides must be at least 8: instance norm brings a
        map of one pixel to 0, which cannot be reflected either.

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(
        1, image_channels=image_channels, output_channels=output_channels, blocks=blocks, width=width
    )
    fresh = initializer_stream(initializer, seed)

    def convolve(x: keras.KerasTensor, filters: int, kernel_size: int) -> keras.KerasTensor:
        x = ReflectionPadding2D(kernel_size // 2)(x)
        x = layers.Conv2D(filters, kernel_size, kernel_initializer=fresh(), use_bias=False)(x)
        return normalise(x, "instance")

    def resize(x: keras.KerasTensor, filters: int, kind: type[layers.Layer]) -> keras.KerasTensor:
        x = kind(filters, 3, strides=2, padding="same", kernel_initializer=fresh(), use_bias=False)(x)
        return layers.ReLU()(normalise(x, "instance"))

    source = keras.Input((None, None, image_channels), name="source")
    x = layers.ReLU()(convolve(source, width, 7))
    x = resize(x, 2 * width, layers.Conv2D)
    x = resize(x, 4 * width, layers.Conv2D)
    for _ in range(blocks):
        y = layers.ReLU()(convolve(x, 4 * width, 3))
        x = layers.Add()([x, convolve(y, 4 * width, 3)])
    x = resize(x, 2 * width, layers.Conv2DTranspose)
    x = resize(x, width, layers.Conv2DTranspose)
    x = layers.Conv2D(output_channels, 7, kernel_initializer=fresh())(ReflectionPadding2D(3)(x))
    pictures = layers.Activation("tanh", dtype="float32", name="pictures")(x)
    return keras.Model(source, pictures, name="resnet_translator")
