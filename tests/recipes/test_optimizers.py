"""The optimizers that settings name: their numbers, their updates, and runs that resume with them."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import as_if_killed, same, values, without_export
from tests.recipes.tiny_recipes import tiny_recipe
from tfgan_ref.errors import InputError
from tfgan_ref.gans import FusedAdam, GenerativeModel
from tfgan_ref.recipes import RECIPES
from tfgan_ref.recipes.recipe import optimizers
from tfgan_ref.recipes.settings import DiscriminatorSettings, SamplingSettings
from tfgan_ref.run import build, train

RATE, D_RATE = 0.01, 0.02
NUMBERS = {
    "adam": {"beta_1": 0.3, "beta_2": 0.8, "epsilon": 1e-3},
    "rmsprop": {"beta_1": 0.3, "beta_2": 0.8, "epsilon": 1e-3},
    "sgd": {"beta_1": 0.3},
}
EACH = pytest.mark.parametrize("name", NUMBERS)


def both(name, **own):
    settings = {"optimizer": name, "learning_rate": RATE, "d_learning_rate": D_RATE} | NUMBERS[name] | own
    return optimizers(DiscriminatorSettings(**settings))


def expected(name, rate, gradients, start):
    """The weight after the updates, by the formulas of the papers and of Keras's pages."""
    w, m, v = start, 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        if name == "adam":
            m, v = 0.3 * m + 0.7 * g, 0.8 * v + 0.2 * g**2
            w -= rate * np.sqrt(1 - 0.8**t) / (1 - 0.3**t) * m / (np.sqrt(v) + 1e-3)
        elif name == "rmsprop":
            v = 0.8 * v + 0.2 * g**2
            m = 0.3 * m + rate * g / np.sqrt(v + 1e-3)
            w -= m
        else:
            m = 0.3 * m - rate * g
            w += m
    return w


@EACH
def test_both_networks_are_updated_by_its_formula_and_numbers(name):
    gradients = [0.5, -2.0, 0.1]
    for optimizer, rate in zip(both(name), (RATE, D_RATE), strict=True):
        weight = keras.Variable(1.5)
        optimizer.build([weight])
        for gradient in gradients:
            optimizer.apply([tf.constant(gradient)], [weight])
        assert float(weight) == pytest.approx(expected(name, rate, gradients, 1.5), rel=1e-5)


def test_numbers_left_open_are_the_optimizers_own():
    (adam, _) = optimizers(DiscriminatorSettings())
    same_adam = FusedAdam(2e-4, beta_1=0.5, beta_2=0.999, epsilon=1e-7, name=adam.name)
    assert type(adam) is FusedAdam
    assert adam.get_config() == same_adam.get_config()
    (rmsprop, _) = optimizers(DiscriminatorSettings(optimizer="rmsprop"))
    assert (rmsprop.rho, rmsprop.momentum, rmsprop.epsilon) == (0.9, 0.0, 1e-7)
    (sgd, _) = optimizers(DiscriminatorSettings(optimizer="sgd"))
    assert (sgd.momentum, sgd.nesterov) == (0.0, False)
    kept = dataclasses.asdict(DiscriminatorSettings(optimizer="sgd"))  # what config.json holds
    assert (kept["beta_1"], kept["beta_2"], kept["epsilon"]) == (0.0, None, None)


@EACH
def test_gradients_are_clipped_and_rates_scheduled(name):
    for optimizer in both(name, clip_norm=0.25, schedule="cosine", steps=10):
        assert optimizer.global_clipnorm == 0.25
        assert isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule)


@pytest.mark.parametrize("key", ["beta_2", "epsilon"])
def test_sgd_has_no_squares(key):
    with pytest.raises(InputError, match=f"{key} 0.5 is not for optimizer sgd: set {key}=none"):
        SamplingSettings(optimizer="sgd", **{key: 0.5})


@EACH
def test_two_replicas_update_as_one_device(name, two_replicas):
    def trained(strategy, replicas):
        with strategy.scope():
            optimizer, weight = both(name)[0], keras.Variable([1.5, 2.0])
            optimizer.build([weight])
        for gradient in ([0.5, 1.0], [-1.0, 0.0]):
            strategy.run(lambda g=gradient: optimizer.apply([tf.constant(g) / replicas], [weight]))
        return np.array(weight)

    one, two = trained(tf.distribute.get_strategy(), 1), trained(two_replicas, 2)
    np.testing.assert_allclose(one, two, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "precision"), [("rmsprop", "mixed_float16"), ("sgd", "mixed_bfloat16")])
def test_half_precision(name, precision):
    """With a label, whose embedding has gradients of some rows."""
    gan, batch = tiny_recipe("cgan", optimizer=name, precision=precision, beta_1=0.5, learning_rate=1e-3)
    before = values(gan.generator.trainable_variables)
    for number in range(3):
        gan.train_step(batch(number))
    after = values(gan.generator.trainable_variables)
    assert not same(before, after)
    assert all(np.isfinite(value).all() for value in after)


RUNS = {
    "rmsprop": ("gan", {"optimizer": "rmsprop", "beta_1": 0.5, "schedule": "cosine", "clip_norm": 1.0}),
    "sgd": ("gan", {"optimizer": "sgd", "beta_1": 0.5, "warmup_steps": 3}),
    "growing": ("progressive", {"optimizer": "rmsprop", "stage_steps": 4, "fade_steps": 2}),
    "warm-up of wgan": ("wgan", {"optimizer": "rmsprop", "n_critic": 2, "n_critic_warmup": 4}),
}


def state(run):
    gan = build.restore_gan(run)
    return values([variable for group in gan.state().values() for variable in group])


@pytest.mark.slow
@pytest.mark.parametrize("case", RUNS)
def test_a_resumed_run_has_the_bits_of_one_that_was_not_stopped(case, tmp_path, monkeypatch):
    name, own = RUNS[case]
    if case in ("sgd", "growing"):  # graphs take longer to make than a few steps
        eagerly = property(lambda _: True, lambda *_: None)
        monkeypatch.setattr(GenerativeModel, "run_eagerly", eagerly, raising=False)
    recipe = without_export(RECIPES[name])
    own = {"image_size": 8 if name == "progressive" else 12, "latent_dim": 4, "batch_size": 4} | own
    own |= {"depth": 1} if name == "gan" else {"width": 2}
    own |= {"log_every": 5, "checkpoint_every": 5, "steps_per_execution": 1, "steps": 8}
    assert train.start_run(recipe, recipe.settings(**own), tmp_path / "straight")
    # Step 5 lies within the fade of the stage that starts at 4, and within the warm-up.
    resumed = as_if_killed(tmp_path / "straight", tmp_path / "resumed", 5)
    before = state(resumed)
    assert train.resume_run(resumed)
    assert same(state(tmp_path / "straight"), state(resumed))
    assert not same(before, state(resumed))


@pytest.mark.slow
def test_a_momentum_that_starts_later_is_refused(tmp_path):
    """SGD without momentum keeps none, so a checkpoint has nothing to go on from."""
    recipe = without_export(RECIPES["gan"])
    common = {"depth": 1, "batch_size": 8, "optimizer": "sgd"}
    assert train.start_run(recipe, recipe.settings(steps=2, **common), tmp_path / "run")
    with pytest.raises(InputError, match="is of another model: g_optimizer has 1 variables there") as error:
        train.resume_run(tmp_path / "run", steps=4, beta_1=0.5)
    assert "\n" not in str(error.value)
