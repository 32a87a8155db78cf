"""TFRecord files that TensorFlow wrote, good and damaged, in memory and on disk."""

import gzip
import io
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests import tfrecords
from tests.tfrecords import write
from tfgan_ref.data import read
from tfgan_ref.data.images import tfrecord
from tfgan_ref.data.streams import records
from tfgan_ref.errors import InputError

STREAM = pytest.mark.parametrize("stream", ["off", "on"])
PIXELS = np.random.default_rng(0).integers(0, 256, (150, 4, 4, 3), np.uint8)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache


def encoded(pixels, kind="BMP"):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def example(label=None, number=0, **keys):
    """A serialised example of a picture."""
    return tfrecords.example(encoded(PIXELS[number]), label, text=[b"a", b"b"], **keys)


def all_of(arrays):
    return arrays.images[np.arange(len(arrays.images))]


@STREAM
@pytest.mark.parametrize(
    ("picture_key", "label_key"),
    [("image/encoded", "image/class/label"), ("image", "label"), ("image_raw", "class")],
)
def test_pictures_and_labels(tmp_path, stream, picture_key, label_key):
    keys = {"picture_key": picture_key, "label_key": label_key}
    name = write(tmp_path / "a.tfrecord", [example(5 - i % 2, number=i, **keys) for i in range(7)])
    arrays = read(name, stream=stream)
    assert arrays.on_disk == (stream == "on")
    np.testing.assert_array_equal(all_of(arrays), PIXELS[:7])
    assert (arrays.labels.tolist(), arrays.class_names) == ([1, 0, 1, 0, 1, 0, 1], ("4", "5"))
    assert arrays.whole


@STREAM
def test_folders_and_patterns_of_files(tmp_path, stream, refused):
    for shard in range(3):
        numbers = range(2 * shard, 2 * shard + 2)
        write(tmp_path / f"train.tfrecord-{shard}-of-3", [example(number=i) for i in numbers])
    (tmp_path / "notes.txt").write_text("no records")
    (tmp_path / ".a.tfrecord").write_text("hidden")
    np.testing.assert_array_equal(all_of(read(f"tfrecord:{tmp_path}", stream=stream)), PIXELS[:6])
    arrays = read(f"tfrecord:{tmp_path}/train*-[02]-of-3", stream=stream)
    np.testing.assert_array_equal(all_of(arrays), PIXELS[[0, 1, 4, 5]])
    assert arrays.labels is None
    with refused("recipe x needs labels"):
        read(f"tfrecord:{tmp_path}", stream=stream, labels_for="recipe x")
    with refused("nor files of this pattern"):
        read(f"tfrecord:{tmp_path}/test*", stream=stream)


def test_the_index_is_kept_until_the_file_changes(tmp_path, monkeypatch, own_cache, caplog):
    path = tmp_path / "a.tfrecord"
    name = write(path, [example(number=i) for i in range(3)])
    read(name)
    with monkeypatch.context() as patch:
        patch.setattr(records, "_index", lambda *_: pytest.fail("it is indexed again"))
        np.testing.assert_array_equal(all_of(read(name)), PIXELS[:3])
    write(path, [example(number=i) for i in range(5)])
    np.testing.assert_array_equal(all_of(read(name)), PIXELS[:5])
    (kept,) = (own_cache / "tfgan_ref" / "records").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    np.testing.assert_array_equal(all_of(read(name)), PIXELS[:5])
    assert f"{kept} cannot be read" in caplog.text


@STREAM
def test_damaged_records_are_left_out_or_replaced(tmp_path, stream, caplog):
    """One has a wrong checksum, though its picture can be decoded, and one has no label."""
    serialised = [example(i % 2, number=i) for i in range(150)]
    serialised[20] = example(None, number=20)
    name = write(tmp_path / "a.tfrecord", serialised)
    content = bytearray((tmp_path / "a.tfrecord").read_bytes())
    at = bytes(content).index(encoded(PIXELS[10]))
    content[at + len(encoded(PIXELS[10])) - 1] ^= 255
    (tmp_path / "a.tfrecord").write_bytes(content)
    if stream == "on":  # 2 of 150 are too many
        with pytest.raises(InputError, match=r"2 of 150 items .*more than 1 %.*checksum"):
            read(name, stream=stream)
        return
    with pytest.raises(InputError, match=r"a\.tfrecord:10 \(its checksum .*a\.tfrecord:20 \(no tf\.train"):
        read(name)
    content[at + len(encoded(PIXELS[10])) - 1] ^= 255
    (tmp_path / "a.tfrecord").write_bytes(content)
    arrays = read(name)
    kept = [i for i in range(150) if i != 20]
    np.testing.assert_array_equal(arrays.images, PIXELS[kept])
    assert arrays.labels.tolist() == [i % 2 for i in kept]
    assert "a.tfrecord:20 (no tf.train.Example" in caplog.text


def test_one_damaged_record_on_disk(tmp_path, caplog):
    serialised = [example(i % 2, number=i) for i in range(150)]
    serialised[20] = b"no example"
    arrays = read(write(tmp_path / "a.tfrecord", serialised), stream="on")
    expected = PIXELS.copy()
    expected[20] = PIXELS[21]  # the next one
    np.testing.assert_array_equal(all_of(arrays), expected)
    assert arrays.class_names == ("0", "1")
    assert "a.tfrecord:20 (no tf.train.Example" in caplog.text


def test_a_file_that_changes_stops_the_reading(tmp_path):
    path = tmp_path / "a.tfrecord"
    arrays = read(write(path, [example(number=i) for i in range(3)]), stream="on")
    os.utime(path, ns=(0, 0))
    with pytest.raises(InputError, match=r"a\.tfrecord has changed since"):
        arrays.images[0]


def test_files_that_are_refused(tmp_path, refused):
    path = tmp_path / "a.tfrecord"
    name = write(path, [example(number=i) for i in range(3)])
    content = path.read_bytes()
    length = len(content) // 3
    for cut in (content[:-1], content[: length + 5]):
        path.write_bytes(cut)
        with refused(name, "a.tfrecord is", "cut off", f"at byte {length * (len(cut) // length)}"):
            read(name)
    path.write_bytes(content[:length] + b"\1" + content[length + 1 :])
    with refused("a.tfrecord is damaged or cut off", f"at byte {length}"):
        read(name)
    path.write_bytes(b"<html>404 Not Found</html>")
    with refused("a.tfrecord is no TFRecord file"):
        read(name)
    path.write_bytes(gzip.compress(content))
    with refused("a.tfrecord is compressed by gzip: unpack it"):
        read(name)
    path.write_bytes(b"")
    with refused("holds no tf.train.Example"):
        read(name)
    write(path, [b"none", example(picture_key="pixels")])
    with refused("no picture in one of image/encoded, image", "its features are pixels, text"):
        read(name)
    (tmp_path / "empty").mkdir()
    with refused("no files with .tfrecord in their names"):
        read(f"tfrecord:{tmp_path / 'empty'}")


def test_raw_pixels_are_no_encoded_picture(tmp_path, refused):
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[PIXELS[0].tobytes()]))
    raw = tf.train.Example(features=tf.train.Features(feature={"image_raw": feature})).SerializeToString()
    with refused("a.tfrecord:0 (no image that Pillow reads)"):
        read(write(tmp_path / "a.tfrecord", [raw]))


def test_the_keys_are_in_the_docstring():
    for key in (*tfrecord.PICTURE_KEYS, *tfrecord.LABEL_KEYS):
        assert f"``{key}``" in tfrecord.open_tfrecord.__doc__
