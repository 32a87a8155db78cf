"""From recordings in memory to an endless data set of batches."""

import tensorflow as tf

from tfgan_ref.data.images.batching import check_order
from tfgan_ref.data.order import shuffled_order
from tfgan_ref.data.sounds.waves import Waves


def wave_batches(waves: Waves, *, batch_size: int, seed: int, start_step: int = 0) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches, in the order of ``batching.batches``.

    Args:
        waves: the recordings.
        batch_size: recordings per batch; may be more than there are.
        seed: chooses the order, any whole number from 0 up.
        start_step: how many batches to leave out at the beginning, for a run that goes on.

    Returns:
        Dicts of ``audio``, float32 of shape (batch_size, T, 1) in [-1, 1], and, if there are labels,
        ``label``, int32 of shape (batch_size,).

    Raises:
        InputError: if a number is out of its range.
    """
    check_order(batch_size, seed, start_step)
    # Captured as they are, on the CPU, as in ``batching.batches``.
    with tf.device("CPU:0"):
        order = shuffled_order(len(waves), seed)
        audio = tf.constant(waves.audio)
        labels = None if waves.labels is None else tf.constant(waves.labels)

    def batch(step: tf.Tensor) -> dict[str, tf.Tensor]:
        indices = order(step * batch_size + tf.range(batch_size, dtype=tf.int64))
        samples = tf.ensure_shape(tf.gather(audio, indices), (batch_size, waves.length))
        result = {"audio": tf.maximum(tf.cast(samples, tf.float32) / 32767.0, -1.0)[..., None]}
        if labels is not None:
            result["label"] = tf.ensure_shape(tf.gather(labels, indices), (batch_size,))
        return result

    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    return tf.data.Dataset.counter(start_step).map(batch).prefetch(tf.data.AUTOTUNE).with_options(options)
