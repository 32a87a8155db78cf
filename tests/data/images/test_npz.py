"""NumPy archives, good and damaged."""

import logging
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tfgan_ref.data import load, read

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3), np.uint8)
LABELS = np.array([0, 2, 2, 0, 1, 2])


@pytest.fixture
def npz(tmp_path):
    """Writes an npz file of the given arrays and returns its data set name."""

    def write(**arrays):
        np.savez(tmp_path / "set.npz", **arrays)
        return f"npz:{tmp_path / 'set.npz'}"

    return write


def test_images_and_labels(npz):
    arrays = read(npz(images=IMAGES, labels=LABELS.astype(np.uint8)))
    assert np.array_equal(arrays.images, IMAGES)
    assert arrays.labels.dtype == np.int32
    assert np.array_equal(arrays.labels, LABELS)
    assert arrays.class_names == ("0", "1", "2")


def test_class_names(npz):
    assert read(npz(images=IMAGES, labels=LABELS, class_names=["x", "y", "z"])).class_names == ("x", "y", "z")


@pytest.mark.parametrize("first", [1, 1990])
def test_there_are_no_classes_without_a_picture(npz, first):
    labels = np.array([2, 0, 2, 5, 0, 2])
    arrays = read(npz(images=IMAGES, labels=labels + first))
    assert arrays.class_names == tuple(str(first + k) for k in (0, 2, 5))
    assert arrays.labels.tolist() == [1, 0, 1, 2, 0, 1]
    arrays = read(npz(images=IMAGES, labels=labels, class_names=list("abcdef")))
    assert (arrays.class_names, arrays.labels.tolist()) == (("a", "c", "f"), [1, 0, 1, 2, 0, 1])


def test_files_of_keras(npz, refused):
    sets = {"x_train": IMAGES, "y_train": LABELS[:, None], "x_test": IMAGES[:2], "y_test": LABELS[:2]}
    name = npz(**sets)
    train, test = read(name), read(name, split="test")
    assert np.array_equal(train.images, IMAGES)
    assert train.labels.tolist() == LABELS.tolist()
    assert np.array_equal(test.images, IMAGES[:2])
    assert test.labels.tolist() == np.unique(LABELS[:2], return_inverse=True)[1].tolist()
    with refused("split='all' does not exist, there are train, test"):
        read(name, split="all")
    with refused("split='test' does not exist, a path is one whole set"):
        read(npz(images=IMAGES, **sets), split="test")


@pytest.mark.parametrize("shape", [(6, 5, 7), (6, 5, 7, 1), (6, 5, 7, 3), (6, 5, 7, 4)])
def test_shapes(npz, shape):
    images = np.resize(IMAGES, shape)
    arrays = read(npz(images=images))
    assert np.array_equal(arrays.images, images.reshape(6, 5, 7, -1))
    assert arrays.labels is None
    assert arrays.class_names == ()


def test_channels_and_size(npz, caplog):
    name = npz(images=np.zeros((2, 8, 12, 4), np.uint8))  # wholly transparent
    assert (read(name, channels=3).images == 255).all()
    assert read(name, channels=1, image_size=4).images.shape == (2, 4, 4, 1)
    assert read(name, image_size=4).images.shape == (2, 4, 4, 4)
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert read(name, image_size=10).images.shape == (2, 10, 10, 4)
    assert [record.getMessage() for record in caplog.records] == [
        f"{name}: 2 of 2 images are smaller than 10x10 (the smallest is 12x8) and are enlarged"
    ]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats(npz, dtype):
    ramp = np.arange(256).reshape(1, 16, 16)
    assert np.array_equal(read(npz(images=(ramp / 255).astype(dtype))).images[..., 0], ramp)
    assert np.array_equal(read(npz(images=(ramp / 127.5 - 1).astype(dtype))).images[..., 0], ramp)


def test_rounding_errors_of_floats(npz):
    images = np.array([-1e-8, 0.2, 1 + 1e-7]).reshape(1, 1, 3)
    assert read(npz(images=images)).images.ravel().tolist() == [0, 51, 255]


def test_sixteen_bits(npz):
    values = np.arange(256, dtype=np.uint16).reshape(1, 16, 16)
    assert np.array_equal(read(npz(images=values * 257)).images[..., 0], values)


def test_many_blocks(npz):
    values = np.arange(3000, dtype=np.uint16).reshape(3000, 1, 1) * 20
    assert np.array_equal(read(npz(images=values)).images.ravel(), np.rint(values.ravel() / 257))


@pytest.mark.parametrize(
    ("images", "parts"),
    [
        (IMAGES / 1.0, ("float images lie in [0, 255]", "[0, 1] and [-1, 1]")),
        (np.full((2, 4, 4), -1.5), ("[-1.5, -1.5]",)),
        (np.full((2, 4, 4), np.nan), ("every pixel is missing",)),
        (np.array([[[0.5, np.inf]]]), ("infinite values",)),
        (np.array([[[0.5, -np.inf, np.nan]]]), ("infinite values",)),
        (np.array([[[[0.5, np.nan, 0.5]] * 2]]), ("2 pixels are NaN in some channels only",)),
        (IMAGES.astype(np.int64), ("int64", "uint8, uint16 and floats")),
        (IMAGES > 9, ("bool",)),
        (IMAGES[0, 0], ("(7, 3)", "(N, H, W)")),
        (IMAGES[..., :2], ("(6, 5, 7, 2)", "1, 3 or 4")),
        (IMAGES[:0], ("(0, 5, 7, 3)",)),
        (np.array([["a"]]), ("(1, 1)",)),
    ],
)
def test_images_that_are_refused(npz, refused, images, parts):
    name = npz(images=images)
    with refused(name, *parts):
        read(name)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("low", [0.0, -1.0])
