"""The Keras metrics against the functions that they wrap."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import metrics
from tfgan_ref.metrics.keras_metrics import CollectedMetric, FrechetDistance


def features(seed, n=60, mean=0.0, scale=1.0):
    return (np.random.default_rng(seed).normal(mean, scale, (n, 6))).astype(np.float32)


def in_batches(metric, real, fake, sizes, update=None):
    start = 0
    for size in sizes:
        (update or metric.update_state)(real[start : start + size], fake[start : start + size])
        start += size


@pytest.mark.parametrize("mean", [0.0, 1e4])
def test_streamed_frechet_distance_is_that_of_all_rows(mean):
    real, fake = features(0, mean=mean), features(1, mean=mean + 0.5, scale=2.0)
    metric = FrechetDistance(6)
    in_batches(metric, real, fake, (1, 19, 30, 10))
    assert float(metric.result()) == pytest.approx(metrics.frechet_distance(real, fake), rel=1e-7)


@pytest.mark.parametrize(
    ("jit", "tolerance"), [(False, 1e-9), pytest.param(True, 1e-6, marks=pytest.mark.slow)]
)
def test_streamed_frechet_distance_works_in_a_graph_and_resets(jit, tolerance):
    metric = FrechetDistance(6)
    update = tf.function(metric.update_state, reduce_retracing=not jit, jit_compile=jit)
    result = tf.function(metric.result, jit_compile=jit)
    assert np.isnan(float(result()))
    for seed in (0, 5):
        real, fake = features(seed), features(seed + 1, mean=1.0)
        in_batches(metric, tf.constant(real), tf.constant(fake), (30, 30), update)
        assert float(result()) == pytest.approx(metrics.frechet_distance(real, fake), rel=tolerance)
        metric.reset_state()


def test_streamed_frechet_distance_of_fewer_rows_than_dimensions():
    real, fake = features(0, n=4), features(1, n=5, mean=0.5)
    metric = FrechetDistance(6)
    metric.update_state(real, fake)
    with pytest.warns(UserWarning, match="fewer rows than dimensions"):
        expected = metrics.frechet_distance(real, fake)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)
    metric.reset_state()
    metric.update_state(real, real)
    assert float(metric.result()) == pytest.approx(0.0, abs=1e-12)


def test_collected_metric_is_the_function_of_all_rows():
    real, fake = features(0), features(1, mean=0.3)
    recall = CollectedMetric(lambda r, f: metrics.precision_recall(r, f)[1], "recall")
    kid = CollectedMetric(lambda r, f: metrics.kernel_distance(r, f, subset_size=40), "kid")
    for metric in (recall, kid):
        assert np.isnan(metric.result())
        in_batches(metric, real, fake, (25, 35))
    assert recall.result() == metrics.precision_recall(real, fake)[1]
    assert kid.result() == metrics.kernel_distance(real, fake, subset_size=40)[0]
    kid.reset_state()
    assert np.isnan(kid.result())
