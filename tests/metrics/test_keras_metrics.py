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


def test_streamed_frechet_distance_works_in_a_graph_and_resets():
    metric = FrechetDistance(6)
    update = tf.function(metric.update_state, reduce_retracing=True)
    assert np.isnan(float(metric.result()))
    for seed in (0, 5):
        real, fake = features(seed), features(seed + 1, mean=1.0)
        in_batches(metric, tf.constant(real), tf.constant(fake), (20, 40), update)
        assert float(metric.result()) == pytest.approx(metrics.frechet_distance(real, fake), rel=1e-9)
        metric.reset_state()


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
