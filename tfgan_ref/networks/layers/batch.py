"""Pixel normalisation, and the layers by which a discriminator sees its whole batch.

All statistics are float32 under every precision policy: their epsilons vanish in float16, and bfloat16 has
too few digits for differences between examples.
"""

from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import InputError


@keras.saving.register_keras_serializable(package="tfgan_ref")
class PixelNormalization(layers.Layer):
    """Divides the features of each pixel by their root mean square: x / sqrt(mean(x^2) + epsilon).

    Karras et al. 2018, "Progressive Growing of GANs", section 4.2. The mean is over the last axis; (N, F) and
    (N, H, W, C) both do.

    Args:
        epsilon: keeps features that are all zero at zero.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, epsilon: float = 1e-8, **settings: Any) -> None:
        super().__init__(**settings)
        self.epsilon = epsilon

    def call(self, inputs: Any) -> Any:
        """Normalises (..., F), to the same shape."""
        x = ops.cast(inputs, "float32")
        mean_square = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return ops.cast(x * ops.rsqrt(mean_square + self.epsilon), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class MinibatchStddev(layers.Layer):
    """Adds one feature map with the standard deviation between the examples of a group.

    Karras et al. 2018, "Progressive Growing of GANs", section 3: the standard deviation of each feature at
    each pixel over the group, averaged over features and pixels to one number, which fills the map of every
    example of the group. (N, H, W, C) becomes (N, H, W, C + 1).

    With N / G groups of G examples, example n is in group n modulo N / G, as in the authors' code.

    Args:
        group_size: the largest G. G is the largest divisor of the batch size that is not above it; a prime
            batch size above it thus makes groups of one example, which say nothing. Where the batch size is
            unknown when the graph is made, the whole batch is one group.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``group_size`` below 1, or inputs that are not (N, H, W, C).
    """

    def __init__(self, group_size: int = 4, **settings: Any) -> None:
        if group_size < 1:
            raise InputError(f"group_size {group_size} is too small: use 1 or more")
        super().__init__(**settings)
        self.group_size = group_size

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Checks the rank."""
        if len(input_shape) != 4:
            raise InputError(f"MinibatchStddev takes images (N, H, W, C), not inputs of shape {input_shape}")

    def _groups(self, batch_size: int | None) -> int:
        if batch_size is None:
            return 1
        members = max(g for g in range(1, self.group_size + 1) if batch_size % g == 0)
        return batch_size // members

    def call(self, inputs: Any) -> Any:
        """Appends the map: (N, H, W, C) to (N, H, W, C + 1)."""
        x = ops.cast(inputs, "float32")
        batch_size, height, width, channels = ops.shape(x)
        groups = self._groups(inputs.shape[0])
        y = ops.reshape(x, (-1, groups, height, width, channels))
        # The epsilon keeps the gradient of the root finite where all examples are equal.
        stddev = ops.sqrt(ops.var(y, axis=0) + 1e-8)
        stddev = ops.mean(stddev, axis=(1, 2, 3), keepdims=True)
        feature_map = ops.tile(stddev, (batch_size // groups, height, width, 1))
        return ops.concatenate([inputs, ops.cast(feature_map, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape with one channel more."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "group_size": self.group_size}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class MinibatchDiscrimination(layers.Layer):
    """Adds to each example's features how close it is to the others of its batch.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.2. With M = f T as (N, B, C),
    c_b(x_i, x_j) = exp(-|M_ib - M_jb|_1), o(x_i)_b = sum over j != i of c_b(x_i, x_j), and the output is
    [f, o]. (N, F) becomes (N, F + B).

    The paper's sum includes j = i, whose term is exp(0) = 1 whatever the weights: here it is subtracted, so
    that an example far from all others gets 0. o is between 0 and N - 1. Memory grows with N^2 B C.

    Args:
        kernels: the paper's B.
        kernel_dim: the paper's C.
        kernel_initializer: of T, which is stored as a matrix (F, B * C).
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``kernels`` or ``kernel_dim`` below 1, or inputs that are not (N, F).
    """

    def __init__(
        self,
        kernels: int = 16,
        kernel_dim: int = 8,
        kernel_initializer: str | keras.Initializer = "glorot_uniform",
        **settings: Any,
    ) -> None:
        for name, value in (("kernels", kernels), ("kernel_dim", kernel_dim)):
            if value < 1:
                raise InputError(f"{name} {value} is too small: use 1 or more")
        super().__init__(**settings)
        self.kernels = kernels
        self.kernel_dim = kernel_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates T."""
        if len(input_shape) != 2:
            raise InputError(
                f"MinibatchDiscrimination takes features (N, F), not inputs of shape {input_shape}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.kernels * self.kernel_dim),
            initializer=self.kernel_initializer,
            autocast=False,
        )

    def call(self, inputs: Any) -> Any:
        """Appends o: (N, F) to (N, F + B)."""
        kernel = ops.cast(self.kernel, "float32")
        m = ops.matmul(ops.cast(inputs, "float32"), kernel)
        m = ops.reshape(m, (-1, self.kernels, self.kernel_dim))
        distances = ops.sum(ops.abs(m[:, None] - m[None, :]), axis=-1)
        closeness = ops.sum(ops.exp(-distances), axis=1) - 1.0
        return ops.concatenate([inputs, ops.cast(closeness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape with B features more."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "kernel_dim": self.kernel_dim,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
