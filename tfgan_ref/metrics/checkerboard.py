"""The regular dots that enlarging networks leave in pictures: lattices of period 2 and 4."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import as_array

TILE = 32  # side of the tiles in pixels; their overlap is half of it
PERIOD = 4
ROUNDING = 1 / 12  # variance of the error of rounding to whole levels


def checkerboard_energy(image: np.ndarray) -> float:
    """Computes the power at half and quarter of the sampling frequency over that of their neighbours.

    The power P(u, v) is the mean over tiles of 32x32 pixels and over channels of |DFT of tile * w|^2, where w
    is the product of two periodic Hann windows, scaled to a sum of squares of 1 (Welch 1967): white noise has
    its variance at each frequency. Tiles overlap by half; up to 15 rows below and columns on the right belong
    to none. A pattern that repeats every 2 or 4 pixels has power at the 15 frequencies (p/4, q/4) with p and
    q from 0 to 3, not both 0, in cycles per pixel. The energy is the mean over these of

        (P(f) + 1/12) / (mean of P at the 16 frequencies 2/32 above, below or beside f, corners too, + 1/12).

    The window spreads a lattice over 1/32 around its frequency and no further. 1/12 is the variance of
    rounding to whole levels: where a picture has no more power than that, the ratio is near 1.

    White noise and smooth pictures have about 1. Textures may have more or less: compare with the energy of
    the original.

    Args:
        image: uint8 of shape (H, W) or (H, W, C), at least 32x32.

    Returns:
        From 0 up; 1 without a lattice.

    Raises:
        InputError: for another type or shape.
    """
    image = as_array(image, "the image")
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or 0 in image.shape:
        raise InputError(
            f"the image must be uint8 of shape (H, W) or (H, W, C), not {image.dtype} of shape {image.shape}"
        )
    if min(image.shape[:2]) < TILE:
        height, width = image.shape[:2]
        raise InputError(f"checkerboard energy needs at least {TILE}x{TILE} pixels, not {height}x{width}")
    power = _power(image.reshape(*image.shape[:2], -1))
    step = TILE // PERIOD
    lattice = [(p, q) for p in range(0, TILE, step) for q in range(0, TILE, step) if (p, q) != (0, 0)]
    around = [(u, v) for u in range(-2, 3) for v in range(-2, 3) if max(abs(u), abs(v)) == 2]
    ratios = []
    for p, q in lattice:
        neighbours = np.mean([power[(p + u) % TILE, (q + v) % TILE] for u, v in around])
        ratios.append((power[p, q] + ROUNDING) / (neighbours + ROUNDING))
    return float(np.mean(ratios))


def _power(image: np.ndarray) -> np.ndarray:
    """Returns the mean power (TILE, TILE) of the tiles and channels of an image (H, W, C)."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(TILE) / TILE)
    window = np.outer(hann, hann) / np.sum(hann**2)
    height, width, _ = image.shape
    total, count = np.zeros((TILE, TILE)), 0
    for top in range(0, height - TILE + 1, TILE // 2):
        for left in range(0, width - TILE + 1, TILE // 2):
            tile = image[top : top + TILE, left : left + TILE].astype(np.float64)
            spectrum = np.fft.fft2(tile * window[..., np.newaxis], axes=(0, 1))
            total += np.mean(np.abs(spectrum) ** 2, axis=2)
            count += 1
    return total / count
