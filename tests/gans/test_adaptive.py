"""Adaptive augmentation: the heuristic, how p follows it, and its place in training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, tiny_batches, tiny_gan, values
from tests.gans.test_energy import energy_gan
from tfgan_ref.errors import InputError
from tfgan_ref.gans import (
    BEGAN,
    DRAGAN,
    LSGAN,
    WGAN,
    WGANGP,
    AdaptiveAugmentation,
    DiversitySensitiveGAN,
)
from tfgan_ref.gans.adaptive import adjusted


def adaptive_gan(*arguments, p=None, target=0.6, span=1000, **settings):
    gan = tiny_gan(*arguments, augmentation=AdaptiveAugmentation(target, span), **settings)
    if p is not None:
        gan.augmentation.p.assign(p)
    return gan


@pytest.mark.parametrize(
    ("p", "overfitting", "expected"),
    [(0.5, 0.7, 0.6), (0.5, 0.5, 0.4), (0.5, 0.6, 0.5), (0.95, 0.9, 1.0), (0.05, -1.0, 0.0)],
)
def test_p_moves_by_the_images_seen_towards_less_or_more(p, overfitting, expected):
    found = adjusted(tf.constant(p), tf.constant(overfitting), 0.6, 100, 1000)
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_p_goes_from_0_to_1_in_its_span_of_images_in_moves_of_four_batches():
    augmentation = AdaptiveAugmentation(0.6, span=320)
    probabilities = []
    for _ in range(40):
        augmentation.observe(tf.constant(0.9), 8)  # r_t = 0.8
        probabilities.append(float(augmentation.p))
    np.testing.assert_allclose(probabilities, np.arange(1, 41) // 4 / 10, atol=1e-6)


def test_overfitting_is_the_mean_sign_over_all_images_of_four_batches():
    """30 of 30 and 3 times 5 of 10 for real: r_t = 2 * 45 / 60 - 1 = 0.5; the batches' mean is 0.25."""
    for target, sign in ((0.49, 1), (0.51, -1)):
        augmentation = AdaptiveAugmentation(target, span=600)
        augmentation.p.assign(0.5)
        for accuracy, images in ((1.0, 30), (0.5, 10), (0.5, 10), (0.5, 10)):
            augmentation.observe(tf.constant(accuracy), images)
        assert float(augmentation.p) == pytest.approx(0.5 + sign * 0.1)


@pytest.mark.parametrize(
    ("kind", "boundary"), slow_ones([(None, 0.0), (LSGAN, 0.5), (DRAGAN, 0.0)], [(None, 0.0), (DRAGAN, 0.0)])
)
def test_what_is_observed_is_the_sign_of_what_d_gives_for_augmented_real_images(kind, boundary):
    gan = adaptive_gan(kind=kind, p=0.9)
    (batch,) = tiny_batches(1, 30)
    logits = gan.discriminate([batch["image"]], purpose=1)
    logs = gan.train_step(batch)
    signs, images, number = gan.augmentation.since.numpy()
    assert signs == pytest.approx(float(tf.reduce_sum(tf.sign(logits - boundary))), abs=1e-4)
    assert (images, number) == (30, 1)
    assert float(logs["augment_p"]) == pytest.approx(0.9)


def test_each_of_n_critic_updates_is_a_batch():
    gan = adaptive_gan(n_critic=2, target=0.001, span=120)
    gan.augmentation.since.assign([1000.0, 12.0, 2.0])  # sure of real images, whatever it says from now on
    gan.train_step(tiny_batches(1, 12)[0])
    assert float(gan.augmentation.p) == pytest.approx(0.2)  # by 4 batches of 6
    np.testing.assert_array_equal(gan.augmentation.since, [0, 0, 0])


def test_at_probability_zero_training_is_that_without_augmentation():
    plain, adaptive = tiny_gan(r1=0.1), adaptive_gan(r1=0.1)
    for gan in (plain, adaptive):
        gan.train_step(tiny_batches(1)[0])
    for name in ("generator", "discriminator", "ema_generator"):
        assert same(values(getattr(plain, name).variables), values(getattr(adaptive, name).variables)), name


