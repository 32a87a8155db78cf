"""Rectangles from pictures of any sizes, compared with NumPy's slices."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chi2

from tfgan_ref.data.pairs.cutting import FlatPictures, Places, cut

RANDOM = np.random.default_rng(0)
SIZES = [(9, 12), (20, 7), (7, 7), (31, 16)]
PICTURES = [RANDOM.integers(0, 256, (*size, 3), np.uint8) for size in SIZES]
CUT = (5, 7)


def places(indices, tops, lefts, mirrored):
    return Places(*(tf.constant(x, tf.int64) for x in (indices, tops, lefts)), tf.constant(mirrored))


def rectangles(pictures, where, size):
    flat = FlatPictures(pictures)
    return cut(flat.pixels, *flat.pixel_indices(where, size)).numpy()


def test_cuts_are_slices():
    indices = RANDOM.integers(0, 4, 60)
    tops = [RANDOM.integers(0, SIZES[i][0] - CUT[0] + 1) for i in indices]
    lefts = [RANDOM.integers(0, SIZES[i][1] - CUT[1] + 1) for i in indices]
    mirrored = RANDOM.random(60) < 0.5
    found = rectangles(PICTURES, places(indices, tops, lefts, mirrored), CUT)
    for result, i, top, left, turned in zip(found, indices, tops, lefts, mirrored, strict=True):
        expected = PICTURES[i][top : top + CUT[0], left : left + CUT[1]]
        np.testing.assert_array_equal(result, expected[:, ::-1] if turned else expected)


def test_enlarged_places_show_the_same_of_enlarged_pictures():
    enlarged = [picture.repeat(3, axis=0).repeat(3, axis=1) for picture in PICTURES]
    where = places([0, 1, 3, 3], [0, 15, 26, 1], [5, 0, 9, 2], [True, False, True, False])
    small = rectangles(PICTURES, where, CUT)
    large = rectangles(enlarged, where.enlarged(3), (3 * CUT[0], 3 * CUT[1]))
    np.testing.assert_array_equal(large, small.repeat(3, axis=1).repeat(3, axis=2))


def test_places_cover_a_picture_uniformly():
    n, rows, columns = 20000, 9 - CUT[0] + 1, 12 - CUT[1] + 1
    fractions = tf.random.stateless_uniform((n, 3), (1, 2))
    flat = FlatPictures(PICTURES)
    where = flat.places(tf.zeros(n, tf.int64), fractions, CUT, flip=True)
    counts = np.zeros((rows, columns, 2))
    np.add.at(counts, (where.tops.numpy(), where.lefts.numpy(), where.mirrored.numpy().astype(int)), 1)
    expected = n / counts.size
    assert ((counts - expected) ** 2 / expected).sum() < chi2.ppf(0.999, counts.size - 1)


@pytest.mark.parametrize("fraction", [0.0, 1 - 2**-23])  # least and largest that TensorFlow draws
def test_ends_of_the_random_numbers_stay_inside(fraction):
    fractions = tf.fill((4, 3), tf.constant(fraction, tf.float32))
    where = FlatPictures(PICTURES).places(tf.range(4, dtype=tf.int64), fractions, (5, 5), flip=False)
    last = np.array(SIZES) - 5
    assert np.array_equal(np.stack([where.tops, where.lefts], 1), last if fraction > 0 else 0 * last)
    assert not where.mirrored.numpy().any()


def test_centres():
    where = FlatPictures(PICTURES).centres(tf.constant([1, 3], tf.int64), (6, 5))
    assert where.tops.numpy().tolist() == [7, 12]
    assert where.lefts.numpy().tolist() == [1, 5]
