"""Tiles: the same result as in one piece, to the last pixel, at sizes that tiles do not divide."""

import numpy as np
import pytest
import tensorflow as tf

from tests.small_translators import enlarging, picture, shrinking
from tfgan_ref.errors import InputError
from tfgan_ref.export.translator import TILE, ExportedTranslator, default_tile
from tfgan_ref.run.tiling import apply_tiled

# Of ``shrinking``: 1 pixel, then 1 and 1 of 4x4 blocks, wherever in its block the pixel is.
SHRINKING_MARGIN = 1 + 4 + 3 + 4


def piecewise(net, scale=1, stride=1):
    """Returns the function of a piece, which notes the sizes of all pieces in ``sizes``."""
    apply = ExportedTranslator(net, inputs=("source",), stride=stride, scale=scale, margin=None).apply

    def function(piece):
        function.sizes.append(piece.shape[:2])
        return apply(tf.constant(piece)).numpy()

    function.sizes = []
    return function


@pytest.mark.parametrize(
    ("net", "form"),
    [
        (enlarging(1), {"margin": 2, "scale": 1, "stride": 1}),
        (enlarging(3), {"margin": 2, "scale": 3, "stride": 1}),
        (shrinking(), {"margin": SHRINKING_MARGIN, "scale": 1, "stride": 4}),
    ],
    ids=["same size", "enlarging", "shrinking inside"],
)
@pytest.mark.parametrize(("size", "tile"), [((37, 53), 29), ((70, 20), 32), ((41, 83), 40), ((9, 200), 30)])
def test_tiles_give_what_one_piece_gives(net, form, size, tile):
    image = picture((*size, 3)).astype(np.float32) / 255
    function = piecewise(net, form["scale"], form["stride"])
    whole = function(image)
    function.sizes.clear()
    tiled = apply_tiled(function, image, tile=tile, **form)
    assert tiled.dtype == whole.dtype
    assert tiled.shape == whole.shape
    np.testing.assert_allclose(tiled, whole, atol=1e-4)
    assert len(function.sizes) > 1
    assert len(set(function.sizes)) == 1
    assert max(function.sizes[0]) <= tile


@pytest.mark.parametrize(
    ("side", "stride", "count", "length"),
    [
        (480, 1, 3, 191),  # 434 pixels beside the outer margins, at most 210 of them in a tile: 145 in each
        (257, 1, 2, 152),
        (480, 4, 3, 192),  # margins of 24, a multiple of 4: 432 pixels, at most 208 in a tile, 144 in each
    ],
)
def test_tiles_are_no_larger_than_their_number_asks(side, stride, count, length):
    sizes = []

    def function(piece):
        sizes.append(piece.shape[:2])
        return piece

    image = np.arange(side * 5, dtype=np.float32).reshape(side, 5, 1)
    tiled = apply_tiled(function, image, tile=256, margin=23, scale=1, stride=stride)
    np.testing.assert_array_equal(tiled, image)
    assert sizes == [(length, 5)] * count


def test_a_margin_that_is_too_small_shows():
    net = enlarging()
    function, image = piecewise(net), picture((40, 40, 3)).astype(np.float32) / 255
    tiled = apply_tiled(function, image, tile=16, margin=1, scale=1, stride=1)
    assert np.abs(tiled - function(image)).max() > 1e-2


def test_every_tile_begins_at_a_multiple_of_the_stride():
    """A function that marks the first pixel of each 4x4 block marks the same ones in tiles."""

    def mark(piece):
        marked = np.zeros_like(piece)
        marked[::4, ::4] = 255
        return marked

    image = picture((61, 47, 1))
    for tile in range(12, 40):
        tiled = apply_tiled(mark, image, tile=tile, margin=3, scale=1, stride=4)
        np.testing.assert_array_equal(tiled, mark(image))


@pytest.mark.parametrize("size", [(1, 1), (7, 1), (30, 31), (31, 60), (200, 3)])
def test_every_pixel_is_written_once_and_in_its_place(size):
    image = picture((*size, 3))
    for tile in (7, 16, 31, 400):
        made = apply_tiled(
            lambda piece: piece.repeat(2, 0).repeat(2, 1), image, tile=tile, margin=3, scale=2, stride=1
        )
        np.testing.assert_array_equal(made, image.repeat(2, 0).repeat(2, 1))


def test_without_a_margin_or_a_tile_the_picture_stays_whole():
    function, image = piecewise(enlarging()), picture((50, 40, 3))
    for tile, margin in ((None, 2), (8, None)):
        apply_tiled(function, image, tile=tile, margin=margin, scale=1, stride=1)
    assert function.sizes == [(50, 40)] * 2


def test_default_tile_and_the_least_one():
    assert default_tile(10, 4) == TILE
    assert default_tile(TILE, 1) == 4 * TILE
    with pytest.raises(
        InputError, match="tile 27 is out of range: at least 28 with the model's margin of 10"
    ):
        apply_tiled(lambda piece: piece, picture((40, 40, 3)), tile=27, margin=10, scale=1, stride=4)
