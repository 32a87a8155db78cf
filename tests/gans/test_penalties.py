"""Gradient penalties on critics whose gradients are known."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, tiny_gan
from tfgan_ref import losses
from tfgan_ref.errors import InputError
from tfgan_ref.gans import DRAGAN, WGANGP
from tfgan_ref.gans.penalties import input_gradients, interpolate_norms, perturbed_norms, r1_penalty

SEED = tf.constant([3, 4])
WEIGHTS = np.random.default_rng(0).normal(size=(2, 3, 1)).astype(np.float32)
NORM = np.linalg.norm(WEIGHTS)


def linear(x):
    return tf.reduce_sum(x * WEIGHTS, axis=[1, 2, 3])[:, None] + 5.0


def quadratic(x):
    return 0.5 * tf.reduce_sum(x**2, axis=[1, 2, 3])[:, None]  # its gradient is x


def samples(seed, n=6):
    return tf.constant(np.random.default_rng(seed).normal(size=(n, 2, 3, 1)), tf.float32)


def test_a_linear_critics_gradient_norm_is_that_of_its_weights():
    for norms in (
        interpolate_norms(linear, samples(1), samples(2), SEED),
        perturbed_norms(linear, samples(1), SEED),
    ):
        np.testing.assert_allclose(norms, np.full(6, NORM), rtol=1e-5)
    assert float(r1_penalty(linear, samples(1))) == pytest.approx(0.5 * NORM**2, rel=1e-5)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_sides_of_the_penalty_on_a_linear_critic(scale):
    critic = lambda x: linear(x) * (scale / NORM)  # noqa: E731
    norms = interpolate_norms(critic, samples(1), samples(2), SEED)
    assert float(losses.norm_penalty(norms)) == pytest.approx((scale - 1) ** 2, rel=1e-4)
    assert float(losses.norm_penalty(norms, one_sided=True)) == pytest.approx(
        max(0, scale - 1) ** 2, rel=1e-4, abs=1e-9
    )


def test_interpolates_lie_on_the_segments_with_one_weight_per_example():
    seen = []

    def critic(x):
        seen.append(x)
        return quadratic(x)

    real, fake = samples(1, 500), samples(2, 500)
    interpolate_norms(critic, real, fake, SEED)
    share = ((seen[0] - fake) / (real - fake)).numpy().reshape(500, -1)
    np.testing.assert_allclose(share, share[:, :1].repeat(share.shape[1], 1), atol=5e-2)
    share = np.median(share, axis=1)
    assert share.min() >= -1e-5
    assert share.max() <= 1 + 1e-5
    # Uniform: mean 1/2, variance 1/12.
    assert share.mean() == pytest.approx(0.5, abs=0.05)
    assert share.var() == pytest.approx(1 / 12, abs=0.015)


def test_r1_is_half_the_squared_gradient_at_real_samples():
    real = samples(1)
    expected = 0.5 * np.mean(np.sum(real.numpy() ** 2, axis=(1, 2, 3)))
    assert float(r1_penalty(quadratic, real)) == pytest.approx(expected, rel=1e-5)


def test_r2_is_the_same_at_the_fakes_that_d_is_shown():
    gan = tiny_gan(r2=0.8)
    real, fakes = ([tiny_batches(1, seed=seed)[0]["image"]] for seed in (0, 1))
    slopes = input_gradients(gan.discriminator, fakes[0])
    expected = 0.8 / 2 * np.mean(np.sum(slopes.numpy() ** 2, axis=1))
    assert float(gan.discriminator_penalty(real, fakes, 0)) == pytest.approx(expected, rel=1e-5)
    assert gan.discriminator_penalty(real, [], 0) == 0  # an update without fakes


def test_perturbed_points_are_those_of_dragans_code():
    """They are x + alpha (x' - x) with x' = x + 0.5 std(x) u.

    u is drawn for each of 400 values, so that the largest one of a sample is its alpha, but for 1/400.
    """
    real = tf.constant(np.random.default_rng(1).normal(0, 3, (600, 20, 20, 1)), tf.float32)
    points = []
    perturbed_norms(lambda x: points.append(x) or quadratic(x), real, SEED, spread=0.5)
    noise = (points[0] - real).numpy().reshape(600, 400) / (0.5 * real.numpy().std())
    alpha = noise.max(axis=1)
    assert noise.min() >= -1e-5
    assert alpha.max() <= 1 + 1e-5
    # Uniform: mean 1/2, variance 1/12; of each sample, and of its values.
    assert alpha.mean() == pytest.approx(0.5, abs=0.04)
    assert alpha.var() == pytest.approx(1 / 12, abs=0.01)
    u = noise / alpha[:, None]
    assert u.mean() == pytest.approx(0.5, abs=0.01)
    assert u.var() == pytest.approx(1 / 12, abs=0.01)
    assert abs(np.corrcoef(alpha, u[:, 0])[0, 1]) < 0.15


def test_gradients_of_the_penalties_are_finite_at_zero_gradient():
    scale = tf.Variable(0.0)
    critic = lambda x: scale * linear(x)  # noqa: E731
    for penalty in (
        lambda: losses.norm_penalty(interpolate_norms(critic, samples(1), samples(2), SEED)),
        lambda: losses.norm_penalty(perturbed_norms(critic, samples(1), SEED)),
        lambda: r1_penalty(critic, samples(1)),
    ):
        with tf.GradientTape() as tape:
            value = penalty()
        assert np.isfinite(float(tape.gradient(value, scale)))


def test_the_penalty_teaches_the_critic():
    """d/ds of (|s w| - 1)^2 is 2 (|s w| - 1) |w|."""
    scale = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        value = losses.norm_penalty(
            interpolate_norms(lambda x: scale * linear(x), samples(1), samples(2), SEED)
        )
    assert float(tape.gradient(value, scale)) == pytest.approx(2 * (2 * NORM - 1) * NORM, rel=1e-4)


def test_points_are_float32_whatever_the_samples_are():
    gradients = input_gradients(quadratic, tf.cast(samples(1), tf.bfloat16))
    assert gradients.dtype == tf.float32


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("kind", [WGANGP, DRAGAN])
def test_a_critic_that_couples_the_batch_is_refused(kind, nested):
    images = keras.Input((8, 8, 1))
    x = keras.layers.BatchNormalization(name="coupling")(keras.layers.Flatten()(images))
    critic = keras.Model(images, keras.layers.Dense(1)(x))
    if nested:
        critic = keras.Sequential([keras.Input((8, 8, 1)), keras.Sequential([critic])])
    with pytest.raises(InputError, match=r"has batch norm \(coupling\), build it without"):
        kind(tiny_gan().generator, critic)


def test_r1_enters_the_discriminators_update():
    norms = []
    for r1 in (0.0, 50.0):
        gan = tiny_gan(r1=r1)
        step = tf.function(gan.train_step, autograph=False)
        for batch in tiny_batches(40):
            step(batch)
        image = tiny_batches(1)[0]["image"]
        norms.append(float(tf.reduce_mean(losses.gradient_norms(input_gradients(gan.discriminator, image)))))
    assert norms[1] < 0.5 * norms[0]


def test_wgan_gps_penalty_brings_the_norm_at_interpolates_to_1():
    found = []
    for weight in (0.0, 10.0):
        gan = tiny_gan(kind=WGANGP, penalty_weight=weight, n_critic=1)
        for kernel in gan.discriminator.trainable_variables:
            kernel.assign(10 * kernel)  # far above 1 at the start
        step = tf.function(gan.train_step, autograph=False)
        for batch in tiny_batches(120):
            gan.reset_metrics()
            logs = step(batch)
        found.append(float(logs["interpolate_norm"]))
    assert found[0] > 5
    assert found[1] == pytest.approx(1, abs=0.2)
