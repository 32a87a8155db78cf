"""Random convolutions: their weights, their features, and what these see of known faults."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from tfgan_ref import data, metrics
from tfgan_ref.errors import InputError
from tfgan_ref.networks.features.random_convolutions import FEATURES, RandomConvolutions, random_kernels

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [1, 3])
def test_weights_depend_on_the_channels_alone(channels):
    kernels = random_kernels(channels)
    assert [kernel.shape for kernel in kernels] == [(3, 3, channels, 16), (3, 3, 16, 32), (3, 3, 32, 32)]
    for kernel in kernels:  # He et al. 2015: a variance of 2 over the inputs
        np.testing.assert_allclose(kernel.var() * 9 * kernel.shape[2], 2, rtol=0.3)
    tf.random.set_seed(1)
    np.random.seed(1)  # noqa: NPY002
    for kernel, again in zip(kernels, RandomConvolutions((16, 16, channels)).kernels, strict=True):
        np.testing.assert_array_equal(kernel, again)


def test_features_are_the_moments_and_quarters_of_the_maps():
    images = RNG.integers(0, 256, (2, 17, 20, 3), np.uint8)
    features, logits = RandomConvolutions((17, 20, 3))(images)
    assert features.shape == (2, FEATURES) == (2, 288)
    assert features.dtype == np.float32
    assert logits.shape == (2, 0)
    pixels, kernel = images / 127.5 - 1, random_kernels(3)[0]
    for number in (0, 15):
        # Each channel by its own filter; ndimage's "reflect" repeats the pixels at the edges.
        planes = [
            ndimage.correlate(pixels[1, ..., c], kernel[..., c, number], mode="reflect") for c in range(3)
        ]
        map_ = sum(planes)
        map_ = np.where(map_ > 0, map_, 0.2 * map_)
        np.testing.assert_allclose(features[1, [number, 16 + number]], [map_.mean(), map_.std()], rtol=1e-4)
    quarters = features[:, -128:].reshape(2, 4, 32)
    np.testing.assert_allclose(quarters.mean(axis=1), features[:, 96:128], rtol=1e-4, atol=1e-5)


def test_quarters_tell_where_things_are():
    images = np.zeros((4, 32, 32, 1), np.uint8)
    for number, (top, left) in enumerate([(0, 0), (0, 16), (16, 0), (16, 16)]):
        images[number, top : top + 16, left : left + 16] = 255
    quarters = RandomConvolutions((32, 32, 1))(images)[0][:, -128:].reshape(4, 4, 32)
    unlike = np.abs(quarters - np.median(quarters, axis=1, keepdims=True)).sum(axis=-1)
    np.testing.assert_array_equal(unlike.argmax(axis=1), range(4))


def test_images_are_apart_whatever_batch_they_come_in():
    images = RNG.integers(0, 256, (3, 16, 16, 1), np.uint8)
    together = RandomConvolutions((16, 16, 1))(images)[0]
    alone = RandomConvolutions((16, 16, 1), batch_size=1)(images)[0]
    np.testing.assert_allclose(alone, together, rtol=1e-4, atol=1e-5)


def test_other_images_are_refused():
    with pytest.raises(InputError, match="images are 16x15: random convolutions take sides of at least 16"):
        RandomConvolutions((15, 16, 1))
    with pytest.raises(InputError, match=r"shape \(1, 16, 16, 3\), it must be \(N, \*\(16, 16, 1\)\)"):
        RandomConvolutions((16, 16, 1))(np.zeros((1, 16, 16, 3), np.uint8))


@pytest.fixture(scope="module")
def digits():
    """Features of real digits, and of other real digits with a fault each."""
    arrays = data.read("digits", image_size=28)
    order = np.random.default_rng(0).permutation(len(arrays.images))
    real, held_out = np.array_split(order, 2)
    images, labels = arrays.images[held_out].astype(float), arrays.labels[held_out]
    first = [images[labels == label][:1] for label in range(10)]
    sets = {
        "held out": images,
        "blurred": ndimage.gaussian_filter(images, (0, 1, 1, 0)),
        "noisy": images + RNG.normal(0, 25.5, images.shape),
        "class missing": images[labels != 3],
        "one picture per class": np.concatenate(first * 60),
    }
    extract = RandomConvolutions((28, 28, 1))
    fakes = {name: extract(images.clip(0, 255).round().astype(np.uint8))[0] for name, images in sets.items()}
    return extract(arrays.images[real])[0], fakes


def test_held_out_digits_are_nearest_and_faults_ordered(digits):
    real, fakes = digits
    # Of equal numbers of rows, since the distance falls with them.
    rows = min(map(len, fakes.values()))
    distance = {name: metrics.frechet_distance(real[:rows], fake[-rows:]) for name, fake in fakes.items()}
    assert distance["class missing"] > 1.5 * distance["held out"]
    for worse in ("blurred", "noisy", "one picture per class"):
        assert distance[worse] > 3 * distance["class missing"]


@pytest.mark.slow
def test_precision_and_recall_name_the_fault(digits):
    real, fakes = digits
    precision, recall, coverage = {}, {}, {}
    for name, fake in fakes.items():
        precision[name], recall[name] = metrics.precision_recall(real, fake)
        coverage[name] = metrics.density_coverage(real, fake)[1]
    for good in ("held out", "class missing"):
        assert precision[good] > 0.85
    for bad in ("blurred", "noisy"):
        assert precision[bad] < 0.5
        assert coverage[bad] < 0.5
    assert recall["held out"] > 0.85
    assert recall["one picture per class"] < 0.05
    assert coverage["one picture per class"] < 0.2 < coverage["class missing"] < coverage["held out"] - 0.03
