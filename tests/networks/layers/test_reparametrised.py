"""Spectral normalisation and the equalised learning rate, against an SVD, bare layers and formulas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import same, values
from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.reparametrised import (
    EqualisedLearningRate,
    SpectralNormalization,
    spectral_layers,
    update_spectral_norms,
)

# Name: (layer from dtype, shape of its inputs, axis of the kernel that is its output, fan_in).
LAYERS = {
    "dense": (lambda **k: layers.Dense(4, activation="tanh", **k), (5, 6), -1, 6),
    "dense-sequence": (lambda **k: layers.Dense(4, use_bias=False, **k), (2, 3, 6), -1, 6),
    "conv1d": (lambda **k: layers.Conv1D(4, 3, padding="causal", dilation_rate=2, **k), (2, 7, 3), -1, 9),
    "conv2d": (lambda **k: layers.Conv2D(4, 3, strides=2, padding="same", **k), (2, 5, 5, 3), -1, 27),
    "conv2d-dilated": (lambda **k: layers.Conv2D(2, 2, dilation_rate=2, **k), (2, 5, 5, 3), -1, 12),
    "conv2d-groups": (lambda **k: layers.Conv2D(4, 3, groups=2, **k), (2, 5, 5, 6), -1, 27),
    "transpose1d": (lambda **k: layers.Conv1DTranspose(5, 3, strides=2, **k), (2, 4, 2), -2, 6),
    "transpose2d": (
        lambda **k: layers.Conv2DTranspose(
            5, (3, 4), strides=2, padding="same", activation="relu", bias_initializer="normal", **k
        ),
        (2, 3, 3, 2),
        -2,
        24,
    ),
    "transpose2d-output-padding": (
        lambda **k: layers.Conv2DTranspose(2, 3, strides=2, output_padding=1, use_bias=False, **k),
        (2, 3, 3, 4),
        -2,
        36,
    ),
    "embedding": (lambda **k: layers.Embedding(6, 4, **k), (5,), -1, 6),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def inputs_of(name, seed=0):
    shape = LAYERS[name][1]
    rng = np.random.default_rng(seed)
    if name == "embedding":
        return rng.integers(0, 6, shape).astype(np.int32)
    return rng.normal(size=shape).astype(np.float32)


def wrapped(name, wrapper=SpectralNormalization, layer_settings=None, **settings):
    """A wrapped layer, built, with a kernel that is not at its initial scale."""
    layer = wrapper(LAYERS[name][0](**(layer_settings or {})), **settings)
    layer(inputs_of(name))
    kernel = np.random.default_rng(1).normal(size=layer.kernel.shape)
    layer.kernel.assign(2.0 * kernel)
    return layer


def iterate(layer, times):
    """Many rounds of the power method, as a graph."""
    once = tf.function(layer.power_iteration, autograph=False)
    for _ in range(times):
        once()


def matrix_of(name, kernel):
    """The kernel as (output, everything else), by another route than the code's."""
    return np.moveaxis(np.asarray(kernel, np.float64), LAYERS[name][2], 0).reshape(
        kernel.shape[LAYERS[name][2]], -1
    )


def sigma_of(name, kernel):
    return np.linalg.svd(matrix_of(name, kernel), compute_uv=False)[0]


def bare_output(name, layer, kernel):
    """The output of the same layer without a wrapper, that holds ``kernel`` itself."""
    bare = LAYERS[name][0]()
    bare(inputs_of(name))
    bare.set_weights([kernel, *[w.numpy() for w in layer.layer.weights[1:]]])
    return bare(inputs_of(name)).numpy()


@every_layer
def test_top_singular_value_is_one(name):
    layer = wrapped(name)
    iterate(layer, 100)
    assert sigma_of(name, layer.kernel.numpy()) > 2
    assert sigma_of(name, np.array(layer.effective_kernel())) == pytest.approx(1, abs=1e-3)
    assert [np.linalg.norm(x) for x in (layer.u, layer.v)] == pytest.approx([1, 1], abs=1e-5)


@every_layer
def test_a_new_layer_is_nearly_normalised(name):
    layer = SpectralNormalization(LAYERS[name][0]())
    layer(inputs_of(name))
    assert 0.99 < sigma_of(name, np.array(layer.effective_kernel())) < 1.15


@every_layer
def test_call_is_the_bare_layer_with_the_normalised_kernel(name):
    layer = wrapped(name)
    iterate(layer, 200)
    output = layer(inputs_of(name)).numpy()
    expected = bare_output(name, layer, layer.kernel.numpy() / sigma_of(name, layer.kernel.numpy()))
    np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)
    assert not np.allclose(output, bare_output(name, layer, layer.kernel.numpy()), rtol=0.1)


