"""The two sides of an evaluation: which classes are drawn, and what counts as the class asked for."""

import numpy as np
import pytest

from tfgan_ref.data import ImageArrays
from tfgan_ref.run.evaluate_sides import Source
from tfgan_ref.run.sample import Sampler


def source(*names):
    return Source((8, 8, 1), 12, sampler=Sampler(None, 4, (8, 8, 1), names))


def arrays(labels, *names):
    images = np.zeros((len(labels), 8, 8, 1), np.uint8)
    return ImageArrays("x", images, np.array(labels, np.int32), names)


def test_classes_are_matched_by_their_names():
    # The data number dog 0 and cat 1; they have no hen, and three times as many cats. Nobody draws a fox.
    real = arrays([0] * 100 + [1] * 300 + [2] * 600, "dog", "cat", "fox")
    generator = source("cat", "dog", "hen")
    labels = generator.choose_labels(real, 8000, seed=0)
    shares = np.bincount(labels, minlength=3) / 8000
    np.testing.assert_allclose(shares, [0.75, 0.25, 0], atol=0.03)  # five standard deviations are 0.024
    logits = np.eye(3)[[1, 0, 0]]  # taken for cat, dog, dog
    assert generator.label_agreement(real, np.array([0, 1, 0]), logits) == pytest.approx(2 / 3)
    assert generator.label_agreement(real, np.array([0, 2, 0]), logits) is None


def test_without_a_name_in_common_every_class_comes_in_turn():
    real = arrays([0, 0, 0, 1], "dog", "cat")
    assert source("0", "1").choose_labels(real, 5, seed=0).tolist() == [0, 1, 0, 1, 0]
