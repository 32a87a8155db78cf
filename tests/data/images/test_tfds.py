"""Data sets that tensorflow-datasets really prepares here, read back from its files alone."""

import contextlib
import io
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.conftest import slow_ones
from tfgan_ref.data import PicturePairs, example_pairs, load, read, read_pairs, read_pictures
from tfgan_ref.data.images.decoding import decode
from tfgan_ref.data.images.tfds import one_line_errors
from tfgan_ref.data.pairs.picture_sources import open_pictures
from tfgan_ref.data.pairs.stored import StoredPairs
from tfgan_ref.data.streams import headers
from tfgan_ref.errors import InputError
from tfgan_ref.files import cache_directory

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (12, 8, 8, 3), np.uint8)
LABELS = np.arange(12) % 3
MIXED = [RANDOM.integers(0, 256, (*size, 1), np.uint8) for size in ((8, 8), (6, 20), (16, 8))]


def prepare(data_dir, name, features, splits, file_format="tfrecord", shards=None):
    """Writes a data set; its builder is not registered, so that nothing but the files can be found later."""

    def generate(self, examples):
        yield from enumerate(examples)

    methods = {
        "VERSION": tfds.core.Version("1.0.0"),
        "_info": lambda self: tfds.core.DatasetInfo(
            builder=self, features=tfds.features.FeaturesDict(features)
        ),
        "_split_generators": lambda self, manager: {
            split: self._generate_examples(examples) for split, examples in splits.items()
        },
        "_generate_examples": generate,
    }
    with tfds.core.registered.skip_registration():
        builder = type(name, (tfds.core.GeneratorBasedBuilder,), methods)
    config = tfds.download.DownloadConfig(num_shards=shards) if shards else None
    builder(data_dir=data_dir, file_format=file_format).download_and_prepare(download_config=config)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    image = tfds.features.Image
    examples = [{"image": pixels, "label": label} for pixels, label in zip(IMAGES, LABELS, strict=True)]
    label = tfds.features.ClassLabel(names=["tea", "milk", "jam"])
    prepare(
        folder,
        "MyFood",
        {"image": image(shape=(8, 8, 3)), "label": label},
        {"train": examples[:9], "test": examples[9:]},
    )
    prepare(
        folder, "MyMixed", {"image": image(shape=(None, None, 1))}, {"train": [{"image": x} for x in MIXED]}
    )
    low = [{"hr": x, "lr": x[::2, ::2]} for x in MIXED]
    prepare(
        folder,
        "MyHigh",
        {"hr": image(shape=(None, None, 1)), "lr": image(shape=(None, None, 1))},
        {"train": low},
    )
    prepare(folder, "MyText", {"text": tfds.features.Text()}, {"train": [{"text": "none"}]})
    wide = image(shape=(4, 4, 1), dtype=np.uint16)
    values = np.arange(16, dtype=np.uint16).reshape(4, 4, 1) * 257
    prepare(folder, "MyWide", {"image": wide, "label": np.int64}, {"train": [{"image": values, "label": 1}]})
    return folder


def rows(images):
    return sorted(image.tobytes() for image in images)


def test_images_and_labels_come_back(data_dir):
    arrays = read("my_food", data_dir=data_dir)
    assert rows(arrays.images) == rows(IMAGES[:9])
    label_of = {image.tobytes(): label for image, label in zip(IMAGES, LABELS, strict=True)}
    assert [label_of[image.tobytes()] for image in arrays.images] == arrays.labels.tolist()
    assert arrays.class_names == ("tea", "milk", "jam")


def test_splits(data_dir, refused):
    assert rows(read("my_food", data_dir=data_dir, split="test").images) == rows(IMAGES[9:])
    assert rows(read("my_food", data_dir=data_dir, split="all").images) == rows(IMAGES)
    assert len(read("my_food", data_dir=data_dir, split="train[:3]").images) == 3
    for split in ("valid", "train[", "train[:x]", ""):
        with refused("my_food", repr(split), "train", "test", "all"):
            read("my_food", data_dir=data_dir, split=split)
    with refused("my_food", "holds no images"):
        read("my_food", data_dir=data_dir, split="train[:0]")