def test_embedding_gives_floats():
    output = wrapped("embedding")(inputs_of("embedding")).numpy()
    assert output.dtype == np.float32
    assert np.abs(output - np.round(output)).max() > 0.01


def test_one_power_iteration_is_algorithm_1():
    layer = wrapped("transpose2d")
    matrix, u = matrix_of("transpose2d", layer.kernel.numpy()), layer.u.numpy().astype(np.float64)
    layer.power_iteration()
    v = matrix.T @ u / np.linalg.norm(matrix.T @ u)
    u = matrix @ v / np.linalg.norm(matrix @ v)
    np.testing.assert_allclose(layer.v.numpy(), v, atol=1e-6)
    np.testing.assert_allclose(layer.u.numpy(), u, atol=1e-6)
    assert float(layer.sigma()) == pytest.approx(u @ matrix @ v, rel=1e-5)


@every_layer
def test_gradient_includes_sigma(name):
    """d/dW of sum(r * f(W / (u'Wv))) by central differences of a float64 formula for W / (u'Wv)."""
    layer = wrapped(name)
    rng = np.random.default_rng(2)
    kernel = layer.kernel.numpy().astype(np.float64)
    with tf.GradientTape() as tape:
        output = layer(inputs_of(name))
        r = rng.normal(size=output.shape)
        loss = tf.reduce_sum(output * tf.constant(r, tf.float32))
    gradient = tape.gradient(loss, layer.kernel.value).numpy()

    bare = LAYERS[name][0](dtype="float64")
    x = inputs_of(name)
    x = x if name == "embedding" else x.astype(np.float64)
    bare(x)
    rest = [w.numpy() for w in layer.layer.weights[1:]]
    u, v = layer.u.numpy().astype(np.float64), layer.v.numpy().astype(np.float64)

    def loss_at(changed):
        sigma = u @ np.moveaxis(changed, LAYERS[name][2], -1).reshape(-1, len(u)).T @ v
        bare.set_weights([changed / sigma, *rest])
        return np.sum(r * bare(x).numpy())

    for _ in range(3):
        direction = rng.normal(size=kernel.shape)
        step = 1e-5 * direction
        expected = (loss_at(kernel + step) - loss_at(kernel - step)) / 2e-5
        assert np.sum(gradient * direction) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_gradient_along_the_kernel_itself_vanishes():
    """W / sigma does not change when W is scaled; without the gradient of sigma this is far from zero."""
    layer = wrapped("dense-sequence")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(inputs_of("dense-sequence")) ** 2)
    gradient = tape.gradient(loss, layer.kernel.value).numpy()
    kernel = layer.kernel.numpy()
    assert abs(np.sum(gradient * kernel)) < 1e-4 * np.linalg.norm(gradient) * np.linalg.norm(kernel)


@every_layer
def test_call_changes_nothing(name):
    layer = wrapped(name)
    before = values(layer.weights)
    first = layer(inputs_of(name), training=True).numpy()
    second = layer(inputs_of(name), training=False).numpy()
    np.testing.assert_array_equal(first, second)
    assert same(before, values(layer.weights))
    layer.power_iteration()
    changed = [not np.array_equal(a, b) for a, b in zip(before, values(layer.weights), strict=True)]
    assert [w.name for w, c in zip(layer.weights, changed, strict=True) if c] == ["u", "v"]


@every_layer
@pytest.mark.parametrize("wrapper", [SpectralNormalization, EqualisedLearningRate])
def test_kernel_and_bias_are_what_is_trained(name, wrapper):
    layer = wrapped(name, wrapper)
    expected = [layer.kernel] + ([layer.layer.bias] if getattr(layer.layer, "use_bias", False) else [])
    assert [id(v) for v in layer.trainable_variables] == [id(v) for v in expected]
    assert layer.kernel.shape == layer.layer.weights[0].shape


def small_model(wrapper=SpectralNormalization, dtype=None):
    """Wrapped layers at three depths, one of them called twice, with a plain layer between."""

    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = wrapper(layers.Dense(4, dtype=dtype))

        def build(self, shape):
            self.inner.build(shape)

        def call(self, x):
            return self.inner(x)

    images = keras.Input((4, 4, 2))
    label = keras.Input((), dtype="int32")
    nested_input = keras.Input((4, 4, 2))
    nested = keras.Model(
        nested_input, wrapper(layers.Conv2D(3, 3, strides=2, padding="same", dtype=dtype))(nested_input)
    )
    upsample = wrapper(layers.Conv2DTranspose(2, 4, strides=2, padding="same", dtype=dtype))
    x = upsample(nested(upsample(nested(images))))
    x = layers.Dense(4)(layers.Flatten()(x))
    x = layers.Add()([x, wrapper(layers.Embedding(5, 4, dtype=dtype))(label)])
    x = keras.Sequential([wrapper(layers.Dense(4, dtype=dtype)), layers.LeakyReLU()])(x)
    return keras.Model([images, label], layers.Dense(1, dtype="float32")(x)), Block


