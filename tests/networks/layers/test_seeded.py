"""Dropout: how much it drops, by what it scales, and that its draws are independent."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same
from tfgan_ref.networks.layers.seeded import Dropout

RATE = 0.3
SHAPE = (40, 5, 5, 101)  # an odd number of entries in each sample


def dropped(shape=SHAPE, rate=RATE, seed=3, dtype="float32"):
    """What dropout makes of ones."""
    return Dropout(rate, seed=seed, dtype=dtype)(tf.ones(shape, dtype), training=True).numpy()


@pytest.mark.parametrize("rate", [0.0001, 0.3, 0.5, 0.9])
def test_the_share_is_the_rate_and_the_mean_stays(rate):
    outputs = dropped(rate=rate)
    deviation = np.sqrt(rate * (1 - rate) / outputs.size)  # of the share of a binomial number
    assert np.mean(outputs == 0) == pytest.approx(rate, abs=5 * deviation + 2**-17)
    assert outputs.mean() == pytest.approx(1, abs=5 * deviation / (1 - rate))


@pytest.mark.parametrize("rate", [2**-17 + 1e-9, 0.3, 0.99999])
def test_what_is_kept_is_scaled_by_the_rate_that_is_drawn(rate):
    """The share of kept numbers among all of 16 bits, so that the mean is exact."""
    outputs = dropped(rate=rate)
    kept = sum(number >= round(rate * 65_536) for number in range(65_536)) / 65_536
    np.testing.assert_allclose(outputs[outputs > 0], 1 / kept, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_gradients_pass_where_entries_are_kept(dtype):
    layer = Dropout(RATE, seed=3, dtype=dtype)
    x = tf.random.stateless_normal((6, 4, 5), (1, 2), dtype=layer.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    assert y.dtype == x.dtype
    scale = tf.cast(65_536 / (65_536 - round(RATE * 65_536)), x.dtype)
    slopes = tape.gradient(y, x)
    assert set(slopes.numpy().ravel().tolist()) == {0.0, float(scale)}
    np.testing.assert_array_equal(y, x * slopes)


def test_the_state_decides_the_mask():
    layers = [Dropout(RATE, seed=3) for _ in range(2)]
    ones = tf.ones((8, 50))
    first = [layer(ones, training=True).numpy() for layer in layers]
    state = layers[0].seed_generator.state.numpy()
    second = layers[0](ones, training=True).numpy()
    layers[1].seed_generator.state.assign(state)
    assert same([first[0], second], [first[1], layers[1](ones, training=True).numpy()])
    assert not same([first[0]], [second])
    assert not same([first[0]], [dropped((8, 50), seed=4)])


def test_entries_are_independent():
    """Of neighbours, which share 32 bits or do not, of the next ones, and of samples."""
    kept = dropped((300, 1001)) > 0
    apart = {
        "in a word": (kept[:, 0:1000:2], kept[:, 1:1000:2]),
        "beside it": (kept[:, 1:1000:2], kept[:, 2:1001:2]),
        "two on": (kept[:, :-2], kept[:, 2:]),
        "samples": (kept[:-1], kept[1:]),
        "calls": (kept, dropped((300, 1001), seed=4) > 0),
    }
    for name, (one, other) in apart.items():
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < 5 / np.sqrt(one.size), name


@pytest.mark.parametrize("shape", [(9,), (9, 1), (4, 7), (2, 3, 3, 3)])
def test_sizes_that_only_the_graph_knows_get_the_same_mask(shape):
    layer = Dropout(RATE, seed=3)
    unknown = tf.TensorSpec([None] * len(shape))
    call = tf.function(lambda x: layer(x, training=True), input_signature=[unknown], autograph=False)
    layer.build(shape)
    np.testing.assert_array_equal(call(tf.ones(shape)), dropped(shape))


@pytest.mark.slow  # to compile
def test_xla_drops_the_share():
    layer = Dropout(RATE, seed=3)
    call = tf.function(lambda x: layer(x, training=True), jit_compile=True, autograph=False)
    outputs = call(tf.ones((100, 501))).numpy()
    assert np.mean(outputs == 0) == pytest.approx(RATE, abs=5 * np.sqrt(RATE * (1 - RATE) / outputs.size))
    np.testing.assert_array_equal(np.unique(outputs), np.unique(dropped()))


def test_nothing_is_dropped_at_rate_0_and_outside_of_training():
    x = tf.random.stateless_normal((6, 5), (1, 2))
    np.testing.assert_array_equal(Dropout(0.0)(x, training=True), x)
    np.testing.assert_array_equal(Dropout(RATE)(x), x)


@pytest.mark.parametrize(
    "settings", [{"rate": RATE, "noise_shape": (None, 1)}, {"rate": 1.0}, {"rate": 1e-6}]
)
def test_the_rest_is_kerass_own(settings):
    ones = tf.ones((50, 4))
    ours, theirs = (kind(seed=3, **settings)(ones, training=True) for kind in (Dropout, keras.layers.Dropout))
    np.testing.assert_array_equal(ours, theirs)
