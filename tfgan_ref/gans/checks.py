"""Checks of what a Keras user gives a type, once and before the first step: its networks and its data."""

import itertools
import types
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.gans import batches

if TYPE_CHECKING:
    from tfgan_ref.gans.base import GenerativeModel

# What a network that ends in these can give.
RANGES = {"tanh": (-1, 1), "sigmoid": (0, 1)}
PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")
PICTURES = ("source", "target")  # of a translator, whose range is [-1, 1] whatever its last layer
_SLACK = 0.1  # of the width of a range: resizing overshoots


def checked(gan: "GenerativeModel", x: Any, y: Any = None) -> Any:
    """Checks the networks of ``gan`` and the values that ``fit`` or ``evaluate`` was given.

    All of arrays is looked at, and the first batch of anything that gives batches.

    Args:
        gan: the type.
        x: as of ``keras.Model.fit``.
        y: as of ``keras.Model.fit``.

    Returns:
        ``x``, or a generator that gives the same batches.

    Raises:
        InputError: sizes do not go together, D gives probabilities where its loss takes logits, samples lie
            outside the range that G can reach, or numbers such as labels are none of the classes.
    """
    check_networks(gan)
    if isinstance(x, types.GeneratorType):
        first = next(x, None)
        x = (batch for batch in itertools.chain([] if first is None else [first], x))
    elif isinstance(x, tf.data.Dataset):
        first = next(iter(x), None)
    elif isinstance(x, keras.utils.PyDataset):
        first = x[0]
    elif isinstance(x, (dict, tuple, list, np.ndarray)) or tf.is_tensor(x):
        first = x if y is None or isinstance(x, dict) else (x, y)
    else:
        first = None  # Keras says what it makes of it
    if first is not None:
        _check_batch(gan, first)
    return x


def check_networks(gan: "GenerativeModel") -> None:
    """Refuses networks that do not go together, where their shapes and last layers tell.

    Raises:
        InputError: G makes samples of a size that D does not take, or D gives probabilities where its loss
            takes logits.
    """
    if gan.discriminator is None:
        return
    made, taken = gan.sample_shape, tuple(gan.discriminator.inputs[0].shape[1:])
    if made and len(made) == len(taken):
        made = (*made[:-1], made[-1] * getattr(gan, "packing", 1))
        if _differ(made, taken):
            raise InputError(
                f"the generator makes samples of {made}, the discriminator takes {taken}: use one"
            )
    if getattr(getattr(gan, "adversarial_loss", None), "boundary", 0.0):
        return  # least squares: its targets are from 0 to 1
    for name in gan.d_networks:
        network = getattr(gan, name)
        for output in range(len(getattr(network, "outputs", ()))):
            reconstruction = network.outputs[output].shape == network.inputs[0].shape
            if (activation := last_activation(network, output)) in PROBABILITIES and not reconstruction:
                raise InputError(
                    f"the {name} ends in a {activation}: the loss of {type(gan).__name__} takes logits, "
                    "make its last layer linear"
                )


def last_activation(network: keras.Model, output: int = 0) -> str | None:
    """Returns the name of the function that an output of ``network`` ends in; None where no layer says so."""
    sequential = isinstance(network, keras.Sequential)
    layer = network.layers[-1] if sequential else network.get_layer(network.output_names[output])
    if isinstance(layer, keras.Model):
        return last_activation(layer)
    return getattr(getattr(layer, "activation", None), "__name__", None)


def _check_batch(gan: "GenerativeModel", batch: Any) -> None:
    if not isinstance(batch, dict):
        batch = batches.name_parts(batch, gan.batch_names, type(gan).__name__)
    for name, value in batch.items():
        part = np.asarray(value)
        if name in gan.number_limits and part.dtype.kind in "iu" and part.size:
            limit = gan.number_limits[name]
            if part.min() < 0 or part.max() >= limit:
                raise InputError(
                    f"{name} from {part.min()} to {part.max()} is out of range: 0 to {limit - 1}"
                )
        elif name in (gan.batch_names[0], *PICTURES) and part.size:
            _check_samples(gan, name, part)


def _check_samples(gan: "GenerativeModel", name: str, part: np.ndarray) -> None:
    if part.dtype.kind in "biu":
        batches.standard_part(name, part[:1])  # which says that floats are needed
        return
    made = gan.sample_shape
    if made and part.ndim == len(made) + 1 and _differ(part.shape[1:], made):
        raise InputError(f"{name} of shape {part.shape[1:]}: the generator makes samples of {made}")
    limits = (-1, 1) if name in PICTURES else RANGES.get(last_activation(gan.generator))
    if part.dtype.kind != "f" or limits is None:
        return
    low, high = float(part.min()), float(part.max())
    slack = _SLACK * (limits[1] - limits[0])
    if low < limits[0] - slack or high > limits[1] + slack:
        raise InputError(
            f"{name} lies in [{low:g}, {high:g}]: give floats in [{limits[0]}, {limits[1]}], "
            "which the generator can make"
        )


def _differ(first: tuple[int | None, ...], second: tuple[int | None, ...]) -> bool:
    return any(a != b and None not in (a, b) for a, b in zip(first, second, strict=True))
