"""Pictures of any sizes by the name of their collection."""

import logging

import numpy as np
from PIL import Image

from tfgan_ref.data import read, read_pictures

RANDOM = np.random.default_rng(0)


def save(path, height, width, channels=3):
    pixels = RANDOM.integers(0, 256, (height, width, channels), np.uint8)
    Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(path)
    return pixels


def messages(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_folder_of_different_sizes(tmp_path):
    expected = [save(tmp_path / "a.png", 5, 9), save(tmp_path / "b.png", 8, 4)]
    pictures, names = read_pictures(f"folder:{tmp_path}")
    assert names == ("a.png", "b.png")
    assert all(map(np.array_equal, pictures, expected))


def test_channels(tmp_path):
    save(tmp_path / "a.png", 5, 9)
    flat = save(tmp_path / "b.png", 8, 4, channels=1)
    pictures, _ = read_pictures(f"folder:{tmp_path}")
    assert np.array_equal(pictures[1], flat.repeat(3, axis=-1))  # one coloured picture makes all coloured
    greys, _ = read_pictures(f"folder:{tmp_path}", channels=1)
    assert [grey.shape for grey in greys] == [(5, 9, 1), (8, 4, 1)]
    assert np.array_equal(greys[1], flat)


def test_with_a_size_it_is_what_read_reads(tmp_path, caplog):
    for i in range(3):
        save(tmp_path / f"{i}.png", 6 + i, 14 - i)
    expected = read(f"folder:{tmp_path}", image_size=8).images
    said = messages(caplog)
    caplog.clear()
    pictures, _ = read_pictures(f"folder:{tmp_path}", image_size=8)
    assert np.array_equal(np.stack(pictures), expected)
    assert messages(caplog) == said
    assert "2 of 3 images are smaller than 8x8 (the smallest is 14x6, 0.png)" in said[0]


def test_damaged_files_of_a_folder(tmp_path, caplog, refused):
    for i in range(120):
        save(tmp_path / f"{i:03}.png", 4, 4 + i % 3)
    (tmp_path / "007.png").write_bytes(b"nothing")
    pictures, names = read_pictures(f"folder:{tmp_path}")
    assert len(pictures) == 119
    assert "007.png" not in names
    assert "007.png" in messages(caplog)[0]
    (tmp_path / "008.png").write_bytes(b"nothing")
    with refused("2 of 120 images cannot be read", "007.png", "008.png"):
        read_pictures(f"folder:{tmp_path}")


def test_photographs():
    pictures, names = read_pictures("photographs")
    assert len(pictures) == len(names) == 8
    for picture, name in zip(pictures, names, strict=True):
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[-1] == 3
        colourless = (picture == picture[..., :1]).all()
        assert colourless == (name == "camera")
        assert picture.std() > 10
    assert len({picture.shape for picture in pictures}) > 4
    assert pictures[names.index("astronaut")].shape == (512, 512, 3)


def test_photographs_of_one_size():
    pictures, _ = read_pictures("photographs", image_size=32, channels=1)
    assert np.array_equal(np.stack(pictures), read("photographs", image_size=32, channels=1).images)
    assert pictures[0].shape == (32, 32, 1)


def test_photographs_that_are_refused(refused):
    with refused("photographs", "different sizes", "image_size"):
        read("photographs")
    with refused("split='test'", "train"):
        read_pictures("photographs", split="test")


def test_photographs_are_suggested(refused):
    with refused("did you mean photographs?"):
        read_pictures("photograph")


def test_other_names_are_what_read_reads():
    pictures, names = read_pictures("digits", split="test", image_size=16)
    assert np.array_equal(np.stack(pictures), read("digits", split="test", image_size=16).images)
    assert names[296] == "image 296"


def test_what_is_refused(tmp_path, refused):
    with refused("'digts' is not known", "folder:PATH", "photographs"):
        read_pictures("digts")
    with refused("there is no such folder"):
        read_pictures(f"folder:{tmp_path / 'absent'}")
    with refused("folder:PATH"):
        read_pictures("folder:")
    with refused("name the path of the other set"):
        read_pictures(f"folder:{tmp_path}", split="test")
    with refused("no images there"):
        read_pictures(f"folder:{tmp_path}")
    with refused("cannot be read"):
        read_pictures("folder:~nobody-of-that-name/x")
    with refused("image_size=3"):
        read_pictures("digits", image_size=3)
    with refused("channels=2"):
        read_pictures("digits", channels=2)
