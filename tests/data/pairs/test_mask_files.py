"""Masks of folders and archives: what is known at the size that is asked for, and what is refused."""

import io
import logging
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import read_masks

LEFT = np.tile(np.arange(8) < 4, (8, 1))


def encoded(known):
    content = io.BytesIO()
    Image.fromarray(np.where(known, np.uint8(255), np.uint8(0))).save(content, "PNG")
    return content.getvalue()


def packed(tmp_path, **files):
    """A folder and an archive with the same files."""
    folder, archive = tmp_path / "masks", tmp_path / "masks.zip"
    folder.mkdir()
    with zipfile.ZipFile(archive, "w") as opened:
        for name, content in files.items():
            (folder / f"{name}.png").write_bytes(content)
            opened.writestr(f"{name}.png", content)
    return folder, archive


def test_folders_and_archives_give_what_is_white_in_the_order_of_names(tmp_path):
    for path in packed(tmp_path, b=encoded(LEFT), a=encoded(~LEFT)):
        masks = read_masks(path, 8)
        assert masks.dtype == bool
        np.testing.assert_array_equal(masks, [~LEFT, LEFT])


def test_masks_in_sub_folders_are_read(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes(encoded(LEFT))
    assert read_masks(tmp_path, 8).shape == (2, 8, 8)


@pytest.mark.parametrize(("size", "side"), [((9, 15), 3), ((4, 6), 12), ((7, 5), 4)])
def test_pixels_are_those_that_their_middles_fall_into(tmp_path, size, side):
    known = np.random.default_rng(0).uniform(size=size) < 0.5
    path, _ = packed(tmp_path, a=encoded(known))
    (mask,) = read_masks(path, side)
    for row in range(side):
        for column in range(side):
            middle = (row + 0.5) / side * size[0], (column + 0.5) / side * size[1]
            assert mask[row, column] == known[int(middle[0]), int(middle[1])]


def test_soft_edges_are_said_once(tmp_path, caplog):
    soft = io.BytesIO()
    Image.fromarray(np.tile(np.array([0, 100, 200, 255], np.uint8), (4, 1))).save(soft, "PNG")
    path, _ = packed(tmp_path, a=encoded(LEFT), b=soft.getvalue(), c=soft.getvalue())
    with caplog.at_level(logging.INFO):
        masks = read_masks(path, 4)
    assert masks[1, 0].tolist() == [False, False, True, True]
    [message] = caplog.messages
    assert "2 of 3" in message
    assert "b.png, ..." in message


def test_what_is_refused(tmp_path, refused):
    with refused("nowhere does not exist", "folder or a zip archive of masks"):
        read_masks(tmp_path / "nowhere", 8)
    for name, content, reason in (
        ("damaged", encoded(LEFT)[:40], "cannot be read"),
        ("white", encoded(LEFT | True), "at 8x8: everything is known"),
        ("black", encoded(LEFT & False), "at 8x8: nothing is known"),
    ):
        (tmp_path / name).mkdir()
        for path in packed(tmp_path / name, a=encoded(LEFT), b=content):
            with refused(f"masks {path}: b.png", reason):
                read_masks(path, 8)
    (tmp_path / "empty").mkdir()
    with refused(f"masks {tmp_path / 'empty'}", "no images there"):
        read_masks(tmp_path / "empty", 8)
    (tmp_path / "masks.txt").write_text("no archive")
    with refused("masks.txt: is no zip archive"):
        read_masks(tmp_path / "masks.txt", 8)


def test_a_hole_that_is_lost_at_the_size_is_refused(tmp_path, refused):
    known = np.ones((64, 64), bool)
    known[0, 0] = False  # the middle of no pixel of 8x8 is in it
    path, _ = packed(tmp_path, small=encoded(known))
    assert not read_masks(path, 64).all()
    with refused("small.png at 8x8: everything is known, so that there is no hole"):
        read_masks(path, 8)
