"""InfoGAN: its codes, its objective and what its two heads learn."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, values
from tfgan_ref import losses, networks
from tfgan_ref.errors import InputError
from tfgan_ref.gans import InfoGAN
from tfgan_ref.networks.layers.codes import uniform_codes


def tiny_info(num_codes=3, optimizers=("adam", "adam"), **settings):
    def body(latent_dim):
        return networks.mlp_generator(latent_dim, (8, 8, 1), (16,), seed=1)

    features = networks.mlp_features((8, 8, 1), (16,), seed=2)
    gan = InfoGAN(
        networks.info_generator(body, 5, num_codes=num_codes),
        networks.info_discriminator(features, num_codes=num_codes, seed=2),
        num_classes=num_codes,
        **settings,
    )
    gan.compile(*optimizers)
    return gan


def test_fakes_come_with_the_codes_that_they_are_made_of():
    gan, [batch] = tiny_info(), tiny_batches(1)
    samples, code, continuous = gan.fake(batch)
    latents = gan.latents(6, 0)
    np.testing.assert_allclose(samples, gan.generator([latents, code], training=True), atol=1e-6)
    np.testing.assert_array_equal(continuous, uniform_codes(latents, 2))
    assert code.dtype == tf.int32
    assert not np.array_equal(code, gan.fake(batch, 1)[1])


def test_codes_are_uniform_over_their_values_and_do_not_depend_on_the_labels():
    gan, [batch] = tiny_info(), tiny_batches(1, 600)
    codes = gan.fake({"image": batch["image"]})[1].numpy()
    np.testing.assert_array_equal(gan.fake(batch)[1], codes)
    np.testing.assert_allclose(np.bincount(codes) / 600, 1 / 3, atol=0.08)
    gan.step.assign(1)
    assert 0.2 < np.mean(gan.fake(batch)[1].numpy() == codes) < 0.5


def test_both_objectives_are_the_gans_less_the_weighted_information():
    """SGD's updates against gradients of the formula."""
    rate, weights = 0.1, {"categorical_weight": 0.7, "continuous_weight": 0.3}
    gan = tiny_info(optimizers=[keras.optimizers.SGD(rate) for _ in "gd"], simultaneous=True, **weights)
    [batch] = tiny_batches(1)
    before = values(gan.trainable_variables)
    with tf.GradientTape(persistent=True) as tape:
        samples, code, continuous = gan.fake(batch)
        logits, code_logits, mean, log_variance = gan.discriminator(samples, training=True)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(code, code_logits)
        density = -0.5 * (
            (continuous - mean) ** 2 / tf.exp(log_variance) + log_variance + math.log(2 * math.pi)
        )
        information = 0.7 * (math.log(3) - tf.reduce_mean(cross_entropy))
        information += 0.3 * (2 * math.log(2) + tf.reduce_mean(tf.reduce_sum(density, axis=1)))
        g_objective = losses.non_saturating_generator(logits) - information
        real = gan.discriminator(batch["image"], training=True)[0]
        d_objective = losses.discriminator_cross_entropy(real, logits) - information
    variables = [gan.generator.trainable_variables, gan.discriminator.trainable_variables]
    expected = []
    for objective, group in zip((g_objective, d_objective), variables, strict=True):
        gradients = tape.gradient(objective, [v.value for v in group])
        expected += [v.numpy() - rate * g.numpy() for v, g in zip(group, gradients, strict=True)]
    gan.train_step(batch)
    for found, wanted in zip([v for group in variables for v in values(group)], expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert not all(np.array_equal(a, b) for a, b in zip(before, values(gan.trainable_variables), strict=True))


@pytest.mark.slow
def test_codes_are_learnt_and_the_bound_rises_to_their_entropy():
    gan = tiny_info(optimizers=[keras.optimizers.Adam(1e-2, beta_1=0.5) for _ in "gd"])
    [batch] = tiny_batches(1, 30)
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(140):
        step(batch)
    gan.reset_metrics()
    logs = step(batch)
    assert 0.8 * math.log(3) < float(logs["categorical_information"]) <= math.log(3)
    # A code's Gaussian as wide as the code itself, which Q can say of samples that tell nothing, has less.
    assert float(logs["continuous_information"]) > 2 * (
        math.log(2) - 0.5 * math.log(2 * math.pi * math.e / 3)
    )
    # What Q reads off samples of a code is that code.
    label = tf.range(30) % 3
    read = gan.discriminator(gan.generator([tf.random.stateless_normal([30, 5], [3, 4]), label]))[1]
    assert np.mean(np.argmax(read, axis=1) == label.numpy()) > 0.8


def test_labels_of_the_data_may_be_more_than_codes():
    gan = tiny_info(num_codes=2)
    images = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1)).astype(np.float32)
    gan.fit(images, np.arange(6), batch_size=6, verbose=0, shuffle=False)


def test_r1_is_of_the_logit():
    gan = tiny_info(r1=0.1)
    [batch] = tiny_batches(1)
    assert np.isfinite(float(gan.train_step(batch)["d_loss"]))
    assert gan.critic([], 1)(batch["image"]).shape == (6, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"categorical_weight": -1}, "categorical_weight -1 is out of range: at least 0"),
        ({"continuous_weight": -1}, "continuous_weight -1 is out of range: at least 0"),
        ({"replay": 12}, "replay 12 is not for InfoGAN, whose Q needs codes: leave it out"),
        ({"packing": 2}, "packing 2 is for types without labels"),
        ({"feature_matching": True}, "feature_matching is not for InfoGAN, whose G has other losses"),
    ],
)
def test_settings_that_do_not_go(settings, message):
    with pytest.raises(InputError, match=message):
        tiny_info(**settings)
