"""Gradient energy against loops, closed forms, and what blur and noise do to it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tfgan_ref.metrics import gradient_energy

IMAGES = np.random.default_rng(0).uniform(0, 1, (300, 6, 5, 2))


def test_against_loops():
    few = IMAGES[:3]
    down = [(i[y + 1, x] - i[y, x]) ** 2 for i in few for y in range(5) for x in range(5)]
    across = [(i[y, x + 1] - i[y, x]) ** 2 for i in few for y in range(6) for x in range(4)]
    assert gradient_energy(few) == pytest.approx(np.mean(down) + np.mean(across))


def test_a_ramp_has_its_squared_slopes():
    y, x = np.mgrid[:7, :9]
    assert gradient_energy((3 * y + 4 * x)[None, :, :, None]) == pytest.approx(25)


def test_uint8_does_not_wrap_and_blocks_add_up():
    stripes = np.zeros((2, 4, 4, 1), np.uint8)
    stripes[:, :, ::2] = 255
    assert gradient_energy(stripes) == 255**2
    parts = [gradient_energy(IMAGES[:100]), gradient_energy(IMAGES[100:])]
    assert gradient_energy(IMAGES) == pytest.approx((100 * parts[0] + 200 * parts[1]) / 300)


def test_blur_lowers_and_noise_raises_it():
    smooth = gaussian_filter(IMAGES, (0, 1, 1, 0))
    assert gradient_energy(smooth) < 0.3 * gradient_energy(IMAGES)
    noise = np.random.default_rng(1).normal(0, 0.3, smooth.shape)
    assert gradient_energy(smooth + noise) > 2 * gradient_energy(smooth)


@pytest.mark.parametrize("bad", [np.zeros((4, 4, 1)), np.zeros((2, 1, 4, 1)), np.full((1, 3, 3, 1), np.nan)])
def test_bad_images(bad):
    with pytest.raises(ValueError, match="images"):
        gradient_energy(bad)
