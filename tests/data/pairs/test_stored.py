"""Pairs that stay on disk: the batches of those in memory, and what becomes of damaged files."""

import logging
import zipfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests import tfrecords
from tests.data.eager import batch, same
from tfgan_ref.data import (
    PicturePairs,
    example_pairs,
    pair_batches,
    read_pairs,
    split_pairs,
    training_pairs,
    unpaired,
)
from tfgan_ref.data.pairs.stored import SquareRows, StoredPairs
from tfgan_ref.errors import InputError

SIZES = [(16 + 2 * (i % 3), 20 + 2 * (i % 4)) for i in range(10)]  # heights and widths


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def picture(i, height, width, channels=3):
    """Blobs of colour, smooth enough that JPEG, edges and drawings have something to say."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin((i + k) * rows / 9) * np.cos(columns * (k + 2) / 11) for k in range(channels)]
    return np.rint(127.5 + 127 * np.stack(waves, -1)).astype(np.uint8)


def save(path, pixels):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels.squeeze()).save(path)


@pytest.fixture
def folder(tmp_path):
    """Pictures of several sizes, grey ones among them, of two formats."""
    for i, size in enumerate(SIZES):
        pixels = picture(i, *size, channels=1 if i == 3 else 3)
        save(tmp_path / "pictures" / f"{i}.{'jpg' if i % 2 else 'png'}", pixels)
    return f"folder:{tmp_path / 'pictures'}"


@pytest.fixture
def pairs(tmp_path):
    """Two folders, targets twice as large as their sources."""
    for i, (height, width) in enumerate(SIZES):
        save(tmp_path / "a" / f"{i}.png", picture(i, height, width, 1))
        save(tmp_path / "b" / f"{i}.jpg", picture(i + 1, 2 * height, 2 * width))
    return f"pairs:{tmp_path / 'a'}:{tmp_path / 'b'}"


@pytest.fixture
def halves(tmp_path):
    for i, size in enumerate(SIZES):
        save(tmp_path / "halves" / f"{i}.png", picture(i, *size))
    return f"sidebyside:{tmp_path / 'halves'}"


def both(reader, *names, **form):
    """The same data in memory and on disk."""
    kept, stored = (reader(*names, stream=stream, **form) for stream in ("off", "on"))
    assert isinstance(stored, StoredPairs)
    return kept, stored


def assert_same_batches(kept, stored, crop=8, **form):
    loaders = [training_pairs(pairs, crop, seed=7, **form).loader(11) for pairs in (kept, stored)]
    assert same(*(batch(loader, 2) for loader in loaders))


@pytest.mark.parametrize("form", [{}, {"image_size": 16, "channels": 1}], ids=["as they are", "fitted"])
def test_two_folders_give_the_batches_of_those_in_memory(pairs, form):
    kept, stored = both(read_pairs, pairs, scale=2, **form)
    assert_same_batches(kept, stored)
    assert stored.nbytes == kept.nbytes


@pytest.mark.parametrize("form", [{}, {"image_size": 8, "channels": 1}], ids=["as they are", "fitted"])
def test_halves_give_the_batches_of_those_in_memory(halves, form):
    assert_same_batches(*both(read_pairs, halves, reverse=True, **form), hole="box")


@pytest.mark.parametrize(
    "form",
    [
        {"make": "edges", "reverse": True},
        {"make": "grey", "image_size": 12},
        {"make": "same"},
        {"make": "small", "scale": 2},
    ],
    ids=["edges", "grey", "same", "small"],
)
def test_made_sources_are_those_of_pictures_in_memory(folder, form):
    crop = 8 // form.get("scale", 1)
    assert_same_batches(*both(read_pairs, folder, **form), crop=crop)


@pytest.fixture
def elsewhere(folder, tmp_path):
    """The pictures of ``folder`` in other files, by the kind of data that they are."""

    def put(kind):
        place = tmp_path / f"pictures.{kind}"
        files = [path.read_bytes() for path in sorted((tmp_path / "pictures").iterdir())]
        if kind == "zip":
            with zipfile.ZipFile(place, "w") as archive:
                for number, content in enumerate(files):
                    archive.writestr(f"{number}.png", content)
        else:
            tfrecords.write(place, map(tfrecords.example, files))
        return f"{kind}:{place}"

    return put


@pytest.mark.parametrize("kind", ["zip", "tfrecord"])
def test_pictures_in_archives_and_records_give_the_batches_of_a_folder(folder, elsewhere, kind):
    name = elsewhere(kind)
    kept, stored = both(read_pairs, name, make="lines")
    assert_same_batches(kept, stored)
    assert_same_batches(read_pairs(folder, make="lines"), stored)
    assert_same_batches(*both(unpaired, folder, name))


@pytest.fixture
def arrays(tmp_path):
    """A function that writes sources and targets, and returns their name."""
    drawn = np.random.default_rng(0).integers(0, 256, (12, 10, 14, 3), np.uint8)

    def write(save=np.savez, targets=None):
        targets = drawn.repeat(2, 1).repeat(2, 2)[..., :1] if targets is None else targets
        save(tmp_path / "arrays.npz", drawn=drawn, photo=targets)
        return f"npzpairs:{tmp_path / 'arrays.npz'}:drawn:photo"

    return write


@pytest.mark.parametrize(
    "form",
    [{}, {"image_size": 16, "channels": 1}, {"image_size": 48, "channels": 3}],
    ids=["as they are", "fitted", "enlarged"],
)
def test_two_arrays_give_the_batches_of_those_in_memory(arrays, form, caplog):
    kept, stored = both(read_pairs, arrays(), scale=2, **form)
    assert_same_batches(kept, stored)
    assert stored.nbytes == kept.nbytes
    warned = [record.message for record in caplog.records if "are enlarged" in record.message]
    assert warned[:2] == warned[2:]
    assert len(warned) == (4 if form.get("image_size") == 48 else 0)


def test_two_arrays_change_places(arrays):
    name = arrays(targets=np.random.default_rng(1).integers(0, 256, (12, 10, 14), np.uint8))
    assert_same_batches(*both(read_pairs, name, reverse=True))


@pytest.mark.parametrize(
    ("save", "targets", "told"),
    [
        (np.savez_compressed, None, "stay on disk (stream=on), images must not be compressed (np.savez in"),
        (np.savez, np.zeros((12, 20, 28)), "must be uint8, they are float64"),
        (np.savez, np.zeros((11, 20, 28), np.uint8), "12 sources and 11 targets are no pairs"),
        (np.savez, np.zeros((12, 10, 14), np.uint8), "all pairs: the source is 14x10 and the target 14x10"),
    ],
    ids=["compressed", "floats", "counts", "sizes"],
)
def test_arrays_that_cannot_stay_on_disk(arrays, refused, save, targets, told):
    with refused("npzpairs:", told):
        read_pairs(arrays(save, targets), scale=2, stream="on")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_large_arrays_stay_on_disk_if_they_can(arrays, save, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    name = arrays(save)
    assert isinstance(read_pairs(name, scale=2, stream="auto"), PicturePairs)
    assert not caplog.records
    monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", 0)
    pairs = read_pairs(name, scale=2, stream="auto")
    assert isinstance(pairs, StoredPairs) == (save is np.savez)
    (said,) = [record.message for record in caplog.records]
    assert ("kept in memory; to stay on disk, images must not be" in said) == (save is np.savez_compressed)


def test_an_array_that_changes_ends_the_reading(arrays):
    name = arrays()
    pairs = read_pairs(name, scale=2, stream="on")
    rows = training_pairs(pairs, 8).loader(4).rows
    with open(name.split(":")[1], "ab") as file:
        file.write(b"more")
    for _ in range(2):
        with pytest.raises(InputError, match=r"arrays\.npz has changed since reading began"):
            rows[0]
    assert pairs.faults.error is not None  # by which a run knows


def test_collections_without_pairs_give_the_batches_of_those_in_memory(folder, tmp_path):
    for i in range(4):
        save(tmp_path / "greys" / f"{i}.png", picture(i, 18, 18, 1))
    assert_same_batches(*both(unpaired, folder, f"folder:{tmp_path / 'greys'}"))


def test_one_collection_may_be_in_memory(folder):
    styles = ("greys", tuple(picture(i, 18, 18, 1) for i in range(4)))
    assert_same_batches(*both(unpaired, folder, styles, image_size=16))


def test_the_same_pairs_are_held_out(halves):
    parts = [split_pairs(pairs, 3) for pairs in both(read_pairs, halves)]
    for kept, stored in zip(*parts, strict=True):
        names = [stored.source_name(i) for i in range(stored.source_count)]
        assert names == list(kept.names)
        assert_same_batches(kept, stored, crop=6)


def test_examples_are_those_of_pictures_in_memory(pairs):
    kept, stored = both(read_pairs, pairs, scale=2)
    assert same(*(example_pairs(data, 6, seed=0, crop=8, hole="free") for data in (kept, stored)))


def test_training_data_on_disk_are_what_they_are_in_memory(folder):
    kept, stored = (training_pairs(data, 8) for data in both(read_pairs, folder, make="lines"))
    assert stored.shape == kept.shape
    assert stored.count == kept.count
    assert stored.memory == kept.memory
    assert same(*(data.examples[0] for data in (kept, stored)))
    assert kept.faults is None
    assert stored.faults is stored.items.faults


def test_a_process_reads_its_part_of_the_batches_from_any_step_on(folder):
    kept, stored = (training_pairs(data, 8, hole="box") for data in both(read_pairs, folder, make="grey"))
    loader = stored.loader(4)
    whole = batch(kept.loader(4), 3)
    dataset = loader.dataset(
        3, shard=lambda chosen: chosen.map(lambda parts: {k: v[2:] for k, v in parts.items()})
    )
    assert dataset.element_spec == {
        "source": tf.TensorSpec((2, 8, 8, 1), tf.float32),
        "target": tf.TensorSpec((2, 8, 8, 3), tf.float32),
        "mask": tf.TensorSpec((2, 8, 8, 1), tf.float32),
    }
    part = next(dataset.as_numpy_iterator())
    assert same(part, {name: values[2:] for name, values in whole.items()})


@pytest.fixture
def hundred(tmp_path):
    """A hundred pairs, of which pair k shows k alone, and one file of whose targets cannot be decoded."""
    for i in range(120):
        for side in "ab":
            save(tmp_path / side / f"{i:03}.png", np.full((8, 8), i, np.uint8))
    damaged = tmp_path / "b" / "050.png"
    damaged.write_bytes(damaged.read_bytes()[:-30])
    return f"pairs:{tmp_path / 'a'}:{tmp_path / 'b'}"


def numbers(pairs, step):
    """Which of the hundred are in a batch of 200."""
    found = batch(training_pairs(pairs, 8).loader(200), step)
    assert np.array_equal(found["source"], found["target"])
    return np.rint((found["source"][:, 0, 0, 0] + 1) * 127.5).astype(int)


def test_the_next_pair_stands_in_for_one_with_a_damaged_picture(hundred, caplog):
    stored = read_pairs(hundred, stream="on")
    sources = f"folder:{hundred.split(':')[1]}"
    expected = numbers(read_pairs(sources, make="same"), 0)  # of which none is damaged
    (places,) = np.nonzero(expected == 50)
    expected[places] = expected[places + 1]
    assert np.array_equal(numbers(stored, 0), expected)
    assert len(stored.faults) == 1
    (message,) = [record.message for record in caplog.records if "passed over" in record.message]
    assert "050.png (its partner" in message


def test_too_many_damaged_files_end_the_reading(hundred, tmp_path, refused):
    for i in (3, 4):
        (tmp_path / "a" / f"{i:03}.png").write_bytes(b"nothing")
    with refused("2 of 120 items cannot be read", "003.png", "004.png"):
        read_pairs(hundred, stream="on")


def test_damaged_files_count_through_both_collections(tmp_path, folder):
    for i in range(190):
        save(tmp_path / "more" / f"{i:03}.png", np.full((8, 8), i, np.uint8))
    (tmp_path / "more" / "007.png").write_bytes(b"nothing")
    (tmp_path / "pictures" / "2.png").write_bytes(b"nothing")
    stored = unpaired(folder, f"folder:{tmp_path / 'more'}", stream="on")
    assert len(stored.faults) == 2
    rows = training_pairs(stored, 8).loader(4).rows
    first, second = (SquareRows(stored, i, ((8, 8),), False) for i in (0, 1))
    assert first.faults is second.faults is rows.faults
    assert np.array_equal(first[2], first[3])
    assert np.array_equal(second[6:9][:, 0], [6, 8, 8])


def test_a_file_that_is_gone_ends_the_reading(halves, tmp_path):
    rows = training_pairs(read_pairs(halves, stream="on"), 8).loader(4).rows
    (tmp_path / "halves" / "3.png").unlink()
    with pytest.raises(InputError, match=r"3\.png is gone"):
        rows[np.arange(5)]
    with pytest.raises(InputError, match=r"3\.png is gone"):
        rows[0]


@pytest.mark.parametrize("make", ["edges", "small"])
def test_pictures_that_are_too_small_are_named(folder, refused, make):
    scale = 20 if make == "small" else 1
    with refused("0.png is 20x16"):
        training_pairs(read_pairs(folder, make=make, scale=scale, stream="on"), 17)


def test_sizes_that_differ_need_a_crop(folder, refused):
    with refused("pictures of different sizes, 0.png is 20x16 and 1.jpg is 22x18", "pass crop"):
        pair_batches(read_pairs(folder, make="same", stream="on"), 2, seed=0)


def test_files_of_pairs_must_go_together(pairs, halves, tmp_path, refused):
    with refused("0.png", "the source is 20x16 and the target 40x32"):
        read_pairs(pairs, stream="on")
    save(tmp_path / "halves" / "0.png", picture(0, 16, 21))
    with refused("0.png is 21x16", "its width is odd"):
        read_pairs(halves, stream="on")


def test_enlarged_pictures_and_further_frames_are_told(folder, tmp_path, caplog):
    frames = [Image.fromarray(picture(i, 16, 16)) for i in range(2)]
    frames[0].save(tmp_path / "pictures" / "x.gif", save_all=True, append_images=frames[1:])
    both(read_pairs, folder, make="same", image_size=64)
    said = [
        record.message
        for record in caplog.records
        if "smaller" in record.message or "frames" in record.message
    ]
    assert sorted(said[:2]) == sorted(said[2:])
    assert len(said) == 4


@pytest.mark.parametrize("name", ["photographs", "digits", "npz"])
def test_what_cannot_stay_on_disk_is_refused(name, tmp_path, refused):
    if name == "npz":
        np.savez(tmp_path / "x.npz", images=np.zeros((2, 8, 8), np.uint8))
        name = f"npz:{tmp_path / 'x.npz'}"
    with refused(f"{name}: stream=on is for pictures in files, this is kept in memory"):
        read_pairs(name, make="same", stream="on")


def test_other_contents_have_another_fingerprint(halves, folder, tmp_path):
    stored = read_pairs(halves, stream="on")
    fingerprints = {stored.fingerprint, stored.take(np.arange(9)).fingerprint}
    for form in (
        {"make": "same"},
        {"make": "edges"},
        {"make": "same", "channels": 1},
        {"make": "same", "image_size": 8},
    ):
        fingerprints.add(read_pairs(folder, stream="on", **form).fingerprint)
    assert len(fingerprints) == 6
    assert read_pairs(halves, stream="on").fingerprint == stored.fingerprint
    save(tmp_path / "halves" / "3.png", 255 - picture(3, *SIZES[3]))
    assert read_pairs(halves, stream="on").fingerprint != stored.fingerprint
