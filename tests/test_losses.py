"""Losses against NumPy and their gradients against closed forms."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import losses
from tfgan_ref.errors import InputError

LOGITS = np.array([[-30.0], [-2.0], [0.0], [0.5], [40.0]], np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def gradient(loss, logits):
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(logits)
    return tape.gradient(value, logits).numpy()


def test_discriminator_cross_entropy_is_equation_1():
    real, fake = LOGITS[1:4], LOGITS[:3] / 10
    expected = -np.mean(np.log(sigmoid(real))) - np.mean(np.log(1 - sigmoid(fake)))
    assert losses.discriminator_cross_entropy(real, fake).numpy() == pytest.approx(expected, rel=1e-6)


def test_discriminator_is_rewarded_for_telling_apart():
    good = losses.discriminator_cross_entropy(tf.constant([[5.0]]), tf.constant([[-5.0]]))
    bad = losses.discriminator_cross_entropy(tf.constant([[-5.0]]), tf.constant([[5.0]]))
    assert good < 0.02 < 9 < bad


def test_smoothed_and_flipped_targets():
    real, targets = LOGITS[1:4], np.array([[0.9], [0.0], [1.0]], np.float32)
    p = sigmoid(real)
    expected = -np.mean(targets * np.log(p) + (1 - targets) * np.log(1 - p))
    assert losses.cross_entropy(real, targets).numpy() == pytest.approx(expected, rel=1e-6)


def test_gradients_of_both_generator_losses():
    """d/dl of -log sigma(l) is sigma(l) - 1, of log(1 - sigma(l)) is -sigma(l)."""
    n = len(LOGITS)
    np.testing.assert_allclose(
        gradient(losses.non_saturating_generator, LOGITS), (sigmoid(LOGITS) - 1) / n, rtol=1e-5, atol=1e-12
    )
    np.testing.assert_allclose(
        gradient(losses.minimax_generator, LOGITS), -sigmoid(LOGITS) / n, rtol=1e-5, atol=1e-12
    )


def test_minimax_saturates_where_non_saturating_does_not():
    sure_of_fake = np.array([[-20.0]], np.float32)
    assert abs(gradient(losses.minimax_generator, sure_of_fake)[0, 0]) < 1e-8
    assert gradient(losses.non_saturating_generator, sure_of_fake)[0, 0] == pytest.approx(-1)


def test_losses_and_gradients_are_finite_at_extremes():
    extremes = np.array([[-1e4], [1e4]], np.float32)
    for loss in (losses.non_saturating_generator, losses.minimax_generator):
        assert np.isfinite(loss(extremes).numpy())
        assert np.isfinite(gradient(loss, extremes)).all()
    assert np.isfinite(losses.discriminator_cross_entropy(extremes, extremes).numpy())


def test_l2_penalty_counts_kernels_only():
    variables = [tf.Variable([[1.0, -2.0]]), tf.Variable([5.0]), tf.Variable(np.full((1, 1, 2, 1), 3.0, "f"))]
    assert losses.l2_penalty(variables).numpy() == pytest.approx((1 + 4 + 9 + 9) / 2)


def test_unknown_loss_is_refused():
    with pytest.raises(InputError, match="loss 'lsgann' is unknown: choose one of non_saturating, minimax"):
        losses.adversarial_loss("lsgann")
