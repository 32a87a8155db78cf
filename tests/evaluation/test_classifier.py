"""The small classifier: trained once for each data set, kept, and right on what it has not seen."""

import logging

import numpy as np
import pytest

from tfgan_ref import data
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import classifier as module
from tfgan_ref.evaluation import classifier_for


def stripes(n=200, size=16, seed=0):
    """Two classes: horizontal and vertical stripes in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n).astype(np.int32)
    images = rng.integers(0, 100, (n, size, size, 1))
    images[labels == 0, ::4] += 150
    images[labels == 1, :, ::4] += 150
    return ImageArrays("stripes", images.astype(np.uint8), labels, ("rows", "columns"))


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(module, "STEPS", 60)


def test_trained_once_and_kept(tmp_path, short, caplog):
    arrays = stripes()
    with caplog.at_level(logging.INFO):
        first = classifier_for(arrays, tmp_path)
        second = classifier_for(arrays, tmp_path)
    assert caplog.text.count("training a classifier") == 1
    assert first.accuracy == second.accuracy >= 0.9
    assert first.held_out == 20
    assert first.name.startswith("classifier of stripes, ")
    features, logits = first(arrays.images)
    np.testing.assert_array_equal(features, second(arrays.images)[0])
    assert features.shape == (200, 128)
    assert logits.shape == (200, 2)
    # Unseen images of the same kind.
    other = stripes(seed=1)
    assert np.mean(first(other.images)[1].argmax(1) == other.labels) > 0.9


def test_other_data_get_another_classifier(tmp_path, short):
    keys = {classifier_for(stripes(seed=seed), tmp_path).key for seed in (0, 1)}
    assert len(keys) == 2


def test_damaged_classifier_is_trained_again(tmp_path, short, caplog):
    classifier_for(stripes(), tmp_path)
    (kept,) = (tmp_path / "classifiers").iterdir()
    (kept / "classifier.weights.h5").write_bytes(b"cut off")
    with caplog.at_level(logging.INFO):
        assert classifier_for(stripes(), tmp_path).accuracy >= 0.9
    assert "training it again" in caplog.text
    assert [p.name for p in (tmp_path / "classifiers").iterdir()] == [kept.name]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (ImageArrays("plain", np.zeros((200, 16, 16, 1), np.uint8)), "plain has no labels"),
        (stripes(50), "has 50 images of 2 classes: a classifier needs at least 100"),
        (stripes(size=80), "images of 80x80: the small classifier takes sides of 16 to 64"),
        (stripes(size=8), "images of 8x8"),
    ],
)
def test_data_that_no_classifier_can_be_trained_on(tmp_path, arrays, message):
    with pytest.raises(InputError, match=message):
        classifier_for(arrays, tmp_path)


def test_images_of_another_shape_are_refused(tmp_path, short):
    classifier = classifier_for(stripes(), tmp_path)
    with pytest.raises(InputError, match=r"takes images of shape \(16, 16, 1\), not \(28, 28, 1\)"):
        classifier(data.read("digits").images[:2])
