"""The small classifier: trained once for each data set, kept, and right on what it has not seen."""

import logging
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.recorded_rows import RecordedRows
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


@pytest.fixture
def untrained(monkeypatch):
    monkeypatch.setattr(module, "_train", lambda *arguments: (0.95, 20))


def test_other_data_get_another_classifier(tmp_path, untrained):
    keys = {classifier_for(stripes(seed=seed), tmp_path).key for seed in (0, 1)}
    assert len(keys) == 2


def test_damaged_classifier_is_trained_again(tmp_path, untrained, caplog):
    classifier_for(stripes(), tmp_path)
    (kept,) = (tmp_path / "classifiers").iterdir()
    (kept / "classifier.weights.h5").write_bytes(b"cut off")
    with caplog.at_level(logging.INFO):
        assert classifier_for(stripes(), tmp_path).accuracy == 0.95
    assert "training it again" in caplog.text
    assert "training a classifier" in caplog.text
    assert [p.name for p in (tmp_path / "classifiers").iterdir()] == [kept.name]


@pytest.mark.parametrize(
    ("arrays", "rotations", "message"),
    [
        (ImageArrays("plain", np.zeros((200, 16, 16, 1), np.uint8)), False, "plain has no labels"),
        (stripes(50), False, "has 50 images of 2 classes: a classifier needs at least 100"),
        (stripes(50), True, "has 50 images: a classifier of rotations needs at least 100"),
        (stripes(size=8), False, "images of 8x8: the small classifier takes sides of at least 16 pixels"),
        (stripes(size=8), True, "images of 8x8: the small classifier takes sides of at least 16 pixels"),
    ],
)
def test_data_that_no_classifier_can_be_trained_on(tmp_path, arrays, rotations, message):
    with pytest.raises(InputError, match=message):
        classifier_for(arrays, tmp_path, rotations=rotations)


def test_rotations_are_learnt_without_labels(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STEPS", 30)
    # Dark above, bright below, in noise: one look tells where is up.
    images = np.random.default_rng(0).integers(0, 60, (200, 16, 16, 1))
    images[:, 8:] += 150
    network = classifier_for(ImageArrays("skies", images.astype(np.uint8)), tmp_path, rotations=True)
    assert network.accuracy >= 0.9  # a guess is right in a quarter
    assert network.name == f"rotation classifier of skies, {network.accuracy:.1%} right on 20 held-out images"
    assert network.label == "Frechet distance (rotations)"
    upside_down = images[:, ::-1, ::-1].astype(np.uint8)
    assert np.mean(network(upside_down)[1].argmax(1) == 2) > 0.9


def test_rotations_are_quarter_turns():
    images = np.random.default_rng(0).normal(size=(3, 5, 5, 2)).astype(np.float32)
    batch = module._rotated({"image": images})
    expected = np.concatenate([np.rot90(images, turns, axes=(1, 2)) for turns in range(4)])
    np.testing.assert_array_equal(batch["image"], expected)
    np.testing.assert_array_equal(batch["label"], np.repeat(np.arange(4), 3))


@pytest.mark.parametrize(
    ("given", "rotations", "size"),
    [
        ((80, 40), False, (64, 40)),
        ((80, 40), True, (64, 64)),
        ((20, 30), True, (30, 30)),
        ((20, 30), False, None),
        ((64, 64), True, None),
    ],
)
def test_large_images_and_those_that_are_no_squares_are_resized(
    tmp_path, monkeypatch, given, rotations, size
):
    seen = []
    monkeypatch.setattr(
        module, "_train", lambda network, arrays, _: seen.append(arrays.images.shape[1:3]) or (0.5, 10)
    )
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (100, *given, 1), np.uint8)
    arrays = ImageArrays("noise", images, np.arange(100, dtype=np.int32) % 2, ("even", "odd"))
    network = classifier_for(arrays, tmp_path, rotations=rotations)
    assert seen == [size or given]
    assert network(images[:3])[0].shape == (3, 128)
    if size:
        note = f"resized from {given[1]}x{given[0]} to {size[1]}x{size[0]} pixels"
        assert network.notes[-1].endswith(note)
        with pytest.raises(InputError, match="takes images of shape"):
            network(np.zeros((1, *size, 1), np.uint8))
    assert len(network.notes) == rotations + (size is not None)
    assert network.key != classifier_for(arrays, tmp_path, rotations=not rotations).key


@pytest.mark.parametrize(
    ("sides", "rotations"), [pytest.param((20, 20), True, marks=pytest.mark.slow), ((70, 20), False)]
)
def test_images_on_disk_give_the_batches_of_those_in_memory(tmp_path, monkeypatch, sides, rotations):
    trained_on = []
    monkeypatch.setattr(
        module,
        "train_in_short_calls",
        lambda step, dataset, *_: trained_on.append([*dataset.take(2).as_numpy_iterator()]),
    )
    images = np.random.default_rng(0).integers(0, 256, (200, *sides, 1), np.uint8)
    labels = np.arange(200, dtype=np.int32) % 2
    rows = RecordedRows(images)
    found = [
        classifier_for(ImageArrays("noise", x, labels, ("a", "b")), tmp_path, rotations=rotations)
        for x in (images, rows)
    ]
    for batch, other in zip(*trained_on, strict=True):
        assert batch.keys() == other.keys() == {"image", "label"}
        for key, values in batch.items():
            np.testing.assert_array_equal(values, other[key])
    assert max(rows.asked) <= module.BATCH_SIZE
    assert found[0].accuracy == found[1].accuracy
    assert found[0].key != found[1].key


@pytest.mark.slow
def test_images_on_disk_give_the_classifier_of_those_in_memory(tmp_path, short):
    arrays = stripes(300)
    first = classifier_for(arrays, tmp_path)
    second = classifier_for(replace(arrays, images=RecordedRows(arrays.images)), tmp_path)
    assert first.accuracy == second.accuracy
    np.testing.assert_array_equal(first(arrays.images)[0], second(arrays.images)[0])


def test_accuracy_is_of_what_can_be_read_and_without_a_version_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "train_in_short_calls", lambda *_: None)
    arrays = stripes()
    (damaged, *_) = np.random.default_rng(module.SEED).permutation(200)  # of the first tenth
    rows = RecordedRows(arrays.images, {int(damaged)}, version=None)
    found = classifier_for(replace(arrays, images=rows), tmp_path)
    assert (found.held_out, found.key) == (19, None)
    assert not [*tmp_path.iterdir()]  # nothing would tell it from that of other images


def test_too_many_damaged_images_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "train_in_short_calls", lambda step, dataset, *_: next(iter(dataset)))
    arrays = stripes()
    rows = RecordedRows(arrays.images, set(range(0, 200, 2)))
    with pytest.raises(InputError, match="of 200 items cannot be read, more than 1 %"):
        classifier_for(replace(arrays, images=rows), tmp_path)


def test_resizing_is_antialiased():
    image = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    expected = Image.fromarray(image).resize((30, 20), Image.Resampling.LANCZOS)
    resized = module._resized(image[np.newaxis], (20, 30))[0]
    # Pillow rounds between its two passes.
    np.testing.assert_allclose(resized.astype(int), np.asarray(expected).astype(int), atol=2)


def test_images_of_another_shape_are_refused(tmp_path, untrained):
    classifier = classifier_for(stripes(), tmp_path)
    with pytest.raises(InputError, match=r"takes images of shape \(16, 16, 1\), not \(28, 28, 1\)"):
        classifier(data.read("digits").images[:2])
