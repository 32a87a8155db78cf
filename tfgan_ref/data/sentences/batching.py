"""From sentences in memory to an endless data set of batches."""

import tensorflow as tf

from tfgan_ref.data.images.batching import check_order
from tfgan_ref.data.order import balanced_order
from tfgan_ref.data.sentences.sentences import Sentences


def sentence_batches(
    sentences: Sentences, *, batch_size: int, seed: int, start_step: int = 0
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches in which every topic comes equally often.

    Args:
        sentences: the data.
        batch_size: sentences per batch; may be more than there are.
        seed: chooses the order, any whole number from 0 up.
        start_step: how many batches to leave out at the beginning, for a run that goes on.

    Returns:
        Dicts of ``tokens``, int32 (batch_size, T), and ``label``, int32 (batch_size,).

    Raises:
        InputError: if a number is out of its range.
    """
    check_order(batch_size, seed, start_step)
    # Captured as they are, on the CPU, as in ``batching.batches``.
    with tf.device("CPU:0"):
        order = balanced_order(sentences.labels, seed)
        tokens, labels = tf.constant(sentences.tokens), tf.constant(sentences.labels)

    def batch(step: tf.Tensor) -> dict[str, tf.Tensor]:
        indices = order(step * batch_size + tf.range(batch_size, dtype=tf.int64))
        return {
            "tokens": tf.ensure_shape(tf.gather(tokens, indices), (batch_size, sentences.length)),
            "label": tf.ensure_shape(tf.gather(labels, indices), (batch_size,)),
        }

    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    return tf.data.Dataset.counter(start_step).map(batch).prefetch(tf.data.AUTOTUNE).with_options(options)
