"""What the players play for: adversarial losses on logits, and penalties. Pure functions, all minimised.

Each adversarial loss is a pair: the discriminator's from real and fake logits, the generator's from fake
logits. Logits are float32 of shape (N, 1), higher means more real; every loss is a float32 scalar.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from tfgan_ref.errors import InputError


class AdversarialLoss(NamedTuple):
    """The two sides of one objective.

    Attributes:
        discriminator: (real_logits, fake_logits, real_targets=1, fake_targets=0) to a scalar.
        generator: fake_logits to a scalar.
    """

    discriminator: Callable[..., tf.Tensor]
    generator: Callable[[tf.Tensor], tf.Tensor]


def cross_entropy(logits: tf.Tensor, targets: tf.Tensor | float) -> tf.Tensor:
    """Mean of -t log sigma(l) - (1 - t) log(1 - sigma(l)), in a form that cannot overflow.

    ``targets`` in [0, 1]: a number or one per example.
    """
    return tf.reduce_mean(tf.nn.softplus(logits) - targets * logits)


def discriminator_cross_entropy(
    real_logits: tf.Tensor,
    fake_logits: tf.Tensor,
    real_targets: tf.Tensor | float = 1.0,
    fake_targets: tf.Tensor | float = 0.0,
) -> tf.Tensor:
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al. 2014, the negative of equation 1."""
    return cross_entropy(real_logits, real_targets) + cross_entropy(fake_logits, fake_targets)


def non_saturating_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """-E log D(G(z)): Goodfellow et al. 2014, section 3; its gradient is largest where D is sure of fakes."""
    return cross_entropy(fake_logits, 1.0)


def minimax_generator(fake_logits: tf.Tensor) -> tf.Tensor:
    """E log(1 - D(G(z))): equation 1 as written; its gradient vanishes where D is sure of fakes."""
    return -cross_entropy(fake_logits, 0.0)


NON_SATURATING = AdversarialLoss(discriminator_cross_entropy, non_saturating_generator)
MINIMAX = AdversarialLoss(discriminator_cross_entropy, minimax_generator)
ADVERSARIAL_LOSSES = {"non_saturating": NON_SATURATING, "minimax": MINIMAX}


def adversarial_loss(name: str) -> AdversarialLoss:
    """Returns the loss of that name.

    Raises:
        InputError: no such loss.
    """
    if name not in ADVERSARIAL_LOSSES:
        raise InputError(f"loss {name!r} is unknown: choose one of {', '.join(ADVERSARIAL_LOSSES)}")
    return ADVERSARIAL_LOSSES[name]


def l2_penalty(variables: Sequence[tf.Variable]) -> tf.Tensor:
    """Half the sum of squares of all kernels: variables of rank 2 and more, not biases and scales."""
    kernels = [tf.convert_to_tensor(v) for v in variables if len(v.shape) > 1]
    return tf.add_n([tf.nn.l2_loss(tf.cast(kernel, tf.float32)) for kernel in kernels])
