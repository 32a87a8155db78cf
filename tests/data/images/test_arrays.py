"""What an ImageArrays accepts."""

import numpy as np
import pytest

from tests.recorded_rows import RecordedRows
from tfgan_ref.data import ImageArrays, hold_out_images

IMAGES = np.zeros((3, 4, 4, 1), np.uint8)
LABELS = np.array([0, 1, 1], np.int32)


@pytest.mark.parametrize(
    ("images", "parts"),
    [
        (IMAGES.astype(np.float32), ("float32", "uint8")),
        (IMAGES[..., 0], ("(3, 4, 4)", "(N, H, W, C)")),
        (IMAGES[:0], ("(0, 4, 4, 1)",)),
    ],
)
def test_images_that_are_none(refused, images, parts):
    with refused("sketches", *parts):
        ImageArrays("sketches", images)


@pytest.mark.parametrize(
    ("labels", "parts"),
    [
        (LABELS.astype(np.int64), ("int64", "int32")),
        (LABELS[:2], ("(2,)", "(3,)")),
        (LABELS - 1, ("out of range: -1", "0 to 1")),
        (LABELS + 1, ("out of range: 2", "0 to 1")),
    ],
)
def test_labels_that_are_none(refused, labels, parts):
    with refused("sketches", *parts):
        ImageArrays("sketches", IMAGES, labels, ("a", "b"))


def test_class_names_without_labels(refused):
    with refused("sketches", "no labels"):
        ImageArrays("sketches", IMAGES, None, ("a", "b"))


def test_good_arrays():
    arrays = ImageArrays("sketches", IMAGES, LABELS, ("a", "b", "unused"))
    np.testing.assert_array_equal(arrays.images, IMAGES)
    assert arrays.class_names == ("a", "b", "unused")


@pytest.mark.parametrize("labelled", [True, False])
def test_held_out_images_are_the_same_each_time_and_no_copies_in_memory(labelled):
    pixels = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 1), np.uint8)

    def make():
        labels = (pixels[:, 0, 0, 0] % 2).astype(np.int32) if labelled else None
        return ImageArrays("x", pixels.copy(), labels, ("a", "b") if labelled else (), whole=True)

    whole = make()
    memory = whole.images
    training, held_out = hold_out_images(whole, 0.1)
    assert np.shares_memory(training.images, memory)
    assert (len(training.images), len(held_out.images)) == (180, 20)
    again = hold_out_images(make(), 0.1)
    for part, other in zip((training, held_out), again, strict=True):
        np.testing.assert_array_equal(part.images, other.images)
        if labelled:
            np.testing.assert_array_equal(part.labels, part.images[:, 0, 0, 0] % 2)
    both = np.concatenate([training.images, held_out.images])
    np.testing.assert_array_equal(np.sort(both.reshape(200, -1), 0), np.sort(pixels.reshape(200, -1), 0))
    assert {image.tobytes() for image in both} == {image.tobytes() for image in pixels}
    # Not the last ones: files of a folder come by classes.
    assert {image.tobytes() for image in held_out.images} != {image.tobytes() for image in pixels[180:]}


def test_too_few_images_or_incomplete_ones_all_stay():
    images = np.zeros((110, 4, 4, 1), np.uint8)
    few = ImageArrays("x", images, whole=True)
    kept, held_out = hold_out_images(few, 0.1)
    assert (kept is few, held_out) == (True, None)
    masks = np.ones((110, 4, 4), bool)
    incomplete = ImageArrays("x", images, masks=masks, whole=True)
    kept, held_out = hold_out_images(incomplete, 0.5)
    assert (kept is incomplete, held_out) == (True, None)
    assert hold_out_images(few, 0.5)[1] is not None


def on_disk_and_in_memory(damaged=()):
    """The same labelled images twice; the first pixel of each is its number."""
    pixels = np.random.default_rng(0).integers(0, 256, (200, 4, 4, 1), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(200)
    given = [RecordedRows(pixels, damaged), pixels.copy()]
    labels = np.arange(200, dtype=np.int32) % 3
    return [ImageArrays("x", images, labels.copy(), ("a", "b", "c"), whole=True) for images in given]


def test_of_images_on_disk_the_same_ones_are_held_out_and_none_is_read():
    stored, kept = on_disk_and_in_memory()
    parts = [hold_out_images(arrays, 0.1) for arrays in (stored, kept)]
    assert not stored.images.asked
    for part, other in zip(*parts, strict=True):
        np.testing.assert_array_equal(part.images[:], other.images)
        np.testing.assert_array_equal(part.labels, other.labels)


@pytest.mark.parametrize("text", ["fingerprint", "version"])
def test_names_tell_parts_labels_and_where_images_are(text):
    stored, kept = on_disk_and_in_memory()
    others = [
        *hold_out_images(ImageArrays("x", stored.images, whole=True), 0.1),
        stored.take(np.arange(200)[::-1]),
        ImageArrays("x", stored.images, 2 - stored.labels, ("a", "b", "c")),
        kept,
    ]
    names = [getattr(arrays, text) for arrays in (stored, *others)]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() for name in names)
    again, _ = on_disk_and_in_memory()
    assert getattr(again, text) == names[0]


def test_the_version_tells_files_that_were_written_anew():
    stored, kept = on_disk_and_in_memory()
    before = stored.fingerprint, stored.version
    stored.images.version = "noise-2"
    assert stored.fingerprint == before[0]
    assert stored.version != before[1]
    assert kept.version == kept.fingerprint


def test_damaged_images_are_left_out_with_their_numbers():
    stored, kept = on_disk_and_in_memory({7, 30})
    asked = np.array([3, 30, 7, 8])
    images, numbers = stored.read(asked)
    assert numbers.tolist() == images[:, 0, 0, 0].tolist() == [3, 8]
    images, numbers = stored.read(asked[1:3])  # by now both are known to be damaged
    assert (images.shape, len(numbers)) == ((0, 4, 4, 1), 0)
    assert kept.read(asked)[1].tolist() == asked.tolist()
