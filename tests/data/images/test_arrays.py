"""What an ImageArrays accepts."""

import numpy as np
import pytest

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
