"""Where the benchmarks of translators take patches, and what they are."""

import numpy as np
import pytest

from tests.conftest import ROOT


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import patches

    return patches


def numbered(height, width, number):
    """A picture whose three channels are its number, the row and the column."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([np.full_like(rows, number), rows, columns], -1).astype(np.uint8)


def test_patches_are_the_pixels_at_their_places_in_the_unit_interval(module):
    pictures = [numbered(12, 20, 3), numbered(9, 8, 255)]
    rows = module.patches(pictures, [[(0, 0), (4, 12)], [(1, 0), (0, 0)]])
    assert rows.shape == (4, 8 * 8 * 3)
    for row, (number, top, left) in zip(rows, [(3, 0, 0), (3, 4, 12), (255, 1, 0), (255, 0, 0)], strict=True):
        values = 255 * row.reshape(8, 8, 3)
        np.testing.assert_allclose(values[..., 0], number)
        np.testing.assert_allclose(values[..., 1], top + np.arange(8)[:, None] * np.ones(8))
        np.testing.assert_allclose(values[..., 2], left + np.arange(8) * np.ones((8, 1)))


def test_places_anywhere_cover_each_picture(module):
    sizes = [(10, 9), (8, 16)]
    places = module.places_anywhere(sizes, 300)
    for (height, width), found in zip(sizes, places, strict=True):
        assert set(found) == {(top, left) for top in range(height - 7) for left in range(width - 7)}
    assert places == module.places_anywhere(sizes, 300)


def test_middles_of_patches_are_pixels_of_the_hole(module):
    masks = np.ones((2, 24, 20), bool)
    masks[0, 6:9, 7:12] = False
    masks[1, 12, 9] = False
    first, second = module.places_in_holes(masks, 200)
    assert {(top + 4, left + 4) for top, left in first} == {
        (row, column) for row in range(6, 9) for column in range(7, 12)
    }
    assert set(second) == {(8, 5)}
    assert [first, second] == module.places_in_holes(masks, 200)


def test_patches_at_a_border_are_moved_into_the_picture(module):
    masks = np.ones((2, 16, 16), bool)
    masks[0, 0, 1] = masks[1, 15, 14] = False
    places = module.places_in_holes(masks, 3)
    assert [set(found) for found in places] == [{(0, 0)}, {(8, 8)}]