def model_inputs():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(3, 4, 4, 2)).astype(np.float32), np.array([0, 4, 2], np.int32)]


def test_every_spectral_layer_is_found_once():
    model, block = small_model()
    found = spectral_layers(model)
    assert sorted(type(layer.layer).__name__ for layer in found) == [
        "Conv2D",
        "Conv2DTranspose",
        "Dense",
        "Embedding",
    ]
    assert len({id(layer) for layer in found}) == 4
    inputs = keras.Input((4,))
    assert len(spectral_layers(keras.Model(inputs, block()(inputs)))) == 1
    assert spectral_layers(found[0]) == [found[0]]


def test_update_does_one_power_iteration_each():
    model, _ = small_model()
    for layer in spectral_layers(model):
        layer.kernel.assign(np.random.default_rng(1).normal(size=layer.kernel.shape))
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    before = values(model.weights)
    # In a graph, as in a training step.
    tf.function(update_spectral_norms)(model)
    assert not same(before, values(model.weights))
    for layer in spectral_layers(clone):
        layer.power_iteration()
    for value, expected in zip(values(model.weights), values(clone.weights), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-6)


def test_update_without_spectral_layers_does_nothing():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    before = values(model.weights)
    update_spectral_norms(model)
    assert same(before, values(model.weights))


@pytest.mark.parametrize("wrapper", [SpectralNormalization, EqualisedLearningRate])
def test_clone_and_saved_file_are_the_same_network(wrapper, tmp_path):
    model, _ = small_model(wrapper)
    update_spectral_norms(model)
    expected = model(model_inputs()).numpy()
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(model_inputs()).numpy(), expected)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(model_inputs()).numpy(), expected)
    assert same(values(loaded.weights), values(model.weights))


def test_settings_survive_the_config():
    spectral = SpectralNormalization(layers.Dense(2, dtype="mixed_bfloat16"), seed=7, name="normed")
    again = SpectralNormalization.from_config(spectral.get_config())
    assert (again.seed, again.name, again.layer.units) == (7, "normed", 2)
    assert again.layer.compute_dtype == "bfloat16"
    assert (
        EqualisedLearningRate.from_config(EqualisedLearningRate(layers.Dense(2), 1.0).get_config()).gain == 1
    )


def test_seed_decides_the_start():
    def start(seed):
        layer = SpectralNormalization(
            layers.Dense(8, kernel_initializer=keras.initializers.GlorotNormal(3)), seed
        )
        layer.build((None, 8))
        return values([layer.u, layer.v])

    assert same(start(1), start(1))
    assert not same(start(1), start(2))


@every_layer
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("wrapper", [SpectralNormalization, EqualisedLearningRate])
def test_mixed_precision(name, policy, wrapper):
    layer = wrapped(name, wrapper, {"dtype": policy})
    for _ in range(5):
        update_spectral_norms(layer)
    full = wrapped(name, wrapper)
    full.set_weights([w.numpy() for w in layer.weights])
    output = layer(inputs_of(name))
    assert output.dtype == policy.removeprefix("mixed_")
    assert {w.dtype for w in layer.weights} == {"float32"}
    expected = full(inputs_of(name)).numpy()
    np.testing.assert_allclose(
        tf.cast(output, tf.float32).numpy(), expected, atol=0.03 * np.abs(expected).max()
    )


def test_sigma_is_float32_inside_a_mixed_model():
    """Under the model's bfloat16 autocast scope a kernel of 1 + 2^-10 would become 1."""
    seen = []

    class Recorder(SpectralNormalization):
        def effective_kernel(self):
            seen.append((self.sigma(), super().effective_kernel()))
            return seen[-1][1]

    inputs = keras.Input((1,), dtype="bfloat16")
    layer = Recorder(layers.Dense(1, kernel_initializer="ones", dtype="mixed_bfloat16"))
    outputs = layers.Activation("linear", dtype="mixed_bfloat16")(layer(inputs))
    model = keras.Model(inputs, outputs)
    model.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    layer.kernel.assign([[1 + 2**-10]])
    model(np.ones((2, 1), np.float32))
    sigma, kernel = seen[-1]
    assert sigma.dtype == kernel.dtype == tf.float32
    assert abs(float(sigma)) == 1 + 2**-10


