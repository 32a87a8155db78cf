"""Pixel norm, minibatch standard deviation and minibatch discrimination, against loops in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.batch import MinibatchDiscrimination, MinibatchStddev, PixelNormalization


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_pixel_normalization_is_the_formula():
    x = normal(2, 3, 4, 5)
    expected = np.empty_like(x)
    for index in np.ndindex(2, 3, 4):
        expected[index] = x[index] / np.sqrt(np.mean(x[index].astype(np.float64) ** 2) + 0.1)
    np.testing.assert_allclose(PixelNormalization(0.1)(x).numpy(), expected, rtol=1e-5)
    np.testing.assert_array_equal(PixelNormalization()(np.zeros((2, 3), np.float32)).numpy(), 0)


def stddev_by_loops(x, members):
    """One number per example: the mean over features and pixels of its group's standard deviation."""
    n = len(x)
    groups = n // members
    numbers = np.empty(n)
    for group in range(groups):
        own = [i for i in range(n) if i % groups == group]
        assert len(own) == members
        total = 0.0
        for index in np.ndindex(x.shape[1:]):
            column = np.array([x[(i, *index)] for i in own], np.float64)
            total += np.sqrt(np.mean((column - column.mean()) ** 2) + 1e-8)
        numbers[own] = total / np.prod(x.shape[1:])
    return numbers


@pytest.mark.parametrize(
    ("batch_size", "group_size", "members"),
    [(8, 4, 4), (6, 4, 3), (4, 4, 4), (2, 4, 2), (10, 4, 2), (7, 4, 1), (12, 6, 6), (3, 1, 1)],
)
def test_minibatch_stddev_is_the_formula(batch_size, group_size, members):
    x = normal(batch_size, 2, 3, 4) * np.arange(1, batch_size + 1, dtype=np.float32)[:, None, None, None]
    y = MinibatchStddev(group_size)(x).numpy()
    assert y.shape == (batch_size, 2, 3, 5)
    np.testing.assert_array_equal(y[..., :4], x)
    expected = np.broadcast_to(stddev_by_loops(x, members)[:, None, None], (batch_size, 2, 3))
    np.testing.assert_allclose(y[..., 4], expected, rtol=1e-4)


def test_unknown_batch_size_is_one_group():
    layer = MinibatchStddev(2)
    spec = tf.TensorSpec((None, None, None, 3), tf.float32)
    x = normal(6, 2, 2, 3)
    y = tf.function(layer, input_signature=[spec])(tf.constant(x)).numpy()
    np.testing.assert_allclose(y[:, 0, 0, 3], stddev_by_loops(x, 6), rtol=1e-4)
    assert not np.allclose(y, layer(x).numpy(), rtol=1e-3)


def test_minibatch_stddev_permutes_within_its_groups():
    layer, x = MinibatchStddev(3), normal(6, 2, 2, 3)
    y = layer(x).numpy()
    # Examples 0, 2, 4 are one group, 1, 3, 5 the other.
    within = [4, 1, 0, 5, 2, 3]
    np.testing.assert_allclose(layer(x[within]).numpy(), y[within], rtol=1e-5)
    across = [1, 0, 2, 3, 4, 5]
    assert not np.allclose(layer(x[across]).numpy(), y[across], rtol=1e-3)


def discrimination_by_loops(features, kernel, kernels, kernel_dim):
    m = (features.astype(np.float64) @ kernel).reshape(-1, kernels, kernel_dim)
    closeness = np.zeros((len(m), kernels))
    for i in range(len(m)):
        for j in range(len(m)):
            for b in range(kernels):
                if i != j:
                    closeness[i, b] += np.exp(-np.sum(np.abs(m[i, b] - m[j, b])))
    return np.concatenate([features, closeness], axis=1)


