"""Bicubic resizing against the definition of MATLAB's imresize."""

import numpy as np
import pytest
from scipy.signal import convolve

from tfgan_ref.data.images.resize import bicubic_resize


def cubic(x):
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def direct_line(line, scale):
    """Resizes one line by the definition, over all pixels of the mirrored line."""
    n = len(line)
    result = []
    for i in range(int(np.ceil(n * scale))):
        centre = (i + 0.5) / scale - 0.5
        reach = int(np.ceil(2 / min(scale, 1))) + 1
        taps = range(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 2)
        weights = np.array([cubic(min(scale, 1) * (centre - t)) for t in taps])
        mirrored = np.pad(line, (2 * reach + 2, 2 * reach + 2), mode="symmetric")
        result.append(weights @ [mirrored[t + 2 * reach + 2] for t in taps] / weights.sum())
    return np.array(result)


@pytest.mark.parametrize("scale", [4, 2, 3, 0.5, 0.25, 1 / 3, 1.7, 0.6, 0.11])
def test_each_axis_by_definition(scale):
    image = np.random.default_rng(0).uniform(0, 255, size=(23, 18, 2))
    expected = np.apply_along_axis(direct_line, 0, image, scale)
    expected = np.apply_along_axis(direct_line, 1, expected, scale)
    np.testing.assert_allclose(bicubic_resize(image, scale), expected, atol=1e-10)


@pytest.mark.parametrize("scale", [0.25, 1 / 3, 2])
def test_a_part_is_what_the_whole_has_there(scale):
    images = np.random.default_rng(0).integers(0, 256, size=(2, 23, 18, 3), dtype=np.uint8)
    part = (slice(1, 5), slice(2, 4))
    whole = bicubic_resize(images, scale)
    assert np.array_equal(bicubic_resize(images, scale, part), whole[:, 1:5, 2:4])
    assert np.array_equal(bicubic_resize(images[0], scale, part), whole[0, 1:5, 2:4])


def test_scale_one_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, size=(9, 7, 3), dtype=np.uint8)
    result = bicubic_resize(image, 1)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, image)


@pytest.mark.parametrize("scale", [4, 0.25, 0.3])
def test_a_flat_image_stays_flat_up_to_the_border(scale):
    np.testing.assert_allclose(bicubic_resize(np.full((20, 20), 7.0), scale), 7, rtol=1e-14)


def test_polynomials_are_kept_away_from_the_border():
    # Keys' kernel with a = -0.5 reproduces quadratics.
    x = np.arange(30.0)
    line = 0.3 * x**2 - x + 2
    enlarged = bicubic_resize(np.tile(line, (4, 1)), 3)[5]
    position = (np.arange(90) + 0.5) / 3 - 0.5
    np.testing.assert_allclose(enlarged[9:-9], (0.3 * position**2 - position + 2)[9:-9], rtol=1e-12)


def test_halving_is_a_fixed_filter_inside():
    line = np.random.default_rng(0).normal(size=40)
    weights = np.array([cubic((t + 0.5) / 2) / 2 for t in range(-4, 4)])
    filtered = convolve(line, weights, mode="valid")
    halved = bicubic_resize(np.tile(line, (8, 1)), 0.5)[2]
    np.testing.assert_allclose(halved[2:-2], filtered[1::2][: len(halved) - 4], rtol=1e-10)


def test_shapes():
    image = np.random.default_rng(0).normal(size=(2, 10, 7, 3))
    batch = bicubic_resize(image, 0.3)
    assert batch.shape == (2, 3, 3, 3)
    np.testing.assert_array_equal(batch[1], bicubic_resize(image[1], 0.3))
    np.testing.assert_array_equal(batch[1][..., 2], bicubic_resize(image[1][..., 2], 0.3))


@pytest.mark.parametrize("scale", [0, -1, np.nan, np.inf, "2", None])
def test_bad_scale(scale):
    with pytest.raises(ValueError, match="scale"):
        bicubic_resize(np.zeros((4, 4)), scale)


@pytest.mark.parametrize("image", [np.zeros(4), np.zeros((0, 4)), np.array([["a"]])])
def test_bad_image(image):
    with pytest.raises(ValueError, match="images to resize"):
        bicubic_resize(image, 2)
