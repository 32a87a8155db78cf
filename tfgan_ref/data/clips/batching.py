"""From clips in memory to an endless data set of batches of their frames."""

import numpy as np
import tensorflow as tf

from tfgan_ref.data.checks import whole_number
from tfgan_ref.data.clips.clips import Clips
from tfgan_ref.data.images.batching import check_order
from tfgan_ref.data.order import shuffled_order
from tfgan_ref.errors import InputError

_PHASES = 1  # what the run's seed is used for beside the order of the clips


def clip_batches(
    clips: Clips, *, batch_size: int, frames: int, seed: int, start_step: int = 0
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches of clips, of each some frames.

    As in ``batches``, every batch is full, each run of N positions holds each of the N clips once, and the
    batch of a step depends on the arguments and the step only.

    Args:
        clips: the clips.
        batch_size: clips per batch; may be more than there are.
        frames: different phases of each clip, drawn at random and in random order.
        seed: chooses order and phases, any whole number from 0 up.
        start_step: how many batches to leave out at the beginning, for a run that goes on.

    Returns:
        Dicts of ``image``, float32 (batch_size, frames, H, W, C) in [-1, 1]; ``phase``, int32 (batch_size,
        frames); and int32 (batch_size,) under the name of each factor, ``action`` among them.

    Raises:
        InputError: a number is out of its range.
    """
    check_order(batch_size, seed, start_step)
    whole_number("frames", frames, 1)
    if frames > clips.phases:
        raise InputError(f"frames {frames} is out of range: at most the {clips.phases} phases of a clip")
    shape = clips.frames.shape[2:]
    # Captured as they are, on the CPU, as in ``batching.batches``.
    with tf.device("CPU:0"):
        order = shuffled_order(len(clips), seed)
        pictures = tf.constant(clips.frames)
        conditions = tf.constant(clips.conditions)
        words = np.random.SeedSequence([seed, _PHASES]).generate_state(2, np.uint32)
        phases_seed = tf.constant(words.view(np.int32))

    def batch(step: tf.Tensor) -> dict[str, tf.Tensor]:
        indices = order(step * batch_size + tf.range(batch_size, dtype=tf.int64))
        step_seed = tf.random.experimental.stateless_fold_in(phases_seed, tf.cast(step, tf.int32))
        draws = tf.random.stateless_uniform((batch_size, clips.phases), step_seed)
        phase = tf.argsort(draws, axis=1)[:, :frames]
        places = tf.stack([tf.repeat(indices[:, None], frames, 1), tf.cast(phase, tf.int64)], -1)
        chosen = tf.ensure_shape(tf.gather_nd(pictures, places), (batch_size, frames, *shape))
        columns = tf.ensure_shape(tf.gather(conditions, indices), (batch_size, len(clips.factors)))
        return {
            "image": tf.cast(chosen, tf.float32) / 127.5 - 1.0,
            "phase": tf.ensure_shape(phase, (batch_size, frames)),
            **dict(zip(clips.factors, tf.unstack(columns, axis=1), strict=True)),
        }

    options = tf.data.Options()
    # There is nothing to optimize here, and the rewritten graph would hold a second copy of the frames.
    options.experimental_optimization.apply_default_optimizations = False
    return tf.data.Dataset.counter(start_step).map(batch).prefetch(tf.data.AUTOTUNE).with_options(options)
