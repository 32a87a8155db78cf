"""The stabilising techniques, each against its definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, tiny_batches, tiny_gan, values
from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.gans import ACGAN, DRAGAN, LSGAN, WGAN, WGANGP, HingeGAN
from tfgan_ref.gans.gan import features_of
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, ReplayBuffer
from tfgan_ref.networks.layers.heads import COMBINE

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


@pytest.mark.parametrize("conditional", [False, True])
def test_feature_matching_replaces_gs_loss_by_the_distance_of_the_features_under_the_logit(conditional):
    """G follows the gradient of |E f(x) - E f(G(z))|^2; f is what enters the logit of the updated D."""
    gan = tiny_gan(conditional, feature_matching=True, optimizers=[keras.optimizers.SGD(0.1) for _ in "gd"])
    [batch] = tiny_batches(1)
    start = values(gan.generator.trainable_variables)
    discriminator = keras.models.clone_model(gan.discriminator)
    logs = gan.train_step(batch)
    end = values(gan.generator.trainable_variables)
    # As it was when G was updated: after D's update, before G's.
    discriminator.set_weights(gan.discriminator.get_weights())
    for variable, value in zip(gan.generator.trainable_variables, start, strict=True):
        variable.assign(value)
    gan.step.assign(0)
    features = keras.Model(discriminator.inputs, discriminator.get_layer("logits").input)
    with tf.GradientTape() as tape:
        fakes = gan.fake(batch)
        sides = [inputs if conditional else inputs[0] for inputs in (gan.real(batch), fakes)]
        means = [tf.reduce_mean(features(inputs, training=True), axis=0) for inputs in sides]
        distance = tf.reduce_sum((means[0] - means[1]) ** 2)
    gradients = tape.gradient(distance, [v.value for v in gan.generator.trainable_variables])
    assert float(logs["feature_distance"]) == pytest.approx(float(distance), rel=1e-5)
    for before, after, gradient in zip(start, end, gradients, strict=True):
        np.testing.assert_allclose(before - after, 0.1 * tf.convert_to_tensor(gradient), atol=1e-6)


@pytest.mark.parametrize("combine", COMBINE)
def test_features_are_what_enters_the_logit_however_the_label_does(combine):
    def body(channels):
        return networks.mlp_features((8, 8, channels), (16,))

    discriminator = networks.conditional_discriminator(body, (8, 8, 1), num_classes=3, combine=combine)
    inputs = [tiny_batches(1)[0][name] for name in ("image", "label")]
    expected = keras.Model(discriminator.inputs, discriminator.get_layer("logits").input)(inputs)
    np.testing.assert_array_equal(features_of(discriminator)(inputs), expected)


def test_features_with_wrapped_layers_and_of_a_sequential_model():
    wrapped = networks.discriminator(
        networks.mlp_features((8, 8, 1), (16,)), spectral_norm=True, minibatch_discrimination=True
    )
    assert features_of(wrapped).output_shape == (None, 32)
    sequential = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(5), keras.layers.Dense(1)]
    )
    assert features_of(sequential).output_shape == (None, 5)


def test_feature_matching_needs_features():
    nested = keras.Sequential(
        [keras.Input((8, 8, 1)), networks.discriminator(networks.mlp_features((8, 8, 1)))]
    )
    for network in (nested, keras.Model()):
        with pytest.raises(InputError, match="the discriminator is no functional model that makes"):
            features_of(network)
    with pytest.raises(
        InputError, match="feature_matching is not for ACGAN, whose G has other losses: leave"
    ):
        tiny_gan(kind=ACGAN, feature_matching=True)


def test_feature_matching_sees_what_d_sees():
    """Instance noise and augmentation are on the inputs of both passes, each with a draw of its own."""
    gan = tiny_gan(feature_matching=True, instance_noise=InstanceNoise(0.5))
    seen = []
    perturb = gan.perturb
    gan.perturb = lambda samples, purpose: seen.append(purpose) or perturb(samples, purpose)
    gan.train_step(tiny_batches(1)[0])
    assert sorted(seen) == [0, 0, 1, 2, 3]


@pytest.mark.parametrize(
    "kind", slow_ones([LSGAN, WGAN, WGANGP, DRAGAN, HingeGAN], [LSGAN, WGAN, DRAGAN, HingeGAN])
)
def test_other_types_match_features(kind):
    [batch] = tiny_batches(1, 30)
    moved = []
    for matching in (False, True):
        gan = tiny_gan(kind=kind, feature_matching=matching)
        logs = gan.train_step(batch)
        moved.append(values(gan.generator.trainable_variables))
        assert ("feature_distance" in logs) == matching
    assert float(logs["feature_distance"]) > 0
    assert not same(*moved)