@pytest.mark.parametrize("dtype", [None, pytest.param("mixed_bfloat16", marks=pytest.mark.slow)])
def test_xla_agrees(dtype):
    model, _ = small_model(dtype=dtype)

    def step(images, label):
        update_spectral_norms(model)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model([images, label], training=True) ** 2)
        return loss, tape.gradient(loss, model.trainable_variables)

    weights = model.get_weights()
    loss, gradients = step(*map(tf.constant, model_inputs()))
    model.set_weights(weights)
    xla_loss, xla_gradients = tf.function(step, jit_compile=True, autograph=False)(
        *map(tf.constant, model_inputs())
    )
    tolerance = 1e-4 if dtype is None else 0.05
    np.testing.assert_allclose(xla_loss, loss, rtol=tolerance)
    for xla, eager in zip(xla_gradients, gradients, strict=True):
        eager = tf.convert_to_tensor(eager).numpy()
        np.testing.assert_allclose(xla, eager, atol=tolerance * np.abs(eager).max())


def test_replicas_do_the_same_power_iteration(two_replicas):
    with two_replicas.scope():
        layer = SpectralNormalization(layers.Dense(3, kernel_initializer=keras.initializers.GlorotNormal(3)))
        layer.build((None, 4))
    alone = SpectralNormalization(layers.Dense(3, kernel_initializer=keras.initializers.GlorotNormal(3)))
    alone.build((None, 4))
    tf.function(lambda: strategy_of(layer).run(layer.power_iteration))()
    alone.power_iteration()
    for value in layer.u.value.values:
        np.testing.assert_allclose(value, alone.u.numpy(), atol=1e-6)


def strategy_of(layer):
    return layer.u.value.distribute_strategy


@every_layer
def test_equalised_learning_rate_is_the_formula(name):
    fan_in = LAYERS[name][3]
    for settings, gain in (({}, np.sqrt(2)), ({"gain": 0.5}, 0.5)):
        layer = wrapped(name, EqualisedLearningRate, **settings)
        scaled = layer.kernel.numpy() * np.float32(gain / np.sqrt(fan_in))
        np.testing.assert_allclose(
            layer(inputs_of(name)).numpy(), bare_output(name, layer, scaled), rtol=1e-4, atol=1e-5
        )


def test_equalised_learning_rate_keeps_the_variance():
    """N(0, 1) weights and gain 1 take unit-variance inputs to unit-variance outputs."""
    layer = EqualisedLearningRate(
        layers.Dense(200, kernel_initializer=keras.initializers.RandomNormal(0, 1, seed=0)), gain=1
    )
    outputs = layer(np.random.default_rng(0).normal(size=(100, 300)).astype(np.float32)).numpy()
    assert outputs.std() == pytest.approx(1, rel=0.03)


def test_the_inner_regulariser_and_mask_are_kept():
    layer = SpectralNormalization(layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5)))
    layer.build((None, 3))
    assert float(layer.losses[0]) == pytest.approx(0.5 * np.sum(layer.kernel.numpy() ** 2), rel=1e-5)
    embedding = SpectralNormalization(layers.Embedding(4, 2, mask_zero=True))
    inputs = keras.Input((3,), dtype="int32")
    outputs = layers.GlobalAveragePooling1D()(embedding(inputs))
    assert not SpectralNormalization(layers.Conv1D(2, 3)).supports_masking  # as Conv1D itself
    averaged = keras.Model(inputs, outputs)(np.array([[1, 0, 0]], np.int32)).numpy()
    np.testing.assert_allclose(averaged[0], np.array(embedding.effective_kernel())[1], rtol=1e-5)


class DenseOfMine(layers.Dense):
    """A subclass, whose call the wrappers do not know."""


@pytest.mark.parametrize("wrapper", [SpectralNormalization, EqualisedLearningRate])
@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            lambda: layers.BatchNormalization(),
            "layer type BatchNormalization cannot be reparametrised: wrap one",
        ),
        (lambda: DenseOfMine(2), "layer type DenseOfMine .* one of Dense, Conv1D, Conv2D, Conv1DTr"),
        (lambda: 3, "layer type int cannot"),
        (lambda: layers.Conv2D(2, 3, data_format="channels_first"), "'channels_first': use 'channels_last'"),
        (lambda: layers.Dense(2, activity_regularizer="l2"), "has an activity_regularizer"),
    ],
    ids=["batch-norm", "subclass", "number", "channels-first", "activity-regulariser"],
)
def test_other_layers_are_refused(wrapper, layer, message):
    with pytest.raises(InputError, match=message):
        wrapper(layer())
