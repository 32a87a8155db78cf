"""The transformations of adaptive augmentation, each against NumPy or SciPy on the same parameters."""

import numpy as np
import pytest
import scipy.ndimage
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.gans.transformations import (
    draw_parameters,
    recolour,
    reflect,
    resample,
    source_points,
    transform,
)

SEED = tf.constant([5, 6])
NEUTRAL = {"scale": 1.0, "stretch": 1.0, "contrast": 1.0, "saturation": 1.0}
NAMES = (
    "mirrored", "quarter_turns", "whole_shift", "scale", "first_angle", "stretch", "second_angle", "shift",
    "brightness", "contrast", "inverted", "hue", "saturation",
)  # fmt: skip


def images(n=5, height=8, width=8, channels=3):
    return np.random.default_rng(0).uniform(-1, 1, (n, height, width, channels)).astype(np.float32)


def parameters(n=1, **given):
    """Those that change nothing, but for the ``given`` ones: (n, 1), or (n, 2) of shifts."""
    result = {}
    for name in NAMES:
        value = np.asarray(given.get(name, NEUTRAL.get(name, 0.0)), np.float32)
        width = 2 if name.endswith("shift") else 1
        result[name] = tf.constant(np.broadcast_to(value.reshape(-1, value.shape[-1] if value.ndim else 1),
                                                   (n, width)))  # fmt: skip
    return result


def moved(pictures, **given):
    points = source_points(parameters(len(pictures), **given), *pictures.shape[1:3])
    return resample(tf.constant(pictures), *points).numpy()


@pytest.mark.parametrize("shape", [(28, 28, 1), (6, 9, 3)])
def test_nothing_changes_at_probability_zero(shape):
    pictures = np.random.default_rng(1).uniform(-1, 1, (7, *shape)).astype(np.float32)
    changed = transform(tf.constant(pictures), tf.constant(0.0), SEED)
    assert changed.numpy().tobytes() == pictures.tobytes()


def test_each_picture_changes_in_its_own_way_by_the_seed_at_probability_one():
    pictures = tf.repeat(images(1), 4, 0)
    first = transform(pictures, tf.constant(1.0), SEED).numpy()
    np.testing.assert_array_equal(first, transform(pictures, tf.constant(1.0), SEED))
    assert not np.allclose(first, transform(pictures, tf.constant(1.0), SEED + 1))
    assert min(np.abs(first[a] - first[b]).max() for a in range(4) for b in range(a)) > 0.1


def test_pixels_are_copied_by_mirroring_quarter_turns_and_whole_shifts():
    pictures = images()
    np.testing.assert_array_equal(moved(pictures, mirrored=1), pictures[:, :, ::-1])
    turned = [moved(pictures, quarter_turns=turns) for turns in range(4)]
    for turns in range(4):
        np.testing.assert_array_equal(turned[turns], np.rot90(pictures, turns, axes=(2, 1)))
    # An eighth of 8 is one pixel: down and to the left.
    padded = np.pad(pictures, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(moved(pictures, whole_shift=[0.125, -0.125]), padded[:, :8, 2:])


def test_geometry_is_one_affine_map_with_reflected_edges():
    """Against SciPy, with the product of the inverse matrices in the order of the paper."""
    pictures = images(3, 10, 12)
    rng = np.random.default_rng(2)
    given = {
        "mirrored": rng.integers(0, 2, (3, 1)), "quarter_turns": rng.integers(0, 4, (3, 1)),
        "whole_shift": rng.uniform(-0.125, 0.125, (3, 2)), "scale": rng.uniform(0.7, 1.4, (3, 1)),
        "first_angle": rng.uniform(-3, 3, (3, 1)), "stretch": rng.uniform(0.7, 1.4, (3, 1)),
        "second_angle": rng.uniform(-3, 3, (3, 1)), "shift": rng.normal(0, 0.125, (3, 2)),
    }  # fmt: skip
    found = moved(pictures, **given)

    def turned(angle):
        return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    def shifted(y, x):
        return np.array([[1, 0, y], [0, 1, x], [0, 0, 1.0]])

    for number in range(3):
        g = {name: values[number] for name, values in given.items()}
        whole = np.round(g["whole_shift"] * [10, 12])
        inverse = (
            np.diag([1, 1 - 2.0 * g["mirrored"][0], 1])
            @ turned(g["quarter_turns"][0] * np.pi / 2)
            @ shifted(*-whole)
            @ np.diag([1 / g["scale"][0], 1 / g["scale"][0], 1])
            @ turned(g["first_angle"][0])
            @ np.diag([g["stretch"][0], 1 / g["stretch"][0], 1])
            @ turned(g["second_angle"][0])
            @ shifted(*-(g["shift"] * [10, 12]))
        )
        inverse = shifted(4.5, 5.5) @ inverse @ shifted(-4.5, -5.5)
        for channel in range(3):
            expected = scipy.ndimage.affine_transform(
                pictures[number, ..., channel].astype(np.float64), inverse, order=1, mode="mirror"
            )
            np.testing.assert_allclose(found[number, ..., channel], expected, atol=2e-5)


def test_lines_are_reflected_about_their_ends_however_far():
    expected = np.pad(np.arange(4), 20, mode="reflect")
    np.testing.assert_array_equal(reflect(tf.range(-20.0, 24.0), 4), expected)


def test_colours_are_an_affine_map_of_the_channels():
    """Against the product of matrices about the luma axis, Rodrigues' formula for the hue."""
    pictures = images(2)
    given = {
        "brightness": [[0.3], [-0.1]], "contrast": [[0.5], [1.7]], "inverted": [[1], [0]],
        "hue": [[0.7], [-2.0]], "saturation": [[1.9], [0.4]],
    }  # fmt: skip
    found = recolour(tf.constant(pictures), parameters(2, **given)).numpy()
    luma = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)
    for number in range(2):
        b, c, i, theta, s = (np.array(given[name])[number, 0] for name in given)
        hue = np.cos(theta) * np.eye(3) + np.sin(theta) * cross + (1 - np.cos(theta)) * luma
        matrix = (luma + (np.eye(3) - luma) * s) @ hue @ (np.eye(3) - 2 * i * luma) * c
        np.testing.assert_allclose(found[number], (pictures[number] + b) @ matrix.T, atol=1e-5)


