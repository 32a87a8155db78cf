"""Bicubic resizing as MATLAB's imresize does it, the degradation of the super-resolution benchmarks."""

import math

import numpy as np

from tfgan_ref.errors import InputError

_ALL = (slice(None), slice(None))


def bicubic_resize(image: np.ndarray, scale: float, part: tuple[slice, slice] = _ALL) -> np.ndarray:
    """Resizes images with MATLAB's bicubic `imresize` (Keys 1981 with a = -0.5).

    For a scale below 1 the kernel is widened by 1 / scale against aliasing; the border is mirrored, its
    pixels included. Pillow, PyTorch and `tf.image.resize` differ from it at the border, and everywhere at
    ratios that are not whole.

    Args:
        image: numbers of shape (H, W), (H, W, C) or (N, H, W, C).
        scale: output size / input size, above 0; 4 enlarges four times, 0.25 undoes it.
        part: rows and columns of the result that are wanted; nothing else is computed.

    Returns:
        float64 of height ceil(H * scale) and width ceil(W * scale), or the part of it, neither clipped nor
        rounded: bicubic overshoots at edges, so clip and round before storing as uint8.

    Raises:
        InputError: for another shape, something else than numbers, or a scale that is not above 0.
    """
    image = np.asarray(image)
    if image.dtype.kind not in "biuf":
        raise InputError(f"images to resize must hold real numbers, not {image.dtype}")
    if image.ndim not in (2, 3, 4) or image.size == 0:
        raise InputError(f"images to resize must be (H, W), (H, W, C) or (N, H, W, C), not {image.shape}")
    if not (isinstance(scale, int | float | np.number) and math.isfinite(scale) and scale > 0):
        raise InputError(f"scale must be a number above 0, not {scale!r}")
    first = 1 if image.ndim == 4 else 0
    rows = _resize_axis(image, first, float(scale), part[0])
    return _resize_axis(rows, first + 1, float(scale), part[1])


def _resize_axis(image: np.ndarray, axis: int, scale: float, part: slice) -> np.ndarray:
    taps = _taps(image.shape[axis], math.ceil(image.shape[axis] * scale), scale)
    weights, indices = (values[part] for values in taps)
    along_axis = (-1,) + (1,) * (image.ndim - 1 - axis)
    return sum(
        weights[:, tap].reshape(along_axis) * image.take(indices[:, tap], axis)
        for tap in range(weights.shape[1])
    )


def _taps(size: int, new_size: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns the weights of each output pixel's input pixels and their indices, both (new_size, taps)."""
    shrink = min(scale, 1.0)
    width = 4 / shrink
    centres = (np.arange(new_size) + 0.5) / scale - 0.5
    indices = np.floor(centres - width / 2)[:, None] + np.arange(math.ceil(width) + 2)
    weights = _cubic(shrink * (centres[:, None] - indices))
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = indices.astype(int) % (2 * size)
    return weights, np.minimum(mirrored, 2 * size - 1 - mirrored)


def _cubic(x: np.ndarray) -> np.ndarray:
    """Returns Keys' kernel with a = -0.5, which is zero beyond 2."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
