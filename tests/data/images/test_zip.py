"""Zip archives of images, good and damaged, in memory and on disk."""

import contextlib
import io
import json
import os
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import read
from tfgan_ref.errors import InputError

STREAM = pytest.mark.parametrize("stream", ["off", "on"])


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def picture(seed, kind="JPEG", size=(8, 8)):
    """An encoded colour picture of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def pack(path, files, method=zipfile.ZIP_STORED):
    """Writes an archive of contents by their names."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return f"zip:{path}"


FILES = {
    "dogs/deep/b.jpg": picture(1),
    "dogs/a.png": picture(2, "PNG"),
    "cats/z.jpg": picture(3),
    "cats/.hidden.jpg": b"",
    "__MACOSX/cats/._z.jpg": b"",
    "cats/notes.txt": b"no image",
}


@STREAM
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("prefix", ["", "data/pets/"])
def test_an_archive_is_read_as_its_folder(tmp_path, stream, method, prefix):
    for name, content in FILES.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(content)
    name = pack(tmp_path / "a.zip", {prefix + file: content for file, content in FILES.items()}, method)
    expected = read(f"folder:{tmp_path / 'folder'}")
    found = read(name, stream=stream)
    assert found.on_disk == (stream == "on")
    np.testing.assert_array_equal(found.images[np.arange(3)], expected.images)
    assert found.labels.tolist() == expected.labels.tolist() == [0, 1, 1]
    assert found.class_names == expected.class_names == ("cats", "dogs")
    assert found.whole


@STREAM
def test_loose_images_have_no_labels(tmp_path, stream, refused):
    name = pack(tmp_path / "a.zip", {f"{i}.jpg": picture(i) for i in range(3)})
    assert read(name, stream=stream).labels is None
    with refused("recipe x needs labels"):
        read(name, stream=stream, labels_for="recipe x")


STYLEGAN = {f"00000/img{i:08}.png": picture(i, "PNG") for i in range(4)}


def with_labels(path, labels):
    return pack(path, STYLEGAN | {"dataset.json": json.dumps({"labels": labels})})


@STREAM
def test_the_classes_of_a_dataset_json(tmp_path, stream):
    name = with_labels(
        tmp_path / "a.zip", [[file, k] for file, k in zip(STYLEGAN, (5, 2, 5, 2), strict=True)]
    )
    found = read(name, stream=stream)
    assert (found.labels.tolist(), found.class_names) == ([1, 0, 1, 0], ("2", "5"))
    decoded = [np.asarray(Image.open(io.BytesIO(content))) for content in STYLEGAN.values()]
    np.testing.assert_array_equal(found.images[np.arange(4)], decoded)


def test_a_dataset_json_without_labels(tmp_path):
    assert read(with_labels(tmp_path / "a.zip", None)).labels is None


@pytest.mark.parametrize(
    ("labels", "parts"),
    [
        ([["00000/img00000000.png", 1]], ["dataset.json names no class of 00000/img00000001.png"]),
        ([[file, 0.5] for file in STYLEGAN], ["0.5", "whole number"]),
        ([[file, [1, 0]] for file in STYLEGAN], ["[1, 0]", "whole number"]),
        ([[file, -1] for file in STYLEGAN], ["label out of range: -1"]),
        ("none", ["dataset.json is not"]),
        (7, ["dataset.json is not"]),
    ],
)
def test_a_dataset_json_that_is_refused(tmp_path, refused, labels, parts):
    with refused(str(tmp_path / "a.zip"), *parts):
        read(with_labels(tmp_path / "a.zip", labels))


def test_a_dataset_json_that_is_no_json(tmp_path, refused):
    with refused("dataset.json is not"):
        read(pack(tmp_path / "a.zip", STYLEGAN | {"dataset.json": b"\xff{"}))


@STREAM
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_file_with_another_checksum_is_damaged(tmp_path, stream, method, caplog):
    """The picture can still be decoded: the checksum alone tells."""
    files = {f"{'ab'[i % 2]}/{i:03}.bmp": picture(i, "BMP", (4, 4)) for i in range(150)}
    name = pack(tmp_path / "a.zip", files, method)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entry = archive.getinfo("a/010.bmp")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    last = entry.header_offset + 30 + len(entry.filename) + entry.compress_size - 1
    content[last - (4 if method else 0)] ^= 255
    (tmp_path / "a.zip").write_bytes(content)
    arrays = read(name, stream=stream)
    images = arrays.images[np.arange(len(arrays.images))]
    assert "a/010.bmp (" in caplog.text
    kept = [i for i in range(150) if i != 10]
    if stream == "off":
        expected = [np.asarray(Image.open(io.BytesIO(files[f"{'ab'[i % 2]}/{i:03}.bmp"]))) for i in kept]
        assert sorted(map(bytes, images)) == sorted(map(bytes, expected))
        assert len(arrays.labels) == 149
    else:
        assert len(images) == 150
        np.testing.assert_array_equal(images[5], images[6])  # the next one of class a


