"""What is read of the headers of files, and kept."""

import os

import numpy as np
import pytest
from PIL import Image

from tests.data.streams.conftest import jpeg, noise, save, turned
from tfgan_ref.data.streams import headers
from tfgan_ref.data.streams.headers import DAMAGED, OTHER, PLAIN
from tfgan_ref.data.streams.stores import FolderStore
from tfgan_ref.files import cache_directory


def headers_of(folder, name="photos", pattern="*"):
    return headers.read_headers(name, FolderStore(folder, sorted(folder.glob(pattern))))


@pytest.fixture
def folder(tmp_path):
    """Eight grey JPEG files, 0.jpg to 7.jpg."""
    (tmp_path / "photos").mkdir()
    for number in range(8):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(jpeg(number, mode="L"))
    return tmp_path / "photos"


@pytest.fixture
def opened(monkeypatch):
    """The names of the files whose headers were read."""
    names, before = [], headers.read_header

    def read_header(file):
        names.append(os.path.basename(file.name))
        return before(file)

    monkeypatch.setattr(headers, "read_header", read_header)
    return names


@pytest.mark.parametrize(
    ("name", "image", "options", "expected"),
    [
        ("a.jpg", noise(1, 16, 24, 3), {}, (24, 16, 3, PLAIN, 1)),
        ("a.jpg", noise(1, 16, 24), {}, (24, 16, 1, PLAIN, 1)),
        ("a.jpg", noise(1, 16, 24), {"exif": turned(6)}, (16, 24, 1, OTHER, 1)),
        ("a.jpg", noise(1, 16, 24), {"exif": turned(3)}, (24, 16, 1, OTHER, 1)),
        ("a.png", noise(1, 16, 24, 4), {}, (24, 16, 3, OTHER, 1)),
        ("a.png", noise(1, 16, 24, kind=np.uint16), {}, (24, 16, 1, OTHER, 1)),
        ("a.gif", noise(1, 16, 24), {"save_all": True, "append_images": 2}, (24, 16, 3, OTHER, 3)),
    ],
)
def test_headers(name, image, options, expected, tmp_path):
    if "append_images" in options:
        options["append_images"] = [Image.fromarray(noise(9 + i, 16, 24)) for i in range(2)]
    save(tmp_path / name, Image.fromarray(image), **options)
    with (tmp_path / name).open("rb") as file:
        assert headers.read_header(file) == expected


def test_headers_are_read_once(folder, opened):
    first = headers_of(folder)
    assert sorted(opened) == [f"{number}.jpg" for number in range(8)]
    second = headers_of(folder)
    assert len(opened) == 8
    for one, two in zip(first, second, strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)


def test_files_that_changed_are_read_again(folder, opened):
    headers_of(folder)
    opened.clear()
    (folder / "1.jpg").write_bytes(jpeg(1, (32, 16)))  # of another size
    status = (folder / "4.jpg").stat()
    os.utime(folder / "4.jpg", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    (folder / "0.jpg").unlink()
    (folder / "9.jpg").write_bytes(jpeg(9))
    found = headers_of(folder)
    assert sorted(opened) == ["1.jpg", "4.jpg", "9.jpg"]
    assert found.widths.tolist() == [32, 24, 24, 24, 24, 24, 24, 24]
    assert found.channels.tolist() == [3, 1, 1, 1, 1, 1, 1, 3]
    opened.clear()
    headers_of(folder)
    assert not opened


def test_another_folder_has_headers_of_its_own(folder, opened, tmp_path):
    headers_of(folder)
    folder.rename(tmp_path / "moved")
    headers_of(tmp_path / "moved")
    assert len(opened) == 16


def test_kinds_of_data_do_not_overwrite_each_others_headers(folder, opened):
    for _ in range(2):
        headers_of(folder, "folder:photos")
        headers_of(folder, "pairs:photos:others", "[2-7].jpg")
    assert len(opened) == 8 + 6
    headers_of(folder, "folder:other/../photos")  # the kind, not the name
    assert len(opened) == 8 + 6


@pytest.mark.parametrize("damage", ["cut", "empty", "other", "columns"])
def test_a_damaged_cache_is_written_anew(damage, folder, opened, caplog):
    before = headers_of(folder)
    (kept,) = (cache_directory() / "headers").iterdir()
    content = kept.read_bytes()
    if damage == "columns":  # of an older version
        with np.load(kept) as rows:
            values = dict(rows)
        np.savez(kept, **values | {"headers": values["headers"][:, :3]})
    else:
        kept.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "other": b"no numbers"}[damage])
    after = headers_of(folder)
    assert len(opened) == 16
    np.testing.assert_array_equal(before.widths, after.widths)
    if damage != "columns":
        assert "reading the files again" in caplog.text
    headers_of(folder)
    assert len(opened) == 16


def test_damaged_files_are_known(folder):
    (folder / "3.jpg").write_bytes(b"no picture")
    (folder / "8.jpg").symlink_to("nothing")
    for _ in range(2):
        found = headers_of(folder)
        assert found.kinds.tolist() == [PLAIN] * 3 + [DAMAGED] + [PLAIN] * 4 + [DAMAGED]
