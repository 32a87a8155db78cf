"""The fused Adam against Keras's, in all the ways in which a type uses an optimizer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, tiny_gan, values
from tfgan_ref.gans import FusedAdam

SETTINGS = {
    "plain": {},
    "momentum": {"beta_1": 0.9, "beta_2": 0.5, "epsilon": 1e-3},
    "clipped": {"global_clipnorm": 0.1},
    "scheduled": {"learning_rate": keras.optimizers.schedules.ExponentialDecay(1e-2, 2, 0.5)},
    "amsgrad": {"amsgrad": True},
    "decay": {"weight_decay": 0.1},
}


def weights(dtype="float32"):
    random = np.random.default_rng(0)
    return [keras.Variable(random.normal(size=shape), dtype=dtype) for shape in ((5, 3), (3,), ())]


def gradients(step):
    random = np.random.default_rng(1 + step)
    return [tf.constant(random.normal(size=shape), tf.float32) for shape in ((5, 3), (3,), ())]


def trained(kind, settings, *, wrap=lambda optimizer: optimizer, dtype="float32", jit=False, steps=5):
    """All variables after some updates: the weights', then the optimizer's."""
    optimizer, variables = wrap(kind(**{"learning_rate": 1e-2, "beta_1": 0.5} | settings)), weights(dtype)
    optimizer.build(variables)

    def update(*given):
        optimizer.apply([optimizer.scale_loss(gradient) for gradient in given], variables)

    if jit:
        update = tf.function(update, jit_compile=True, autograph=False)
    for step in range(steps):
        update(*gradients(step))
    return values(variables + optimizer.variables)


def assert_close(first, second, tolerance=1e-6):
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.astype("float32"), b.astype("float32"), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_updates_are_those_of_keras(settings):
    assert_close(trained(FusedAdam, settings), trained(keras.optimizers.Adam, settings))


def test_an_update_is_one_operation_for_each_variable():
    optimizer, variables = FusedAdam(1e-2), weights()
    optimizer.build(variables)
    update = tf.function(lambda *given: optimizer.apply(given, variables), autograph=False)
    kinds = [node.type for node in update.get_concrete_function(*gradients(0)).graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == len(variables)
    assert kinds.count("AssignSubVariableOp") == 0


def test_a_loss_scale_and_its_overflow():
    def scaled(optimizer):
        return keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**127, dynamic_growth_steps=2)

    ours, theirs = (trained(kind, {}, wrap=scaled) for kind in (FusedAdam, keras.optimizers.Adam))
    assert_close(ours, theirs)
    assert not np.array_equal(ours[0], weights()[0])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_variables_in_half_precision(dtype):
    settings = {"beta_2": 0.5, "epsilon": 1e-3}
    ours, theirs = (trained(kind, settings, dtype=dtype) for kind in (FusedAdam, keras.optimizers.Adam))
    assert_close(ours[:3], theirs[:3], 0.02)


@pytest.mark.slow  # to compile
def test_xla():
    assert_close(trained(FusedAdam, {}, jit=True), trained(keras.optimizers.Adam, {}))


def test_rows_of_an_embedding():
    """Rows that a batch has not got have a gradient of 0, so that their moments decay; row 2 comes twice."""
    results = []
    for kind in (FusedAdam, keras.optimizers.Adam):
        optimizer, table = kind(1e-2), keras.Variable(np.ones((4, 2)))
        optimizer.build([table])
        for rows in ([0, 2, 2], [1, 2, 3]):
            optimizer.apply([tf.IndexedSlices(tf.ones((3, 2)), tf.constant(rows), (4, 2))], [table])
        results.append(values([table, *optimizer.variables]))
    assert_close(*results)


def test_two_replicas(two_replicas):
    with two_replicas.scope():
        optimizer, variables = FusedAdam(1e-2, beta_1=0.5), weights()
        optimizer.build(variables)

    @tf.function(autograph=False)
    def update(*given):
        two_replicas.run(lambda: optimizer.apply([gradient / 2 for gradient in given], variables))

    for step in range(2):
        update(*gradients(step))
    local = [two_replicas.experimental_local_results(variable.value) for variable in variables]
    assert all(np.array_equal(first, second) for first, second in local)
    assert_close(values(variables + optimizer.variables), trained(keras.optimizers.Adam, {}, steps=2))


@pytest.mark.slow
def test_it_is_saved_and_loaded_with_its_state(tmp_path):
    optimizers = [FusedAdam(1e-2, beta_1=0.5), FusedAdam(SETTINGS["scheduled"]["learning_rate"])]
    gan = tiny_gan(optimizers=optimizers)
    first, second = tiny_batches(2)
    gan.train_step(first)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert type(loaded.g_optimizer) is type(loaded.d_optimizer) is FusedAdam
    for model in (gan, loaded):
        model.train_step(second)
    for ours, theirs in zip(values(gan.variables), values(loaded.variables), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert FusedAdam(name="adam").get_config() == keras.optimizers.Adam(name="adam").get_config()
