"""Drawings of pictures, on pictures whose edges are known, and shrinking."""

import numpy as np
import pytest

from tfgan_ref.data import bicubic_resize
from tfgan_ref.data.pairs.sketches import SKETCHES, edges, grey, lines, small, sobel, whole_multiple


@pytest.fixture
def square():
    """A white square on black, rows and columns 10 to 29 of 40, RGB."""
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[10:30, 10:30] = 255
    return picture


@pytest.mark.parametrize("make", SKETCHES)
def test_form_and_flat_pictures(make):
    picture = np.full((12, 9, 3), 130, np.uint8)
    drawn = SKETCHES[make](picture)
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, np.full((12, 9, 1), 130 if make == "grey" else 255))
    assert np.array_equal(SKETCHES[make](picture[..., :1]), drawn)  # luma of grey is grey


def test_grey_is_luma():
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    np.testing.assert_allclose(grey(colours)[..., 0], colours @ [0.299, 0.587, 0.114], atol=0.51)


def test_edges_are_a_closed_line_along_the_border(square):
    drawn = edges(square)[..., 0]
    assert set(np.unique(drawn)) == {0, 255}
    rows, columns = np.nonzero(drawn == 0)
    outside = np.maximum(np.abs(rows - 19.5), np.abs(columns - 19.5))  # 9.5 and 10.5 at the border
    assert (np.abs(outside - 10) <= 1.5).all()
    for crossed in (drawn[20], drawn[:, 20]):
        assert (crossed[:20] == 0).sum() in (1, 2)  # both sides of the border are equally steep here
        assert (crossed[20:] == 0).sum() in (1, 2)


def test_sobel_is_the_slope():
    step = np.zeros((9, 20, 1), np.uint8)
    step[:, 10:] = 51  # a fifth of the range: two fifths of what is black
    drawn = sobel(step)[..., 0]
    assert (drawn[:, [9, 10]] == round(255 * 0.6)).all()
    assert (np.delete(drawn, [9, 10], axis=1) == 255).all()
    assert (sobel(step * 5)[:, [9, 10]] == 0).all()
    assert np.array_equal(sobel(step.transpose(1, 0, 2))[..., 0], drawn.T)


def test_lines_are_where_it_is_darker_than_around(square):
    drawn = lines(square)[..., 0].astype(int)
    assert drawn[20, 9] == 0  # the dark side of the border
    assert (drawn[11:29, 11:29] == 255).all()
    assert (drawn[:3] == 255).all()
    assert np.array_equal(lines(255 - square)[20, 10], [0])
    page = np.full((30, 30, 1), 200, np.uint8)
    page[:, 15] = 20
    assert (lines(page)[:, 15] == 0).all()


def test_lines_ignore_brightness(square):
    np.testing.assert_array_equal(lines(square // 2), lines(square // 2 + 100))


@pytest.mark.parametrize("scale", [2, 3, 4, 7])
def test_small_is_matlabs_bicubic(scale):
    picture = np.random.default_rng(1).integers(0, 256, (4 * scale, 9 * scale, 3), np.uint8)
    expected = np.clip(bicubic_resize(picture, 1 / scale), 0, 255)
    result = small(picture, scale)
    assert result.dtype == np.uint8
    assert result.shape == (4, 9, 3)
    np.testing.assert_allclose(result, expected, atol=0.5)


def test_overshoot_is_clipped():
    picture = np.zeros((8, 32, 1), np.uint8)
    picture[:, 16:] = 255  # bicubic goes below 0 and above 255 beside the step
    raw = bicubic_resize(picture, 0.5)
    assert raw.min() < -1
    assert raw.max() > 256
    assert set(small(picture, 2)[:, [0, 6, 9, 15]].ravel()) == {0, 255}


def test_whole_multiple():
    picture = np.arange(7 * 9, dtype=np.uint8).reshape(7, 9, 1)
    assert np.array_equal(whole_multiple(picture, 4), picture[:4, :8])
    assert whole_multiple(picture, 1).shape == picture.shape
