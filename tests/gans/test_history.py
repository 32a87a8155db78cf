"""Historical averaging against its definition."""

import keras
import numpy as np
import pytest

from tests.conftest import same, tiny_batches, tiny_gan, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.gans.history import WeightHistory


def test_the_pull_is_the_gradient_of_the_squared_distance_to_the_mean_of_the_past():
    past = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    variable = keras.Variable(past[0])
    history = WeightHistory(0.3, [variable])
    for t in range(4):
        variable.assign(past[t])
        (pull,) = history.record([variable])
        mean = past[: t + 1].mean(axis=0)
        np.testing.assert_allclose(pull, 2 * 0.3 * (past[t] - mean), atol=1e-6)
        np.testing.assert_allclose(history.means[0], mean, atol=1e-6)
    assert int(history.updates) == 4


def sgd_gan(**settings):
    return tiny_gan(optimizers=[keras.optimizers.SGD(0.1) for _ in "gd"], **settings)


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
def test_both_updates_follow_the_pull_beside_their_own_gradients(precision):
    """At a second step from equal weights; the first has no past. float16: the loss scale is taken out."""
    keras.config.set_dtype_policy(precision)
    try:
        pulled = sgd_gan(simultaneous=True, historical_averaging=0.5)
        free = sgd_gan(simultaneous=True)
    finally:
        keras.config.set_dtype_policy("float32")
    steps = tiny_batches(2)
    weights = [values(pulled.trainable_variables)]
    for batch in steps:
        for gan in (pulled, free):
            gan.train_step(batch)
        weights.append(values(pulled.trainable_variables))
        if batch is steps[0]:
            assert same(weights[1], values(free.trainable_variables))
    unlike = 0
    for first, second, third, without in zip(*weights, values(free.trainable_variables), strict=True):
        pull = 2 * 0.5 * (second - (first + second) / 2)
        np.testing.assert_allclose(without - third, 0.1 * pull, atol=2e-6)
        unlike += np.abs(pull).max() > 1e-4
    assert unlike > 4


def test_every_update_of_the_critic_is_recorded():
    gan = sgd_gan(historical_averaging=0.5, n_critic=2)
    for batch in tiny_batches(3, 12):
        gan.train_step(batch)
    assert (int(gan.g_history.updates), int(gan.d_history.updates)) == (3, 6)


def test_evaluation_records_nothing():
    gan = tiny_gan(historical_averaging=0.5)
    gan.test_step(tiny_batches(1)[0])
    assert int(gan.g_history.updates) == 0
    assert not np.any(gan.g_history.means[0])


def test_no_weight_is_no_history_and_a_negative_one_is_refused():
    assert tiny_gan().g_history is None
    with pytest.raises(InputError, match="historical_averaging -1 is out of range: at least 0"):
        tiny_gan(historical_averaging=-1)
    with pytest.raises(InputError, match="historical_averaging -1 is out of range"):
        WeightHistory(-1, [])


def test_the_means_are_state_of_the_model():
    gan = tiny_gan(historical_averaging=0.5)
    assert isinstance(gan, VanillaGAN)
    kept = {id(variable) for variable in gan.state()["model"]}
    for history in (gan.g_history, gan.d_history):
        assert {id(variable.value) for variable in (*history.means, history.updates)} <= kept
