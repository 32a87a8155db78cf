"""Batches of images on disk have the bits of those in memory."""

import numpy as np
import pytest

from tests.data.streams.conftest import jpeg
from tfgan_ref.data import read
from tfgan_ref.data.images.arrays import hold_out_images, image_loader, training_images
from tfgan_ref.data.streams.rows import CANDIDATES
from tfgan_ref.errors import InputError

N = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """150 grey images in two classes, of which one has twice as many."""
    path = tmp_path_factory.mktemp("photos")
    for number in range(N):
        name = path / "abb"[number % 3] / f"{number:03d}.jpg"
        name.parent.mkdir(exist_ok=True)
        name.write_bytes(jpeg(number, (8, 8), mode="L"))
    return path


def both(folder):
    return [read(f"folder:{folder}", stream=stream) for stream in ("off", "on")]


def assert_same(*datasets, count=4):
    for one, other in zip(*(d.take(count).as_numpy_iterator() for d in datasets), strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert value.dtype == other[name].dtype
            np.testing.assert_array_equal(value, other[name])


@pytest.mark.parametrize(
    "options",
    [pytest.param({"seed": 3}, marks=pytest.mark.slow), {"seed": 0, "balanced": True, "flip": True}],
    ids=["plain", "balanced"],
)
def test_batches(folder, options):
    memory, disk = (image_loader(arrays, 16, **options).dataset(7) for arrays in both(folder))
    assert memory.element_spec == disk.element_spec
    assert_same(memory, disk)


@pytest.mark.slow
def test_parts(folder):
    """What is held out, and what is trained on."""
    memory, disk = ([*hold_out_images(arrays, 0.2)] for arrays in both(folder))
    for one, other in zip(memory, disk, strict=True):
        assert other.on_disk
        np.testing.assert_array_equal(one.images, other.images[:])
        np.testing.assert_array_equal(one.labels, other.labels)
    training = [training_images(arrays) for arrays in (memory[0], disk[0])]
    assert (training[0].faults is None, training[1].faults) == (True, disk[0].images.faults)
    with pytest.raises(InputError, match="missing=0.3 needs images in memory: set stream=off"):
        training_images(disk[0], missing=0.3)
    assert_same(*(data.batches(8) for data in training), count=2)


def test_the_label_is_that_of_the_image_that_stands_in(folder, tmp_path):
    """Also of a balanced order, where the next position is of another class."""
    for path in sorted(folder.rglob("*.jpg")):
        copied = tmp_path / path.parent.name / path.name
        copied.parent.mkdir(exist_ok=True)
        content = path.read_bytes()
        copied.write_bytes(content[:-30] if path.name == "010.jpg" else content)
    memory, disk = read(f"folder:{folder}"), read(f"folder:{tmp_path}", stream="on")
    batches = image_loader(disk, N + CANDIDATES, seed=1, balanced=True).dataset(0)
    for batch in batches.take(2).as_numpy_iterator():
        pixels = np.rint((batch["image"] + 1) * 127.5).astype(np.uint8)
        for image, label in zip(pixels, batch["label"], strict=True):
            (number,) = np.flatnonzero((memory.images == image).all((1, 2, 3)))
            assert label == memory.labels[number]
    assert len(disk.images.faults) == 1
