"""The stabilising techniques, each against its definition."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, tiny_gan, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, ReplayBuffer

SEED = tf.constant([1, 2])


def test_smoothing_is_one_sided():
    real, fake = LabelTargets(smoothing=0.1)(tf.zeros([4, 1]), SEED)
    np.testing.assert_allclose(real, np.full((4, 1), 0.9))
    np.testing.assert_array_equal(fake, np.zeros((4, 1)))


def test_label_noise_flips_its_share_of_both():
    real, fake = LabelTargets(smoothing=0.1, noise=0.2)(tf.zeros([20000, 1]), SEED)
    assert set(np.unique(real)) == set(np.unique(fake)) == {np.float32(0.0), np.float32(0.9)}
    assert np.mean(real.numpy() == 0) == pytest.approx(0.2, abs=0.015)
    assert np.mean(fake.numpy() > 0) == pytest.approx(0.2, abs=0.015)
    # Independent flips: both in 4 % of the pairs.
    assert np.mean((real.numpy() == 0) & (fake.numpy() > 0)) == pytest.approx(0.04, abs=0.01)


def test_instance_noise_fades_linearly_to_nothing():
    noise = InstanceNoise(0.4, decay_steps=100)
    images = tf.zeros([10, 30, 30, 1])
    for step, stddev in ((0, 0.4), (25, 0.3), (100, 0.0), (1000, 0.0)):
        noisy = noise(images, SEED, tf.constant(step, tf.int64)).numpy()
        assert noisy.std() == pytest.approx(stddev, abs=0.01)
    assert InstanceNoise(0.4)(images, SEED, tf.constant(10**6, tf.int64)).numpy().std() > 0.39


def test_real_and_fake_get_independent_noise():
    gan = tiny_gan(instance_noise=InstanceNoise(0.5))
    seeds = {tuple(gan.step_seed(3, purpose).numpy()) for purpose in range(5)}
    assert len(seeds) == 5


def test_replay_fills_then_exchanges_half():
    buffer = ReplayBuffer(20, tiny_gan().discriminator.inputs)

    def batch(value):
        return [tf.fill([10, 8, 8, 1], float(value))]

    for value in (1, 2):
        (shown,) = buffer.exchange(batch(value), SEED)
        np.testing.assert_array_equal(shown, batch(value)[0])
    assert int(buffer.filled.numpy()) == 20
    past = []
    for step in range(3, 203):
        (shown,) = buffer.exchange(batch(step), tf.constant([step, 0]))
        flat = shown.numpy()[:, 0, 0, 0]
        assert set(flat) <= set(range(1, step + 1))
        past.append(np.mean(flat < step))
    assert np.mean(past) == pytest.approx(0.5, abs=0.04)
    # What is shown of the past left the buffer, and as many of the present entered it.
    assert buffer.stores[0].shape == (20, 8, 8, 1)
    assert np.median(buffer.stores[0].numpy()) > 190


def test_replay_keeps_every_fake_that_it_does_not_show():
    """No image is lost or doubled: shown + stored after = stored before + new."""
    buffer = ReplayBuffer(6, tiny_gan().discriminator.inputs)
    for step in range(20):
        before = buffer.stores[0].numpy()[:, 0, 0, 0]
        filled = int(buffer.filled.numpy())
        new = 100 * step + 1 + np.arange(4, dtype=np.float32)
        (shown,) = buffer.exchange([tf.constant(np.tile(new[:, None, None, None], (1, 8, 8, 1)))], [step, 7])
        shown, after = shown.numpy()[:, 0, 0, 0], buffer.stores[0].numpy()[:, 0, 0, 0]
        if filled == 6:
            exchanged = shown[~np.isin(shown, new)]
            entered = new[~np.isin(new, shown)]
            assert sorted(after) == sorted([*before[~np.isin(before, exchanged)], *entered])


def test_replay_keeps_the_label_with_its_fake():
    gan = tiny_gan(conditional=True, replay=12)
    for step in range(10):
        label = (np.arange(6) + step) % 3
        fakes = np.tile(label[:, None, None, None], (1, 8, 8, 1)).astype(np.float32)
        images, labels = gan.replay.exchange([tf.constant(fakes), tf.constant(label, tf.int32)], [step, 0])
        np.testing.assert_array_equal(images.numpy()[:, 0, 0, 0], labels.numpy())


def test_replay_has_no_variable_that_a_gpu_keeps_on_the_host():
    gan = tiny_gan(conditional=True, replay=12)
    assert {str(variable.dtype) for variable in gan.replay.variables} == {"float32", "int64"}
    fakes = gan.fake(tiny_batches(1)[0])
    shown = gan.replay.exchange(fakes, SEED)
    assert [tensor.dtype for tensor in shown] == [tensor.dtype for tensor in fakes] == [tf.float32, tf.int32]


def test_l2_penalty_shrinks_kernels():
    norms = {}
    for l2 in (0.0, 0.1):
        gan = tiny_gan(l2=l2)
        step = tf.function(gan.train_step, autograph=False)
        for batch in tiny_batches(30):
            step(batch)
        norms[l2] = sum(np.sum(v**2) for v in values(gan.discriminator.variables) if v.ndim > 1)
    assert norms[0.1] < 0.8 * norms[0.0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LabelTargets(smoothing=1.0), "label_smoothing 1.0"),
        (lambda: LabelTargets(noise=0.5), "label_noise 0.5"),
        (lambda: InstanceNoise(0.0), "stddev 0.0"),
        (lambda: InstanceNoise(0.1, 0), "decay_steps 0"),
        (lambda: ReplayBuffer(-1, []), "replay -1"),
    ],
)
def test_out_of_range(make, message):
    with pytest.raises(InputError, match=message):
        make()
