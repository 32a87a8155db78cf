"""Batches: their values, their order, and going on in the middle."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref.data import ImageArrays, batches

N = 10


@pytest.fixture
def arrays():
    """Image i is all i * 20, its label is i % 3."""
    images = np.broadcast_to(np.arange(N, dtype=np.uint8)[:, None, None, None] * 20, (N, 4, 6, 3))
    return ImageArrays("numbers", images, np.arange(N, dtype=np.int32) % 3, ("a", "b", "c"))


def taken(dataset, count):
    return list(dataset.take(count).as_numpy_iterator())


def numbers(dataset, count):
    """Which images come, in the order in which they come."""
    drawn = np.concatenate([batch["image"][:, 0, 0, 0] for batch in taken(dataset, count)])
    return np.rint((drawn + 1) * 127.5 / 20).astype(int)


def test_specification(arrays):
    dataset = batches(arrays, batch_size=4, seed=0)
    assert dataset.element_spec == {
        "image": tf.TensorSpec((4, 4, 6, 3), tf.float32),
        "label": tf.TensorSpec((4,), tf.int32),
    }
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


def test_values_and_labels(arrays):
    for batch in taken(batches(arrays, batch_size=4, seed=0), 5):
        number = np.rint((batch["image"][:, 0, 0, 0] + 1) * 127.5 / 20).astype(int)
        expected = np.broadcast_to((number * 20 / 127.5 - 1)[:, None, None, None], (4, 4, 6, 3))
        np.testing.assert_allclose(batch["image"], expected, atol=1e-6)
        assert np.array_equal(batch["label"], number % 3)


def test_ends_of_the_range():
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)
    batch = taken(batches(ImageArrays("ends", images), batch_size=1, seed=0), 1)[0]
    assert batch["image"].ravel().tolist() == [-1.0, 1.0]
    assert "label" not in batch


def test_two_epochs_are_two_permutations(arrays):
    first, second = np.split(numbers(batches(arrays, batch_size=4, seed=0), 5), 2)
    assert sorted(first) == sorted(second) == list(range(N))
    assert not np.array_equal(first, second)


def test_seeds_differ_and_repeat(arrays):
    order = numbers(batches(arrays, batch_size=5, seed=0), 4)
    assert np.array_equal(order, numbers(batches(arrays, batch_size=5, seed=0), 4))
    assert not np.array_equal(order, numbers(batches(arrays, batch_size=5, seed=1), 4))


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("start_step", [1, 2, 3, 7])  # batches of 4 from 10 images: step 2 spans two epochs
def test_going_on_yields_what_would_have_come(arrays, start_step, balanced):
    whole = taken(batches(arrays, batch_size=4, seed=3, balanced=balanced), start_step + 4)[start_step:]
    rest = taken(batches(arrays, batch_size=4, seed=3, balanced=balanced, start_step=start_step), 4)
    for a, b in zip(whole, rest, strict=True):
        assert np.array_equal(a["image"], b["image"])
        assert np.array_equal(a["label"], b["label"])


def test_batch_larger_than_the_data_set(arrays):
    drawn = numbers(batches(arrays, batch_size=25, seed=0), 2)
    assert np.bincount(drawn).tolist() == [5] * N


def test_one_image():
    arrays = ImageArrays("one", np.full((1, 2, 2, 1), 40, np.uint8))
    assert numbers(batches(arrays, batch_size=3, seed=0), 2).tolist() == [2] * 6


def test_balanced_counts(arrays):
    labels = np.concatenate(
        [batch["label"] for batch in taken(batches(arrays, batch_size=6, seed=0, balanced=True), 10)]
    )
    assert np.bincount(labels).tolist() == [20, 20, 20]


@pytest.mark.parametrize("name", ["batch_size", "seed", "start_step"])
@pytest.mark.parametrize("value", [-1, 2.0, "3", True, None])
def test_numbers_out_of_range(arrays, refused, name, value):
    with refused(f"{name}={value!r}", "at least"):
        batches(arrays, **{"batch_size": 4, "seed": 0, name: value})


def test_batch_size_of_zero(arrays, refused):
    with refused("batch_size=0", "at least 1"):
        batches(arrays, batch_size=0, seed=0)


def test_numpy_numbers_are_numbers(arrays):
    assert numbers(batches(arrays, batch_size=np.int64(5), seed=np.int32(0)), 2).shape == (10,)


def test_balance_needs_labels(refused):
    arrays = ImageArrays("bare", np.zeros((3, 4, 4, 1), np.uint8))
    with refused("bare", "balanced", "labels"):
        batches(arrays, batch_size=2, seed=0, balanced=True)


def test_batches_share_the_memory_of_the_images():
    arrays = ImageArrays("shared", np.zeros((3, 4, 4, 1), np.uint8))
    dataset = batches(arrays, batch_size=3, seed=0)
    arrays.images[...] = 255  # nobody should: it shows that there is no second copy
    assert (next(dataset.as_numpy_iterator())["image"] == 1).all()


def test_half_of_the_images_are_mirrored_anew_each_time_with_their_masks():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (N, 4, 6, 3), dtype=np.uint8)
    arrays = ImageArrays("pixels", pixels, masks=rng.random((N, 4, 6)) < 0.7)
    steps = 8
    plain = taken(batches(arrays, batch_size=N, seed=3), steps)
    flipped = taken(batches(arrays, batch_size=N, seed=3, flip=True), steps)
    choices = []
    for before, after in zip(plain, flipped, strict=True):
        for i in range(N):
            mirrored = not np.array_equal(before["image"][i], after["image"][i])
            for key in ("image", "mask"):
                expected = before[key][i][:, ::-1] if mirrored else before[key][i]
                np.testing.assert_array_equal(after[key][i], expected)
            choices.append(mirrored)
    assert 0.35 < np.mean(choices) < 0.65
    assert len({tuple(choices[n : n + N]) for n in range(0, len(choices), N)}) == steps
    # By seed and position: a run that goes on, or takes its images in other batches, mirrors the same.
    rest = taken(batches(arrays, batch_size=N // 2, start_step=6, seed=3, flip=True), 2)
    np.testing.assert_array_equal(np.concatenate([batch["image"] for batch in rest]), flipped[3]["image"])
