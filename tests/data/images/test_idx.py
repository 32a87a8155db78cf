"""MNIST's file format, with files written byte by byte."""

import gzip

import numpy as np
import pytest

from tfgan_ref.data import read

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 5, 6), np.uint8)
LABELS = np.array([0, 1, 2, 3, 9, 9, 0], np.uint8)


def idx_bytes(array, kind=0x08):
    shape = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, kind, array.ndim]) + shape + array.tobytes()


@pytest.fixture
def mnist(tmp_path):
    """A folder of MNIST's four files; the test files are gzipped and hold the first 3."""
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(IMAGES))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(LABELS))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(IMAGES[:3])))
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(LABELS[:3])))
    return tmp_path


def digits(arrays):
    return [int(arrays.class_names[label]) for label in arrays.labels]


def test_folder(mnist):
    train, test = read(f"idx:{mnist}"), read(f"idx:{mnist}", split="test")
    assert np.array_equal(train.images, IMAGES[..., None])
    assert train.class_names == ("0", "1", "2", "3", "9")  # those that there are
    assert digits(train) == LABELS.tolist()
    assert train.labels.dtype == np.int32
    assert np.array_equal(test.images, IMAGES[:3, ..., None])
    assert np.array_equal(test.labels, LABELS[:3])


def test_names_with_a_dot(mnist):
    for kind in ("images-idx3", "labels-idx1"):
        (mnist / f"train-{kind}-ubyte").rename(mnist / f"train-{kind.replace('-', '.')}-ubyte")
    assert digits(read(f"idx:{mnist}")) == LABELS.tolist()


def test_one_file(mnist):
    arrays = read(f"idx:{mnist / 't10k-images-idx3-ubyte.gz'}")
    assert np.array_equal(arrays.images, IMAGES[:3, ..., None])
    assert np.array_equal(arrays.labels, LABELS[:3])
    (mnist / "drawings").write_bytes(idx_bytes(IMAGES))
    assert read(f"idx:{mnist / 'drawings'}").labels is None


def test_without_labels(mnist):
    (mnist / "train-labels-idx1-ubyte").unlink()
    arrays = read(f"idx:{mnist}", image_size=4, channels=3)
    assert arrays.images.shape == (7, 4, 4, 3)
    assert arrays.labels is None


def test_splits(mnist, refused):
    with refused("split='valid'", "train, test"):
        read(f"idx:{mnist}", split="valid")
    with refused("split='test'", "name the path of the other set"):
        read(f"idx:{mnist / 'train-images-idx3-ubyte'}", split="test")
    (mnist / "t10k-images-idx3-ubyte.gz").unlink()
    with refused("no t10k-images-idx3-ubyte"):
        read(f"idx:{mnist}", split="test")


GOOD = idx_bytes(IMAGES)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("no idx file", "(none)")),
        (b"\x00\x00\x08", ("no idx file", "00 00 08")),
        (b"\x89PNG and more", ("no idx file", "89 50 4e 47")),
        (idx_bytes(IMAGES.astype(">i4"), 0x0C), ("type 0x0c", "0x08, unsigned byte")),
        (idx_bytes(LABELS), ("1 dimensions", "must have 3")),
        (GOOD[:10], ("shape", "3 sizes")),
        (idx_bytes(IMAGES[:0]), ("(0, 5, 6)", "at least 1")),
        (GOOD[:-1], ("announces 7x5x6 bytes", "holds 209")),
        (GOOD + b"\x00", ("announces 7x5x6 bytes", "holds more")),
        (b"\x00\x00\x08\x03" + b"\xff" * 12 + b"few", ("images-idx3-ubyte",)),
        (gzip.compress(GOOD)[:-20], ("cannot be read",)),
        (gzip.compress(GOOD)[:-8] + bytes(8), ("cannot be read", "CRC")),
    ],
)
def test_damaged_images(mnist, refused, content, parts):
    (mnist / "train-images-idx3-ubyte").write_bytes(content)
    with refused(f"idx:{mnist}", "train-images-idx3-ubyte", *parts):
        read(f"idx:{mnist}")


def test_damaged_labels(mnist, refused):
    (mnist / "train-labels-idx1-ubyte").write_bytes(idx_bytes(LABELS[:6]))
    with refused("train-labels-idx1-ubyte has 6 labels", "7 images"):
        read(f"idx:{mnist}")
    (mnist / "train-labels-idx1-ubyte").write_bytes(GOOD)
    with refused("train-labels-idx1-ubyte has 3 dimensions", "must have 1"):
        read(f"idx:{mnist}")
