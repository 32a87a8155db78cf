"""Randomness as a function of (seed, step): no generator with hidden state anywhere in a training step.

A run that stops and goes on therefore sees the noise it would have seen, and each replica of a distributed
run sees its own. (XLA draws other numbers from the same seed than TensorFlow does without it.)
"""

import tensorflow as tf

# One constant per purpose, so that two draws of the same step are independent.
LATENTS = 0
AUGMENTATION = 1
LABEL_NOISE = 2
INSTANCE_NOISE = 3
REPLAY = 4
PENALTY = 5


def step_seed(seed: int | tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Returns the (2,) int32 seed of one training step, different in each replica.

    Args:
        seed: the run's seed.
        step: scalar integer, the number of finished generator steps.
    """
    folded = fold_in(base_seed(seed), tf.cast(step, tf.int32))
    replica = tf.distribute.get_replica_context()
    if replica is not None and replica.num_replicas_in_sync > 1:
        folded = fold_in(folded, replica.replica_id_in_sync_group)
    return folded


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
    return tf.random.stateless_normal([n, latent_dim], seed)
