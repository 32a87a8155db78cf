"""Crops of pictures on disk at places that are drawn by position."""

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import read
from tfgan_ref.data.images.arrays import image_loader
from tfgan_ref.data.images.decoding import crop, fit
from tfgan_ref.data.order import crop_places
from tfgan_ref.errors import InputError

SIDE, LENGTH = 8, 24


@pytest.fixture
def wide(tmp_path):
    """Pictures whose value at each pixel is its column."""
    for number in range(5):
        Image.fromarray(np.tile(np.arange(LENGTH, dtype=np.uint8), (SIDE, 1))).save(
            tmp_path / f"{number}.png"
        )
    return read(f"folder:{tmp_path}", image_size=SIDE, stream="on")


def columns(wide, start=0, seed=0, **form):
    """The first column of each crop of three batches."""
    batches = image_loader(wide, 64, seed=seed, crop="random", **form).dataset(start)
    pixels = np.concatenate([batch["image"] for batch in batches.take(3).as_numpy_iterator()])
    pixels = np.rint((pixels + 1) * 127.5).astype(int)
    first = pixels[:, :1, :1]
    np.testing.assert_array_equal(pixels - first, np.broadcast_to(np.arange(SIDE)[:, None], pixels.shape))
    return first.reshape(-1)


def test_every_place_is_as_likely_and_a_function_of_seed_and_position(wide):
    found = columns(wide)
    counts = np.bincount(found, minlength=LENGTH - SIDE + 1)
    assert len(counts) == LENGTH - SIDE + 1
    expected = len(found) / len(counts)
    assert ((counts - expected) ** 2 / expected).sum() < 39.3  # chi squared, 16 degrees of freedom: 0.1 %
    np.testing.assert_array_equal(columns(wide, start=1)[:-64], found[64:])
    assert (columns(wide, seed=1) != found).mean() > 0.8


def test_places_are_uniform_in_both_directions():
    places = crop_places(3)(np.arange(4000, dtype=np.int64)).numpy()
    assert places.shape == (4000, 2)
    assert places.dtype == np.float32
    assert places.min() >= 0
    assert places.max() < 1
    assert np.abs(places.mean(axis=0) - 0.5).max() < 4 * np.sqrt(1 / 12 / 4000)
    assert abs(np.corrcoef(places.T)[0, 1]) < 4 / np.sqrt(4000)


def test_the_middle_of_a_scaled_picture_is_that_of_fit():
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 100, 3), np.uint8))
    middle = np.asarray(crop(image, 20, (0.5, 0.5)), int)
    assert middle.shape == (20, 20, 3)
    # fit cuts before it scales: what is near the border of the square sees no pixels beyond it.
    assert np.abs(middle - np.asarray(fit(image, 20), int))[:, 4:-4].max() <= 1


def test_only_pictures_that_are_decoded_each_time_can_be_cropped(wide, tmp_path):
    for arrays in (
        read("digits"),
        read(f"folder:{tmp_path}", image_size=SIDE, stream="on", cache=tmp_path / "c"),
    ):
        with pytest.raises(InputError, match="crop=random needs pictures that are decoded from their files"):
            image_loader(arrays, 4, seed=0, crop="random")
