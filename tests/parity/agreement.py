"""What the parity tests share: their images and their measure."""

import numpy as np

TOLERANCE = 1e-5


def images(count, height, width, channels=3, seed=0):
    """Noise with all frequencies and both extremes, uint8."""
    rng = np.random.default_rng(seed)
    waves = np.linspace(0, 6, height)[:, None, None] + np.linspace(0, 9, width)[:, None]
    smooth = 127.5 + 127.5 * np.sin(waves + rng.uniform(0, 6, (count, 1, 1, channels)))
    return np.clip(smooth + rng.normal(0, 40, smooth.shape), 0, 255).astype(np.uint8)


def relative_error(found, wanted):
    """The largest difference as a fraction of the largest value."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    assert found.shape == wanted.shape
    assert wanted.std() > 1e-3 * np.abs(wanted).max()  # else any constant would agree
    return np.abs(found - wanted).max() / np.abs(wanted).max()
