"""Generator that paints the content of one picture in the style of another, by AdaIN.

AdaIN is that of Huang and Belongie (2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization"), the networks around it are like those of MUNIT (Huang et al. 2018, appendix B). The first
paper takes the statistics of a style from features of VGG19, which was trained on other pictures. Here all is
trained, and features that are shared with the content would have to serve both: so a style encoder of its own
ends in a short vector, from which a multilayer perceptron makes the mean and deviation of every layer of the
decoder.

What keeps content and style apart is the architecture. The style is a mean over all places and cannot say
where anything is; the content has mean 0 and deviation 1 in every feature map and cannot say how bright or
how strong anything is.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.layers.batch import PixelNormalization
from tfgan_ref.networks.layers.normalisation import normalise
from tfgan_ref.networks.layers.seeded import initializer_stream
from tfgan_ref.networks.translation.resnet_translator import ReflectionPadding2D

PARTS = ("content_encoder", "style_encoder", "decoder")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class AdaIN(layers.Layer):
    """Gives feature maps the mean and deviation of a style: sigma(y) (x - mu(x)) / sigma(x) + mu(y).

    Huang and Belongie 2017, equation 8. Statistics are over the places of each map of each picture, and
    float32 under every precision policy.

    Inputs are [x (N, H, W, C), sigma(y) (N, C), mu(y) (N, C)]; the output is that of x's shape.

    Args:
        epsilon: added to the variance of x, keeps flat maps finite.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, epsilon: float = 1e-5, **settings: Any) -> None:
        super().__init__(**settings)
        self.epsilon = epsilon

    def call(self, inputs: Any) -> Any:
        """Applies equation 8."""
        x, deviation, mean = (ops.cast(tensor, "float32") for tensor in inputs)
        own_mean, own_variance = ops.moments(x, axes=(1, 2), keepdims=True)
        normalised = (x - own_mean) * ops.rsqrt(own_variance + self.epsilon)
        styled = deviation[:, None, None] * normalised + mean[:, None, None]
        return ops.cast(styled, self.compute_dtype)

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """Returns the shape of x."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}


def adain_generator(
    channels: int = 3,
    width: int = 32,
    depth: int = 2,
    blocks: int = 2,
    style_dim: int = 16,
    *,
    initializer: str = "he",
    seed: int = 0,
) -> keras.Model:
    """Builds a generator from a content and a style picture, each of any size, to a picture.

    Args:
        channels: of all pictures.
        width: filters of the layers nearest the pictures; each halving doubles them.
        depth: number of halvings of the content, and of the style.
        blocks: residual blocks in the content encoder, and in the decoder.
        style_dim: length of the style's code, whose mean square is 1.
        initializer: a name in ``networks.INITIALIZERS``.
        seed: seed of the initialisers.

    Returns:
        A model from the inputs "source" (N, H, W, channels) and "target" (N, h, w, channels), the content and
        the style, in [-1, 1], to pictures (N, H, W, channels) in [-1, 1], float32. H and W must be multiples
        of 2**depth, above 2**depth since a map of one pixel is 0 once normalised. It consists of three
        models: "content_encoder" (pictures to feature maps), "style_encoder" (pictures to codes (N,
        style_dim)) and "decoder" ([feature maps, codes] to pictures).

    Raises:
        InputError: an argument is unknown or out of range.
    """
    check_at_least(1, channels=channels, width=width, depth=depth, blocks=blocks, style_dim=style_dim)
    fresh = initializer_stream(initializer, seed)
    content_encoder = _content_encoder(channels, width, depth, blocks, fresh)
    style_encoder = _style_encoder(channels, width, depth, style_dim, fresh)
    decoder = _decoder(channels, width, depth, blocks, style_dim, fresh)
    source = keras.Input((None, None, channels), name="source")
    target = keras.Input((None, None, channels), name="target")
    picture = decoder([content_encoder(source), style_encoder(target)])
    return keras.Model([source, target], picture, name="adain_generator")


def _convolve(
    x: keras.KerasTensor,
    filters: int,
    fresh: Callable[[], keras.Initializer],
    *,
    strides: int = 1,
    use_bias: bool = False,
) -> keras.KerasTensor:
    convolution = layers.Conv2D(
        filters,
        4 if strides > 1 else 3,
        strides=strides,
        padding="same",
        kernel_initializer=fresh(),
        use_bias=use_bias,
    )
    return convolution(x)


def _content_encoder(
    channels: int, width: int, depth: int, blocks: int, fresh: Callable[[], keras.Initializer]
) -> keras.Model:
    pictures = keras.Input((None, None, channels), name="pictures")
    # Zeros beside a bright picture would be an edge. Like this, brightness and contrast of a picture do not
    # change its content at all.
    x = layers.Conv2D(width, 3, kernel_initializer=fresh(), use_bias=False)(ReflectionPadding2D(1)(pictures))
    x = layers.ReLU()(normalise(x, "instance"))
    for level in range(1, depth + 1):
        x = _convolve(x, width * 2**level, fresh, strides=2)
        x = layers.ReLU()(normalise(x, "instance"))
    for _ in range(blocks):
        y = layers.ReLU()(normalise(_convolve(x, x.shape[-1], fresh), "instance"))
        x = layers.Add()([x, normalise(_convolve(y, x.shape[-1], fresh), "instance")])
    # Without a scale and shift: a distance between contents must not shrink by shrinking them.
    content = layers.GroupNormalization(
        groups=-1, epsilon=1e-5, center=False, scale=False, dtype="float32", name="content"
    )(x)
    return keras.Model(pictures, content, name="content_encoder")


def _style_encoder(
    channels: int, width: int, depth: int, style_dim: int, fresh: Callable[[], keras.Initializer]
) -> keras.Model:
    # No normalisation: it would take away the very statistics that are a style.
    pictures = keras.Input((None, None, channels), name="pictures")
    x = layers.ReLU()(_convolve(pictures, width, fresh, use_bias=True))
    for level in range(1, depth + 1):
        x = layers.ReLU()(_convolve(x, width * 2**level, fresh, strides=2, use_bias=True))
    x = layers.GlobalAveragePooling2D(dtype="float32")(x)
    x = layers.Dense(style_dim, kernel_initializer=fresh())(x)
    code = PixelNormalization(dtype="float32", name="code")(x)
    return keras.Model(pictures, code, name="style_encoder")


def _decoder(
    channels: int,
    width: int,
    depth: int,
    blocks: int,
    style_dim: int,
    fresh: Callable[[], keras.Initializer],
) -> keras.Model:
    filters = width * 2**depth
    content = keras.Input((None, None, filters), name="content")
    code = keras.Input((style_dim,), name="code")
    style = code
    for _ in range(2):
        style = layers.Dense(filters, "relu", kernel_initializer=fresh())(style)

    def stylise(x: keras.KerasTensor) -> keras.KerasTensor:
        # Deviations start around 1 and means around 0.
        statistics = [
            layers.Dense(x.shape[-1], kernel_initializer=fresh(), bias_initializer=start)(style)
            for start in ("ones", "zeros")
        ]
        return AdaIN()([x, *statistics])

    x = content
    for _ in range(blocks):
        y = layers.ReLU()(stylise(_convolve(x, filters, fresh)))
        x = layers.Add()([x, stylise(_convolve(y, filters, fresh))])
    for level in reversed(range(depth)):
        x = layers.UpSampling2D(2)(x)
        x = layers.ReLU()(stylise(_convolve(x, width * 2**level, fresh)))
    x = _convolve(x, channels, fresh, use_bias=True)
    pictures = layers.Activation("tanh", dtype="float32", name="pictures")(x)
    return keras.Model([content, code], pictures, name="decoder")
