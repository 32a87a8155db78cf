"""What CycleGAN learns beside its pictures when they are of two voices: the statistics of their pitch.

Kaneko and Kameoka 2018, "CycleGAN-VC: Non-parallel Voice Conversion Using Cycle-Consistent Adversarial
Networks": the envelope is translated, the pitch follows by its mean and deviation.
"""

from typing import Any

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError

_REFERENCE = 150.0  # Hz


@keras.saving.register_keras_serializable(package="tfgan_ref")
class PitchStatistics(keras.layers.Layer):
    """The moments of the log pitch of both voices, over all training batches so far.

    An ``observer`` of ``CycleGAN`` on pictures of logarithmic envelopes. Beside ``source`` and ``target``
    (N, frames, bands, 1) in [-1, 1], a batch holds ``source_pitch`` and ``target_pitch`` (N, frames) in Hz, 0
    for frames without a pitch.
    """

    def __init__(self, **settings: Any) -> None:
        # Whatever the policy of the networks: pitches need their digits.
        super().__init__(**{"dtype": "float32"} | settings)
        # Of each voice: frames with a pitch, the mean of its logarithm, the squares about that.
        self.moments = self.add_weight(
            shape=(2, 3), initializer="zeros", trainable=False, aggregation="mean", name="pitch_moments"
        )
        self.built = True

    def call(self, batch: dict[str, tf.Tensor]) -> None:
        """Takes the pitches in ``batch`` into the statistics.

        Raises:
            InputError: they are missing.
        """
        for voice in ("source_pitch", "target_pitch"):
            if voice not in batch:
                raise InputError(f"PitchStatistics needs a {voice} in its batch")
        seen = (batch["source_pitch"], batch["target_pitch"])
        moments = [merge_moments(self.moments[i], batch_moments(pitch)) for i, pitch in enumerate(seen)]
        self.moments.assign(tf.stack(moments))

    def mean_and_deviation(self) -> tf.Tensor:
        """Returns mean and standard deviation of the natural logarithm of Hz, (2, 2): source, target."""
        count, mean, squares = tf.unstack(tf.convert_to_tensor(self.moments), axis=1)
        return tf.stack([mean, tf.sqrt(tf.math.divide_no_nan(squares, count))], axis=1)


def batch_moments(pitch: tf.Tensor) -> tf.Tensor:
    """Returns the moments of log pitch in a batch, of all replicas together.

    Args:
        pitch: Hz, of any shape; 0 is left out.

    Returns:
        (3,): number of frames with a pitch, mean, sum of squared differences from it.
    """
    voiced = pitch > 0.0
    # About a pitch between all voices, so that the squares lose no digits.
    logarithm = tf.where(voiced, tf.math.log(tf.where(voiced, pitch, 1.0) / _REFERENCE), 0.0)
    sums = [tf.reduce_sum(part) for part in (tf.cast(voiced, tf.float32), logarithm, logarithm**2)]
    sums = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.stack(sums))
    count, total, squares = tf.unstack(sums)
    mean = tf.math.divide_no_nan(total, count)
    return tf.stack([count, tf.math.log(_REFERENCE) + mean, tf.maximum(squares - total * mean, 0.0)])


def merge_moments(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Returns the moments (3,) of two sets together: Chan, Golub and LeVeque 1979, equation 2.1."""
    (n, mean, squares), (m, other_mean, other_squares) = tf.unstack(first), tf.unstack(second)
    share = tf.math.divide_no_nan(m, n + m)
    difference = other_mean - mean
    return tf.stack([n + m, mean + share * difference, squares + other_squares + difference**2 * n * share])
