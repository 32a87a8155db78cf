"""R3GAN's step written out here, its game near the equilibrium, and what changes during the burn-in."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, tiny_batches, tiny_gan, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans import R3GAN, VanillaGAN

N, RATE, R1, R2, L2 = 6, 0.1, 0.3, 0.7, 0.05


def sgd(rate=RATE):
    return keras.optimizers.SGD(rate), keras.optimizers.SGD(rate)


def made(n_critic, conditional=False, **settings):
    return tiny_gan(
        conditional, R3GAN, n_critic=n_critic, optimizers=sgd(), seed=5, r1=R1, r2=R2, l2=L2, **settings
    )


def descend(tape, loss, network):
    variables = network.trainable_variables
    for variable, slope in zip(variables, tape.gradient(loss, [v.value for v in variables]), strict=True):
        variable.assign(variable.value - RATE * tf.convert_to_tensor(slope))


def squared_norms(critic, points):
    with tf.GradientTape() as tape:
        tape.watch(points)
        logits = critic(points)
    return tf.reduce_mean(tf.reduce_sum(tape.gradient(logits, points) ** 2, axis=[1, 2, 3]))


def step_by_hand(gan, batch, n_critic, gamma_factor=1.0):
    """Does what the paper says with the networks of ``gan``; returns what it tracks."""

    def rows(number):
        labels = [batch["label"][N * number : N * (number + 1)]] if gan.num_classes else []
        return batch["image"][N * number : N * (number + 1)], labels

    def judge(samples, labels):
        return gan.discriminator([samples, *labels] if labels else samples)

    def fakes(labels, number):
        latents = gan.latents(N, number)
        return gan.generator([latents, *labels] if labels else latents)

    for number in range(n_critic):
        real, labels = rows(number)
        fake = fakes(labels, number)
        with tf.GradientTape() as tape:
            difference = judge(real, labels) - judge(fake, labels)
            d_loss = tf.reduce_mean(tf.math.log(1.0 + tf.exp(-difference)))
            slopes = [squared_norms(lambda x, labels=labels: judge(x, labels), x) for x in (real, fake)]
            kernels = [v.value for v in gan.discriminator.trainable_variables if len(v.shape) > 1]
            penalty = gamma_factor / 2.0 * (R1 * slopes[0] + R2 * slopes[1])
            objective = d_loss + penalty + L2 / 2.0 * sum(tf.reduce_sum(kernel**2) for kernel in kernels)
        descend(tape, objective, gan.discriminator)
    real, labels = rows(n_critic)
    with tf.GradientTape() as tape:
        difference = judge(fakes(labels, n_critic), labels) - judge(real, labels)
        g_loss = tf.reduce_mean(tf.math.log(1.0 + tf.exp(-difference)))
    descend(tape, g_loss, gan.generator)
    return {"d_loss": d_loss, "r1": slopes[0], "r2": slopes[1], "g_loss": g_loss}


@pytest.mark.parametrize(("n_critic", "conditional"), [(1, False), (1, True), (3, False)])
def test_a_step_is_the_papers(n_critic, conditional):
    batch = tiny_batches(1, batch_size=N * (n_critic + 1))[0]
    gan, twin = made(n_critic, conditional), made(n_critic, conditional)
    logs = gan.train_step(batch)
    expected = step_by_hand(twin, batch, n_critic)
    for name, value in expected.items():
        assert float(logs[name]) == pytest.approx(float(value), rel=1e-4), name
    for network in ("generator", "discriminator"):
        pairs = zip(getattr(gan, network).weights, getattr(twin, network).weights, strict=True)
        for after, wanted in pairs:
            np.testing.assert_allclose(after, wanted, rtol=1e-4, atol=1e-6, err_msg=network)


def test_accuracy_is_the_share_of_pairs_in_the_right_order():
    gan = made(1)
    batch = tiny_batches(1, batch_size=2 * N)[0]
    real = gan.discriminator(batch["image"][:N])
    fake = gan.discriminator(gan.generator(gan.latents(N)))
    share = np.mean(np.array(real) > np.array(fake))
    assert 0 < share < 1
    assert float(gan.train_step(batch)["d_accuracy"]) == pytest.approx(share)


def test_a_batch_must_hold_real_samples_for_the_generator_too():
    with pytest.raises(InputError, match="does not hold the 3 batches of one size .* n_critic 2 takes"):
        made(2).train_step(tiny_batches(1, batch_size=8)[0])


def test_evaluation_changes_nothing():
    gan = made(2)
    before = values(gan.variables)
    logs = gan.test_step(tiny_batches(1)[0])
    assert {"d_loss", "g_loss", "d_accuracy", "r1", "r2"} == set(logs)
    assert all(np.isfinite(float(value)) for value in logs.values())
    gan.reset_metrics()
    assert same(before, values(gan.variables))


def test_batch_norm_in_the_discriminator_is_refused():
    images = keras.Input((8, 8, 1))
    x = keras.layers.BatchNormalization()(keras.layers.Flatten()(images))
    with pytest.raises(InputError, match="R3GAN penalises the gradient by each sample"):
        R3GAN(tiny_gan().generator, keras.Model(images, keras.layers.Dense(1)(x)))


def test_gamma_falls_from_a_multiple_in_the_burn_in():
    batch = tiny_batches(1, batch_size=2 * N)[0]
    for step, factor in ((0, 10.0), (2, 5.5), (9, 1.0)):
        gan, twin = made(1, burn_in_steps=4), made(1)
        for each in (gan, twin):
            each.step.assign(step)
        gan.train_step(batch)
        step_by_hand(twin, batch, 1, gamma_factor=factor)
        for after, wanted in zip(gan.discriminator.weights, twin.discriminator.weights, strict=True):
            np.testing.assert_allclose(after, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("step", "decay"), [(0, 0.0), (50, 0.9 ** (1 / 0.5)), (100, 0.9), (700, 0.9)], ids=str
)
def test_the_averages_half_life_rises_in_the_burn_in(step, decay):
    """Half of it halfway: 0.9 to the power of 1 / share is the decay of that share of its half-life."""
    gan = made(1, burn_in_steps=100, ema_decay=0.9)
    gan.step.assign(step)
    before = values(gan.generator.weights)  # also the average's
    gan.train_step(tiny_batches(1, batch_size=2 * N)[0])
    decay = min(decay, (1 + step) / (10 + step))
    for old, new, average in zip(before, gan.generator.weights, gan.ema_generator.weights, strict=True):
        np.testing.assert_allclose(average, decay * old + (1 - decay) * np.array(new), atol=1e-6)


def test_no_average_and_no_burn_in():
    assert made(1, ema_decay=None, burn_in_steps=5).ema_decay is None
    assert made(1, ema_decay=0.5).ema_decay == 0.5


def test_it_comes_back_from_its_config():
    gan = made(2, burn_in_steps=30, burn_in_gamma=5.0, ema_decay=0.9)
    again = R3GAN.from_config(gan.get_config())
    assert (again.burn_in_steps, again.gamma_factor.start, again.final_ema_decay) == (30, 5.0, 0.9)
    assert (again.r1, again.r2, again.n_critic, again.batches_per_step) == (R1, R2, 2, 3)


class Position(keras.layers.Layer):
    """Dirac's generator: all samples are at one learned place, whatever the latents are."""

    def build(self, input_shape):
        self.place = self.add_weight(shape=(1,), initializer="zeros", name="place")

    def call(self, inputs):
        return 0.0 * inputs + self.place