def test_minibatch_discrimination_is_the_formula():
    layer = MinibatchDiscrimination(3, 2, keras.initializers.RandomNormal(0, 0.3, seed=1))
    features = normal(5, 4)
    y = layer(features).numpy()
    assert layer.kernel.shape == (4, 6)
    assert y.shape == layer.compute_output_shape((5, 4)) == (5, 7)
    expected = discrimination_by_loops(features, layer.kernel.numpy(), 3, 2)
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    order = [3, 0, 4, 1, 2]
    np.testing.assert_allclose(layer(features[order]).numpy(), y[order], rtol=1e-5, atol=1e-6)


def test_closeness_of_equal_and_of_single_examples():
    layer = MinibatchDiscrimination(3, 2)
    np.testing.assert_allclose(layer(np.ones((4, 5), np.float32)).numpy()[:, 5:], 3)
    np.testing.assert_array_equal(layer(normal(1, 5)).numpy()[:, 5:], 0)


def make(name, **settings):
    """A layer by name and the shape of its inputs without the batch."""
    return {
        "pixel": (PixelNormalization(1e-3, **settings), (3, 3, 4)),
        "stddev": (MinibatchStddev(3, **settings), (3, 3, 4)),
        "discrimination": (MinibatchDiscrimination(3, 2, "he_normal", **settings), (4,)),
    }[name]


every_layer = pytest.mark.parametrize("name", ["pixel", "stddev", "discrimination"])


@every_layer
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_gradient_is_finite_for_equal_examples(name, value):
    layer, shape = make(name)
    x = tf.fill((6, *shape), value)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        # The powers, so that no part of the gradient cancels.
        loss = tf.reduce_sum(y * tf.constant(normal(*y.shape)) + y**3)
    gradients = tape.gradient(loss, [x, *layer.trainable_variables])
    assert all(np.isfinite(g).all() for g in gradients)


@every_layer
def test_saved_file_is_the_same_network(name, tmp_path):
    layer, shape = make(name)
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[1].get_config() == layer.get_config()
    x = normal(6, *shape)
    np.testing.assert_array_equal(loaded(x).numpy(), model(x).numpy())
    assert model.output_shape[1:] == tuple(model(x).shape[1:])
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(x).numpy(), model(x).numpy())


@every_layer
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_mixed_precision(name, policy):
    """The output is the float32 layer's, rounded once: of the same, already rounded, inputs."""
    mixed, shape = make(name, dtype=policy)
    full, _ = make(name)
    half = tf.as_dtype(policy.removeprefix("mixed_"))
    # In float16 the squares of 300 overflow and those of 0.001 vanish.
    for scale in (1e-3, 1.0, 300.0):
        x = tf.cast(scale * normal(6, *shape), half)
        mixed(x), full(tf.cast(x, tf.float32))
        full.set_weights(mixed.get_weights())
        output = mixed(x)
        assert output.dtype == half
        np.testing.assert_array_equal(
            tf.cast(output, tf.float32), tf.cast(tf.cast(full(tf.cast(x, tf.float32)), half), tf.float32)
        )


@every_layer
def test_xla_agrees(name):
    layer, shape = make(name)
    x = tf.constant(normal(6, *shape))

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x) ** 2)
        return tape.gradient(loss, x)

    expected = gradient(x).numpy()
    xla = tf.function(gradient, jit_compile=True)(x)
    np.testing.assert_allclose(xla, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: MinibatchStddev(0), "group_size 0 is too small: use 1 or more"),
        (
            lambda: MinibatchStddev()(normal(4, 3)),
            r"takes images \(N, H, W, C\), not inputs of shape \(4, 3\)",
        ),
        (lambda: MinibatchDiscrimination(0), "kernels 0 is too small"),
        (lambda: MinibatchDiscrimination(2, 0), "kernel_dim 0 is too small"),
        (lambda: MinibatchDiscrimination()(normal(4, 3, 2)), r"takes features \(N, F\), not .* \(4, 3, 2\)"),
    ],
)
def test_bad_arguments_are_refused(use, message):
    with pytest.raises(InputError, match=message):
        use()
