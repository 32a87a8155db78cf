"""Adaptive discriminator augmentation: Karras et al. 2020, "Training GANs with Limited Data", section 3."""

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.base import mean_over_replicas
from tfgan_ref.gans.transformations import transform

INTERVAL = 4  # batches of real images between changes of p


def adjusted(
    p: tf.Tensor, overfitting: tf.Tensor, target: float, images: tf.Tensor | float, span: int
) -> tf.Tensor:
    """Returns p, moved by images / span: up where r_t is above its target, down where below; in [0, 1].

    Args:
        p: probability of the transformations.
        overfitting: r_t = E sign(D(real)), equation 1 of the paper: 0 where D knows nothing, 1 where it knows
            each real image.
        target: of r_t.
        images: that D was shown since p last moved.
        span: images in which p could go from 0 to 1.
    """
    return tf.clip_by_value(p + tf.sign(overfitting - target) * images / span, 0.0, 1.0)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class AdaptiveAugmentation(keras.layers.Layer):
    """Random changes of real and fake images before D, each with probability p, as much as D overfits.

    p starts at 0 and follows the overfitting heuristic r_t. The transformations do not leak into what G draws
    as long as p is below about 0.8 (section 2.2 of the paper), which a D that overfits all the same can pass.

    Args:
        target: of r_t, above 0 and below 1.
        span: images in which p can go from 0 to 1, 500,000 in the paper.

    Raises:
        InputError: one of them is out of range.
    """

    def __init__(self, target: float = 0.6, span: int = 500_000) -> None:
        if not 0 < target < 1:
            raise InputError(f"ada_target {target} is out of range: above 0 and below 1")
        check_at_least(1, ada_images=span)
        super().__init__(name="augmentation", trainable=False, dtype="float32", autocast=False)
        self.target = target
        self.span = span
        # Every replica assigns the same values, so any one's will do.
        alike = {"initializer": "zeros", "trainable": False, "aggregation": "only_first_replica"}
        self.p = self.add_weight(shape=(), name="p", **alike)
        # Since p last moved: the sum of sign(D(real)), the number of real images, and that of their batches.
        self.since = self.add_weight(shape=(3,), name="since", **alike)
        self.built = True

    def call(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Changes ``images`` (N, H, W, 1 or 3), each in its own way, with draws from the (2,) ``seed``.

        Raises:
            InputError: samples that are not such images.
        """
        changed = transform(tf.cast(images, tf.float32), self.p.value, seed)
        return tf.cast(changed, images.dtype)

    def observe(self, accuracy: tf.Tensor, images: int | tf.Tensor) -> None:
        """Takes in how D judged a batch of real images; after every fourth one, moves p.

        Args:
            accuracy: share of them that D takes for real, on which side of its boundary sign(D(real)) says.
            images: number of them on this replica.
        """
        replica = tf.distribute.get_replica_context()
        if replica.num_replicas_in_sync > 1:
            (accuracy,) = mean_over_replicas([accuracy])
        count = tf.cast(images * replica.num_replicas_in_sync, tf.float32)
        signs, seen, number = tf.unstack(
            self.since.value + tf.stack([(2.0 * accuracy - 1.0) * count, count, 1.0])
        )
        due = number >= INTERVAL
        moved = adjusted(self.p.value, signs / seen, self.target, seen, self.span)
        self.p.assign(tf.where(due, moved, self.p.value))
        self.since.assign(tf.where(due, 0.0, tf.stack([signs, seen, number])))

    def get_config(self) -> dict[str, float | int]:
        """Returns the constructor's arguments."""
        return {"target": self.target, "span": self.span}
