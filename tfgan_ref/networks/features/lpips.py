"""LPIPS: the learned perceptual distance of Zhang et al. 2018, version 0.1."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tfgan_ref.errors import InputError
from tfgan_ref.networks.features.vgg import torchvision_variables, untrained_vgg
from tfgan_ref.networks.features.weight_files import (
    Published,
    assign_weights,
    find_weights,
    read_weights,
    torch_variables,
)
from tfgan_ref.networks.layers.pixels import rgb_pair

_TORCHVISION = "https://download.pytorch.org/models/"
_LPIPS = "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/"
TRUNKS = {
    "alex": Published("alexnet-owt-7be5be79.pth", f"{_TORCHVISION}alexnet-owt-7be5be79.pth"),
    "vgg": Published("vgg16-397923af.pth", f"{_TORCHVISION}vgg16-397923af.pth"),
}
LINEAR = {
    "alex": Published("lpips-0.1-alex.pth", f"{_LPIPS}alex.pth"),
    "vgg": Published("lpips-0.1-vgg.pth", f"{_LPIPS}vgg.pth"),
}
VGG_TAPS = tuple(f"block{tap}_relu" for tap in ("1_conv2", "2_conv2", "3_conv3", "4_conv3", "5_conv3"))
# The least height and width from which each trunk's last tap has a pixel.
SMALLEST = {"alex": 31, "vgg": 16}
# Images in [-1, 1] to the standardised [0, 1] of torchvision: 2 * mean - 1 and 2 * deviation.
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)


class LPIPS:
    """Distance between two images in the features of a classifier, weighted as people see it.

    ``LPIPS(...)(first, second)`` takes images (N, H, W, 3) in [-1, 1], or grey (N, H, W, 1), which is tiled,
    and returns distances (N,): at five ReLUs, the features of each pixel are normalised to length 1, their
    squared differences weighted per channel and summed, then averaged over the pixels (equation 1). It is
    symmetric, 0 for equal images, and can be differentiated.

    Args:
        net: "alex", the authors' choice for measuring, or "vgg", their choice as a loss.
        weights: torchvision's state dict of AlexNet or VGG16 (.pth, or .npz of the same names); None looks
            for the published file in ``~/.cache/tfgan_ref/weights``.
        linear_weights: the weights per channel, as the lpips package distributes them (v0.1); None likewise.

    Raises:
        InputError: ``net`` is unknown; weights that are missing (the line says where to get them), damaged
            or of another network; or, when called, images of other shapes or types.
    """

    def __init__(
        self,
        net: str = "alex",
        weights: str | Path | None = None,
        linear_weights: str | Path | None = None,
    ) -> None:
        if net not in TRUNKS:
            raise InputError(f"net {net!r} is unknown: choose one of {', '.join(TRUNKS)}")
        trunk_path = find_weights(weights, TRUNKS[net])
        linear_path = find_weights(linear_weights, LINEAR[net])
        if net == "alex":
            self._taps, variables = _alexnet()
        else:
            self._taps, variables = _vgg16()
        # The classifier, most of the file, is not needed.
        assign_weights(variables, read_weights(trunk_path, r"^classifier\."), trunk_path)
        kernels = [
            keras.Variable(np.zeros((1, 1, tap.shape[-1], 1), "float32")) for tap in self._taps.outputs
        ]
        names = {f"lin{number}.model.1.weight": kernel for number, kernel in enumerate(kernels)}
        assign_weights(names, read_weights(linear_path), linear_path)
        self._linear = [tf.constant(keras.ops.convert_to_numpy(kernel)[0, 0, :, 0]) for kernel in kernels]
        self._smallest = SMALLEST[net]
        self.label = f"LPIPS ({net})"

    def __call__(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Returns the distances (N,) between two batches of images in [-1, 1]."""
        pairs = zip(
            *map(self._normalised, rgb_pair(first, second, self._smallest)), self._linear, strict=True
        )
        return tf.add_n(
            [
                tf.reduce_mean(tf.linalg.matvec(tf.math.squared_difference(a, b), weights), axis=(1, 2))
                for a, b, weights in pairs
            ]
        )

    def _normalised(self, images: tf.Tensor) -> list[tf.Tensor]:
        taps = self._taps((images - SHIFT) / SCALE, training=False)
        return [_unit_length(tap) for tap in taps]


def _unit_length(features: tf.Tensor) -> tf.Tensor:
    squares = tf.reduce_sum(tf.square(features), axis=-1, keepdims=True)
    # The square root has no finite derivative at 0, where ReLU leaves whole pixels.
    return features / (tf.sqrt(tf.maximum(squares, 1e-30)) + 1e-10)


def _alexnet() -> tuple[keras.Model, dict[str, keras.Variable]]:
    """Builds AlexNet's convolutions as torchvision has them (Krizhevsky 2014), to be loaded.

    Returns:
        The model from images to the five ReLUs' features, and its variables by torchvision's names.
    """

    def convolution(x: keras.KerasTensor, name: str, filters: int, side: int) -> keras.KerasTensor:
        return layers.Conv2D(filters, side, padding="same", activation="relu", name=name, dtype="float32")(x)

    def pool(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.MaxPooling2D(3, 2, dtype="float32")(x)

    images = keras.Input((None, None, 3), name="images", dtype="float32")
    x = layers.ZeroPadding2D(2, dtype="float32")(images)
    first = layers.Conv2D(64, 11, 4, activation="relu", name="features.0", dtype="float32")(x)
    second = convolution(pool(first), "features.3", 192, 5)
    third = convolution(pool(second), "features.6", 384, 3)
    fourth = convolution(third, "features.8", 256, 3)
    fifth = convolution(fourth, "features.10", 256, 3)
    model = keras.Model(images, [first, second, third, fourth, fifth], name="alexnet")
    return model, torch_variables(model)


def _vgg16() -> tuple[keras.Model, dict[str, keras.Variable]]:
    model = untrained_vgg(16)
    taps = [model.get_layer(name).output for name in VGG_TAPS]
    return keras.Model(model.input, taps, name="vgg16"), torchvision_variables(model)