def test_g_learns_through_the_augmentation():
    gan = adaptive_gan(p=1.0)
    fakes = tf.constant(tiny_batches(1)[0]["image"])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(fakes)
        through = gan.discriminate([fakes], purpose=0)
        past = gan.discriminator(fakes)
    through, past = tape.gradient(through, fakes).numpy(), tape.gradient(past, fakes).numpy()
    assert np.abs(through).max() > 0.1 * np.abs(past).max() > 0
    assert not np.allclose(through, past)
    before = values(gan.generator.trainable_variables)
    gan.train_step(tiny_batches(1)[0])
    assert not same(before, values(gan.generator.trainable_variables))


def test_an_evaluation_moves_nothing():
    gan = adaptive_gan(target=0.001, span=6, lecam=0.3, p=0.5)
    gan.augmentation.since.assign([18.0, 18.0, 3.0])
    state = gan.augmentation.variables + gan.lecam.variables
    before = values(state)
    assert float(gan.test_step(tiny_batches(1)[0])["augment_p"]) == 0.5
    assert same(before, values(state))


def test_a_loaded_model_goes_on_with_p_and_the_averages_of_lecam(tmp_path):
    gan = adaptive_gan(p=0.4, target=0.3, span=77, lecam=0.2)
    first, second = tiny_batches(2)
    gan.train_step(first)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert (loaded.augmentation.target, loaded.augmentation.span) == (0.3, 77)
    assert same(values(gan.augmentation.variables), values(loaded.augmentation.variables))
    for each in (gan, loaded):
        each.train_step(second)
    assert same(values(gan.variables), values(loaded.variables))
    held = {id(variable) for variable in gan.state()["model"]}
    assert {id(v.value) for v in gan.augmentation.variables + gan.lecam.variables} <= held


@pytest.mark.slow
def test_two_replicas_train_as_one_on_the_global_batch(monkeypatch, two_replicas):
    """With SGD, adaptive augmentation and LeCam: p, its sums and the averages are of the global batch."""
    latents = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    (batch,) = tiny_batches(1)
    monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: tf.constant(latents))

    def made():
        sgd = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
        gan = adaptive_gan(optimizers=sgd, lecam=0.3, p=0.7, target=0.001, span=60)
        gan.augmentation.since.assign([18.0, 18.0, 3.0])
        return gan

    single = made()
    single.train_step(batch)
    with two_replicas.scope():
        gan = made()

    def halves(whole):
        parts = tf.split(tf.constant(whole), 2)
        return two_replicas.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )

    @tf.function(autograph=False)
    def step(images, latents):
        def run(images, latents):
            monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: latents)
            gan.train_step({"image": images})

        two_replicas.run(run, (images, latents))

    step(halves(batch["image"]), halves(latents))
    assert float(single.augmentation.p) == pytest.approx(1.0, abs=1e-6)  # by 24 images of 60, to 1 at most
    for one, two in zip(values(single.variables), values(gan.variables), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)
    for variable in (gan.augmentation.p, gan.lecam.sums):
        first, second = two_replicas.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: adaptive_gan(kind=WGAN), "augment ada is not for WGAN: no sign of D's output says real"),
        (lambda: adaptive_gan(kind=WGANGP), "augment ada is not for WGANGP"),
        (lambda: energy_gan(BEGAN, augmentation=AdaptiveAugmentation()), "augment ada is not for BEGAN"),
        (lambda: adaptive_gan(True, loss="wasserstein"), "augment ada is not for loss wasserstein"),
        (
            lambda: adaptive_gan(True, DiversitySensitiveGAN, diversity=1.0, bound=1.0, loss="wasserstein"),
            "augment ada is not for loss wasserstein",
        ),
        (lambda: adaptive_gan(loss="relativistic"), "augment ada is not for loss relativistic"),
        (lambda: adaptive_gan(True, loss="relativistic"), "augment ada is not for loss relativistic"),
        (lambda: adaptive_gan(packing=2), "augment ada changes single samples, packing 2"),
        (lambda: AdaptiveAugmentation(1.0), "ada_target 1.0 is out of range: above 0 and below 1"),
        (lambda: AdaptiveAugmentation(span=0), "ada_images 0 is out of range"),
    ],
)
def test_what_cannot_go_together(make, message):
    with pytest.raises(InputError, match=message):
        make()