def test_greys_have_no_hue():
    pictures = images(2, channels=1)
    given = {"brightness": 0.25, "contrast": 2.0, "inverted": [[1], [0]], "hue": 1.0, "saturation": 3.0}
    found = recolour(tf.constant(pictures), parameters(2, **given)).numpy()
    np.testing.assert_allclose(found[0], -2 * (pictures[0] + 0.25), atol=1e-6)
    np.testing.assert_allclose(found[1], 2 * (pictures[1] + 0.25), atol=1e-6)


def test_draws_have_the_published_distributions():
    everything = {name: v.numpy() for name, v in draw_parameters(20000, tf.constant(1.0), SEED).items()}
    logarithms = ("scale", "stretch", "contrast", "saturation")
    spreads = dict.fromkeys(("scale", "stretch", "brightness"), 0.2)
    spreads |= {"contrast": 0.5, "saturation": 1.0, "shift": 0.125}
    for name, spread in spreads.items():
        values = np.log2(everything[name]) if name in logarithms else everything[name]
        assert values.std() == pytest.approx(spread, rel=0.03), name
        assert values.mean() == pytest.approx(0, abs=0.03 * spread), name
    for name, bound in (
        ("first_angle", np.pi),
        ("second_angle", np.pi),
        ("hue", np.pi),
        ("whole_shift", 0.125),
    ):
        assert np.abs(everything[name]).max() == pytest.approx(bound, rel=1e-3), name
        assert everything[name].std() == pytest.approx(bound / np.sqrt(3), rel=0.02), name
    for name, count in (("mirrored", 2), ("inverted", 2), ("quarter_turns", 4)):
        shares = np.bincount(everything[name].astype(int).ravel()) / 20000
        np.testing.assert_allclose(shares, np.full(count, 1 / count), atol=0.015)


def test_each_transformation_happens_with_its_probability_and_rotation_as_a_whole():
    drawn = {name: v.numpy() for name, v in draw_parameters(20000, tf.constant(0.3), SEED).items()}
    applied = {name: np.any(v != NEUTRAL.get(name, 0), axis=1) for name, v in drawn.items()}
    for name in ("whole_shift", "scale", "stretch", "shift", "brightness", "contrast", "hue", "saturation"):
        assert applied[name].mean() == pytest.approx(0.3, abs=0.012), name
    assert np.mean(applied["first_angle"] | applied["second_angle"]) == pytest.approx(0.3, abs=0.012)
    assert applied["mirrored"].mean() == pytest.approx(0.15, abs=0.012)
    # Independent of each other.
    assert np.mean(applied["scale"] & applied["hue"]) == pytest.approx(0.09, abs=0.01)


@pytest.mark.parametrize("channels", [1, 3])
def test_gradients_are_those_of_an_affine_map(channels):
    """For T(x) = A x + b and a weight w: grad_x <w, T(x)> = A^T w, so <x, grad> = <w, T(x) - T(0)>."""
    x = tf.constant(images(channels=channels))
    weight = tf.random.stateless_normal(x.shape, SEED)
    p = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(weight * transform(x, p, SEED))
    gradient = tape.gradient(total, x)
    expected = tf.reduce_sum(weight * (transform(x, p, SEED) - transform(tf.zeros_like(x), p, SEED)))
    assert float(tf.reduce_sum(x * gradient)) == pytest.approx(float(expected), rel=1e-3)
    assert np.abs(gradient).max() > 0.1


@pytest.mark.parametrize("shape", [(3, 2), (3, 8, 8, 2)])
def test_what_are_no_pictures(shape):
    with pytest.raises(InputError, match=r"augmentation ada needs images \(N, H, W, 1 or 3\)"):
        transform(tf.zeros(shape), tf.constant(0.5), SEED)
