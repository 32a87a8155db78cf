"""Normalisation by name, against its formulas."""

import keras
import numpy as np
import pytest

from tfgan_ref.networks.layers.normalisation import NORMALISATIONS, PER_SAMPLE, normalise

MAPS = np.random.default_rng(0).normal(2.0, 3.0, (3, 4, 5, 6)).astype(np.float32)
AXES = {"none": None, "batch": (0, 1, 2), "layer": (1, 2, 3), "instance": (1, 2)}


def network(kind):
    maps = keras.Input(MAPS.shape[1:])
    return keras.Model(maps, normalise(maps, kind))


@pytest.mark.parametrize("kind", NORMALISATIONS)
def test_statistics_are_over_the_axes_of_the_name(kind):
    expected, epsilon = MAPS, 1e-3 if kind == "batch" else 1e-5
    if AXES[kind]:
        mean, variance = (f(MAPS, axis=AXES[kind], keepdims=True) for f in (np.mean, np.var))
        expected = (MAPS - mean) / np.sqrt(variance + epsilon)
    np.testing.assert_allclose(network(kind)(MAPS, training=True), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["batch", "layer", "instance"])
def test_every_feature_has_a_scale_and_an_offset(kind):
    assert [weight.shape for weight in network(kind).trainable_weights] == [(6,), (6,)]


@pytest.mark.parametrize("kind", NORMALISATIONS)
def test_those_per_sample_keep_the_samples_of_a_batch_apart(kind):
    model = network(kind)
    alone, together = model(MAPS[:1], training=True)[0], model(MAPS, training=True)[0]
    assert np.allclose(alone, together, atol=1e-5) == (kind in PER_SAMPLE)
