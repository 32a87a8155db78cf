"""WGAN-GP's critic takes real and fake samples in one pass where that is the same as two."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import tiny_batches, tiny_gan, values
from tfgan_ref import networks
from tfgan_ref.gans import WGANGP
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.batches import in_turns
from tfgan_ref.gans.penalties import scores_each_alone
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.networks.layers.batch import MinibatchStddev

N = 6
EVERYTHING = {
    "r1": 0.5, "l2": 0.05, "instance_noise": InstanceNoise(0.1), "replay": 12, "n_critic": 2,
    "augmentation": DifferentiableAugmentation(["translation", "colour"]),
}  # fmt: skip


def critic_gan(conditional=False, **settings):
    rates = keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.05)
    return tiny_gan(conditional, WGANGP, optimizers=rates, **{"n_critic": 1} | settings)


def sizes_of_passes(gan, batch, monkeypatch):
    """How many samples the critic is given in each of its calls of a step."""
    sizes, call = [], gan.discriminator.call
    monkeypatch.setattr(
        gan.discriminator,
        "call",
        lambda inputs, **settings: (
            sizes.append(keras.tree.flatten(inputs)[0].shape[0]) or call(inputs, **settings)
        ),
    )
    gan.train_step(batch)
    return sizes


@pytest.mark.parametrize(
    ("conditional", "settings"),
    [(False, {}), (True, EVERYTHING), (False, {"packing": 2})],
    ids=["plain", "all techniques", "packing"],
)
def test_one_pass_updates_as_two_do(conditional, settings, monkeypatch):
    states = []
    for one_pass in (True, False):
        gan = critic_gan(conditional, **settings)
        assert gan.one_pass
        gan.one_pass = one_pass
        batch = tiny_batches(1, batch_size=N * gan.n_critic)[0]
        passes = sizes_of_passes(gan, batch, monkeypatch)
        assert passes.count(2 * N // gan.packing) == (gan.n_critic if one_pass else 0)
        states.append([values(group) for group in gan.state().values()])
    for ours, theirs in zip(*states, strict=True):  # with the losses' running means
        for after, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, [2 * N, N, N]), ({"dropout": 0.2}, [2 * N, N, N]), ({"simultaneous": True}, [N, N, N])],
)
def test_a_step_runs_the_critic_as_often_as_needed(settings, expected, monkeypatch):
    """On both, on the points of the penalty, and for G; in a simultaneous step G shares D's on the fakes."""
    assert sizes_of_passes(critic_gan(**settings), tiny_batches(1)[0], monkeypatch) == expected


@pytest.mark.parametrize("alone", [True, False])
def test_a_critic_that_looks_at_the_batch_takes_two_passes(alone, monkeypatch):
    features = networks.mlp_features((8, 8, 1), (16,), seed=2)
    critic = networks.discriminator(features, minibatch_discrimination=not alone, seed=2)
    gan = WGANGP(critic_gan().generator, critic, n_critic=1)
    gan.compile("sgd", "sgd")
    expected = [2 * N, N, N] if alone else [N, N, N, N]
    assert sizes_of_passes(gan, tiny_batches(1)[0], monkeypatch) == expected


class OwnLayer(layers.Layer):
    def call(self, inputs):
        return inputs - tf.reduce_mean(inputs, axis=0)


def body(layer=None):
    images = keras.Input((8, 8, 1))
    x = images if layer is None else layer(images)
    return keras.Model(images, layers.Flatten()(x))


def topped(features):
    return keras.Sequential([keras.Input((8, 8, 1)), features, layers.Dense(1)])


def conditional(**settings):
    def build(channels):
        return networks.mlp_features((8, 8, channels), (4,), dropout=0.1, seed=2)

    return networks.conditional_discriminator(build, (8, 8, 1), num_classes=3, **settings)


CRITICS = {
    "nested": (lambda: topped(body()), True),
    "concat": (conditional, True),
    "projection": (lambda: conditional(combine="projection", spectral_norm=True), True),
    "layer norm": (lambda: topped(body(layers.LayerNormalization())), True),
    "batch norm": (lambda: topped(body(layers.BatchNormalization())), False),
    "minibatch stddev": (lambda: topped(body(MinibatchStddev())), False),
    "minibatch discrimination": (lambda: conditional(minibatch_discrimination=True), False),
    "phase shuffle": (lambda: networks.wavegan_features(256, width=1, phase_shuffle=2), False),
    "lambda": (lambda: topped(body(layers.Lambda(lambda x: x - tf.reduce_mean(x, axis=0)))), False),
    "own layer": (lambda: topped(body(OwnLayer())), False),
    "operation": (lambda: topped(body(lambda x: x - keras.ops.mean(x, axis=0))), False),
}


@pytest.mark.parametrize("case", CRITICS)
def test_what_looks_at_the_batch_is_found_however_nested(case):
    build, alone = CRITICS[case]
    assert scores_each_alone(build()) == alone


def test_rows_in_turns_are_of_the_first_ones_type():
    first, second = tf.reshape(tf.range(12.0), (3, 2, 2)), -tf.ones((3, 2, 2), tf.bfloat16)
    rows = in_turns(first, second)
    assert rows.dtype == tf.float32
    np.testing.assert_array_equal(rows[::2], first)
    np.testing.assert_array_equal(rows[1::2], np.full((3, 2, 2), -1))
    unknown = tf.function(in_turns, input_signature=[tf.TensorSpec((None, 2, 2))] * 2, autograph=False)
    np.testing.assert_array_equal(unknown(first, tf.cast(second, tf.float32)), rows)
