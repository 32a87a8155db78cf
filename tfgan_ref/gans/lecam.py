"""LeCam regularisation of the discriminator: Tseng et al. 2021, "Regularizing GANs under Limited Data"."""

import keras
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import check_at_least
from tfgan_ref.gans.base import mean_over_replicas


class LeCam(keras.layers.Layer):
    """The moving averages of D's outputs, and the penalty on their distance from what D gives now.

    Args:
        weight: lambda of the paper.
        decay: of the averages, which count a batch from the first on, without bias towards 0.
    """

    def __init__(self, weight: float, decay: float = 0.99) -> None:
        check_at_least(0, lecam=weight)
        super().__init__(name="lecam", trainable=False, dtype="float32")
        self.weight = weight
        self.decay = decay
        # Of D's mean outputs for real and for fake samples, and of 1, by which the others are divided. Every
        # replica assigns the same values, so any one's will do.
        self.sums = self.add_weight(
            shape=(3,),
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
            name="sums",
        )
        self.built = True

    def penalty(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        """Returns the weighted penalty on D's outputs (N, 1), whose means over all replicas it takes in."""
        means = [tf.reduce_mean(tf.cast(logits, tf.float32)) for logits in (real_logits, fake_logits)]
        if tf.distribute.get_replica_context().num_replicas_in_sync > 1:
            means = mean_over_replicas(means)
        new = tf.stop_gradient(tf.stack([*means, 1.0]))
        sums = self.decay * self.sums.value + (1.0 - self.decay) * new
        self.sums.assign(sums)
        averages = sums[:2] / sums[2]
        return self.weight * losses.lecam_penalty(real_logits, fake_logits, averages[0], averages[1])
