"""The cosine of the burn-in at known points, and an Adam whose beta_2 follows it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.gans import BurnInAdam, CosineBurnIn
from tfgan_ref.recipes.r3gan import R3GANSettings
from tfgan_ref.recipes.recipe import optimizers
from tfgan_ref.training.schedules import make_schedule


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 10.0), (50, 1 + 9 * (1 + np.sqrt(0.5)) / 2), (100, 5.5), (200, 1.0), (5000, 1.0)],
)
def test_half_a_cosine_between_start_and_end(step, expected):
    assert float(CosineBurnIn(10.0, 1.0, 200)(tf.constant(step, tf.int64))) == pytest.approx(
        expected, rel=1e-5
    )


def test_no_burn_in_is_the_end():
    assert float(CosineBurnIn(10.0, 1.0, 0)(0)) == 1.0


def test_a_negative_length_is_refused():
    with pytest.raises(InputError, match="burn_in_steps -1 is out of range: at least 0"):
        CosineBurnIn(10.0, 1.0, -1)


def test_learning_rates_begin_at_a_multiple_of_any_schedule():
    burn_in = CosineBurnIn(4.0, 1.0, 20)
    for name in ("constant", "cosine"):
        plain = make_schedule(name, 0.1, total_steps=40, warmup_steps=1)
        burning = make_schedule(name, 0.1, total_steps=40, updates_per_step=3, burn_in=burn_in)
        for step, factor in ((0, 4.0), (10, 2.5), (20, 1.0), (30, 1.0)):
            assert float(burning(3 * step)) == pytest.approx(factor * float(plain(step)), rel=1e-5)


def test_moments_are_decayed_and_corrected_with_the_beta_2_of_each_update():
    """Algorithm 1 of Kingma and Ba 2015 with another beta_2 in each step, of two updates each."""
    burn_in = CosineBurnIn(0.5, 0.9, 2)
    optimizer = BurnInAdam(0.1, beta_1=0.0, beta_2=burn_in, updates_per_step=2, epsilon=1e-8)
    variable = keras.Variable(3.0)
    optimizer.build([variable])
    weight, second = 3.0, 0.0
    for update, slope in enumerate((1.0, -2.0, 0.5, 3.0, 1.0)):
        beta_2 = (0.5, 0.5, 0.7, 0.7, 0.9)[update]
        second = beta_2 * second + (1 - beta_2) * slope**2
        weight -= 0.1 * slope / (np.sqrt(second / (1 - beta_2 ** (update + 1))) + 1e-8)
        optimizer.apply([tf.constant(slope)], [variable])
        assert float(variable.value) == pytest.approx(weight, rel=1e-5)


def test_the_optimizer_comes_back_from_its_config():
    optimizer = BurnInAdam(
        make_schedule("constant", 0.1, total_steps=9, burn_in=CosineBurnIn(4.0, 1.0, 7)),
        beta_2=CosineBurnIn(0.5, 0.9, 2),
        updates_per_step=3,
    )
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    for each in (optimizer, again):
        each.build([keras.Variable(0.0)])
        each.iterations.assign(3)
    assert float(again.beta_2) == pytest.approx(0.7)
    assert float(again.learning_rate) == float(optimizer.learning_rate) > 0.1


def test_a_recipes_optimizers_burn_in_by_generator_steps():
    settings = R3GANSettings(
        n_critic=2, burn_in_steps=10, learning_rate=0.1, d_learning_rate=0.2, beta_2=0.99, clip_norm=3.0
    )
    pair = optimizers(settings)
    for number, (optimizer, rate) in enumerate(zip(pair, (0.1, 0.2), strict=True), 1):
        optimizer.build([keras.Variable(0.0)])
        assert (optimizer.beta_1, optimizer.global_clipnorm) == (0.0, 3.0)
        for step, share in ((0, 1.0), (5, 0.5), (10, 0.0)):
            optimizer.iterations.assign(number * step)
            assert float(optimizer.learning_rate) == pytest.approx(rate * (1 + 3 * share), rel=1e-5)
            assert float(optimizer.beta_2) == pytest.approx(0.99 - 0.09 * share, rel=1e-5)
