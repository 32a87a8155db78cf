"""Virtual batch norm: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.4.

Batch norm makes a sample depend on the others of its batch. Here each is normalised by the statistics of
itself and of a reference batch, which is drawn once, at the start. The network thus runs on both:
``ReferenceBatch`` puts the reference before the inputs, ``VirtualBatchNormalization`` normalises, and
``SkipReference`` takes the reference away again.
"""

from typing import Any

import keras
from keras import layers, ops

from tfgan_ref.errors import check_at_least


class _WithReference(layers.Layer):
    def __init__(self, reference: int, **settings: Any) -> None:
        check_at_least(1, reference=reference)
        super().__init__(**settings)
        self.reference = reference

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape, with any number of rows."""
        return (None, *input_shape[1:])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "reference": self.reference}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class ReferenceBatch(_WithReference):
    """Puts a fixed batch of latents before the inputs: (N, D) becomes (reference + N, D).

    Args:
        reference: size of that batch.
        seed: of its latents, from N(0, I); they are saved with the weights and never change.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``reference`` is below 1.
    """

    def __init__(self, reference: int, seed: int = 0, **settings: Any) -> None:
        super().__init__(reference, **settings)
        self.seed = seed

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Draws the reference batch."""
        self.latents = self.add_weight(
            name="latents",
            shape=(self.reference, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(0.0, 1.0, self.seed),
            trainable=False,
        )

    def call(self, inputs: Any) -> Any:
        """Puts it before (N, D)."""
        return ops.concatenate([ops.cast(self.latents, inputs.dtype), inputs], axis=0)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class VirtualBatchNormalization(_WithReference):
    """Normalises each example by the statistics of the reference batch and of itself, then scales and shifts.

    Both count as one batch of reference + 1 examples; the reference batch's own examples are normalised by it
    alone. Statistics are over all but the last axis, in float32: inputs (reference + N, F) and
    (reference + N, H, W, C) both do.

    Args:
        reference: how many of the first examples are the reference batch.
        epsilon: added to the variance, as in the authors' code.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``reference`` is below 1.
    """

    def __init__(self, reference: int, epsilon: float = 1e-5, **settings: Any) -> None:
        super().__init__(reference, **settings)
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the scale and the shift of every feature."""
        self.gamma = self.add_weight(
            name="gamma", shape=(input_shape[-1],), initializer="ones", autocast=False
        )
        self.beta = self.add_weight(
            name="beta", shape=(input_shape[-1],), initializer="zeros", autocast=False
        )

    def call(self, inputs: Any) -> Any:
        """Normalises (reference + N, ..., F), to the same shape."""
        x = ops.cast(inputs, "float32")
        axes = list(range(1, len(inputs.shape) - 1))
        reference_mean, reference_variance = ops.moments(x[: self.reference], [0, *axes], keepdims=True)
        own_mean, own_variance = ops.moments(x, axes, keepdims=True) if axes else (x, ops.zeros_like(x))
        is_example = ops.cast(ops.arange(ops.shape(x)[0]) >= self.reference, "float32")
        share = ops.reshape(is_example / (self.reference + 1), [-1] + [1] * (len(inputs.shape) - 1))
        mean = reference_mean + share * (own_mean - reference_mean)
        # Of a mixture: the mean of the variances, and the variance of the means.
        variance = (1.0 - share) * (reference_variance + ops.square(reference_mean - mean))
        variance += share * (own_variance + ops.square(own_mean - mean))
        x = (x - mean) * ops.rsqrt(variance + self.epsilon)
        return ops.cast(x * self.gamma + self.beta, inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="tfgan_ref")
class SkipReference(_WithReference):
    """Takes the reference batch away: (reference + N, ...) becomes (N, ...).

    Args:
        reference: its size.
        **settings: name and dtype, as of every Keras layer.

    Raises:
        InputError: ``reference`` is below 1.
    """

    def call(self, inputs: Any) -> Any:
        """Returns what follows it."""
        return inputs[self.reference :]
