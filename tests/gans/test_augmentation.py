"""Differentiable augmentation: what each policy may change, and that gradients pass."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, tiny_gan, values
from tfgan_ref.gans.augmentation import POLICIES, DifferentiableAugmentation, colour, cutout, translation

SEED = tf.constant([5, 6])


def images(n=50, size=16, channels=3):
    return tf.constant(np.random.default_rng(0).uniform(-1, 1, (n, size, size, channels)), tf.float32)


def test_colour_is_one_affine_change_of_an_images_greys():
    grey = images(channels=1)
    changed = colour(grey, SEED).numpy()
    slopes = []
    for before, after in zip(grey.numpy(), changed, strict=True):
        slope, offset = np.polyfit(before.ravel(), after.ravel(), 1)
        np.testing.assert_allclose(after, slope * before + offset, atol=1e-4)
        slopes.append(slope)
    # Contrast from 0.5 to 1.5; saturation does not touch grey.
    assert 0.5 <= min(slopes) < 0.7
    assert 1.3 < max(slopes) <= 1.5
    brightness = changed.mean(axis=(1, 2, 3)) - grey.numpy().mean(axis=(1, 2, 3))
    assert np.abs(brightness).max() <= 0.5 + 1e-5
    assert np.ptp(brightness) > 0.7


def test_translation_moves_by_whole_pixels_and_fills_with_grey():
    before, after = images().numpy(), translation(images(), SEED).numpy()
    shifts = set()
    for one, other in zip(before, after, strict=True):
        found = []
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                moved = np.zeros_like(one)
                moved[max(0, -dy) : 16 - max(0, dy), max(0, -dx) : 16 - max(0, dx)] = one[
                    max(0, dy) : 16 + min(0, dy), max(0, dx) : 16 + min(0, dx)
                ]
                if np.array_equal(moved, other):
                    found.append((dy, dx))
        assert len(found) == 1
        shifts.add(found[0])
    assert {dy for dy, _ in shifts} == {dx for _, dx in shifts} == {-2, -1, 0, 1, 2}
    assert {(dy < 0, dx < 0) for dy, dx in shifts} == {
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    }


def test_cutout_removes_one_square_of_half_the_side():
    before, after = images().numpy(), cutout(images(), SEED).numpy()
    for one, other in zip(before, after, strict=True):
        gone = np.all(other == 0, axis=-1)
        np.testing.assert_array_equal(other[~gone], one[~gone])
        rows, columns = np.flatnonzero(gone.any(1)), np.flatnonzero(gone.any(0))
        assert gone[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert 4 <= len(rows) <= 8
        assert 4 <= len(columns) <= 8


def test_each_policy_has_a_seed_of_its_own(monkeypatch):
    seeds = []
    for name in POLICIES:
        monkeypatch.setitem(POLICIES, name, lambda x, seed: seeds.append(tuple(seed.numpy())) or x)
    DifferentiableAugmentation(list(POLICIES))(images(), SEED)
    assert len(set(seeds)) == len(POLICIES)


@pytest.mark.parametrize("policy", POLICIES)
def test_gradients_pass_and_the_seed_decides(policy):
    augment = DifferentiableAugmentation([policy])
    x = images()
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(augment(x, SEED) ** 2)
    assert np.abs(tape.gradient(total, x).numpy()).max() > 0.1
    np.testing.assert_array_equal(augment(x, SEED), augment(x, SEED))
    assert not np.array_equal(augment(x, SEED), augment(x, SEED + 1))
    assert augment(tf.cast(x, tf.bfloat16), SEED).dtype == tf.bfloat16


def test_augmentation_is_before_the_discriminator_only():
    gan = tiny_gan(augmentation=DifferentiableAugmentation(["cutout"]))
    for batch in tiny_batches(3):
        gan.train_step(batch)
    plain = gan.discriminator(tiny_batches(1)[0]["image"])
    assert not np.allclose(plain, gan.discriminate([tiny_batches(1)[0]["image"]], 1))
    assert np.isfinite(np.concatenate([v.ravel() for v in values(gan.variables)])).all()


@pytest.mark.parametrize("policies", [[], ["flip"], ["colour", "flip"]])
def test_unknown_policies(policies):
    with pytest.raises(ValueError, match="is unknown: choose some of colour, translation, cutout"):
        DifferentiableAugmentation(policies)


def test_points_cannot_be_augmented():
    with pytest.raises(ValueError, match="augmentation needs images"):
        DifferentiableAugmentation(["cutout"])(tf.zeros([3, 2]), SEED)
