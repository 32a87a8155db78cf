"""What an ImageArrays accepts."""

import numpy as np
import pytest

from tfgan_ref.data import ImageArrays

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
