"""The training step of every recipe, in each of its phases: it compiles with XLA and trains in bfloat16."""

import contextlib
import gc
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_ones, values
from tests.recipes.tiny_recipes import CASES, each_phase, tiny_recipe
from tfgan_ref.gans import GAN, base
from tfgan_ref.networks.layers.seeded import Dropout

FAST_GRAPHS = ("vae",)
FAST_BFLOAT16 = ("dragan", "mse")


@pytest.fixture(autouse=True)
def graphs_of_a_test_are_dropped():
    """Compiled ones would take gigabytes together."""
    yield
    keras.backend.clear_session()
    gc.collect()


def all_but(fast):
    return slow_ones(CASES, [case for case in CASES if case not in fast])


def nodes_of(function, *arguments):
    """Every node of the graph of ``function``, and of the functions that it calls."""
    graph = function.get_concrete_function(*arguments).graph.as_graph_def()
    return [*graph.node, *(node for called in graph.library.function for node in called.node_def)]


@pytest.mark.parametrize("case", all_but(FAST_GRAPHS))
def test_the_graph_has_nothing_that_xla_refuses_or_a_gpu_keeps_on_the_host(case):
    gan, batch_of = tiny_recipe(case)
    for _ in each_phase(gan):
        nodes = nodes_of(tf.function(gan.train_step, autograph=False), batch_of(0))
        assert len(nodes) > 100
        assert not [node.name for node in nodes if "PyFunc" in node.op]
        doubles = [
            node.name
            for node in nodes
            for value in node.attr.values()
            if tf.float64.as_datatype_enum in (value.type, *value.list.type)
        ]
        assert not doubles
    kept = [variable for group in gan.state().values() for variable in group]
    assert not [variable.name for variable in kept if variable.dtype == tf.int32]


@contextlib.contextmanager
def given_noise():
    """Gives the draws of a graph that is traced their values by their order: XLA has others for a seed."""
    numbers = itertools.count()

    def draw(shape, seed, minval=0, maxval=1, dtype=tf.float32, **_):
        uniform = np.random.default_rng(next(numbers)).random([int(size) for size in shape])
        return tf.cast(tf.constant(minval + uniform * (maxval - minval), tf.float32), dtype)

    def draw_normal(shape, seed, dtype=tf.float32):
        return draw(shape, seed, -2, 2, dtype)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.random, "stateless_uniform", draw)
        patch.setattr(tf.random, "stateless_normal", draw_normal)
        patch.setattr(Dropout, "call", lambda self, inputs, training=False: inputs)
        yield


@pytest.mark.slow  # to compile
@pytest.mark.parametrize("case", CASES)
def test_xla_gives_the_same_losses(case, monkeypatch):
    # Both graphs have the loop of ``GAN.earlier_updates``, as others would draw more often.
    monkeypatch.setattr(GAN, "compiled_for_gpu", True)
    logs = {False: [], True: []}
    for jit, found in logs.items():
        gan, batch_of = tiny_recipe(case)
        for _ in each_phase(gan):
            step = tf.function(gan.train_step, jit_compile=jit, autograph=False)
            for batch in (batch_of(0), batch_of(1)):
                with given_noise():
                    found.append({name: float(value) for name, value in step(batch).items()})
    for plain, compiled in zip(*logs.values(), strict=True):
        assert np.isfinite(list(plain.values())).all()
        assert plain == pytest.approx(compiled, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("case", all_but(FAST_BFLOAT16))
def test_bfloat16_trains_with_all_but_the_networks_in_float32(case, monkeypatch):
    gan, batch_of = tiny_recipe(case, precision="mixed_bfloat16")
    computed = {layer.compute_dtype for layer in gan.generator._flatten_layers()}
    assert "bfloat16" in computed
    reported = []
    finish = base.GenerativeModel.finish_step
    monkeypatch.setattr(
        base.GenerativeModel,
        "finish_step",
        lambda self, **tracked: reported.append(tracked) or finish(self, **tracked),
    )
    for _ in each_phase(gan):
        for number in range(2):
            logs = gan.train_step(batch_of(number))
            assert all(np.isfinite(float(value)) for value in logs.values())
    assert {name: tf.as_dtype(value.dtype) for tracked in reported for name, value in tracked.items()} == (
        {name: tf.float32 for tracked in reported for name in tracked}
    )
    assert {tensor.dtype for tensor in gan.sampling_generator.outputs} == {"float32"}
    assert {v.dtype for v in gan.variables if tf.as_dtype(v.dtype).is_floating} == {"float32"}
    assert all(np.isfinite(value).all() for value in values(gan.variables))
