"""The diversity-sensitive conditional GAN: what it adds to G's gain, and that it leaves D alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, tiny_batches, tiny_gan, values
from tfgan_ref.gans import ConditionalGAN
from tfgan_ref.gans.diversity import DiversitySensitiveGAN


def gan_with(diversity=1.0, bound=0.5, **settings):
    settings = {"optimizers": (keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)), **settings}
    return tiny_gan(
        conditional=True, kind=DiversitySensitiveGAN, diversity=diversity, bound=bound, **settings
    )


def plain_gan(**settings):
    settings = {"optimizers": (keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)), **settings}
    return tiny_gan(conditional=True, kind=ConditionalGAN, **settings)


@pytest.mark.parametrize("n_critic", [1, 2])
def test_difference_of_samples_over_that_of_latents(n_critic):
    gan = gan_with(n_critic=n_critic, view=lambda samples: samples[:, :4])
    batch = tiny_batches(1)[0]
    first, second = (gan.fake(batch, k)[0] for k in (n_critic - 1, n_critic))
    z1, z2 = (gan.latents(6, k).numpy() for k in (n_critic - 1, n_critic))
    expected = np.abs(first[:, :4] - second[:, :4]).mean(axis=(1, 2, 3)) / np.abs(z1 - z2).mean(axis=1)
    np.testing.assert_allclose(gan.differences(first, second), expected, rtol=1e-5)


def test_discriminator_and_its_updates_are_those_of_the_conditional_gan():
    diverse, plain = gan_with(n_critic=2), plain_gan(n_critic=2)
    batch = tiny_batches(1, batch_size=12)[0]
    for gan in (diverse, plain):
        gan.train_step(batch)
    assert same(values(diverse.discriminator.variables), values(plain.discriminator.variables))
    assert not same(values(diverse.generator.variables), values(plain.generator.variables))


def test_beyond_the_bound_there_is_nothing_to_gain():
    bounded, plain = gan_with(diversity=100.0, bound=1e-6), plain_gan()
    for batch in tiny_batches(2):
        bounded.train_step(batch)
        plain.train_step(batch)
    assert same(values(bounded.generator.variables), values(plain.generator.variables))


def test_generator_step_goes_up_the_gain():
    """One SGD step against finite differences of the objective, along the step that the gain adds."""
    weight = 3.0
    diverse, plain = gan_with(diversity=weight, bound=10.0), plain_gan()
    batch = tiny_batches(1)[0]
    before = values(plain.generator.trainable_variables)
    for gan in (diverse, plain):
        gan.train_step(batch)
    added = [
        (a - b) / (0.1 * weight)
        for a, b in zip(
            values(diverse.generator.trainable_variables),
            values(plain.generator.trainable_variables),
            strict=True,
        )
    ]

    def gain(step):
        gan = gan_with()
        for variable, start, direction in zip(gan.generator.trainable_variables, before, added, strict=True):
            variable.assign(start + step * direction)
        return float(tf.reduce_mean(gan.differences(gan.fake(batch, 0)[0], gan.fake(batch, 1)[0])))

    slope = (gain(1e-2) - gain(-1e-2)) / 2e-2
    assert slope == pytest.approx(sum(np.sum(direction**2) for direction in added), rel=0.02)


def test_samples_of_a_class_grow_apart():
    spreads = {}
    for name, make in {"diverse": gan_with, "plain": plain_gan}.items():
        settings = {"diversity": 20.0} if make is gan_with else {}
        gan = make(optimizers=(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2)), **settings)
        step = tf.function(gan.train_step, autograph=False)
        for batch in tiny_batches(10) * 3:
            step(batch)
        spreads[name] = float(np.mean(np.std(gan.generate(20, 0, label=1), axis=0)))
    assert spreads["diverse"] > 1.2 * spreads["plain"]


def test_diversity_is_reported():
    gan = gan_with()
    assert float(gan.train_step(tiny_batches(1)[0])["diversity"]) > 0


@pytest.mark.parametrize("name", ["diversity", "bound"])
def test_numbers_out_of_range(name):
    with pytest.raises(ValueError, match=f"{name} 0.0 is out of range: above 0"):
        gan_with(**{name: 0.0})
