"""The animation through the latents that a run ends with."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tfgan_ref import plotting
from tfgan_ref.run import final_walk
from tfgan_ref.run.final_walk import KEYS, LEG, MILLISECONDS, PICTURES, write_walk
from tfgan_ref.run.sample import Sampler


class Blobs:
    """Stands for a generator: the first two latents are the brightness of an image's halves."""

    def __init__(self, side=32):
        self.side, self.asked = side, []

    def __call__(self, latents, labels=None):
        self.asked.append((np.asarray(latents), None if labels is None else np.asarray(labels)))
        halves = 1 / (1 + np.exp(-np.asarray(latents)[:, :2]))
        images = halves[:, None, :, None].repeat(self.side, 1).repeat(self.side // 2, 2)
        return _Images(images.astype(np.float32))


class _Images(np.ndarray):
    """An array with the method that TensorFlow's tensors have."""

    def __new__(cls, values):
        return values.view(cls)

    def numpy(self):
        return np.asarray(self)


@pytest.mark.parametrize("classes", [None, 4])
def test_pictures_go_round_through_their_latents(tmp_path, classes):
    blobs = Blobs()
    names = None if classes is None else tuple("abcd")
    sampler = Sampler(blobs, 5, (32, 32, 1), names)
    write_walk(sampler, tmp_path / "walk.webp")
    keys = sampler.latents(KEYS * PICTURES, 0).reshape(KEYS, PICTURES, 5)
    points = np.concatenate([latents for latents, _ in blobs.asked]).reshape(KEYS * LEG, PICTURES, 5)
    for key in range(KEYS):  # each leg begins at a latent
        np.testing.assert_allclose(points[key * LEG], keys[key], rtol=1e-5, atol=1e-6)
    # The last frame is as near to the first one as any two are: it goes round without a jump.
    steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=-1)
    assert steps[-1].max() <= steps.max()
    asked = [labels for _, labels in blobs.asked]
    if classes is None:
        assert set(asked) == {None}
    else:
        rows = np.concatenate(asked).reshape(KEYS * LEG, PICTURES)
        assert (rows == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]).all()
    with Image.open(tmp_path / "walk.webp") as picture:
        shown = [(np.asarray(f.convert("RGB")), f.info["duration"]) for f in ImageSequence.Iterator(picture)]
    frames, durations = zip(*shown, strict=True)
    assert sum(durations) == KEYS * LEG * MILLISECONDS  # of frames that are alike there is one
    assert len(frames) > KEYS * LEG // 2
    expected = plotting.grid(sampler.draw(keys[0]), 5)
    assert frames[0].shape[:2] == expected.shape[:2]
    assert abs(frames[0].astype(float) - expected).mean() < 4  # WebP has losses


def test_of_large_pictures_there_are_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(final_walk, "MOST_PIXELS", 3 * 64**2)
    blobs = Blobs(64)
    write_walk(Sampler(blobs, 2, (64, 64, 1), None), tmp_path / "walk.webp")
    assert sum(len(latents) for latents, _ in blobs.asked) == 3 * KEYS * LEG
    blobs.asked.clear()
    monkeypatch.setattr(final_walk, "MOST_PIXELS", 1)
    write_walk(Sampler(blobs, 2, (64, 64, 1), None), tmp_path / "walk.webp")
    assert sum(len(latents) for latents, _ in blobs.asked) == KEYS * LEG
