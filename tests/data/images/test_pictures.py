"""Single pictures: which files count, and what is read from them."""

import logging

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import list_pictures, read_picture
from tfgan_ref.errors import InputError


def test_pictures_of_a_folder_by_name(tmp_path):
    for name in ("b.PNG", "a.jpg", ".hidden.png", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "c.png").mkdir()
    assert [path.name for path in list_pictures(tmp_path)] == ["a.jpg", "b.PNG"]


def test_pixels_come_as_they_are(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), pixels)
    Image.fromarray(pixels[..., 0]).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "b.png"), pixels[..., :1])


def test_pictures_of_more_pixels_than_allowed_are_named_without_a_warning(tmp_path, monkeypatch, recwarn):
    Image.new("L", (20, 8)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(
        InputError, match=r"a\.png cannot be read: 20x8 pixels, more than 100: set the variable"
    ):
        read_picture(tmp_path / "a.png")
    assert not recwarn.list


def test_files_that_are_passed_over_are_counted(tmp_path, caplog):
    for name in ("a.tga", "b.jp2", "notes.txt", "README"):
        (tmp_path / name).touch()
    with caplog.at_level(logging.INFO):
        assert [path.name for path in list_pictures(tmp_path)] == ["a.tga", "b.jp2"]
    [message] = caplog.messages
    assert message.startswith(f"{tmp_path}: 2 files are passed over, ")
    assert message.endswith(": .txt, none")


@pytest.mark.parametrize("suffix", ["gif", "tif", "png"])
def test_the_first_of_several_pages_is_read_and_said(tmp_path, caplog, suffix):
    pages = [Image.new("L", (8, 8), value) for value in (7, 20, 30)]
    pages[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pages[1:])
    assert (read_picture(tmp_path / f"a.{suffix}") == 7).all()
    assert caplog.messages == [f"{tmp_path / f'a.{suffix}'} has 3 frames or pages: only the first is read"]


def test_damaged_picture_is_named(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"bad\.png cannot be read") as caught:
        read_picture(tmp_path / "bad.png")
    assert "\n" not in str(caught.value)
