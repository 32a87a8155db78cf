"""Missing pixels: made, read, batched with their images, and never shown to training."""

import numpy as np
import pytest

from tfgan_ref.data import ImageArrays, batches, load, remove_pixels

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


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_masks_of_an_npz_file(tmp_path, dtype):
    masks = RNG.integers(0, 2, (40, 6, 6)).astype(bool)
    np.savez(tmp_path / "a.npz", images=IMAGES, masks=masks.astype(dtype))
    batch = next(iter(load(f"npz:{tmp_path / 'a.npz'}", batch_size=40, seed=0)))
    assert float(batch["mask"].numpy().mean()) == pytest.approx(masks.mean())


@pytest.mark.parametrize(
    ("masks", "size", "parts"),
    [
        (np.ones((40, 5, 6), bool), None, ("masks are bool of shape (40, 5, 6)", "of shape (40, 6, 6)")),
        (np.full((40, 6, 6), 2, np.uint8), None, ("they must be bool, or 0 and 1",)),
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
    for share in (0, 1, -0.5, 2):
        with refused(f"share {share} of missing pixels is out of range"):
            remove_pixels(ARRAYS, share, 0)