def test_version_can_be_named(data_dir):
    assert len(read("my_food:1.0.0", data_dir=data_dir).images) == 9


def test_images_of_different_sizes(data_dir, refused, caplog):
    with refused("my_mixed", "image 0", "image_size"):
        read("my_mixed", data_dir=data_dir)
    with caplog.at_level(logging.WARNING):
        arrays = read("my_mixed", data_dir=data_dir, image_size=8, channels=3)
    assert arrays.images.shape == (3, 8, 8, 3)
    assert arrays.labels is None
    with refused("recipe x needs labels: data my_mixed has none"):
        read("my_mixed", data_dir=data_dir, image_size=8, labels_for="recipe x")
    assert MIXED[0].tobytes() in rows(arrays.images[..., :1])  # what has the size stays as it is
    assert [record.getMessage() for record in caplog.records] == [
        "my_mixed: 1 of 3 images are smaller than 8x8 (the smallest is 20x6) and are enlarged"
    ]


def test_sixteen_bits_and_plain_labels(data_dir):
    arrays = read("my_wide", data_dir=data_dir)
    assert np.array_equal(arrays.images.ravel(), np.arange(16))
    assert (arrays.labels.tolist(), arrays.class_names) == ([0], ("1",))


def test_load(data_dir):
    batch = next(load("my_food", batch_size=9, seed=0, data_dir=str(data_dir)).as_numpy_iterator())
    assert rows(np.rint((batch["image"] + 1) * 127.5).astype(np.uint8)) == rows(IMAGES[:9])
    assert sorted(batch["label"]) == sorted(LABELS[:9])


@pytest.mark.parametrize("name", ["my_mixed", "my_high"])
def test_pictures_of_different_sizes(data_dir, name):
    pictures, names = read_pictures(name, data_dir=data_dir)
    assert rows(pictures) == rows(MIXED)
    assert {picture.shape for picture in pictures} == {picture.shape for picture in MIXED}
    assert names == ("image 0", "image 1", "image 2")
    fitted, _ = read_pictures(name, data_dir=data_dir, image_size=8, channels=3)
    assert np.array_equal(np.stack(fitted), read(name, data_dir=data_dir, image_size=8, channels=3).images)


def test_splits_of_pictures(data_dir, refused):
    assert rows(read_pictures("my_food", data_dir=data_dir, split="test")[0]) == rows(IMAGES[9:])
    with refused("my_mixed", "'test'", "train"):
        read_pictures("my_mixed", data_dir=data_dir, split="test")


def test_data_sets_without_images(data_dir, refused):
    with refused("my_text", "no feature 'image'", "text"):
        read("my_text", data_dir=data_dir)
    with refused("my_text", "'hr'", "text"):
        read_pictures("my_text", data_dir=data_dir)


def test_versions_that_are_missing(data_dir, refused):
    with refused("mnist:1.2.3", str(data_dir), "npz:PATH", "idx:PATH", "data_dir"):
        read("mnist:1.2.3", data_dir=data_dir)


def cut(records):
    records.write_bytes(records.read_bytes()[:-30])


