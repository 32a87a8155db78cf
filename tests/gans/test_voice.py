"""CycleGAN between voices: its step, and the statistics of pitch that it learns beside it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref.gans import CycleGAN, PitchStatistics
from tfgan_ref.gans.voice import batch_moments, merge_moments
from tfgan_ref.networks import spectrum_discriminator, warping_translator

BANDS, FRAMES = 12, 8


def tiny(optimizers=None, **settings):
    kept = {"replay": 4, "replay_shape": (FRAMES, BANDS), "stride": 4, "observer": PitchStatistics()}
    gan = CycleGAN(
        *(warping_translator(BANDS, 8, 1, 3, 3.0, 2, seed=seed) for seed in (1, 2)),
        *(spectrum_discriminator(BANDS, 8, seed=seed) for seed in (3, 4)),
        **kept | settings,
    )
    gan.compile(*(optimizers or (keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))))
    return gan


def batches(n, size=4):
    rng = np.random.default_rng(0)
    result = []
    for _ in range(n):
        batch = {name: rng.uniform(-1, 1, (size, FRAMES, BANDS, 1)) for name in ("source", "target")}
        for name, pitch in (("source", 120.0), ("target", 220.0)):
            track = pitch * np.exp(0.1 * rng.normal(size=(size, FRAMES)))
            batch[f"{name}_pitch"] = np.where(rng.random(track.shape) < 0.2, 0.0, track)
        result.append({key: tf.constant(value, tf.float32) for key, value in batch.items()})
    return result


def statistics(gan):
    return gan.observer.mean_and_deviation().numpy()


def test_statistics_are_those_of_all_voiced_frames_seen():
    gan, seen = tiny(), batches(3)
    for batch in seen:
        gan.train_step(batch)
    for found, name in zip(statistics(gan), ("source", "target"), strict=True):
        pitch = np.concatenate([batch[f"{name}_pitch"].numpy().ravel() for batch in seen])
        logarithm = np.log(pitch[pitch > 0])
        np.testing.assert_allclose(found, [logarithm.mean(), logarithm.std()], rtol=1e-4)


def test_merging_is_as_good_as_one_pass_after_many_frames():
    rng = np.random.default_rng(0)
    pitch = (130 * np.exp(0.08 * rng.normal(size=(400, 500)))).astype(np.float32)
    moments = tf.zeros([3])
    for rows in pitch.reshape(200, -1):
        moments = merge_moments(moments, batch_moments(tf.constant(rows)))
    logarithm = np.log(pitch.astype(np.float64))
    count, mean, squares = moments.numpy()
    assert count == pitch.size
    assert mean == pytest.approx(logarithm.mean(), rel=1e-5)
    assert np.sqrt(squares / count) == pytest.approx(logarithm.std(), rel=1e-3)


def test_frames_without_pitch_change_nothing():
    moments = tf.constant([5.0, 4.8, 0.3])
    np.testing.assert_allclose(merge_moments(moments, batch_moments(tf.zeros([4, 3]))), moments, rtol=1e-6)
    np.testing.assert_array_equal(merge_moments(tf.zeros([3]), batch_moments(tf.zeros([2])))[0], 0.0)


def test_the_observer_changes_nothing_else():
    gans, [batch] = (tiny(), tiny(observer=None)), batches(1)
    logs = [{key: float(value) for key, value in gan.train_step(batch).items()} for gan in gans]
    assert logs[0] == logs[1]
    assert same(values(gans[0].generator.variables), values(gans[1].generator.variables))


class Frozen(keras.optimizers.SGD):
    """An optimizer that changes nothing."""

    def apply(self, grads, trainable_variables=None):
        pass


def test_each_update_changes_its_own_network_only():
    tracked = {
        "generator": ("generator", "backward"),
        "discriminator": ("discriminator", "backward_discriminator"),
    }
    for frozen, moving in (("generator", "discriminator"), ("discriminator", "generator")):
        pair = (Frozen(0.1), keras.optimizers.SGD(0.1))
        gan = tiny(optimizers=pair if frozen == "generator" else pair[::-1])
        before = {name: values(getattr(gan, name).variables) for names in tracked.values() for name in names}
        for batch in batches(2):
            gan.train_step(batch)
        moved = {name for name in before if not same(before[name], values(getattr(gan, name).variables))}
        assert moved == set(tracked[moving])


@pytest.mark.slow  # every recipe trains in bfloat16: tests/recipes/test_every_step.py
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = tiny()
    finally:
        keras.config.set_dtype_policy("float32")
    for batch in batches(3):
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert statistics(gan).dtype == np.float32


def test_replicas_learn_the_statistics_of_the_whole_batch(two_replicas):
    [batch] = batches(1)
    with two_replicas.scope():
        shared = PitchStatistics()
    parts = two_replicas.experimental_distribute_values_from_function(
        lambda context: {
            key: value[2 * context.replica_id_in_sync_group :][:2] for key, value in batch.items()
        }
    )
    two_replicas.run(tf.function(shared), (parts,))
    alone = PitchStatistics()
    alone(batch)
    np.testing.assert_allclose(shared.mean_and_deviation(), alone.mean_and_deviation(), rtol=1e-5)


@pytest.mark.parametrize("missing", ["target", "source_pitch", "target_pitch"])
def test_what_a_batch_must_hold(missing):
    [batch] = batches(1)
    del batch[missing]
    with pytest.raises(ValueError, match=f"needs a {missing} in its batch"):
        tiny().train_step(batch)
