"""Randomness as a function of (seed, step): no generator with hidden state anywhere in a training step.

A run that stops and goes on therefore sees the noise it would have seen. Replicas of a distributed run share
what one device would have drawn for their global batch: each takes the rows of its own samples, so that a run
is the same on any number of devices. (XLA draws other numbers from the same seed than TensorFlow does without
it.)
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

# One constant per purpose, so that two draws of the same step are independent.
LATENTS = 0
AUGMENTATION = 1
LABEL_NOISE = 2
INSTANCE_NOISE = 3
REPLAY = 4
PENALTY = 5
EVALUATION = 6
CODES = 7
PATCHES = 8


def step_seed(seed: int | tf.Tensor, step: tf.Tensor, *numbers: int | tf.Tensor) -> tf.Tensor:
    """Returns the (2,) int32 seed of one training step, or of a draw in it.

    Args:
        seed: the run's seed.
        step: scalar integer, the number of finished generator steps.
        numbers: of a draw: its purpose, and whatever else tells it from others.
    """
    result = tf.stack([tf.cast(seed, tf.int32), 0])
    for number in (tf.cast(step, tf.int32), *numbers):
        result = tf.random.experimental.stateless_fold_in(result, number)
    return result


def base_seed(seed: int | tf.Tensor) -> tf.Tensor:
    """Returns the (2,) int32 seed that TensorFlow's stateless functions take, from one integer."""
    return tf.stack([tf.cast(seed, tf.int32), 0])


def fold_in(seed: tf.Tensor, *numbers: int | tf.Tensor) -> tf.Tensor:
    """Derives an independent (2,) seed from ``seed`` and one or more integers (a purpose, a counter)."""
    for number in numbers:
        seed = tf.random.experimental.stateless_fold_in(seed, number)
    return seed


def sample_latents(n: int | tf.Tensor, latent_dim: int, seed: tf.Tensor) -> tf.Tensor:
    """Draws ``n`` latent vectors from N(0, I): float32 of shape (n, latent_dim).

    The first k vectors are the same for every n >= k.
    """
    return draw_rows(tf.random.stateless_normal, [n, latent_dim], 0, seed, dtype=tf.float32)


def normal(shape: Sequence[int | tf.Tensor], seed: tf.Tensor, dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Draws from N(0, 1); a replica draws its part of the first axis, the samples'."""
    return draw_rows(tf.random.stateless_normal, shape, 0, seed, dtype=dtype)


def uniform(
    shape: Sequence[int | tf.Tensor],
    seed: tf.Tensor,
    *limits: Any,
    axis: int = 0,
    dtype: tf.DType = tf.float32,
) -> tf.Tensor:
    """Draws uniformly from [0, 1) or between ``limits``; a replica its part of ``axis``, the samples'."""
    return draw_rows(tf.random.stateless_uniform, shape, axis, seed, *limits, dtype=dtype)


def replica_seed(seed: tf.Tensor) -> tf.Tensor:
    """Returns a seed of this replica's own, for draws that belong to no sample; alone, ``seed`` itself."""
    replica, replicas = _replica()
    return seed if replicas == 1 else fold_in(seed, replica)


def draw_rows(
    draw: Callable[..., tf.Tensor],
    shape: Sequence[int | tf.Tensor],
    axis: int,
    *arguments: Any,
    dtype: tf.DType,
) -> tf.Tensor:
    """Draws by ``draw(shape, *arguments, dtype=dtype)``; a replica its part of ``axis``, the samples'."""
    if tf.distribute.get_strategy().num_replicas_in_sync == 1:
        return draw(shape, *arguments, dtype=dtype)
    replica, replicas = _replica()
    n = shape[axis]
    of_all = [size * replicas if a == axis else size for a, size in enumerate(shape)]
    start = [replica * n if a == axis else 0 for a in range(len(shape))]
    return tf.slice(draw(of_all, *arguments, dtype=dtype), start, shape)


def _replica() -> tuple[int | tf.Tensor, int]:
    """Returns the number of this replica and how many there are; of code outside of replicas, 0 and 1."""
    context = tf.distribute.get_replica_context()
    return (0, 1) if context is None else (context.replica_id_in_sync_group, context.num_replicas_in_sync)