def dirac_game(rate, **settings):
    """The game of Mescheder et al. 2018: real samples at 0, G's at theta, D(x) = psi x."""
    latents, points = keras.Input((1,)), keras.Input((1,))
    generator = keras.Model(latents, Position()(latents))
    discriminator = keras.Model(points, keras.layers.Dense(1, use_bias=False)(points))
    gan = R3GAN(generator, discriminator, simultaneous=True, sample_key="point", **settings)
    gan.compile(*sgd(rate))
    return gan


def jacobian_of_the_update(rate, **settings):
    """By theta and psi, from steps that begin beside the equilibrium (0, 0), in which D is linear."""
    columns = []
    for start in ((1e-3, 0.0), (0.0, 1e-3)):
        gan = dirac_game(rate, **settings)
        (theta,), (psi,) = gan.generator.trainable_variables, gan.discriminator.trainable_variables
        theta.assign([start[0]])
        psi.assign([[start[1]]])
        gan.train_step({"point": tf.zeros((4, 1))})
        columns.append([float(theta[0]) / 1e-3, float(psi[0, 0]) / 1e-3])
    return np.transpose(columns)


@pytest.mark.parametrize(
    ("penalised", "gamma"), [("r1", 0.0), ("r1", 0.3), ("r1", 2.5), ("r2", 0.3), ("r2", 2.5), ("both", 0.3)]
)
def test_eigenvalues_near_the_equilibrium_are_equation_12s(gamma, penalised):
    """-gamma/2 +- sqrt(gamma^2/4 - f'(0)^2) with f'(0) = 1/2 (the paper's print lacks the square).

    On this game both penalties are psi^2, so that gamma is the sum of both weights.
    """
    weights = {"r1": (gamma, 0.0), "r2": (0.0, gamma), "both": (gamma / 2, gamma / 2)}[penalised]
    rate = 0.1
    jacobian = jacobian_of_the_update(rate, r1=weights[0], r2=weights[1])
    found = np.sort_complex((np.linalg.eigvals(jacobian) - 1) / rate)
    root = np.sqrt(complex(gamma**2 / 4 - 0.5**2))
    np.testing.assert_allclose(found, np.sort_complex([-gamma / 2 - root, -gamma / 2 + root]), atol=2e-3)


