"""The digits that come with scikit-learn."""

import logging

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tfgan_ref.data import load, read


@pytest.fixture(scope="module")
def digits():
    return read("digits", split="all")


def test_they_look_like_mnist(digits):
    assert digits.images.shape == (1797, 28, 28, 1)
    assert digits.images.dtype == np.uint8
    inside = digits.images[:, 4:24, 4:24]
    assert digits.images.sum() == inside.sum()  # the frame is black
    assert (inside.max(axis=(1, 2, 3)) > 200).all()  # and each digit white
    assert 20 < digits.images.mean() < 50  # MNIST: 33
    assert digits.class_names == tuple("0123456789")


def test_reduced_again_they_are_the_originals(digits):
    # 20 = 2.5 * 8: means of cells of 2.5 pixels undo the enlargement, but for what interpolation smooths.
    fine = np.repeat(np.repeat(digits.images[:, 4:24, 4:24, 0].astype(float), 2, axis=1), 2, axis=2)
    cells = fine.reshape(-1, 8, 5, 8, 5).mean(axis=(2, 4)) * 16 / 255
    # In another order, so each finds its original: the nearest one.
    originals = load_digits()
    rows, wanted = cells.reshape(len(cells), -1), originals.images.reshape(len(cells), -1)
    found = (np.square(wanted).sum(axis=1) - 2 * rows @ wanted.T).argmin(axis=1)
    assert np.corrcoef(rows.ravel(), wanted[found].ravel())[0, 1] > 0.98
    assert len(set(found)) > 0.99 * len(cells)
    assert np.array_equal(digits.labels, originals.target[found])


def test_splits(digits):
    train, test = read("digits"), read("digits", split="test")
    assert len(train.images) == 1198
    assert len(test.images) == 599
    assert np.array_equal(np.concatenate([train.images, test.images]), digits.images)
    assert np.array_equal(np.concatenate([train.labels, test.labels]), digits.labels)
    # Each class has its share of both parts: 4 standard deviations of a hypergeometric share.
    counts = np.bincount(digits.labels)
    expected = counts * 599 / 1797
    assert (abs(np.bincount(test.labels) - expected) < 4 * np.sqrt(expected * 2 / 3)).all()


def test_unknown_split(refused):
    with refused("digits", "'valid'", "train, test, all"):
        read("digits", split="valid")


def test_other_sizes_and_channels(caplog):
    arrays = read("digits", split="test", image_size=14, channels=3)
    assert arrays.images.shape == (599, 14, 14, 3)
    assert np.array_equal(arrays.images[..., 0], arrays.images[..., 2])
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert read("digits", split="test", image_size=32).images.shape == (599, 32, 32, 1)
    assert [record.getMessage() for record in caplog.records] == [
        "digits: 599 of 599 images are smaller than 32x32 (the smallest is 28x28) and are enlarged"
    ]


def test_load():
    batch = next(iter(load("digits", batch_size=64, seed=0)))
    assert batch["image"].shape == (64, 28, 28, 1)
    assert batch["label"].shape == (64,)
    assert float(batch["image"][0, 0, 0, 0]) == -1.0
