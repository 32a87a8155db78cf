"""Stabilising techniques that any GAN type takes through its arguments. Each is in-graph and resumable."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.batches import shape_of


def pack(samples: tf.Tensor, packing: int) -> tf.Tensor:
    """Puts ``packing`` samples into one, channel behind channel (PacGAN: Lin et al. 2018, section 2).

    Args:
        samples: (N, ..., C).
        packing: samples per pack.

    Returns:
        (N / packing, ..., packing * C).

    Raises:
        InputError: ``packing`` does not divide N.
    """
    if packing == 1:
        return samples
    n, *inner, channels = samples.shape
    if n is None:
        # Known when the graph runs: the last pack is filled up with the first samples.
        size = tf.shape(samples)[0]
        n = (size + packing - 1) // packing * packing
        samples = tf.gather(samples, tf.range(n) % size)
    elif n % packing:
        raise InputError(f"packing {packing} does not divide the batch size {n}")
    # (N/m, m, ..., C) to (N/m, ..., m, C)
    packs = tf.reshape(samples, [n // packing, packing, *inner, channels])
    order = [0, *range(2, len(inner) + 2), 1, len(inner) + 2]
    return tf.reshape(tf.transpose(packs, order), [n // packing, *inner, packing * channels])


class Technique:
    """Base of what is set by a few numbers or names, so that a saved model holds it.

    A subclass keeps each argument in an attribute of the same name.
    """

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Technique":
        """Returns a new one from what ``get_config`` gave."""
        return cls(**keras.saving.deserialize_keras_object(config))


@keras.saving.register_keras_serializable(package="tfgan_ref")
class InstanceNoise(Technique):
    """Gaussian noise on all of the discriminator's inputs, fading to nothing (Sonderby et al. 2017).

    Args:
        stddev: standard deviation at step 0, in units of the images' range [-1, 1].
        decay_steps: generator steps until the noise is gone (linear), or None to keep it.
    """

    def __init__(self, stddev: float, decay_steps: int | None = None) -> None:
        if stddev <= 0:
            raise InputError(f"instance noise stddev {stddev} is out of range: it must be above 0")
        if decay_steps is not None and decay_steps < 1:
            raise InputError(f"instance noise decay_steps {decay_steps} is out of range: at least 1, or None")
        self.stddev = stddev
        self.decay_steps = decay_steps

    def current_stddev(self, step: tf.Tensor) -> tf.Tensor:
        """Returns the standard deviation at generator step ``step``, a float32 scalar."""
        if self.decay_steps is None:
            return tf.constant(self.stddev, tf.float32)
        done = tf.cast(step, tf.float32) / self.decay_steps
        return self.stddev * tf.maximum(0.0, 1.0 - done)

    def __call__(self, images: tf.Tensor, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Adds noise drawn from the (2,) ``seed`` to ``images`` of any shape."""
        noise = randomness.normal(shape_of(images), seed, images.dtype)
        return images + tf.cast(self.current_stddev(step), images.dtype) * noise


@keras.saving.register_keras_serializable(package="tfgan_ref")
class LabelTargets(Technique):
    """The discriminator's targets: one-sided smoothing and flipped labels.

    For the losses that have targets: cross-entropy and least squares.

    Args:
        smoothing: real targets are 1 - smoothing; fake targets stay 0, since smoothing them would reinforce
            what the generator does now (Salimans et al. 2016, section 3.4).
        noise: probability with which each example's target, real or fake, is flipped.
    """

    def __init__(self, smoothing: float = 0.0, noise: float = 0.0) -> None:
        if not 0 <= smoothing < 1:
            raise InputError(f"label_smoothing {smoothing} is out of range: from 0 to below 1")
        if not 0 <= noise < 0.5:
            raise InputError(f"label_noise {noise} is out of range: from 0 to below 0.5")
        self.smoothing = smoothing
        self.noise = noise

    def __call__(self, logits: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Returns (real_targets, fake_targets), float32, each of the shape of ``logits``."""
        real = tf.ones_like(logits, tf.float32) * (1.0 - self.smoothing)
        fake = tf.zeros_like(logits, tf.float32)
        if self.noise:
            flip = randomness.uniform([2, *shape_of(logits)], seed, axis=1) < self.noise
            real, fake = tf.where(flip[0], fake, real), tf.where(flip[1], real, fake)
        return real, fake


class ReplayBuffer(keras.layers.Layer):
    """A bounded store of fakes that D was shown, in the graph (Shrivastava et al. 2017, section 2.3).

    While it fills, fakes are stored and pass unchanged. Once full, each fake is exchanged with probability
    1/2 for a stored one, which it replaces. A fake's conditions (its label) travel with it.

    Args:
        capacity: number of fakes kept; at least the batch size.
        inputs: the discriminator's inputs, whose shapes and dtypes are stored (int32 as int64).
    """

    def __init__(self, capacity: int, inputs: Sequence[keras.KerasTensor]) -> None:
        super().__init__(name="replay", trainable=False, dtype="float32")
        if capacity < 1:
            raise InputError(f"replay {capacity} is out of range: at least the batch size, or None")
        self.capacity = capacity
        # On a GPU, int32 variables lie in the host's memory, where XLA does not reach them.
        self.stores = [
            self.add_weight(
                shape=(capacity, *tensor.shape[1:]),
                initializer="zeros",
                dtype="int64" if tensor.dtype == "int32" else tensor.dtype,
                trainable=False,
                name=f"past_{tensor.name}",
            )
            for tensor in inputs
        ]
        self.filled = self.add_weight(
            shape=(), initializer="zeros", dtype="int64", trainable=False, name="filled"
        )
        self.built = True

    def exchange(self, fakes: Sequence[tf.Tensor], seed: tf.Tensor) -> list[tf.Tensor]:
        """Returns the discriminator's inputs with some examples of the past, and stores some of ``fakes``.

        Raises:
            InputError: the batch is larger than the capacity.
        """
        batch_size = shape_of(fakes[0])[0]
        if tf.is_tensor(batch_size):
            tf.debugging.assert_less_equal(
                batch_size, self.capacity, f"replay {self.capacity} is below the batch size: raise it"
            )
        elif batch_size > self.capacity:
            raise InputError(f"replay {self.capacity} is below the batch size {batch_size}: raise it")
        # A replica has a buffer of its own.
        uniform = tf.random.stateless_uniform([self.capacity + batch_size], randomness.replica_seed(seed))
        filled = tf.cast(self.filled.value, tf.int32)
        full = filled >= self.capacity
        # Distinct slots: random ones when full, the next free ones until then.
        random_slots = tf.argsort(uniform[: self.capacity])[:batch_size]
        next_slots = tf.minimum(filled, self.capacity - batch_size) + tf.range(batch_size)
        slots = tf.where(full, random_slots, next_slots)
        exchanged = full & (uniform[self.capacity :] < 0.5)
        shown = []
        for store, present in zip(self.stores, fakes, strict=True):
            past = tf.cast(tf.gather(store.value, slots), present.dtype)
            chosen = tf.reshape(exchanged, [batch_size] + [1] * (len(present.shape) - 1))
            shown.append(tf.where(chosen, past, present))
            kept = tf.cast(tf.where(chosen | ~full, present, past), store.dtype)
            store.value.scatter_update(tf.IndexedSlices(kept, slots))
        self.filled.assign(tf.cast(tf.minimum(filled + batch_size, self.capacity), tf.int64))
        return shown
