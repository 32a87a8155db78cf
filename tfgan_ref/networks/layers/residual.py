"""Layers of R3GAN's networks: grouped convolutions, resampling by [1, 2, 1], and a learned basis.

Huang et al. 2024, "The GAN is dead; long live the GAN!", section 4; https://github.com/brownvc/R3GAN.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


@keras.saving.register_keras_serializable(package="tfgan_ref")
class GroupedConv2D(layers.Conv2D):
    """Conv2D whose groups can be differentiated twice on any device, with XLA and without.

    On a CPU each group is a convolution of its own: TensorFlow has gradients of grouped ones there with
    oneDNN alone, and XLA takes 40 times as long for them. On a GPU it is one grouped convolution. The
    arguments are those of ``keras.layers.Conv2D``, with channels last.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Returns the convolution of (N, H, W, C) with ``kernel`` (height, width, C / groups, filters)."""
        settings = {"strides": self.strides, "padding": self.padding.upper()}
        if tf.config.list_physical_devices("GPU"):
            return tf.nn.conv2d(inputs, kernel, **settings)
        parts = zip(ops.split(inputs, self.groups, -1), ops.split(kernel, self.groups, -1), strict=True)
        return ops.concatenate([tf.nn.conv2d(part, own, **settings) for part, own in parts], -1)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class BinomialUpsampling(layers.Layer):
    """Doubles height and width of (N, H, W, C): zeros between the pixels, then [1, 2, 1] / 2 along each axis.

    That is linear interpolation. Beyond the edge all is 0, as in the authors' code.
    """

    def call(self, inputs: Any) -> Any:
        """Returns (N, 2 H, 2 W, C)."""
        for axis in (1, 2):
            between = 0.5 * (_before(inputs, axis) + inputs)
            shape = list(inputs.shape)
            shape[0], shape[axis] = -1, 2 * shape[axis]
            inputs = ops.reshape(ops.stack([between, inputs], axis=axis + 1), shape)
        return inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        n, height, width, channels = input_shape
        return n, 2 * height, 2 * width, channels


@keras.saving.register_keras_serializable(package="tfgan_ref")
class BinomialDownsampling(layers.Layer):
    """Halves even height and width of (N, H, W, C): [1, 2, 1] / 4 along each axis, then every second pixel.

    Beyond the edge all is 0, as in the authors' code.
    """

    def call(self, inputs: Any) -> Any:
        """Returns (N, H / 2, W / 2, C)."""
        for axis in (1, 2):
            shape = list(inputs.shape)
            shape[0] = -1
            shape[axis : axis + 1] = [shape[axis] // 2, 2]
            even, odd = ops.unstack(ops.reshape(inputs, shape), axis=axis + 1)
            inputs = 0.5 * even + 0.25 * (_before(odd, axis) + odd)
        return inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        n, height, width, channels = input_shape
        return n, height // 2, width // 2, channels


def _before(values: Any, axis: int) -> Any:
    """Returns the values moved on by one along ``axis``, with 0 in the first place."""
    padding = [(int(number == axis), 0) for number in range(4)]
    return ops.take(ops.pad(values, padding), range(values.shape[axis]), axis=axis)


class _Basis(layers.Layer):
    """Holds one learned picture (side, side) for each channel."""

    def __init__(self, side: int, initializer: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.side = side
        self.initializer = keras.initializers.get(initializer)

    def add_basis(self, channels: int) -> None:
        """Adds the pictures (side, side, channels)."""
        self.basis = self.add_weight(
            shape=(self.side, self.side, channels), initializer=self.initializer, name="basis"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Adds the weights for inputs of this shape, whose last axis is the channels."""
        self.add_basis(input_shape[-1])
        super().build(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        initializer = keras.initializers.serialize(self.initializer)
        return {**super().get_config(), "side": self.side, "initializer": initializer}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class GenerativeBasis(_Basis):
    """Makes the first feature map: each channel's picture times its coefficient.

    Args:
        side: height and width of the map.
        initializer: of the pictures.
        **settings: name, dtype and trainable, as of every Keras layer.
    """

    def call(self, inputs: Any) -> Any:
        """Returns maps (N, side, side, C) for coefficients (N, C)."""
        return inputs[:, None, None, :] * ops.convert_to_tensor(self.basis)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        return input_shape[0], self.side, self.side, input_shape[-1]


@keras.saving.register_keras_serializable(package="tfgan_ref")
class DiscriminativeBasis(_Basis):
    """Reads the last feature map: the inner product of each channel with its picture.

    The arguments are those of ``GenerativeBasis``.
    """

    def call(self, inputs: Any) -> Any:
        """Returns features (N, C) of maps (N, side, side, C)."""
        return ops.sum(inputs * ops.convert_to_tensor(self.basis), axis=(1, 2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the shape of the output."""
        return input_shape[0], input_shape[-1]
