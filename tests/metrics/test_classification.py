"""Training on generated data and testing on real data."""

import itertools

import numpy as np
import pytest

from tfgan_ref.metrics import assigned_accuracy, classification, classification_accuracy


def blobs(seed, count=60, classes=3, spread=0.1):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    return 5 * np.eye(classes + 1)[labels] + spread * rng.normal(size=(count, classes + 1)), labels


def test_fakes_as_good_as_real_data():
    assert classification_accuracy(blobs(0), blobs(1), blobs(2)) == (1, 1, 1)


def test_missing_classes_and_wrong_labels():
    features, labels = blobs(1)
    kept = labels != 2
    found = classification_accuracy(blobs(0), (features[kept], labels[kept]), blobs(2))
    assert found == (pytest.approx(2 / 3), 1, pytest.approx(2 / 3))
    assert classification_accuracy(blobs(0), (features, (labels + 1) % 3), blobs(2)) == (0, 1, 0)


def test_a_copy_of_the_training_set_has_a_ratio_of_one():
    training, test = blobs(0, spread=3), blobs(2, spread=3)
    found = classification_accuracy(training, training, test)
    assert found.fake == found.real < 1
    assert found.ratio == 1


def test_collapse_within_the_classes_costs_accuracy():
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    # The classes differ along the first axis; one row of each misleads.
    features = np.stack([2 * labels + rng.normal(size=400), 4 * rng.normal(size=400)], axis=1)
    halves = (features[:200], labels[:200]), (features[200:], labels[200:])
    few = features[[0, 1]][labels[:200]], labels[:200]
    found = classification_accuracy(halves[0], few, halves[1])
    assert found.ratio < 0.9 < 1.2 * found.real


def test_the_fit_is_the_minimum():
    """Its gradient is 0: X'(Y - P) / n = penalty W, and the classes' mean probabilities are their shares."""
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(80, 4)), rng.integers(0, 3, 80)
    weights, biases = classification._fit(features, labels, 3, 0.01)
    odds = np.exp(features @ weights + biases)
    errors = np.eye(3)[labels] - odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(features.T @ errors / 80, 0.01 * weights, atol=2e-5)
    np.testing.assert_allclose(errors.mean(axis=0), 0, atol=2e-5)


def test_units_of_the_features_do_not_matter():
    sides = [blobs(seed, spread=3) for seed in range(3)]
    expected = classification_accuracy(*sides)
    units = np.array([1e-3, 1, 1e3, 1])
    assert classification_accuracy(*((x * units + 9, labels) for x, labels in sides)) == expected


def test_labels_may_be_any_whole_numbers():
    sides = [blobs(seed) for seed in range(3)]
    assert classification_accuracy(*((x, labels * 100 - 7) for x, labels in sides)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        ((np.zeros((4, 4)), np.zeros(3, int)), r"labels of fake are of shape \(3,\): one for each of 4 rows"),
        ((np.zeros((4, 4)), np.zeros(4)), "labels of fake must be whole numbers, not float64"),
        ((np.zeros((4, 3)), np.zeros(4, int)), "training has 4 columns, fake 3"),
        ((np.full((4, 4), np.nan), np.zeros(4, int)), "fake holds NaN"),
        (np.zeros((4, 4)), "fake must be features and labels, not 4 things"),
    ],
)
def test_bad_sides(fake, message):
    with pytest.raises(ValueError, match=message):
        classification_accuracy(blobs(0), fake, blobs(2))


def test_codes_are_assigned_to_classes_one_to_one():
    codes = np.array([0, 0, 0, 1, 1, 2, 2, 2, 3])
    classes = np.array([5, 5, 1, 1, 1, 5, 5, 0, 0])
    # 0 to 5, 1 to 1, 2 to 0 or to nothing, 3 to 0: by all assignments.
    best = max(
        np.mean([chosen[code] == row for code, row in zip(codes, classes, strict=True)])
        for chosen in itertools.permutations([0, 1, 5, -1], 4)
    )
    assert assigned_accuracy(codes, classes) == pytest.approx(best)
    assert assigned_accuracy(classes, (classes + 3) % 6) == 1


@pytest.mark.parametrize(
    ("codes", "classes", "message"),
    [
        ([0.5], [0], r"codes must be whole numbers from 0 up \(N,\), not float64 \(1,\)"),
        ([0], [-1], r"classes must be whole numbers from 0 up \(N,\), not int64 \(1,\)"),
        (np.zeros(0, int), np.zeros(0, int), r"not int64 \(0,\)"),
        ([0, 1], [0], "there are 2 codes and 1 classes: one of each for a row"),
    ],
)
def test_bad_codes(codes, classes, message):
    with pytest.raises(ValueError, match=message):
        assigned_accuracy(codes, classes)


def test_bad_settings():
    one = np.zeros((4, 2)), np.zeros(4, int)
    with pytest.raises(ValueError, match="1 class"):
        classification_accuracy(one, one, one)
    with pytest.raises(ValueError, match="penalty must be above 0"):
        classification_accuracy(blobs(0), blobs(1), blobs(2), penalty=0)
