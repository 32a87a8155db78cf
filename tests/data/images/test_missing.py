"""Missing pixels: made, read, batched with their images, and never shown to training."""

import numpy as np
import pytest

from tfgan_ref.data import ImageArrays, batches, load, read, remove_pixels

RNG = np.random.default_rng(0)
# Every image has a grey of its own, above 128, by which its rows are known.
IMAGES = np.broadcast_to(np.arange(200, 240, dtype=np.uint8)[:, None, None, None], (40, 6, 6, 1)).copy()
ARRAYS = ImageArrays("greys", IMAGES)


def test_a_share_of_the_pixels_goes():
    result = remove_pixels(ARRAYS, 0.3, seed=1)
    assert result.masks.shape == (40, 6, 6)
    assert 1 - result.masks.mean() == pytest.approx(0.3, abs=0.04)
    assert (result.images[~result.masks] == 128).all()
    np.testing.assert_array_equal(result.images[result.masks], IMAGES[result.masks])
    assert (ARRAYS.images == IMAGES).all()
    assert ARRAYS.masks is None


def test_masks_are_each_images_own_and_the_seeds():
    first, again, other = (remove_pixels(ARRAYS, 0.5, seed).masks for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({mask.tobytes() for mask in first}) == 40
    fewer = remove_pixels(ImageArrays("greys", IMAGES[:10]), 0.5, 1).masks
    np.testing.assert_array_equal(fewer, first[:10])


def test_pixels_that_are_missing_stay_missing():
    once = remove_pixels(ARRAYS, 0.5, 1)
    twice = remove_pixels(once, 0.5, 2)
    assert not (twice.masks & ~once.masks).any()
    assert twice.masks.mean() == pytest.approx(0.25, abs=0.04)


def test_masks_come_with_their_images_and_missing_pixels_are_0():
    arrays = remove_pixels(ARRAYS, 0.5, 1)
    # What an array holds where a pixel is missing must not matter.
    arrays = ImageArrays("greys", IMAGES, masks=arrays.masks)
    for batch in batches(arrays, batch_size=8, seed=0).take(5):
        image, mask = batch["image"].numpy(), batch["mask"].numpy()
        assert mask.shape == (8, 6, 6, 1)
        assert set(np.unique(mask)) == {0.0, 1.0}
        assert (image[mask == 0] == 0).all()
        for one, its_mask in zip(image, mask, strict=True):
            number = int(np.rint((one.max() + 1) * 127.5)) - 200
            np.testing.assert_array_equal(its_mask[..., 0], arrays.masks[number])


def test_complete_images_have_no_mask():
    assert set(next(iter(batches(ARRAYS, batch_size=2, seed=0)))) == {"image"}


def test_the_fingerprint_tells_masks_apart():
    prints = {ARRAYS.fingerprint, *(remove_pixels(ARRAYS, 0.5, seed).fingerprint for seed in (1, 2))}
    assert len(prints) == 3


@pytest.mark.parametrize("shape", [(40, 6, 6), (40, 6, 6, 1)])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_masks_of_an_npz_file(tmp_path, dtype, shape):
    masks = RNG.integers(0, 2, (40, 6, 6)).astype(bool)
    np.savez(tmp_path / "a.npz", images=IMAGES, masks=masks.astype(dtype).reshape(shape))
    assert np.array_equal(read(f"npz:{tmp_path / 'a.npz'}").masks, masks)
    batch = next(iter(load(f"npz:{tmp_path / 'a.npz'}", batch_size=40, seed=0)))
    assert float(batch["mask"].numpy().mean()) == pytest.approx(masks.mean())


@pytest.mark.parametrize(
    ("masks", "size", "parts"),
    [
        (np.ones((40, 5, 6), bool), None, ("masks are bool of shape (40, 5, 6)", "of shape (40, 6, 6)")),
        (np.full((40, 6, 6), 2, np.uint8), None, ("they must be bool, or 0 and 1",)),
        (np.ones((40, 6, 6)), None, ("masks are float64", "whole numbers")),
        (np.zeros((40, 6, 6), bool), None, ("every pixel is missing",)),
        (np.ones((40, 6, 6), bool), 8, ("images with masks cannot be resized",)),
    ],
)
def test_bad_masks(tmp_path, refused, masks, size, parts):
    np.savez(tmp_path / "a.npz", images=IMAGES, masks=masks)
    with refused(*parts):
        load(f"npz:{tmp_path / 'a.npz'}", batch_size=4, seed=0, image_size=size)


def test_bad_arrays_and_shares(refused):
    with refused("masks are float64", "they must be bool of shape (40, 6, 6)"):
        ImageArrays("greys", IMAGES, masks=np.ones((40, 6, 6)))
    for share in (0, 1, -0.5, 2, float("nan"), "half", None):
        with refused(f"share {share!r} of missing pixels is out of range"):
            remove_pixels(ARRAYS, share, 0)
    for seed in (-1, 0.5, None):
        with refused(f"seed={seed!r}", "at least 0"):
            remove_pixels(ARRAYS, 0.5, seed)


def test_a_set_without_observed_pixels_is_refused(refused):
    half = np.arange(36).reshape(1, 6, 6) % 2 == 0
    with refused("every pixel is missing"):
        ImageArrays("greys", IMAGES[:1], masks=half & ~half)
    dot = ImageArrays("dot", IMAGES[:1, :1, :1])
    with refused("every pixel is missing"):
        remove_pixels(dot, 1 - 1e-9, 0)


def test_missing_pixels_leave_no_sign():
    arrays = ImageArrays("dark", np.zeros((1, 2, 2, 3), np.uint8), masks=np.eye(2, dtype=bool)[np.newaxis])
    image = next(iter(batches(arrays, batch_size=1, seed=0)))["image"].numpy()
    assert np.array_equal(np.signbit(image[0, ..., 0]), np.eye(2, dtype=bool))


@pytest.mark.parametrize("balanced", [False, True])
def test_a_steps_masks_are_the_same_each_time(balanced):
    labels = (np.arange(40) >= 30).astype(np.int32)
    arrays = remove_pixels(ImageArrays("greys", IMAGES, labels, ("many", "few")), 0.5, 1)
    options = {"batch_size": 8, "seed": 3, "balanced": balanced}
    whole = list(batches(arrays, **options).take(4).as_numpy_iterator())
    rest = batches(arrays, **options, start_step=2).take(2).as_numpy_iterator()
    for a, b in zip(whole[2:], rest, strict=True):
        assert set(a) == {"image", "label", "mask"}
        assert all(np.array_equal(a[key], b[key]) for key in a)
    for batch in whole:
        for image, mask, label in zip(batch["image"], batch["mask"], batch["label"], strict=True):
            number = int(np.rint((image.max() + 1) * 127.5)) - 200
            assert np.array_equal(mask[..., 0], arrays.masks[number])
            assert label == labels[number]
        if balanced:
            assert np.bincount(batch["label"]).tolist() == [4, 4]
