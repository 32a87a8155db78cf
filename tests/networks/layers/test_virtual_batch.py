"""Virtual batch norm against its definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.virtual_batch import ReferenceBatch, SkipReference, VirtualBatchNormalization

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5,), (3, 4, 5)])
def test_each_example_is_normalised_as_one_more_of_the_reference_batch(shape):
    x = RNG.normal(1.0, 2.0, (7, *shape)).astype(np.float32)
    found = VirtualBatchNormalization(4)(x)
    axes = tuple(range(x.ndim - 1))
    reference = (x[:4] - x[:4].mean(axes)) / np.sqrt(x[:4].var(axes) + 1e-5)
    np.testing.assert_allclose(found[:4], reference, atol=1e-5)
    for row in range(4, 7):
        batch = np.concatenate([x[:4], x[row : row + 1]])
        expected = (x[row] - batch.mean(axes)) / np.sqrt(batch.var(axes) + 1e-5)
        np.testing.assert_allclose(found[row], expected, atol=1e-5)


def test_the_scale_and_the_shift_are_trained_and_the_reference_is_not():
    generator = networks.dcgan_generator(6, 12, 1, width=2, reference=4)
    with_batch_norm = networks.dcgan_generator(6, 12, 1, width=2)
    assert [w.shape for w in generator.trainable_weights] == [
        w.shape for w in with_batch_norm.trainable_weights
    ]
    (reference,) = generator.non_trainable_weights
    assert reference.shape == (4, 6)
    assert generator.output_shape == (None, 12, 12, 1)


@pytest.mark.parametrize("make", [networks.dcgan_generator, networks.point_generator])
def test_a_sample_depends_on_the_reference_and_not_on_the_others_of_its_batch(make):
    size = {"image_size": 12, "width": 2} if make is networks.dcgan_generator else {"widths": (8,)}
    generator = make(6, reference=4, initializer="he", **size)
    latents = RNG.normal(size=(3, 6)).astype(np.float32)
    together = generator(latents, training=True).numpy()
    assert together.shape[0] == 3
    np.testing.assert_allclose(generator(latents[1:2], training=False)[0], together[1], atol=1e-5)
    generator.non_trainable_weights[0].assign(RNG.normal(size=(4, 6)))
    assert not np.allclose(generator(latents), together, atol=1e-3)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_statistics_are_float32_under_every_policy(precision):
    """Of a feature whose standard deviation is a thousandth of its mean, which half precision cannot tell."""
    x = RNG.normal(0.0, 1.0, (9, 1)).astype(np.float32)
    found = VirtualBatchNormalization(8, dtype=keras.DTypePolicy(precision))(tf.constant(300.0 + x))
    assert found.dtype == precision.removeprefix("mixed_")
    seen = tf.cast(tf.cast(300.0 + x, found.dtype), tf.float32)
    np.testing.assert_allclose(found, VirtualBatchNormalization(8)(seen), atol=0.02)


def test_the_seed_determines_the_reference():
    first, again, other = (
        networks.point_generator(2, reference=8, seed=seed).non_trainable_weights[0].numpy()
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert abs(first.mean()) < 1
    assert 0.5 < first.std() < 1.5


def test_the_gradient_passes_through_the_statistics_of_an_example():
    """Its own share of mean and variance is 1 / (reference + 1): against a difference quotient."""
    layer = VirtualBatchNormalization(2)
    x = np.array([[-1.0], [1.0], [0.5]], np.float32)
    change = np.array([[0], [0], [1e-2]], np.float32)
    expected = float(layer(x + change)[2, 0] - layer(x - change)[2, 0]) / 2e-2
    points = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(points)
        y = layer(points)[2, 0]
    assert float(tape.gradient(y, points)[2, 0]) == pytest.approx(expected, rel=1e-2)


def test_skipping_takes_the_reference_away():
    inputs = RNG.normal(size=(3, 2)).astype(np.float32)
    np.testing.assert_array_equal(SkipReference(5)(ReferenceBatch(5)(inputs)), inputs)


@pytest.mark.parametrize("kind", [ReferenceBatch, VirtualBatchNormalization, SkipReference])
def test_an_empty_reference_is_refused(kind):
    with pytest.raises(InputError, match="reference 0 is out of range: at least 1"):
        kind(0)
