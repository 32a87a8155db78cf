"""Folders of image files, good and damaged."""

import functools
import io
import logging
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import read


def save(path, value, size=(8, 8), mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


def messages(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def classes(tmp_path):
    """Two classes of grey images; the value of each says which it is."""
    save(tmp_path / "dogs" / "b.png", 11)
    save(tmp_path / "dogs" / "deeper" / "still" / "c.PNG", 12)
    save(tmp_path / "cats" / "z.bmp", 1)
    save(tmp_path / "cats" / "a.TIFF", 2)
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    save(tmp_path / "cats" / ".hidden.png", 99)
    save(tmp_path / ".cache" / "d.png", 99)
    (tmp_path / "README.md").write_text("no image")
    return tmp_path


def test_classes(classes, caplog):
    arrays = read(f"folder:{classes}")
    assert arrays.class_names == ("cats", "dogs")
    assert arrays.images.shape == (4, 8, 8, 1)
    assert arrays.images[:, 0, 0, 0].tolist() == [2, 1, 11, 12]
    assert arrays.labels.tolist() == [0, 0, 1, 1]
    assert not messages(caplog)


def test_loose_images_have_no_labels(tmp_path):
    for value in (3, 1, 2):
        save(tmp_path / f"{value}.png", value)
    (tmp_path / "empty").mkdir()
    arrays = read(f"folder:{tmp_path}")
    assert arrays.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert arrays.labels is None
    assert arrays.class_names == ()


def test_colour_makes_all_colour(classes):
    save(classes / "dogs" / "a.png", (255, 0, 0), mode="RGB")
    images = read(f"folder:{classes}").images
    assert images.shape == (5, 8, 8, 3)
    assert images[:, 0, 0].tolist() == [[2, 2, 2], [1, 1, 1], [255, 0, 0], [11, 11, 11], [12, 12, 12]]
    grey = read(f"folder:{classes}", channels=1).images
    assert grey[:, 0, 0, 0].tolist() == [2, 1, 76, 11, 12]  # 0.299 * 255 = 76


def test_channels_can_be_asked_for(classes):
    assert read(f"folder:{classes}", channels=3).images.shape == (4, 8, 8, 3)


def test_different_sizes_need_an_image_size(classes, refused, caplog):
    save(classes / "dogs" / "wide.png", 13, size=(20, 6))
    with refused("dogs/wide.png is 20x6", "cats/a.TIFF is 8x8", "image_size"):
        read(f"folder:{classes}")
    assert read(f"folder:{classes}", image_size=6).images.shape == (5, 6, 6, 1)
    assert not messages(caplog)


def test_enlarging_is_said_once(classes, caplog):
    save(classes / "dogs" / "small.png", 13, size=(9, 5))
    save(classes / "dogs" / "large.png", 14, size=(16, 16))
    name = f"folder:{classes}"
    assert read(name, image_size=16).images.shape == (6, 16, 16, 1)
    assert messages(caplog) == [
        f"{name}: 5 of 6 images are smaller than 16x16 (the smallest is 9x5, dogs/small.png) and are enlarged"
    ]


def test_loose_images_beside_classes(classes, refused):
    save(classes / "loose.png", 5)
    with refused("loose.png", "cats", "sub-folder"):
        read(f"folder:{classes}")


def test_class_folders_without_images_are_named(classes, caplog):
    (classes / "birds").mkdir()
    assert read(f"folder:{classes}").class_names == ("cats", "dogs")
    assert messages(caplog) == [f"folder:{classes}: sub-folders without images are no classes: birds"]


def test_no_images(tmp_path, refused):
    (tmp_path / "text.txt").write_text("no image")
    with refused("no images", "by the suffixes that Pillow reads"):
        read(f"folder:{tmp_path}")


def test_every_suffix_that_pillow_reads_counts(tmp_path):
    suffixes = ["png", "jpg", "jfif", "jpe", "tga", "pcx", "sgi", "apng", "ppm", "qoi"]
    for value, suffix in enumerate(suffixes):
        kind = {"qoi": "PPM", "apng": "PNG"}.get(suffix)  # what counts beyond the name is what is in the file
        Image.new("RGB", (8, 8), (value,) * 3).save(tmp_path / f"{value}.{suffix}", kind)
    images = read(f"folder:{tmp_path}").images
    np.testing.assert_allclose(images[:, 0, 0, 0], np.arange(len(suffixes)), atol=1)


def test_files_that_are_passed_over_are_counted(classes, caplog):
    (classes / "dogs" / "weights.h5").touch()  # Pillow would know what it is, and not read it
    with caplog.at_level(logging.INFO):
        read(f"folder:{classes}")
    [message] = caplog.messages
    assert message.startswith(f"folder:{classes}: 3 files are passed over, ")
    assert message.endswith(": .h5, .md, .txt")


def test_frames_and_pages_are_counted(tmp_path, caplog):
    frames = [Image.new("L", (8, 8), value) for value in (7, 20, 30)]
    for suffix in ("gif", "tif", "webp", "png"):
        options = {"lossless": True} if suffix == "webp" else {}
        frames[0].save(tmp_path / f"{suffix}.{suffix}", save_all=True, append_images=frames[1:], **options)
    save(tmp_path / "single.gif", 7)
    assert (read(f"folder:{tmp_path}").images == 7).all()
    [message] = messages(caplog)
    assert message.endswith(
        "4 of 5 files have several frames or pages, of which the first is read: gif.gif, ..."
    )


def test_not_a_folder(tmp_path, refused):
    save(tmp_path / "image.png", 0)
    with refused("image.png", "is a file, not a folder"):
        read(f"folder:{tmp_path / 'image.png'}")


def test_other_splits(classes, refused):
    with refused("split='test'", "name the path of the other set"):
        read(f"folder:{classes}", split="test")


def test_one_damaged_file_of_many(tmp_path, caplog):
    for value in range(150):
        save(tmp_path / "ab"[value % 2] / f"{value:03}.png", value, size=(4, 4))
    (tmp_path / "a" / "010.png").write_bytes(b"no image at all")
    name = f"folder:{tmp_path}"
    arrays = read(name)
    kept = [value for value in range(150) if value != 10]
    assert sorted(arrays.images[:, 0, 0, 0].tolist()) == kept
    assert np.array_equal(arrays.labels, arrays.images[:, 0, 0, 0] % 2)  # labels follow their images
    said = messages(caplog)
    assert len(said) == 2
    assert said[0].startswith(f"{name}: left out, cannot be read: a/010.png (")
    assert said[1] == f"{name}: 1 of 150 images cannot be read and are left out"


def test_at_most_ten_damaged_files_are_named(tmp_path, caplog):
    for value in range(1188):
        save(tmp_path / f"{value:04}.png", 0, size=(4, 4))
    for value in range(12):
        (tmp_path / f"bad{value}.png").write_bytes(b"")
    assert len(read(f"folder:{tmp_path}").images) == 1188
    said = messages(caplog)
    assert len(said) == 11
    assert "12 of 1200" in said[-1]


@functools.cache
def encoded(value, kind="PNG", mode="L", size=(4, 4)):
    buffer = io.BytesIO()
    Image.new(mode, size, value).save(buffer, kind)
    return buffer.getvalue()


def png_header(width, height):
    """A PNG file that says it is so large."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    good = encoded(0)
    return good[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + good[33:]


def cut():
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 64), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()[:200]


def archive():
    buffer = io.BytesIO()
    np.savez(buffer, images=np.zeros((2, 4, 4), np.uint8))
    return buffer.getvalue()


BROKEN = {
    "empty.png": b"",
    "cut.png": cut(),
    "cut.jpg": encoded(0, "JPEG", size=(64, 64))[:-200],
    "text.jpg": b"<html>404 Not Found</html>",
    "archive.png": archive(),
    "no_pixels.png": png_header(0, 4),
    "huge.png": png_header(100_000, 100_000),
    "not_a_number.tiff": encoded(float("nan"), "TIFF", "F"),
    "noise.webp": np.random.default_rng(0).bytes(500),
}


def test_ten_kinds_of_damage_in_a_folder_of_two_thousand(tmp_path, caplog, refused):
    for value in range(1980):
        folder = tmp_path / "ab"[value % 2]
        folder.mkdir(exist_ok=True)
        # Half of the names lie: what counts is what is in the file.
        (folder / f"{value:04}.{('png', 'bmp')[value // 2 % 2]}").write_bytes(encoded(value % 250))
    for folder in ("a", "b"):
        for name, content in BROKEN.items():
            (tmp_path / folder / name).write_bytes(content)
        (tmp_path / folder / "link.png").symlink_to("nowhere.png")
        (tmp_path / folder / "folder.png").mkdir()
    name = f"folder:{tmp_path}"
    arrays = read(name)
    assert len(arrays.images) == 1980
    assert sorted(arrays.images[:, 0, 0, 0]) == sorted(value % 250 for value in range(1980))
    assert np.array_equal(arrays.labels, arrays.images[:, 0, 0, 0] % 2)
    said = messages(caplog)
    assert said[-1] == f"{name}: 20 of 2000 images cannot be read and are left out"
    named = " ".join(said)
    for file in (*BROKEN, "link.png"):
        assert f"a/{file} (" in named
    assert all("\n" not in message for message in said)
    (tmp_path / "b" / "one_more.png").write_bytes(b"")
    with refused("21 of 2001 images cannot be read, more than 1 %", "a/archive.png ("):
        read(name)


def test_more_than_one_percent_damaged(tmp_path, refused):
    for value in range(50):
        save(tmp_path / f"{value}.png", value)
    photo = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(photo)
    photo.write_bytes(photo.read_bytes()[:2000])
    with refused("1 of 51 images cannot be read", "cut.jpg (", "truncated"):
        read(f"folder:{tmp_path}", image_size=8)


def test_all_damaged(tmp_path, refused):
    for value in range(5):
        (tmp_path / f"{value}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with refused("5 of 5 images", "0.png (", "and 2 more"):
        read(f"folder:{tmp_path}")


def test_bombs_count_as_damaged(tmp_path, refused, monkeypatch, recwarn):
    save(tmp_path / "a.png", 0, size=(8, 8))
    save(tmp_path / "b.png", 0, size=(20, 8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with refused("1 of 2 images", "b.png (20x8 pixels, more than 100: set the variable "):
        read(f"folder:{tmp_path}")
    assert not recwarn.list


def test_links_to_folders_are_followed_but_for_loops(tmp_path):
    save(tmp_path / "more" / "linked.png", 3)
    classes = tmp_path / "classes"
    save(classes / "cats" / "a.png", 1)
    save(classes / "dogs" / "deep" / "b.png", 2)
    (classes / "cats" / "more").symlink_to(tmp_path / "more")
    (classes / "dogs" / "deep" / "up").symlink_to(classes / "dogs")
    (classes / "all").symlink_to(classes)
    arrays = read(f"folder:{classes}")
    assert arrays.class_names == ("cats", "dogs")
    assert arrays.images[:, 0, 0, 0].tolist() == [1, 3, 2]
    assert arrays.labels.tolist() == [0, 0, 1]


def test_splits_that_are_taken_for_classes_are_warned_of(tmp_path, caplog):
    for part in ("train", "Val"):
        save(tmp_path / part / "a.png", 1)
    read(f"folder:{tmp_path}")
    (warning,) = messages(caplog)
    assert "Val (pictures: 1) and train (pictures: 1) are taken for classes" in warning
    assert warning.endswith(f"name one of them, folder:{tmp_path}/Val")