def test_the_critical_gamma_is_twice_the_slope_of_the_loss():
    """Below it the game turns about the equilibrium, from it on it does not; without it, it never comes."""
    below, above = (np.linalg.eigvals(jacobian_of_the_update(0.1, r1=g, r2=0.0)) for g in (0.9, 1.1))
    assert np.abs(below.imag).min() > 0.01
    assert np.abs(above.imag).max() == 0
    assert max(np.abs(np.linalg.eigvals(jacobian_of_the_update(0.1, r1=0.0, r2=0.0)))) > 1
    assert max(np.abs(above)) < 1


def test_fakes_and_reals_of_the_generators_update_are_fresh(monkeypatch):
    gan, seen = made(2), []
    discriminate = gan.discriminate
    monkeypatch.setattr(
        gan,
        "discriminate",
        lambda inputs, purpose: seen.append((purpose, inputs[0])) or discriminate(inputs, purpose),
    )
    batch = tiny_batches(1, batch_size=3 * N)[0]
    latents = [gan.latents(N, number).numpy() for number in range(3)]
    gan.train_step(batch)
    assert [purpose for purpose, _ in seen] == [1, 2, 3, 4, 5, 0]
    reals = {purpose: np.array(samples) for purpose, samples in seen if purpose % 2}
    for number, purpose in enumerate((1, 3, 5)):
        np.testing.assert_array_equal(reals[purpose], batch["image"][N * number : N * (number + 1)])
    assert not np.allclose(latents[1], latents[2])


def test_vanilla_gans_relativistic_loss_compares_with_the_last_real_samples():
    gan = tiny_gan(kind=VanillaGAN, loss="relativistic", n_critic=2, optimizers=sgd())
    batch = tiny_batches(1, batch_size=2 * N)[0]
    fakes = gan.generator(gan.latents(N, 1))  # G's weights are still those of the start
    logs = gan.train_step(batch)
    difference = gan.discriminator(fakes) - gan.discriminator(batch["image"][N:])
    expected = np.mean(np.logaddexp(0, -np.array(difference)))
    assert float(logs["g_loss"]) == pytest.approx(expected, rel=1e-5)
    assert float(logs["d_accuracy_real"]) == pytest.approx(float(logs["d_accuracy_fake"]), abs=0.2)
