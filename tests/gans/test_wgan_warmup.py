"""WGAN's warm-up: more critic updates in the first 25 steps and in every 500th, as in the authors' code."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, tiny_batches, tiny_gan, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans import WGAN
from tfgan_ref.recipes import RECIPES

SETTINGS = {"n_critic": 2, "n_critic_warmup": 5, "dropout": 0.2, "replay": 12}


def warm_gan(**settings):
    return tiny_gan(kind=WGAN, **SETTINGS | settings)


def state_of(gan):
    return values([variable for group in gan.state().values() for variable in group])


def updates_in(gan, step, train_step, batch):
    before = int(gan.d_optimizer.iterations.numpy())
    gan.step.assign(step)
    train_step(batch)
    return int(gan.d_optimizer.iterations.numpy()) - before


def test_the_critic_is_updated_more_often_in_warm_up_steps():
    gan, (batch,) = tiny_gan(kind=WGAN, n_critic=1, n_critic_warmup=2), tiny_batches(1)
    counts = {step: updates_in(gan, step, gan.train_step, batch) for step in (24, 25, 499, 500)}
    assert counts == {24: 2, 25: 1, 499: 1, 500: 2}
    assert int(gan.g_optimizer.iterations.numpy()) == len(counts)


def test_an_update_beyond_n_critic_is_one_on_the_steps_samples_and_new_fakes():
    """The third to fifth update see the first, second and first part of the batch, with their own noise."""
    ours, plain = warm_gan(), warm_gan(n_critic_warmup=None)
    (batch,) = tiny_batches(1, 12)
    parts = plain.split_batch(batch)
    for number, part in enumerate((parts[0], parts[1], parts[0])):
        shown = plain.sample_replay(plain.fake(part, 2 + number), 2 + number)
        plain.discriminator_step(plain.real(part), shown, 2 + number)
    for gan in (ours, plain):
        gan.train_step(batch)
    assert same(state_of(ours), state_of(plain))


def test_evaluation_updates_nothing():
    gan, (batch,) = warm_gan(), tiny_batches(1, 12)
    before = values(gan.discriminator.variables)
    gan.test_step(batch)
    assert same(before, values(gan.discriminator.variables))


@pytest.mark.slow
def test_one_graph_serves_all_steps():
    gan, (batch,) = warm_gan(), tiny_batches(1, 12)
    train_step = tf.function(gan.train_step, autograph=False)
    assert [updates_in(gan, step, train_step, batch) for step in (24, 25, 500)] == [5, 2, 5]
    assert train_step.experimental_get_tracing_count() == 1


@pytest.mark.slow
def test_batches_of_unknown_size():
    """20 samples as parts of 6, 7 and 7 in the usual updates, of 6 in those beyond them; then 7."""
    gan = warm_gan(n_critic=3)
    images = np.concatenate([batch["image"] for batch in tiny_batches(9, 3)])
    gan.fit(images, batch_size=20, shuffle=False, verbose=0)
    assert int(gan.d_optimizer.iterations.numpy()) == 10


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_critic_warmup": 1}, "n_critic_warmup 1 is below n_critic 2: raise it"),
        ({"n_critic": 1, "simultaneous": True}, "n_critic_warmup 5 is for alternating updates on one device"),
    ],
)
def test_what_cannot_warm_up(settings, message):
    with pytest.raises(InputError, match=message):
        warm_gan(**settings)


def test_several_replicas_cannot_warm_up(two_replicas):
    with two_replicas.scope(), pytest.raises(InputError, match="updates on one device: none"):
        warm_gan()


@pytest.mark.parametrize("own", [{"schedule": "cosine"}, {"warmup_steps": 5}])
def test_rates_that_fall_by_the_critics_updates_are_refused(own):
    with pytest.raises(InputError, match="n_critic_warmup 100 needs schedule=constant and warmup_steps=0"):
        RECIPES["wgan"].settings(n_critic_warmup=100, **own)
