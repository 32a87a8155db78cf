"""LeCam: the regulariser and its gradient in closed form, its averages, and its place in D's update."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, tiny_batches, tiny_gan, values
from tests.gans.test_energy import energy_gan
from tfgan_ref import losses
from tfgan_ref.errors import InputError
from tfgan_ref.gans import ACGAN, BEGAN, DRAGAN, EBGAN, WGAN, WGANGP, HingeGAN
from tfgan_ref.gans.lecam import LeCam

REAL, FAKE = np.array([[1.5], [0.2], [-2.0]], np.float32), np.array([[-1.0], [0.4], [3.0]], np.float32)


def differences(real, fake, real_average, fake_average):
    return np.maximum(0, real - fake_average), np.maximum(0, real_average - fake)


def test_the_regulariser_and_its_gradient():
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        penalty = losses.lecam_penalty(real, fake, tf.constant(0.5), tf.constant(-0.5))
    # Real: 2.0 and 0.7 above -0.5; fake: 1.5 and 0.1 below 0.5.
    assert float(penalty) == pytest.approx((2.0**2 + 0.7**2) / 3 + (1.5**2 + 0.1**2) / 3)
    of_real, of_fake = tape.gradient(penalty, [real, fake])
    np.testing.assert_allclose(of_real[:, 0], np.array([2 * 2.0, 2 * 0.7, 0]) / 3, rtol=1e-5)
    np.testing.assert_allclose(of_fake[:, 0], np.array([-2 * 1.5, -2 * 0.1, 0]) / 3, rtol=1e-5)


def test_averages_are_of_all_batches_and_no_gradient_passes_through_them():
    lecam = LeCam(0.3, decay=0.9)
    rng = np.random.default_rng(0)
    batches = [(rng.normal(1, 1, (4, 1)), rng.normal(-1, 1, (4, 1))) for _ in range(5)]
    for number, (real, fake) in enumerate(batches):
        real, fake = tf.constant(real, tf.float32), tf.constant(fake, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch([real, fake])
            penalty = lecam.penalty(real, fake)
        # Weighted by decay^age, the weights summing to 1: of the first batch its own means.
        ages = 0.9 ** np.arange(number, -1, -1.0)
        seen = np.array([[side.mean() for side in batch] for batch in batches[: number + 1]])
        real_average, fake_average = ages @ seen / ages.sum()
        above, below = differences(real.numpy(), fake.numpy(), real_average, fake_average)
        assert float(penalty) == pytest.approx(0.3 * (np.mean(above**2) + np.mean(below**2)), rel=1e-4)
        of_real, of_fake = tape.gradient(penalty, [real, fake])
        np.testing.assert_allclose(of_real, 0.3 * 2 * above / 4, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(of_fake, -0.3 * 2 * below / 4, rtol=1e-4, atol=1e-6)


def test_d_is_updated_by_its_loss_and_the_regulariser():
    def made(lecam):
        return tiny_gan(lecam=lecam, optimizers=(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)))

    gan = made(0.5)
    (batch,) = tiny_batches(1)
    real, fakes = gan.real(batch), gan.fake(batch)
    variables = gan.discriminator.trainable_variables
    with tf.GradientTape() as tape:
        real_logits, fake_logits = gan.discriminator(real[0]), gan.discriminator(fakes[0])
        loss = losses.discriminator_cross_entropy(real_logits, fake_logits)
        means = [tf.stop_gradient(tf.reduce_mean(logits)) for logits in (real_logits, fake_logits)]
        loss += 0.5 * losses.lecam_penalty(real_logits, fake_logits, *means)
    gradients = tape.gradient(loss, [v.value for v in variables])
    expected = [v.numpy() - 0.1 * g.numpy() for v, g in zip(variables, gradients, strict=True)]
    tracked = gan.discriminator_step(real, fakes, 0)
    for found, wanted in zip(values(variables), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    # As with R1, d_loss is without it.
    assert float(tracked["d_loss"]) == pytest.approx(
        float(losses.discriminator_cross_entropy(real_logits, fake_logits)), rel=1e-5
    )


@pytest.mark.parametrize(
    "kind", slow_ones([HingeGAN, WGAN, WGANGP, DRAGAN, ACGAN], [HingeGAN, WGAN, DRAGAN, ACGAN])
)
def test_every_type_with_logits_takes_it(kind):
    (batch,) = tiny_batches(1)
    gans = [tiny_gan(kind=kind, n_critic=1, lecam=lecam) for lecam in (0.0, 10.0)]
    for gan in gans:
        gan.train_step(batch)
    assert not same(*(values(gan.discriminator.variables) for gan in gans))
    assert gans[1].lecam.sums.numpy()[2] == pytest.approx(0.01)


def test_each_of_n_critic_updates_counts():
    gan = tiny_gan(lecam=0.1, n_critic=2)
    gan.train_step(tiny_batches(1)[0])
    assert gan.lecam.sums.numpy()[2] == pytest.approx(1 - 0.99**2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: energy_gan(EBGAN, lecam=0.1), "lecam 0.1 is not for EBGAN, whose D gives energies"),
        (lambda: energy_gan(BEGAN, lecam=0.1), "lecam 0.1 is not for BEGAN"),
        (lambda: tiny_gan(lecam=-0.1), "lecam -0.1 is out of range"),
    ],
)
def test_what_cannot_go_together(make, message):
    with pytest.raises(InputError, match=message):
        make()