def test_more_than_one_percent_damaged(tmp_path, refused):
    name = pack(tmp_path / "a.zip", {"a.png": picture(0, "PNG"), "b.png": b"none"})
    for stream in ("off", "on"):
        with refused("b.png (no image that Pillow reads)", "1 of 2", "more than 1 %"):
            read(name, stream=stream)


def test_an_exchanged_archive_stops_the_reading(tmp_path):
    arrays = read(pack(tmp_path / "a.zip", FILES), stream="on")
    pack(tmp_path / "b.zip", FILES)
    os.replace(tmp_path / "b.zip", tmp_path / "a.zip")
    with pytest.raises(InputError, match=r"a\.zip has changed since"):
        arrays.images[0]
    os.unlink(tmp_path / "a.zip")
    arrays.images.faults.error = None
    with pytest.raises(InputError, match=r"a\.zip is gone since"):
        arrays.images[0]


@pytest.mark.parametrize(
    ("entry", "parts"),
    [
        ("../a.jpg", ["'../a.jpg'", "leads out of the archive"]),
        ("cats/../../a.jpg", ["leads out of the archive"]),
        ("/etc/a.jpg", ["leads out of the archive"]),
        ("C:/a.jpg", ["leads out of the archive"]),
        ("cats\\..\\a.jpg", ["leads out of the archive"]),
    ],
)
def test_paths_that_lead_out(tmp_path, refused, entry, parts):
    with refused(*parts):
        read(pack(tmp_path / "a.zip", {entry: picture(0)}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for seed in range(2):
            archive.writestr("a.jpg", picture(seed))
    with refused("entry a.jpg is there twice"):
        read(f"zip:{tmp_path / 'a.zip'}")


def test_other_compressions(tmp_path, refused):
    with refused("a.png is compressed by bzip2", "stored and deflated"):
        read(pack(tmp_path / "a.zip", {"a.png": picture(0)}, zipfile.ZIP_BZIP2))


def test_encrypted_files(tmp_path, refused):
    name = pack(tmp_path / "a.zip", {"a.png": picture(0)})
    content = (tmp_path / "a.zip").read_bytes()
    at = content.index(b"PK\1\2")
    (tmp_path / "a.zip").write_bytes(content[: at + 8] + b"\1" + content[at + 9 :])
    with refused("a.png is encrypted"):
        read(name)


def test_archives_that_are_refused(tmp_path, refused):
    with refused("no images there"):
        read(pack(tmp_path / "empty.zip", {}))
    with refused("no images there"):
        read(pack(tmp_path / "text.zip", {"a.txt": b""}))
    with refused("loose images (a.jpg) beside sub-folders of images (cats)"):
        read(pack(tmp_path / "mixed.zip", {"a.jpg": picture(0), "cats/b.jpg": picture(1)}))
    (tmp_path / "cut.zip").write_bytes((tmp_path / "mixed.zip").read_bytes()[:-30])
    with refused("is no zip archive, or is cut off"):
        read(f"zip:{tmp_path / 'cut.zip'}")
    with refused("is a folder", f"folder:{tmp_path}"):
        read(f"zip:{tmp_path}")
    with refused("images of different sizes", "a.jpg is 8x8", "b.jpg is 9x8", "image_size"):
        read(pack(tmp_path / "sizes.zip", {"a.jpg": picture(0), "b.jpg": picture(1, size=(9, 8))}))
    with refused("split='test'"):
        read(pack(tmp_path / "good.zip", FILES), split="test")


def test_a_directory_of_noise_gets_one_line(tmp_path):
    """Any byte of an archive may be another one: it is read, or refused in one line."""
    name = pack(tmp_path / "a.zip", {f"{i}.png": picture(i, "PNG", (4, 4)) for i in range(3)})
    content = (tmp_path / "a.zip").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(25):
        damaged = bytearray(content)
        for at in rng.integers(content.index(b"PK\1\2"), len(content), 2):
            damaged[at] = rng.integers(256)
        (tmp_path / "a.zip").write_bytes(damaged)
        with contextlib.suppress(InputError):
            read(name)
