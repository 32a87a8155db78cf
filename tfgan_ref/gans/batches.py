"""Batches as Keras users give them, and sizes that are known only when a graph runs."""

from typing import Any

import tensorflow as tf

from tfgan_ref.errors import InputError

# What the training step takes; other dtypes are cast.
USUAL = {
    "image": tf.float32,
    "source": tf.float32,
    "target": tf.float32,
    "label": tf.int32,
    "tokens": tf.int32,
}


def name_parts(data: Any, names: tuple[str, ...], owner: str) -> dict[str, Any]:
    """Returns one array, or a tuple of them, as a dict by ``names``.

    Raises:
        InputError: a tuple has more parts than there are names, as with sample weights.
    """
    parts = list(data) if isinstance(data, (tuple, list)) else [data]
    while parts and parts[-1] is None:
        parts.pop()
    if not 0 < len(parts) <= len(names):
        raise InputError(
            f"{owner} takes {' and '.join(names)}, not {len(parts)} parts: "
            "give more in a dict, and no sample weights"
        )
    return dict(zip(names, parts, strict=False))


def standard_part(name: str, value: Any) -> tf.Tensor:
    """Returns one part of a batch as a tensor of its usual dtype; labels (N, 1) as (N,).

    Raises:
        InputError: samples are integers where floats are needed, or the other way round, or a label is not
            one number.
    """
    tensor = tf.convert_to_tensor(value)
    dtype = USUAL.get(name, tensor.dtype)
    if tensor.dtype.is_floating != dtype.is_floating:
        wanted = "floats in [-1, 1]" if dtype.is_floating else "integers"
        raise InputError(f"{name} of dtype {tensor.dtype.name}: give {wanted}")
    if name == "label" and tensor.shape.rank != 1:
        if tensor.shape.rank is not None and tensor.shape[1:] != (1,):
            raise InputError(f"label of shape {tuple(tensor.shape)}: give one integer for each sample")
        tensor = tf.reshape(tensor, [-1])
    return tf.cast(tensor, dtype)


def split_evenly(batch: dict[str, tf.Tensor], n: tf.Tensor, parts: int) -> list[dict[str, tf.Tensor]]:
    """Splits a batch of ``n`` rows, known when the graph runs, as evenly as possible.

    Sizes differ by one at most. Of fewer rows than parts, some are in several parts.
    """
    result = []
    for k in range(parts):
        start = tf.minimum(n * k // parts, n - 1)
        stop = tf.maximum(n * (k + 1) // parts, start + 1)
        result.append({name: value[start:stop] for name, value in batch.items()})
    return result


def in_turns(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Returns the rows (N, ...) of both in turns: (2 N, ...) of the dtype of ``first``.

    Of draws for all of them a replica thus takes those of its own samples, as from any batch.
    """
    n, *inner = shape_of(first)
    return tf.reshape(tf.stack([first, tf.cast(second, first.dtype)], axis=1), [2 * n, *inner])


def shape_of(tensor: tf.Tensor) -> list[int | tf.Tensor]:
    """Returns the shape, numbers where they are known and scalar tensors elsewhere."""
    if tensor.shape.is_fully_defined():
        return tensor.shape.as_list()
    dynamic = tf.shape(tensor)
    return [dynamic[axis] if size is None else size for axis, size in enumerate(tensor.shape)]
