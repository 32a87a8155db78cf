"""Mask files: what counts as known."""

import logging

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tfgan_ref.data import read_mask
from tfgan_ref.errors import InputError

HOLE = np.zeros((16, 24), bool)
HOLE[4:12, 8:16] = True


def saved(tmp_path, pixels, suffix="png", **options):
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(tmp_path / f"mask.{suffix}", **options)
    return tmp_path / f"mask.{suffix}"


@pytest.mark.parametrize("kind", ["L", "1", "RGB", "16 bits", "floats", "jpg"])
def test_black_is_missing_and_white_is_known(tmp_path, caplog, kind):
    white = np.where(HOLE, np.uint8(0), np.uint8(255))
    path = {
        "L": lambda: saved(tmp_path, white),
        "1": lambda: saved(tmp_path, ~HOLE),
        "RGB": lambda: saved(tmp_path, np.dstack([white] * 3), "bmp"),
        "16 bits": lambda: saved(tmp_path, white.astype(np.uint16) * 257),
        "floats": lambda: saved(tmp_path, (~HOLE).astype(np.float32), "tif"),
        "jpg": lambda: saved(tmp_path, white, "jpg", quality=60),  # noise on both sides of the boundary
    }[kind]()
    with caplog.at_level(logging.INFO):
        np.testing.assert_array_equal(read_mask(path), ~HOLE)
    assert not caplog.messages


@pytest.mark.parametrize("wide", [1, 257])
def test_soft_edges_are_cut_at_half_of_the_range_and_said(tmp_path, caplog, wide):
    values = np.tile(np.array([0, 1, 127, 128, 255], np.uint8), (3, 1))
    path = saved(tmp_path, values if wide == 1 else values.astype(np.uint16) * wide)
    with caplog.at_level(logging.INFO):
        known = read_mask(path)
    assert known[0].tolist() == [False, False, False, True, True]
    [message] = caplog.messages
    assert "mask.png: 6 pixels are less than half as bright as white" in message


def test_a_blurred_hole_keeps_its_core(tmp_path):
    image = Image.fromarray(np.where(HOLE, np.uint8(0), np.uint8(255)))
    known = read_mask(saved(tmp_path, image.filter(ImageFilter.GaussianBlur(1))))
    assert not known[6:10, 10:14].any()
    assert known[:2].all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2, 20]])
def test_labels_are_known_whatever_their_numbers(tmp_path, kind, labels):
    path = saved(tmp_path, np.tile(np.array(labels, kind), (4, 2)))
    assert read_mask(path)[0].tolist() == [label > 0 for label in labels * 2]


def test_labels_with_a_palette_of_colours(tmp_path):
    image = Image.new("P", (3, 2))
    image.putpalette([0, 0, 0, 64, 0, 0, 224, 224, 192])
    image.putdata([0, 1, 2, 0, 1, 2])
    assert read_mask(saved(tmp_path, image))[0].tolist() == [False, True, True]


def test_transparent_is_missing(tmp_path):
    pixels = np.full((2, 3, 4), 255, np.uint8)
    pixels[:, 0, 3], pixels[:, 1, :3] = 0, 0
    assert read_mask(saved(tmp_path, pixels))[0].tolist() == [False, False, True]
    assert read_mask(saved(tmp_path, pixels), invert=True)[0].tolist() == [True, True, False]


def test_a_mask_is_turned_upright_as_its_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8  # the right side becomes the top
    path = saved(tmp_path, np.where(HOLE, np.uint8(0), np.uint8(255)), exif=exif)
    np.testing.assert_array_equal(read_mask(path), np.rot90(~HOLE))


@pytest.mark.parametrize(
    ("value", "invert", "said"),
    [(255, False, "everything is known"), (0, False, "nothing is known"), (0, True, "everything is known")],
)
def test_all_or_nothing_known_is_said(tmp_path, caplog, value, invert, said):
    known = read_mask(saved(tmp_path, np.full((2, 3), value, np.uint8)), invert=invert)
    assert known.all() == (said == "everything is known")
    [message] = caplog.messages
    assert f"mask.png: {said}" in message


def test_a_damaged_mask_is_named(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"bad\.png cannot be read"):
        read_mask(tmp_path / "bad.png")
