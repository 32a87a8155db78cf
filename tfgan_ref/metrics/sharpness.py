"""The sharpness of images, whatever they show: blurred means have little of it."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import as_array, check_finite

BLOCK = 256


def gradient_energy(images: np.ndarray) -> float:
    """Computes the mean squared difference of neighbouring pixels, down and across together.

    Compare it with that of real images: a ratio below 1 says blurred, above 1 noisy.

    Args:
        images: (N, H, W, C), uint8 or floats; at least 2 pixels high and wide.

    Returns:
        In squared units of the pixels, from 0 up; the mean over images, positions and channels.

    Raises:
        InputError: for NaN or infinity, or another shape.
    """
    images = as_array(images, "images")
    if images.ndim != 4 or 0 in images.shape or min(images.shape[1:3]) < 2:
        raise InputError(f"images must be (N, H, W, C) of at least 2x2 pixels, not {images.shape}")
    check_finite(images, "images")
    total = 0.0
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK].astype(np.float64)
        down, across = np.diff(block, axis=1), np.diff(block, axis=2)
        total += len(block) * (np.mean(down**2) + np.mean(across**2))
    return total / len(images)
