"""Labels for drawing samples."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError


def label_tensor(n: int, num_classes: int, label: int | Sequence[int] | None = None) -> tf.Tensor:
    """Returns int32 labels (n,): one for all, one for each, or every class in turn for None.

    Raises:
        InputError: a label is not an integer from 0 to num_classes - 1, or there are not ``n``.
    """
    if label is None:
        return tf.range(n, dtype=tf.int32) % num_classes
    labels = np.asarray(label)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in ((), (n,)):
        raise InputError(f"label {label!r} is not an integer, nor {n} integers")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(f"label {label!r} is out of range: from 0 to {num_classes - 1}")
    return tf.broadcast_to(tf.constant(labels, tf.int32), [n])
