"""Holes: their shapes, sizes and places."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data.pairs.holes import HOLES, check_hole, known_pixels
from tfgan_ref.randomness import fold_in


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


def test_brushes_are_the_points_near_lines_that_turn_back_and_forth():
    n, height, width = 12, 40, 56
    seed = tf.constant((3, 4))

    def drawn(purpose, *shape, normal=False):
        draw = tf.random.stateless_normal if normal else tf.random.stateless_uniform
        return draw((n, *shape), fold_in(seed, purpose)).numpy().astype(np.float64)

    of_strokes, for_angle = drawn(0, 6, 3, 1, 1)[..., 0, 0], drawn(1, 3, 1, 1, 11)[:, :, 0, 0]
    for_length, for_mask = drawn(2, 3, 1, 1, 11, normal=True)[:, :, 0, 0], drawn(3, 3)
    pixels = np.stack(np.mgrid[:height, :width], -1) + 0.5
    mean_length = np.hypot(height, width) / 8
    counts, turned = set(), set()
    for i, hole in enumerate(holes("brush", n, (height, width))):
        count = 1 + int(3 * for_mask[i, 0])
        distances = []
        for k in range(count):
            y, x, below, above, thickness, for_parts = of_strokes[i, :, k]
            radius = max(40 * (12 + 28 * thickness) / 256 / 2, 0.5**0.5)
            point = np.array([y * height, x * width])
            least, largest = np.pi * (2 / 5 - 2 / 15 * below), np.pi * (2 / 5 + 2 / 15 * above)
            for part in range(4 + int(8 * for_parts)):
                angle = least + (largest - least) * for_angle[i, k, part]
                angle = 2 * np.pi - angle if part % 2 == 0 else angle
                length = np.clip(mean_length + mean_length / 2 * for_length[i, k, part], 0, 2 * mean_length)
                end = np.clip(point + length * np.array([np.sin(angle), np.cos(angle)]), 0, (height, width))
                share = (pixels - point) @ (end - point) / max((end - point) @ (end - point), 1e-9)
                nearest = point + np.clip(share, 0, 1)[..., None] * (end - point)
                distances.append(np.linalg.norm(pixels - nearest, axis=-1) - radius)
                point = end
        nearest = np.min(distances, axis=0)
        flips = for_mask[i, 1] < 0.5, for_mask[i, 2] < 0.5
        nearest = np.flip(nearest, [axis for axis in (0, 1) if flips[axis]])
        clear = np.abs(nearest) > 1e-3  # float32 may decide otherwise on the rim itself
        assert np.array_equal(hole[clear], nearest[clear] <= 0)
        assert clear.mean() > 0.99
        counts.add(count)
        turned.add(flips)
    assert counts == {1, 2, 3}
    assert len(turned) == 4


@pytest.mark.parametrize("kind", HOLES)
@pytest.mark.parametrize("size", [(8, 8), (32, 32), (20, 64)])
def test_share_of_holes(kind, size):
    shares = holes(kind, 400, size).mean((1, 2))
    assert shares.min() > 0
    assert shares.max() < (0.8 if kind == "brush" else 0.6)
    assert 0.05 < shares.mean() < 0.35


def test_masks_are_drawn_equally_often():
    masks = np.eye(4, dtype=bool).repeat(4, 1).reshape(4, 4, 4)
    drawn = ~holes(tf.constant(masks), 4000, (4, 4))
    counts = [int((drawn == mask).all((1, 2)).sum()) for mask in masks]
    assert sum(counts) == 4000
    assert min(counts) > 900  # of 1,000; standard deviation 27
    assert np.array_equal(drawn, ~holes(tf.constant(masks), 4000, (4, 4)))
    assert not np.array_equal(drawn, ~holes(tf.constant(masks), 4000, (4, 4), seed=(3, 5)))


@pytest.mark.parametrize("kind", HOLES)
def test_holes_depend_on_the_seed_and_the_picture(kind):
    drawn = holes(kind, 10, (32, 32))
    assert np.array_equal(drawn, holes(kind, 10, (32, 32)))
    assert not np.array_equal(drawn, holes(kind, 10, (32, 32), seed=(3, 5)))
    assert len({hole.tobytes() for hole in drawn}) == 10


def test_holes_that_are_refused(refused):
    with refused("hole 'round' is unknown", "box, free, brush"):
        check_hole("round", (32, 32))
    with refused("'box'", "8x8", "40x7"):
        check_hole("box", (7, 40))


def test_masks_that_are_refused(refused):
    half = np.arange(16).reshape(1, 4, 4) < 8
    check_hole(half, (4, 4))
    for masks in (half[0], half[:0], half.astype(np.uint8), half[:, :2]):
        with refused("masks must be bool (M, 4, 4)", str(masks.dtype), str(masks.shape)):
            check_hole(masks, (4, 4))
    with refused("mask 1: everything is known"):
        check_hole(np.concatenate([half, half | True]), (4, 4))
    with refused("mask 1: nothing is known"):
        check_hole(np.concatenate([half, half & False]), (4, 4))
