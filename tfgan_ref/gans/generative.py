"""What every generator of samples from latents has: seeded latents, labels, and drawing from its average."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.gans.trainable import TrainableGenerator, loss_scaled


class GenerativeModel(TrainableGenerator):
    """A generator of samples from latents.

    Args:
        generator: functional model from latents, and a label if there are classes, to samples.
        num_classes: labels are 0 to num_classes - 1; None for a generator without labels.
        settings: ``seed`` and ``ema_decay`` of ``TrainableGenerator``.

    Raises:
        InputError: ``num_classes`` or ``ema_decay`` is out of range.
    """

    def __init__(self, generator: keras.Model, *, num_classes: int | None = None, **settings: Any) -> None:
        if num_classes is not None:
            check_at_least(1, num_classes=num_classes)
        super().__init__(generator, **settings)
        self.num_classes = num_classes

    @property
    def latent_dim(self) -> int:
        """Length of a latent vector."""
        return self.generator.inputs[0].shape[-1]

    def latents(self, n: int, critic_step: int = 0) -> tf.Tensor:
        """Draws this step's latents (n, latent_dim) from N(0, I)."""
        return randomness.sample_latents(n, self.latent_dim, self.step_seed(randomness.LATENTS, critic_step))

    def batch_labels(self, batch: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """Returns [label] of a batch, or [] for a generator without labels.

        Raises:
            InputError: there are classes, but no label in the batch.
        """
        if self.num_classes is None:
            return []
        if "label" not in batch:
            raise InputError(
                f"{type(self).__name__} with {self.num_classes} classes needs a label in its batch"
            )
        return [batch["label"]]

    def generate(self, n: int, seed: int, **conditions: Any) -> tf.Tensor:
        """Returns ``n`` samples of the averaged generator, in [-1, 1]; the same for the same seed.

        Args:
            n: number of samples.
            seed: of the latents.
            conditions: ``label`` for a generator with classes: one for all, one for each, or None for every
                class in turn.

        Raises:
            InputError: ``n`` is below 1, a label is out of range, or given to a generator that takes none.
        """
        check_at_least(1, n=n)
        latents = randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed))
        given = self.conditions(n, **conditions)
        return self.sampling_generator([latents, *given] if given else latents, training=False)

    def conditions(self, n: int, **conditions: Any) -> list[tf.Tensor]:
        """Returns the generator's inputs beside the latents for ``n`` samples."""
        if self.num_classes is not None:
            return [_labels(n, self.num_classes, **conditions)]
        if conditions:
            raise InputError(f"{type(self).__name__} takes no {', '.join(conditions)}: it is unconditional")
        return []


class OnePlayer(GenerativeModel):
    """A generator that learns without an adversary, with one optimizer for all its networks."""

    def learners(self) -> list[keras.Variable]:
        """Returns the variables that the optimizer updates."""
        return self.generator.trainable_variables

    def compile(self, optimizer: keras.optimizers.Optimizer, **settings: Any) -> None:
        """Attaches the optimizer; ``settings`` go to ``keras.Model.compile``."""
        super().compile(optimizer=None, **settings)
        self.g_optimizer = loss_scaled(optimizer, self.generator)
        self.g_optimizer.build(self.learners())

    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Returns the optimizer by the name under which its learning rate is logged."""
        return {"g": self.g_optimizer}


def _labels(n: int, num_classes: int, label: int | Sequence[int] | None = None) -> tf.Tensor:
    if label is None:
        return tf.range(n, dtype=tf.int32) % num_classes
    labels = np.asarray(label)
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in ((), (n,)):
        raise InputError(f"label {label!r} is not an integer, nor {n} integers")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(f"label {label!r} is out of range: from 0 to {num_classes - 1}")
    return tf.broadcast_to(tf.constant(labels, tf.int32), [n])
