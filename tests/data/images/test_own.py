"""Images that users' own functions and objects give."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan_ref.data import ImageArrays, read
from tfgan_ref.data.images import own
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.outside import trust
from tfgan_ref.errors import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (150, 6, 8, 3), np.uint8)
LABELS = np.arange(150) % 3
STREAM = pytest.mark.parametrize("stream", ["off", "on"])


class Items:
    """Items by their numbers, some of which raise errors."""

    def __init__(self, items, broken=(), **attributes):
        self.items, self.broken, self.asked = items, broken, []
        vars(self).update(attributes)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, number):
        self.asked.append(number)
        if number in self.broken:
            raise OSError("the disk is gone")
        return self.items[number]


def read_value(value, **form):
    return own.read_value("mine", value, ReadOptions(**form))


def all_of(arrays):
    return arrays.images[np.arange(len(arrays.images))]


FORMS = {
    "arrays": lambda pixels, label: pixels,
    "pairs": lambda pixels, label: (pixels, label),
    "dicts": lambda pixels, label: {"image": pixels, "label": np.int64(label)},
    "Pillow's": lambda pixels, label: (Image.fromarray(pixels), label),
}


@STREAM
@pytest.mark.parametrize("form", FORMS)
def test_items_by_their_numbers(stream, form):
    items = [FORMS[form](*pair) for pair in zip(PIXELS[:9], LABELS[:9] + 4, strict=True)]
    arrays = read_value(Items(items), stream=stream)
    assert arrays.on_disk == (stream == "on")
    np.testing.assert_array_equal(all_of(arrays), PIXELS[:9])
    assert arrays.whole
    if form == "arrays":
        assert arrays.labels is None
    else:
        assert arrays.labels.tolist() == LABELS[:9].tolist()
        assert arrays.class_names == ("4", "5", "6")


def test_given_labels_are_not_asked_of_each_item():
    items = Items(list(PIXELS), labels=LABELS, class_names=["a", "b", "c"])
    arrays = read_value(items, stream="on")
    assert (arrays.labels.tolist(), arrays.class_names) == (LABELS.tolist(), ("a", "b", "c"))
    assert set(items.asked) < set(range(150))
    items.asked.clear()
    arrays.images[np.array([77, 3])]
    assert items.asked == [77, 3]


@STREAM
def test_sizes_and_channels(stream, refused):
    mixed = [PIXELS[0], PIXELS[1, :, :, :1], PIXELS[2, :4, :4, 0], np.dstack([PIXELS[3], PIXELS[4, ..., 0]])]
    with refused("item 1 (it is 8x6 with 1 channel, the first one 8x6 with 3 channels", "more than 1 %"):
        all_of(read_value(mixed, stream=stream))
    arrays = read_value(mixed, stream=stream, image_size=4, channels=1)
    assert arrays.images.shape == (4, 4, 4, 1)
    np.testing.assert_array_equal(all_of(arrays)[2, ..., 0], PIXELS[2, :4, :4, 0])


@STREAM
def test_a_damaged_item(stream, caplog):
    items = [(pixels, k) for pixels, k in zip(PIXELS, LABELS, strict=True)]
    arrays = read_value(Items(items, broken=[10]), stream=stream)
    kept = [i for i in range(150) if i != 10]
    if stream == "off":
        np.testing.assert_array_equal(arrays.images, PIXELS[kept])
        assert arrays.labels.tolist() == LABELS[kept].tolist()
    else:
        np.testing.assert_array_equal(all_of(arrays)[10], PIXELS[11])  # the next one
    assert "item 10 (the disk is gone)" in caplog.text
    with pytest.raises(InputError, match="2 of 150 .*more than 1 %"):
        read_value(Items(items, broken=[10, 20]), stream=stream)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (7, ["is a int", "__getitem__", "tf.data.Dataset"]),
        ([], ["holds no items"]),
        ([PIXELS[0] / 255], ["float64", "must be uint8"]),
        ([PIXELS[0, 0, 0]], ["shape (3,)", "(H, W)"]),
        ([(PIXELS[0], 0.5)], ["label is 0.5", "whole number"]),
        ([(PIXELS[0], -1)], ["label out of range: -1"]),
        ([{"picture": PIXELS[0]}], ["first item cannot be used", "image"]),
        (Items(list(PIXELS), labels=LABELS[:5]), ["labels are int64 of shape (5,)", "(150,)"]),
        (Items(list(PIXELS), labels=LABELS / 2), ["labels are float64"]),
        (tf.data.Dataset.from_tensor_slices(PIXELS).repeat(), ["endless", "repeat()"]),
    ],
)
def test_what_is_refused(refused, value, parts):
    with refused("mine", *parts):
        read_value(value)


class Batches(keras.utils.PyDataset):
    """Batches of four pictures, the last one of what is left."""

    def __len__(self):
        return 3

    def __getitem__(self, number):
        rows = slice(4 * number, min(4 * number + 4, 10))
        return PIXELS[rows], LABELS[rows]


SLICES = tf.data.Dataset.from_tensor_slices((PIXELS[:10], LABELS[:10]))
AS_DICTS = SLICES.map(lambda image, label: {"image": image, "label": label})


@pytest.mark.parametrize("dataset", [SLICES, SLICES.batch(4), AS_DICTS, AS_DICTS.batch(4), Batches()])
def test_data_sets_of_tensorflow_and_keras_are_read_into_memory(dataset, refused):
    arrays = read_value(dataset, stream="auto")
    np.testing.assert_array_equal(arrays.images, PIXELS[:10])
    assert arrays.labels.tolist() == LABELS[:10].tolist()
    with refused("cannot be read by their numbers", "stream=off"):
        read_value(dataset, stream="on")


def test_image_arrays(refused):
    arrays = ImageArrays("theirs", PIXELS, LABELS.astype(np.int32), ("a", "b", "c"))
    found = read_value(arrays)
    assert found.images is arrays.images
    assert (found.name, found.class_names, found.whole) == ("mine", ("a", "b", "c"), True)
    assert read_value(arrays, image_size=4, channels=1).images.shape == (150, 4, 4, 1)
    with refused("in memory", "stream=off"):
        read_value(arrays, stream="on")
    masked = ImageArrays("theirs", PIXELS, masks=np.ones((150, 6, 8), bool))
    with refused("keep their form, 8x6 with 3 channels"):
        read_value(masked, image_size=4)
    on_disk = ImageArrays("theirs", read_value(list(PIXELS), stream="on").images)
    assert read_value(on_disk, stream="on").images is on_disk.images
    with refused("keep their form"):
        read_value(on_disk, channels=1)


def test_fingerprints_differ_with_items():
    fingerprints = {
        read_value(list(pixels), stream="on").fingerprint for pixels in (PIXELS, PIXELS[:9], PIXELS[::-1])
    }
    assert len(fingerprints) == 3


@pytest.fixture
def data_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.path", [*sys.path])

    def write(text):
        path = tmp_path / "my_data.py"
        path.write_text(f"import numpy as np\nRUNS = []\n{text}")
        monkeypatch.delitem(sys.modules, f"file {path}", raising=False)
        return path

    return write


GOOD = "def make():\n    return [np.full((4, 4), i, np.uint8) for i in range(5)]\n"


@STREAM
def test_a_function_of_a_file(data_file, stream, refused):
    name = f"{data_file(GOOD)}:make"
    with refused("a file that you have not trained with here", f"tfgan train RECIPE --data {name}"):
        read(name, stream=stream)
    trust("data", name)
    assert all_of(read(name, stream=stream))[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    with refused("recipe x needs labels"):
        read(name, stream=stream, labels_for="recipe x")
    with refused("split='test'"):
        read(name, stream=stream, split="test")
    with refused("has no function called 'RUNS'"):
        read(f"{name.removesuffix('make')}RUNS")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("def make():\n    raise KeyError('key')", "KeyError: 'key'"),
        ("def make(a):\n    return a", "TypeError: make() missing 1 required"),
        ("import nowhere", "cannot be run: ModuleNotFoundError"),
        ("def make():\n    return 7", "is a int"),
    ],
)
def test_functions_that_fail_are_one_line(data_file, refused, text, part):
    name = f"{data_file(text)}:make"
    trust("data", name)
    with refused(name.removesuffix(":make"), part):
        read(name)


def test_an_object_of_another_process(refused):
    with refused("passed:list-99 was passed in Python", "resume_run(path, data=...)"):
        read("passed:list-99")
