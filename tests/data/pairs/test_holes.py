"""Holes: their shapes, sizes and places."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.pairs.holes import check_hole, known_pixels


def holes(kind, n, size, seed=(3, 4)):
    known = known_pixels(kind, n, size, tf.constant(seed))
    assert known.dtype == tf.bool
    assert known.shape == (n, *size, 1)
    return ~known.numpy()[..., 0]


@pytest.mark.parametrize("size", [(8, 8), (24, 41), (33, 9)])
def test_boxes_are_rectangles_of_a_quarter_to_half_the_side(size):
    heights, widths = set(), set()
    for hole in holes("box", 500, size):
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert hole.sum() == height * width  # all of its bounding box
        heights.add(height)
        widths.add(width)
    for side, seen in zip(size, (heights, widths), strict=True):
        assert seen == set(range(-(-side // 4), side // 2 + 1))


def test_boxes_reach_all_borders_and_favour_no_side():
    hits = holes("box", 4000, (16, 16)).mean(0)
    assert (hits > 0).all()
    np.testing.assert_allclose(hits, hits[::-1], atol=0.04)
    np.testing.assert_allclose(hits, hits[:, ::-1], atol=0.04)
    np.testing.assert_allclose(hits, hits.T, atol=0.04)


def test_strokes_are_the_points_near_segments():
    n, height, width = 20, 31, 47
    uniform = tf.random.stateless_uniform((n, 6, 8), (3, 4)).numpy().astype(np.float64)
    pixels = np.stack(np.mgrid[:height, :width], -1) + 0.5
    for hole, (y, x, turn, length, radius, count) in zip(
        holes("free", n, (height, width)), uniform, strict=True
    ):
        distances = []
        for k in range(4 + int(5 * count[0])):
            start = np.array([y[k] * height, x[k] * width])
            angle = 2 * np.pi * turn[k]
            end = start + 31 * (1 / 6 + length[k] / 3) * np.array([np.sin(angle), np.cos(angle)])
            share = np.clip((pixels - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
            nearest = start + share[..., None] * (end - start)
            thickness = max(31 * (1 / 40 + radius[k] * (1 / 16 - 1 / 40)), 0.5**0.5)
            distances.append(np.linalg.norm(pixels - nearest, axis=-1) - thickness)
        nearest = np.min(distances, axis=0)
        clear = np.abs(nearest) > 1e-4  # float32 may decide otherwise on the rim itself
        assert np.array_equal(hole[clear], nearest[clear] <= 0)
        assert clear.mean() > 0.99


@pytest.mark.parametrize("kind", ["box", "free"])
@pytest.mark.parametrize("size", [(8, 8), (32, 32), (20, 64)])
def test_share_of_holes(kind, size):
    shares = holes(kind, 400, size).mean((1, 2))
    assert shares.min() > 0
    assert shares.max() < 0.6
    assert 0.05 < shares.mean() < 0.35


@pytest.mark.parametrize("kind", ["box", "free"])
def test_holes_depend_on_the_seed_and_the_picture(kind):
    drawn = holes(kind, 10, (32, 32))
    assert np.array_equal(drawn, holes(kind, 10, (32, 32)))
    assert not np.array_equal(drawn, holes(kind, 10, (32, 32), seed=(3, 5)))
    assert len({hole.tobytes() for hole in drawn}) == 10


def test_holes_that_are_refused(refused):
    with refused("hole 'round' is unknown", "box, free"):
        check_hole("round", (32, 32))
    with refused("'box'", "8x8", "40x7"):
        check_hole("box", (7, 40))
