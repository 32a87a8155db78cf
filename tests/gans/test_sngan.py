"""Spectral normalisation in training: the norm stays 1, and only D's updates move its estimates."""

import keras
import numpy as np
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref import networks
from tfgan_ref.gans import HingeGAN
from tfgan_ref.networks.layers.reparametrised import spectral_layers


def sngan(seed=0):
    features = networks.dcgan_features(28, 1, width=4, normalisation="none", spectral_norm=True, seed=2)
    discriminator = networks.discriminator(features, spectral_norm=True, seed=2)
    gan = HingeGAN(networks.dcgan_generator(4, 28, 1, width=4, seed=1), discriminator, seed=seed)
    gan.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5))
    return gan


def batch(number):
    rng = np.random.default_rng(number)
    return {"image": tf.constant(rng.uniform(-1, 1, (8, 28, 28, 1)), tf.float32)}


def estimates(gan):
    return values([v for layer in spectral_layers(gan.discriminator) for v in (layer.u, layer.v)])


def test_every_layer_of_the_discriminator_keeps_norm_1():
    gan = sngan()
    layers = spectral_layers(gan.discriminator)
    assert len(layers) == 3
    start = [np.array(layer.kernel) for layer in layers]
    step = tf.function(gan.train_step, autograph=False)
    for number in range(60):
        step(batch(number))
    for layer, before in zip(layers, start, strict=True):
        kernel = np.array(layer.effective_kernel(), np.float64)
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert abs(largest - 1) < 0.01
        assert np.abs(np.array(layer.kernel) - before).max() > 0.01


def test_estimates_move_once_per_update_of_the_discriminator():
    gan = sngan()
    before = estimates(gan)
    inputs = [batch(0)["image"]]
    gan.discriminate(inputs, purpose=0)
    assert same(before, estimates(gan))
    gan.discriminator_step(inputs, [-inputs[0]], 0)
    assert not same(before, estimates(gan))


def test_the_generators_step_leaves_the_estimates():
    gan = sngan()
    gan.discriminator_step = lambda real, fakes, k: {}
    before = estimates(gan)
    gan.train_step(batch(0))
    assert same(before, estimates(gan))
