"""Features of images on disk: those of the same images in memory, and never of files that have changed."""

import os

import numpy as np
import pytest
from PIL import Image

from tests.recorded_rows import RecordedRows
from tfgan_ref.data import ImageArrays, read
from tfgan_ref.data.streams import rows
from tfgan_ref.evaluation import extract_images, extract_real
from tfgan_ref.evaluation import features as features_module


class Means:
    """An extractor of each image's mean and first pixel, which counts what it is shown."""

    name, label, key = "means", "distance", "means"

    def __init__(self):
        self.seen = 0

    def __call__(self, images):
        assert len(images)
        self.seen += len(images)
        first = images[:, 0, 0, :1].astype(np.float32)
        return np.concatenate([first, images.mean(axis=(1, 2, 3), dtype=np.float32)[:, None]], 1), first


def images(n=220):
    """Each image's number is its first pixel."""
    pixels = np.random.default_rng(0).integers(0, 256, (n, 4, 4, 1), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(n)
    return pixels


def labelled(images):
    return ImageArrays("noise", images, np.arange(len(images), dtype=np.int32) % 3, ("a", "b", "c"))


@pytest.mark.parametrize("n", [220, 50])
def test_few_images_are_in_memory_at_a_time(tmp_path, monkeypatch, n):
    monkeypatch.setattr(features_module, "BATCH", 7)
    rows = RecordedRows(images())
    found = extract_real(labelled(rows), n, Means(), 0, tmp_path)
    assert (max(rows.asked), sum(rows.asked)) == (7, n)
    expected = extract_real(labelled(images()), n, Means(), 0, tmp_path)
    for values, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(values, others)


def test_features_and_labels_are_those_of_the_images_that_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(features_module, "BATCH", 2)
    damaged = {40, 41}  # a whole batch
    extractor = Means()
    for _ in range(2):  # computed, then kept
        found = extract_real(labelled(RecordedRows(images(), damaged)), 220, extractor, 0, tmp_path)
        numbers = np.setdiff1d(np.arange(220), [*damaged])
        np.testing.assert_array_equal(found.features[:, 0], numbers)
        np.testing.assert_array_equal(found.labels, numbers % 3)
    assert extractor.seen == 218


def test_nothing_is_kept_that_could_not_be_told_from_other_images(tmp_path):
    unknown = labelled(RecordedRows(images(), version=None))
    without_key = Means()
    without_key.key = None
    for arrays, extractor in ((unknown, Means()), (labelled(images()), without_key)):
        for _ in range(2):
            extract_real(arrays, 220, extractor, 0, tmp_path)
        assert extractor.seen == 440
    assert not [*tmp_path.rglob("*.npz")]


def test_grey_images_are_shown_in_as_many_channels():
    first_pixels = lambda images: (images[:, 0, 0], images[:, 0, 0])  # noqa: E731
    found, numbers = extract_images(labelled(images()), np.array([3, 5]), first_pixels, None, 3)
    np.testing.assert_array_equal(found.features, [[3] * 3, [5] * 3])
    assert numbers.tolist() == [3, 5]


def later(path, status):
    pass


def as_before(path, status):
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("set_time", [later, as_before])
def test_features_are_not_those_of_a_file_before_it_changed(tmp_path, monkeypatch, set_time):
    """Neither its name nor its size tells; of its contents the fingerprint of a large set has none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(rows, "_SAMPLED", 2)  # the first file and the last one
    folder, pixels = tmp_path / "pictures", images(6)
    folder.mkdir()
    for number, image in enumerate(pixels):
        Image.fromarray(image[..., 0]).save(folder / f"{number}.bmp")

    def extract():
        arrays = read(f"folder:{folder}", stream="on")
        return extract_real(arrays, 6, extractor, 0).features, arrays.fingerprint

    extractor = Means()
    before, fingerprint = extract()
    assert extract()[1] == fingerprint
    assert extractor.seen == 6
    changed = folder / "3.bmp"
    status = changed.stat()
    pixels[3] = 255 - pixels[3]
    Image.fromarray(pixels[3, ..., 0]).save(changed)
    set_time(changed, status)
    assert changed.stat().st_size == status.st_size
    assert (changed.stat().st_mtime_ns == status.st_mtime_ns) == (set_time is as_before)
    after, same = extract()
    assert (extractor.seen, same) == (12, fingerprint)
    np.testing.assert_array_equal(after, Means()(pixels)[0])
    assert (after != before).any(axis=1).tolist() == [False] * 3 + [True] + [False] * 2
