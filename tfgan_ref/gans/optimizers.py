"""Optimizers by name or config, wrapped for loss scaling where float16 needs it."""

from typing import Any

import keras

from tfgan_ref.errors import InputError


def make_optimizer(
    identifier: Any, network: keras.Model
) -> tuple[keras.optimizers.Optimizer, dict[str, Any]]:
    """Returns the optimizer for ``network`` of a name, a config or an optimizer, and its config.

    If ``network`` computes in float16, the optimizer is wrapped for loss scaling.

    Raises:
        InputError: it is none of them.
    """
    try:
        optimizer = keras.optimizers.get(identifier)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"optimizer {identifier!r} is unknown: a name such as 'adam', a config or a Keras optimizer"
        ) from error
    config = keras.optimizers.serialize(optimizer)
    half = network.dtype_policy.compute_dtype == "float16"
    if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer, config