def test_nan_is_a_missing_pixel(npz, channels, low):
    images = np.full((3, 4, 5, channels), 0.2)
    images[0, 0, 0] = low  # decides the range
    images[1, 2:], images[2, :, 0] = np.nan, np.nan
    arrays = read(npz(images=images))
    assert np.array_equal(arrays.masks, ~np.isnan(images[..., 0]))
    assert (arrays.images[~arrays.masks] == 128).all()
    assert (arrays.images[2, :, 1:] == (51 if low == 0 else 153)).all()


@pytest.mark.parametrize("mark", [-1.0, 255.0, np.inf])
def test_marks_at_masked_pixels_do_not_decide_the_range(npz, mark):
    images, masks = np.full((2, 3, 3), 0.2), np.ones((2, 3, 3), bool)
    images[0, 1], masks[0, 1] = mark, False
    arrays = read(npz(images=images, masks=masks))
    assert (arrays.images[masks] == 51).all()
    assert (arrays.images[~masks] == 128).all()


def test_masks_and_nan(npz, refused):
    with refused("has masks and NaN"):
        read(npz(images=np.array([[[0.5, np.nan]]]), masks=np.ones((1, 1, 2), bool)))


def test_nan_and_sizes(npz, refused, caplog):
    name = npz(images=np.where(np.eye(4, dtype=bool), np.nan, 0.5)[np.newaxis])
    assert read(name, image_size=4).masks.sum() == 12
    with refused(name, "images with masks cannot be resized"):
        read(name, image_size=8)
    assert not caplog.records


@pytest.mark.parametrize(
    ("labels", "parts"),
    [
        (LABELS - 1, ("label out of range: -1",)),
        (LABELS * 1.0, ("float64", "whole numbers")),
        (LABELS > 0, ("bool", "whole numbers")),
        (LABELS[:5], ("(5,)", "(6,)")),
        (np.stack([LABELS, LABELS], axis=1), ("(6, 2)", "(N,) or (N, 1)")),
        (LABELS + 2**32, ("label out of range: 4294967296",)),
        (np.array(list("abcabc")), ("<U1",)),
    ],
)
def test_labels_that_are_refused(npz, refused, labels, parts):
    name = npz(images=IMAGES, labels=labels)
    with refused(name, *parts):
        read(name)


def test_class_names_that_are_refused(npz, refused):
    with refused("label out of range: 2", "0 to 1"):
        read(npz(images=IMAGES, labels=LABELS, class_names=["x", "y"]))
    with refused("class_names are int64", "strings"):
        read(npz(images=IMAGES, labels=LABELS, class_names=[1, 2, 3]))
    with refused("no labels"):
        read(npz(images=IMAGES, class_names=["x", "y"]))


def test_pickled_objects_are_never_loaded(npz, refused):
    with refused("pickled Python objects, which are never loaded"):
        read(npz(images=np.array([IMAGES, None], object)))
    with refused("pickled Python objects"):
        read(npz(images=IMAGES, labels=np.array([{}] * 6, object)))


def test_other_keys_are_not_read(npz):
    arrays = read(npz(images=IMAGES, extra=np.array([object], object)))
    assert np.array_equal(arrays.images, IMAGES)


def test_no_images(npz, refused):
    with refused("no key 'images'", "pictures, x"):
        read(npz(x=LABELS, pictures=IMAGES))


def test_damaged_files(tmp_path, npz, refused):
    name = npz(images=IMAGES, labels=LABELS)
    path = tmp_path / "set.npz"
    good = path.read_bytes()
    for damaged in (b"", b"text", good[: len(good) // 2], pickle.dumps(1)):
        path.write_bytes(damaged)
        with refused(name, "no npz file", "cut off"):
            read(name)
    np.savez_compressed(path, images=IMAGES)
    good = bytearray(path.read_bytes())
    good[100:200] = bytes(100)
    path.write_bytes(good)
    with refused(name, "cannot be read"):
        read(name)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x01\x00 nonsense")
    with refused(name, "cannot be read"):
        read(name)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", b"no array")
    with refused(name):
        read(name)


def test_other_splits(npz, refused):
    with refused("split='test'", "name the path of the other set"):
        read(npz(images=IMAGES), split="test")


@pytest.mark.skipif(not (SHARED / "mnist").is_dir(), reason="the shared MNIST arrays are not here")
def test_real_mnist():
    arrays = read(f"npz:{SHARED / 'mnist' / 'test.npz'}")
    assert arrays.images.shape == (5000, 28, 28, 1)
    assert arrays.class_names == tuple("0123456789")
    assert np.bincount(arrays.labels).min() > 400
    assert arrays.images[:, 12:16, 12:16].mean() > 60 > 5 > arrays.images[:, :3].mean()
    batch = next(iter(load(f"npz:{SHARED / 'mnist' / 'test.npz'}", batch_size=8, seed=0)))
    assert batch["image"].shape == (8, 28, 28, 1)
