"""Walks through latents."""

import numpy as np
import pytest

from tfgan_ref.run.walks import great_circle, round_trip, walks


def test_a_great_circle_keeps_the_length_and_goes_at_one_speed():
    start, end = np.float32([2, 0]), np.float32([0, 2])
    shares = [0, 1 / 3, 2 / 3, 1]
    angles = np.deg2rad([0, 30, 60, 90])
    wanted = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    np.testing.assert_allclose(great_circle(start, end, shares), wanted, atol=1e-6)


@pytest.mark.parametrize("end", [(3, 0), (-1, 0), (0, 0)], ids=["same way", "opposite", "none"])
def test_where_there_is_no_one_circle_it_goes_straight(end):
    points = great_circle(np.float32([1, 0]), np.float32(end), [0, 0.25, 1])
    np.testing.assert_allclose(points, [[1, 0], [0.75 + 0.25 * end[0], 0], end], atol=1e-6)


def test_walks_go_each_leg_from_end_to_end():
    latents = np.float32([[1, 0], [0, 1], [-1, 0]])
    points, nearer = walks(latents, [(0, 1), (1, 2)], np.linspace(0, 1, 4))
    assert points.shape == (8, 2)
    np.testing.assert_allclose(points[[0, 3, 4, 7]], latents[[0, 1, 1, 2]], atol=1e-6)
    assert nearer.tolist() == [0, 0, 1, 1, 1, 1, 2, 2]


def test_a_round_trip_shows_each_latent_once_and_ends_before_it_begins():
    latents = np.float32([[1, 0], [0, 1], [-1, 0]])
    points, nearer = round_trip(latents, 4)
    assert points.shape == (12, 2)
    np.testing.assert_allclose(points[::4], latents, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(points[:8], axis=1), 1, atol=1e-6)
    assert nearer.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0]
    steps = np.linalg.norm(np.diff(points[:5], axis=0), axis=1)
    assert steps[0] == pytest.approx(steps[3], rel=1e-4)  # as slow at the end as at the beginning
    assert steps[1] > 1.5 * steps[0]
