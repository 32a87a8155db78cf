"""Pictures: every image stands where it belongs, no file is left half-written."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw

from tfgan_ref import plotting


def test_to_uint8_maps_the_range_and_clips():
    images = np.array([-1.0, -2.0, 0.0, 1.0, 3.0])
    np.testing.assert_array_equal(plotting.to_uint8(images), [0, 0, 128, 255, 255])
    assert plotting.to_uint8(images).dtype == np.uint8


def test_grid_lays_images_out_row_by_row():
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 4, 3), np.uint8)
    picture = plotting.grid(images, 2, padding=1, enlarge=2)
    assert picture.shape == (2 * (3 * 4 + 1), 2 * (2 * 5 + 1), 3)
    for index in range(5):
        top, left = 2 * (1 + index // 2 * 4), 2 * (1 + index % 2 * 5)
        assert (picture[top : top + 6, left : left + 8] == index).all()
    assert (picture[0] == 40).all()


def test_a_row_of_a_grid_begins_with_every_label():
    images = np.full((4, 2, 2, 1), 200, np.uint8)
    picture = plotting.grid(images, 2, padding=1, labels=np.array([0, 0, 1, 2]))
    cells = picture[1:10, 1:7].reshape(3, 3, 2, 3)[:, 0, :, 0]
    np.testing.assert_array_equal(cells == 200, [[True, True], [True, False], [True, False]])


def test_names_stand_beside_the_rows_of_their_labels():
    images, labels = np.zeros((5, 20, 6, 3), np.uint8), np.array([1, 1, 1, 0, 0])
    given = {"labels": labels, "enlarge": 2}
    named = plotting.grid(images, 2, names=("a long name of a class", "\udce9"), **given)
    plain = plotting.grid(images, 2, **given)
    column = named.shape[1] - plain.shape[1]
    np.testing.assert_array_equal(named[:, column:], plain)
    written = (named[:, :column] != 40).any(axis=(1, 2))
    # Three rows: two of label 1, whose name stands at the first, and one of label 0.
    assert [written[top : top + 44].any() for top in (0, 44, 88)] == [True, False, True]
    assert (named[88:, :column] != 40).sum() > 2 * (named[:44, :column] != 40).sum()  # label 1 is "?"


def ink(picture):
    """How much brighter than the dark grey between pictures all pixels are together."""
    return float(np.clip(np.asarray(picture, np.float64) - 40, 0, None).sum())


def ink_of(text):
    """The same of a text in one line with more than enough room."""
    font, _ = plotting.picture_font([text])
    canvas = Image.new("L", (round(font.getlength(text)) + 100, 60), 40)
    ImageDraw.Draw(canvas).text((50, 20), text, 220, font)
    return ink(canvas)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("bgan-pretrain_steps=200", None),
        ("W" * 255, None),
        ("x y-z=" * 42, None),
        ("W" * 300, "W" * 252 + "..."),
    ],
    ids=["sweep", "longest", "words", "too long"],
)
@pytest.mark.parametrize("side", [12, 30, 100])
def test_the_longest_name_is_drawn_whole_beside_its_pictures(name, drawn, side):
    images, labels = np.full((2, side, side, 1), 90, np.uint8), np.array([0, 1])
    named = plotting.grid(images, 1, labels=labels, enlarge=2, names=(name, "y"))
    plain = plotting.grid(images, 1, labels=labels, enlarge=2)
    column, pictures = np.split(named[..., 0], [named.shape[1] - plain.shape[1]], axis=1)
    np.testing.assert_array_equal(pictures, plain[..., 0])
    assert ink(column) == pytest.approx(ink_of(drawn or name) + ink_of("y"), rel=0.03)
    # Nothing is drawn at the edges, nor in the line of the other name but that one.
    for edge in (column[0], column[-1], column[:, 0], column[:, -1]):
        assert ink(edge) == 0
    assert ink(column[2 * (side + 4) :]) == pytest.approx(ink_of("y"), rel=0.03)


def test_strips_have_titles_above_and_names_beside(tmp_path):
    rows = [[np.full((40, 50, 3), 10 * (3 * i + j + 9), np.uint8) for j in range(3)] for i in range(2)]
    titles, names = ["original", "runs/" + "m" * 40, "x"], ["first", "n" * 60]
    plotting.save_strips(tmp_path / "strips.png", rows, titles, names)
    picture = np.asarray(Image.open(tmp_path / "strips.png").convert("L"), np.float64)
    width, height = 5 * 52, 5 * 42  # of a cell, enlarged 5 times, with what is between two
    left = picture.shape[1] - 3 * width - 10
    top = picture.shape[0] - 2 * height - 10
    for i in range(2):
        for j in range(3):
            y, x = top + 10 + i * height, left + 10 + j * width
            assert (picture[y : y + 200, x : x + 250] == 10 * (3 * i + j + 9)).all()
    for j, title in enumerate(titles):
        x = left + 10 + j * width
        assert ink(picture[:top, x : x + 250]) == pytest.approx(ink_of(title), rel=0.03)
    assert ink(picture[:top]) == pytest.approx(sum(map(ink_of, titles)), rel=0.03)
    for i, name in enumerate(names):
        y = top + i * height
        assert ink(picture[y : y + height, :left]) == pytest.approx(ink_of(name), rel=0.03)


def test_pictures_of_several_sizes_and_channels_lie_on_the_largest():
    grey, coloured = np.full((2, 3, 1), 7, np.uint8), np.full((4, 2, 3), 9, np.uint8)
    first, second = plotting.same_size([grey, coloured])
    assert first.shape == second.shape == (4, 3, 3)
    assert (first[:2] == 7).all()
    assert (second[:, :2] == 9).all()
    assert (first[2:] == 40).all()
    assert (second[:, 2] == 40).all()


def test_signs_that_no_font_has_are_known():
    """They are those that are drawn as the box that stands for what is not there."""
    for sign, there in (("a", True), ("\u00e9", True), (" ", True), ("\u0436", True), ("\u732b", False)):
        font, missing = plotting.picture_font([sign])
        assert (bytes(font.getmask(sign)) != bytes(font.getmask("\uffff"))) == there == (not missing)


def test_a_number_stands_for_a_name_that_cannot_be_drawn(caplog):
    images, labels = np.zeros((3, 20, 6, 1), np.uint8), np.array([0, 1, 2])
    names = ("\u72d7", "cat", "\u732b")
    picture = plotting.grid(images, 1, labels=labels, names=names)
    assert caplog.messages == [
        "the font of pictures lacks signs of the names \u72d7 (0), \u732b (2): their numbers stand in their "
        "place"
    ]
    np.testing.assert_array_equal(picture, plotting.grid(images, 1, labels=labels, names=("0", "cat", "2")))
    plotting.grid(images, 1, labels=labels, names=names)
    assert len(caplog.messages) == 1  # a run draws many such pictures


def test_png_round_trip(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    plotting.save_png(tmp_path / "a" / "b.png", picture)
    read = tf.io.decode_png(tf.io.read_file(str(tmp_path / "a" / "b.png")))
    np.testing.assert_array_equal(read, picture)
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.png"]


def test_curves_are_drawn(tmp_path):
    plotting.save_curves(tmp_path / "c.png", {"a": [1, 2], "b": [3, 1]}, [0, 100], "two curves")
    read = tf.io.decode_png(tf.io.read_file(str(tmp_path / "c.png")), channels=3).numpy()
    assert len(np.unique(read.reshape(-1, 3), axis=0)) > 10