def cut_between_records(records):
    """Half of the records are whole and the others are not there."""
    lengths = [16 + len(record.numpy()) for record in tf.data.TFRecordDataset(str(records))]
    records.write_bytes(records.read_bytes()[: sum(lengths[: len(lengths) // 2])])


def flip(records):
    content = bytearray(records.read_bytes())
    content[len(content) // 2] ^= 1
    records.write_bytes(content)


def flip_in_the_last_picture(records):
    content = bytearray(records.read_bytes())
    content[-30] ^= 1
    records.write_bytes(content)


def empty(records):
    records.write_bytes(b"")


@pytest.mark.parametrize("reader", [read, read_pictures])
@pytest.mark.parametrize("damage", [cut, cut_between_records, flip, empty, Path.unlink])
def test_damaged_files(refused, tmp_path, damage, reader):
    examples = [{"image": pixels} for pixels in IMAGES]
    prepare(tmp_path, "MyFood", {"image": tfds.features.Image(shape=(8, 8, 3))}, {"train": examples})
    (records,) = tmp_path.rglob("*.tfrecord*")
    damage(records)
    with refused("my_food", str(tmp_path), "cannot read or prepare", "npz:PATH"):
        reader("my_food", data_dir=tmp_path)


def test_output_stays_quiet(data_dir, capsys):
    capsys.readouterr()
    read("my_food", data_dir=data_dir)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("fails", [False, True])
def test_downloads_that_go_on_after_an_error_stay_quiet(fails):
    """urllib3 warns of each new try; the error's own line has the reason."""
    urllib3 = logging.getLogger("urllib3")
    before = urllib3.level
    urllib3.setLevel(logging.WARNING)  # an earlier test's error may have quieted it
    try:
        with contextlib.suppress(InputError), one_line_errors("mnist", None):
            assert not urllib3.isEnabledFor(logging.WARNING)
            if fails:
                raise ConnectionError
        assert urllib3.isEnabledFor(logging.WARNING) != fails
    finally:
        urllib3.setLevel(before)


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    """The same pictures in three TFRecord and ArrayRecord files for each split, as JPEGs."""
    folder = tmp_path_factory.mktemp("sharded")
    pixels = np.random.default_rng(1).integers(0, 256, (110, 8, 8, 3), np.uint8)
    examples = [{"image": image, "label": i % 3} for i, image in enumerate(pixels)]
    features = {
        "image": tfds.features.Image(shape=(8, 8, 3), encoding_format="jpeg"),
        "label": tfds.features.ClassLabel(names=["tea", "milk", "jam"]),
    }
    splits = {"train": examples[:100], "test": examples[100:]}
    prepare(folder, "MyRecords", features, splits, shards=3)
    prepare(folder, "MyArrays", features, splits, "array_record", shards=3)
    return folder


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", ["my_records", "my_arrays"])
@pytest.mark.parametrize("split", slow_ones(["train", "train[20:]", "all"], slow=["train", "all"]))
def test_on_disk_the_same_images_come_in_the_same_order(sharded, name, split, own_cache):
    in_memory = read(name, data_dir=sharded, split=split)
    on_disk = read(name, data_dir=sharded, split=split, stream="on")
    assert (in_memory.on_disk, on_disk.on_disk) == (False, True)
    count = {"train": 100, "train[20:]": 80, "all": 110}[split]
    assert len(on_disk.images) == count
    np.testing.assert_array_equal(on_disk.images[np.arange(count)], in_memory.images)
    np.testing.assert_array_equal(on_disk.labels, in_memory.labels)
    assert on_disk.class_names == in_memory.class_names == ("tea", "milk", "jam")
    assert (on_disk.whole, in_memory.whole) == (False, False)


@pytest.mark.parametrize("name", slow_ones(["my_records", "my_arrays"], slow=["my_arrays"]))
def test_each_split_keeps_its_headers(sharded, name, own_cache, monkeypatch):
    read_headers, before = [], headers.read_header
    monkeypatch.setattr(headers, "read_header", lambda file: read_headers.append(file) or before(file))
    for _ in range(2):
        for split in ("test", "train[:5]"):
            read(name, data_dir=sharded, split=split, image_size=8, stream="on")
    assert len(read_headers) == 10 + 5


def test_both_formats_decode_as_pillow_does(sharded, own_cache):
    """Each gives the pictures in an order of its own."""
    builder = tfds.core.read_only_builder.builder_from_files("my_records", data_dir=sharded)
    encoded = builder.as_dataset(split="train", decoders={"image": tfds.decode.SkipDecoding()})
    expected = [decode(io.BytesIO(example["image"].numpy())) for example in encoded]
    for name in ("my_records", "my_arrays"):
        assert rows(read(name, data_dir=sharded).images) == rows(np.stack(expected))


@pytest.mark.parametrize("name", slow_ones(["my_high", "my_arrays"], slow=["my_arrays"]))
def test_pairs_made_of_pictures_on_disk(data_dir, sharded, name, own_cache, monkeypatch):
    def read_with(stream):
        where = sharded if name == "my_arrays" else data_dir
        pairs = read_pairs(name, make="grey", data_dir=where, stream=stream)
        return isinstance(pairs, StoredPairs), example_pairs(pairs, 3, seed=0, crop=6)

    found = [read_with(stream) for stream in ("off", "auto", "on")]
    monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", 0)
    found.append(read_with("auto"))
    assert [stored for stored, _ in found] == [False, False, True, True]
    for _, other in found[1:]:
        assert all(np.array_equal(other[side], squares) for side, squares in found[0][1].items())


def test_pictures_that_fit_into_memory_need_no_index(data_dir, refused, own_cache, monkeypatch):
    form = {"make": "same", "data_dir": data_dir}
    assert isinstance(read_pairs("my_food", stream="auto", **form), PicturePairs)
    assert not (cache_directory() / "records").exists()
    monkeypatch.setattr(tfds.core.DatasetInfo, "file_format", tfds.core.FileFormat.RIEGELI)
    assert open_pictures("my_food", "train", data_dir, image_size=None, stream="auto") is None
    with refused("my_food: is prepared as riegeli, of which single images cannot be read"):
        read_pairs("my_food", stream="on", **form)


def test_images_of_different_sizes_on_disk(data_dir, own_cache, refused):
    with refused("my_mixed", "image_size"):
        read("my_mixed", data_dir=data_dir, stream="on")
    form = {"data_dir": data_dir, "image_size": 8}
    on_disk = read("my_mixed", stream="on", **form)
    np.testing.assert_array_equal(on_disk.images[np.arange(3)], read("my_mixed", **form).images)
    assert on_disk.images.shape == (3, 8, 8, 1)
    with refused("recipe x needs labels"):
        read("my_mixed", stream="on", labels_for="recipe x", **form)


@pytest.mark.parametrize("damage", [cut, cut_between_records, flip_in_the_last_picture, empty, Path.unlink])
def test_damaged_files_on_disk(refused, tmp_path, damage, own_cache):
    examples = [{"image": pixels} for pixels in IMAGES]
    prepare(tmp_path, "MyFood", {"image": tfds.features.Image(shape=(8, 8, 3))}, {"train": examples})
    (records,) = tmp_path.rglob("*.tfrecord*")
    damage(records)
    whole = damage is flip_in_the_last_picture  # one record is damaged, all can be found
    with refused("my_food", *(("1 of 12 items", "checksum") if whole else ("cannot read or prepare",))):
        read("my_food", data_dir=tmp_path, stream="on")


@pytest.mark.parametrize("name", ["my_records", "my_arrays"])
def test_files_that_change_stop_the_reading(sharded, tmp_path, name, own_cache):
    shutil.copytree(sharded, tmp_path / "copy")
    arrays = read(name, data_dir=tmp_path / "copy", stream="on")
    (first, *_) = sorted((tmp_path / "copy" / name).rglob("*train*"))
    os.utime(first, ns=(0, 0))
    with pytest.raises(InputError, match=f"{first.name} has changed since"):
        arrays.images[0]
    first.unlink()
    arrays.images.faults.error = None
    with pytest.raises(InputError, match=f"{first.name} is gone since"):
        arrays.images[0]


def test_formats_without_single_images(sharded, refused, own_cache, monkeypatch):
    monkeypatch.setattr(tfds.core.DatasetInfo, "file_format", tfds.core.FileFormat.RIEGELI)
    with refused("my_records: is prepared as riegeli", "stream=off", "tfrecord or array_record"):
        read("my_records", data_dir=sharded, stream="on")
