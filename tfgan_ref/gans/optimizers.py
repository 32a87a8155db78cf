"""Optimizers by name or config, wrapped for loss scaling where float16 needs it."""

from typing import Any

import keras

from tfgan_ref.errors import InputError


def get_optimizer(identifier: Any) -> keras.optimizers.Optimizer:
    """Returns the Keras optimizer of a name or config, or the optimizer itself.

    Raises:
        InputError: it is none of them.
    """
    try:
        return keras.optimizers.get(identifier)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"optimizer {identifier!r} is unknown: a name such as 'adam', a config or a Keras optimizer"
        ) from error


def loss_scaled(optimizer: keras.optimizers.Optimizer, network: keras.Model) -> keras.optimizers.Optimizer:
    """Wraps ``optimizer`` for loss scaling if ``network`` computes in float16."""
    half = network.dtype_policy.compute_dtype == "float16"
    if not half or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)
