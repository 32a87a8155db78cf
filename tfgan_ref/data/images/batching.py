"""From images in memory to an endless data set of batches."""

import tensorflow as tf

from tfgan_ref.data.checks import whole_number
from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.data.order import balanced_order, shuffled_order
from tfgan_ref.errors import InputError


def batches(
    arrays: ImageArrays, *, batch_size: int, seed: int, start_step: int = 0, balanced: bool = False
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches.

    Every batch is full: position p = step * batch_size + i of the sequence belongs to epoch p // N, and a
    batch may span epochs. The batch of a step depends on the arguments and the step only.

    Args:
        arrays: the images.
        batch_size: images per batch; may be more than there are images.
        seed: chooses the order, any whole number from 0 up.
        start_step: how many batches to leave out at the beginning, for a run that goes on.
        balanced: whether all classes come equally often; else all images do.

    Returns:
        Dicts of ``image``, float32 of shape (batch_size, H, W, C) in [-1, 1], and, if there are labels,
        ``label``, int32 of shape (batch_size,); and, if there are masks, ``mask``, float32 of shape
        (batch_size, H, W, 1), 1 where a pixel was observed and 0 where it is missing and ``image`` is 0.

    Raises:
        InputError: if a number is out of its range, or ``balanced`` is asked of images without labels.
    """
    check_order(batch_size, seed, start_step)
    if balanced and arrays.labels is None:
        raise InputError(f"{arrays.name}: balanced=True needs labels, and this data set has none")
    shape = (batch_size, *arrays.images.shape[1:])
    # Captured as they are, on the CPU: the memory of a GPU is for training. A tf.numpy_function on the array
    # could hang when Python exits while a batch is being prefetched.
    with tf.device("CPU:0"):
        order = balanced_order(arrays.labels, seed) if balanced else shuffled_order(len(arrays.images), seed)
        images = tf.constant(arrays.images)
        labels = None if arrays.labels is None else tf.constant(arrays.labels)
        masks = None if arrays.masks is None else tf.constant(arrays.masks)

    def batch(step: tf.Tensor) -> dict[str, tf.Tensor]:
        indices = order(step * batch_size + tf.range(batch_size, dtype=tf.int64))
        pixels = tf.ensure_shape(tf.gather(images, indices), shape)
        result = {"image": tf.cast(pixels, tf.float32) / 127.5 - 1.0}
        if labels is not None:
            result["label"] = tf.ensure_shape(tf.gather(labels, indices), (batch_size,))
        if masks is not None:
            observed = tf.ensure_shape(tf.gather(masks, indices), shape[:3])[..., None]
            result["mask"] = tf.cast(observed, tf.float32)
            # Not a product with the mask: -0.0 would tell that a missing pixel was dark.
            result["image"] = tf.where(observed, result["image"], 0.0)
        return result

    options = tf.data.Options()
    # There is nothing to optimize here, and the rewritten graph would hold a second copy of the images.
    options.experimental_optimization.apply_default_optimizations = False
    return tf.data.Dataset.counter(start_step).map(batch).prefetch(tf.data.AUTOTUNE).with_options(options)


def check_order(batch_size: int, seed: int, start_step: int) -> None:
    """Raises InputError unless batch_size >= 1, seed >= 0 and start_step >= 0, all whole."""
    whole_number("batch_size", batch_size, 1)
    whole_number("seed", seed, 0)
    whole_number("start_step", start_step, 0)
