"""Simultaneous steps: both networks follow the gradients of the networks as they were before the step."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, tiny_batches, tiny_gan, values
from tests.gans import test_energy, test_frame, test_progressive, test_sngan, test_text
from tests.gans.test_types import TYPES
from tfgan_ref.errors import InputError
from tfgan_ref.gans import BEGAN, EBGAN
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.recipes import find_recipe

RATE = 0.1


def sgd():
    return keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE)


def by_hand(gan, batch):
    """The weights after a step of the non-saturating game, G's first, from its two losses at the old ones."""
    g, d = gan.generator.trainable_variables, gan.discriminator.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        fakes = gan.generator(gan.latents(6))
        real, fake = gan.discriminator(batch["image"]), gan.discriminator(fakes)
        d_loss = tf.reduce_mean(tf.math.softplus(-real)) + tf.reduce_mean(tf.math.softplus(fake))
        g_loss = tf.reduce_mean(tf.math.softplus(-fake))
    slopes = [*tape.gradient(g_loss, g), *tape.gradient(d_loss, d)]
    return [np.array(v) - RATE * np.array(slope) for v, slope in zip([*g, *d], slopes, strict=True)]


@pytest.mark.parametrize("settings", [{}, {"replay": 12}], ids=["one pass", "two passes"])
def test_a_step_is_both_gradients_at_the_old_weights(settings):
    """A replay buffer that is not yet full shows D the fakes as they are, in another pass than G's."""
    batch = tiny_batches(1)[0]
    results = {}
    for simultaneous in (True, False):
        gan = tiny_gan(optimizers=sgd(), simultaneous=simultaneous, **settings)
        expected = by_hand(gan, batch)
        tf.function(gan.train_step, autograph=False)(batch)
        found = values(gan.generator.trainable_variables + gan.discriminator.trainable_variables)
        results[simultaneous] = max(np.abs(a - b).max() for a, b in zip(found, expected, strict=True))
    assert results[True] < 1e-6
    assert results[False] > 1e-5  # G goes through the updated D there


def tiny(kind, optimizers, **settings):
    """A GAN of ``CASES`` and a batch for it."""
    if kind == "Frame":
        gan = test_frame.tiny(optimizers, spectral_norm=False, **settings)
        return gan, test_frame.one_batch(gan)
    make, batch = CASES[kind]
    gan = make(optimizers=optimizers, **settings)
    return gan, batch()


CASES = {
    name: (functools.partial(tiny_gan, kind=kind, n_critic=1, r1=0.1), lambda: tiny_batches(1)[0])
    for name, kind in TYPES.items()
} | {
    "EBGAN": (functools.partial(test_energy.energy_gan, EBGAN), lambda: tiny_batches(1)[0]),
    "BEGAN": (functools.partial(test_energy.energy_gan, BEGAN), lambda: tiny_batches(1)[0]),
    "Progressive": (
        functools.partial(test_progressive.growing_gan, size=8),
        lambda: test_progressive.batch_of(size=8),
    ),
    "gumbel": (functools.partial(test_text.tiny, "gumbel"), test_text.batch),
    "policy_gradient": (functools.partial(test_text.tiny, "policy_gradient"), test_text.batch),
    "Frame": (None, None),
}


@pytest.mark.parametrize("kind", slow_ones(CASES, set(CASES) - {"VanillaGAN", "WGANGP"}))
def test_every_type_updates_each_network_as_if_the_other_stood_still(kind):
    def after(g_rate, d_rate, *, simultaneous):
        rates = keras.optimizers.SGD(g_rate), keras.optimizers.SGD(d_rate)
        gan, batch = tiny(kind, rates, simultaneous=simultaneous)
        for variable in gan.discriminator.trainable_variables:
            variable.constraint = None  # WGAN's would clip weights that stand still too
        gan.train_step(batch)
        return values(gan.generator.trainable_variables), values(gan.discriminator.trainable_variables)

    generator, discriminator = after(RATE, RATE, simultaneous=True)
    alone = after(RATE, 0.0, simultaneous=False)[0], after(0.0, RATE, simultaneous=False)[1]
    for ours, theirs in zip([*generator, *discriminator], [*alone[0], *alone[1]], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert not same(discriminator, after(0.0, 0.0, simultaneous=False)[1])


@pytest.mark.parametrize(
    ("settings", "passes"),
    [({}, 2), ({"instance_noise": InstanceNoise(0.1)}, 2), ({"replay": 12}, 3), ({"simultaneous": False}, 3)],
)
def test_both_updates_share_a_pass_over_the_fakes(settings, passes, monkeypatch):
    """Unless D is shown others: those that a buffer returns."""
    gan = tiny_gan(**{"simultaneous": True} | settings)
    called = []
    call = gan.discriminator.call
    monkeypatch.setattr(gan.discriminator, "call", lambda *a, **k: called.append(1) or call(*a, **k))
    gan.train_step(tiny_batches(1)[0])
    assert len(called) == passes


@pytest.mark.slow
def test_estimates_of_spectral_norms_move_after_d():
    """They are of D's new weights, as after any update."""
    results = []
    for simultaneous in (True, False):
        gan = test_sngan.sngan()
        gan.simultaneous = simultaneous
        gan.train_step(test_sngan.batch(0))
        results.append((test_sngan.estimates(gan), values(gan.discriminator.trainable_variables)))
    (ours, weights), (theirs, alternating) = results
    for first, second in zip([*ours, *weights], [*theirs, *alternating], strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)


def test_d_trains_in_a_phase_without_g():
    gan = test_energy.energy_gan(EBGAN, simultaneous=True, pretrain_steps=1)
    before = values(gan.discriminator.trainable_variables)
    gan.train_step(tiny_batches(1)[0])
    assert not same(values(gan.discriminator.trainable_variables), before)


@pytest.mark.slow
def test_two_replicas_keep_their_own(two_replicas):
    """Each has one half of the batch; together they do what one does with the whole."""
    batch = tiny_batches(1)[0]
    alone = tiny_gan(optimizers=sgd(), simultaneous=True)
    alone.train_step(batch)
    with two_replicas.scope():
        together = tiny_gan(optimizers=sgd(), simultaneous=True)
    halves = two_replicas.experimental_distribute_values_from_function(
        lambda context: {
            key: value[3 * context.replica_id_in_sync_group :][:3] for key, value in batch.items()
        }
    )
    tf.function(lambda: two_replicas.run(together.train_step, (halves,)), autograph=False)()
    for one, two in zip(values(alone.trainable_variables), values(together.trainable_variables), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


def test_validation_updates_nothing_and_keeps_nothing():
    gan = tiny_gan(simultaneous=True)
    before = values(gan.trainable_variables)
    gan.test_step(tiny_batches(1)[0])
    assert same(values(gan.trainable_variables), before)
    assert gan.pending.seen == gan.pending.update == ()


def test_several_updates_of_d_are_refused():
    with pytest.raises(InputError, match="simultaneous needs n_critic 1, not 2"):
        tiny_gan(simultaneous=True, n_critic=2)


def test_it_is_a_setting():
    recipe = find_recipe("gan")
    gan = recipe.build(recipe.settings(simultaneous=True, depth=1), test_energy.DataShape((28, 28, 1)))
    assert gan.simultaneous
