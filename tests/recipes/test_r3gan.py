"""The recipe r3gan: with labels and without, and a run that is stopped within the burn-in."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tests.recipes.tiny_recipes import tiny_recipe
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import export_generator
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.recipes.r3gan import R3GANSettings
from tfgan_ref.training.checkpoints import Checkpoints


def test_labels_reach_both_networks_only_if_asked_for():
    plain, _ = tiny_recipe("r3gan")
    assert (len(plain.generator.inputs), len(plain.discriminator.inputs)) == (1, 1)
    gan, _ = tiny_recipe("r3gan, conditional")
    latents, images = tf.ones((2, 4)), tf.ones((2, 12, 12, 1))
    for network, inputs in ((gan.generator, latents), (gan.discriminator, images)):
        # A residual block adds nothing yet, so that only what the label adds can differ.
        first, second = network([inputs, tf.constant([0, 1])])
        assert np.abs(first - second).max() > 1e-3
    assert RECIPES["r3gan"].draw(gan).shape != RECIPES["r3gan"].draw(plain).shape


def test_labels_that_are_missing_are_refused():
    with pytest.raises(InputError, match="conditional=true needs labels: data digits has none"):
        build_gan(RECIPES["r3gan"], R3GANSettings(conditional=True), DataShape((28, 28, 1)))


@pytest.mark.slow
def test_packs_reach_the_discriminator():
    gan, batch_of = tiny_recipe("r3gan", packing=2)
    assert gan.discriminator.input_shape[-1] == 2
    assert np.isfinite(float(gan.train_step(batch_of(0))["d_loss"]))


@pytest.mark.slow
def test_a_step_takes_a_batch_for_each_update():
    gan, _ = tiny_recipe("r3gan, conditional")  # of which D has 2
    assert (gan.n_critic, gan.batches_per_step) == (2, 3)


@pytest.mark.slow
def test_a_run_resumes_bit_for_bit_within_the_burn_in(tmp_path):
    def states(gan):
        return values([variable for group in gan.state().values() for variable in group])

    straight, batch_of = tiny_recipe("r3gan", burn_in_steps=6)
    step = tf.function(straight.train_step, autograph=False)
    for number in range(8):
        step(batch_of(number))
    first, _ = tiny_recipe("r3gan", burn_in_steps=6)
    step = tf.function(first.train_step, autograph=False)
    for number in range(4):
        step(batch_of(number))
    Checkpoints(tmp_path, first).save()
    second, _ = tiny_recipe("r3gan", burn_in_steps=6)
    assert Checkpoints(tmp_path, second).restore() == 4
    step = tf.function(second.train_step, autograph=False)
    for number in range(4, 8):
        step(batch_of(number))
    assert same(states(straight), states(second))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["r3gan", "r3gan, conditional"])
def test_an_export_draws_what_the_type_draws(case, tmp_path):
    gan, batch_of = tiny_recipe(case)
    gan.train_step(batch_of(0))
    export_generator(gan.ema_generator, tmp_path / "model", num_classes=gan.num_classes)
    model = tf.saved_model.load(str(tmp_path / "model"))
    inputs = {} if gan.num_classes is None else {"label": 1}
    drawn = model.sample(3, 5, *inputs.values()).numpy()
    expected = np.clip(gan.generate(3, seed=5, **inputs).numpy() / 2 + 0.5, 0, 1)
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
