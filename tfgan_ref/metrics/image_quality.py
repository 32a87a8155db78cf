"""PSNR, SSIM and MS-SSIM of image pairs, and the two on luma as super-resolution papers report them.

Images are (H, W) or (H, W, C). Everything runs in float64; all functions are symmetric in their arguments.
"""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import as_array, check_finite, positive, real_array, whole_number

WINDOW = 11
SIGMA = 1.5
SCALE_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
LUMA = np.array([65.481, 128.553, 24.966]) / 255  # ITU-R BT.601, studio range: 16 to 235


def psnr(a: np.ndarray, b: np.ndarray, data_range: float | None = None) -> float:
    """Computes the peak signal-to-noise ratio 10 log10(data_range^2 / mean (a - b)^2).

    Args:
        a: image of shape (H, W) or (H, W, C).
        b: image of the same shape.
        data_range: the largest possible difference. By default 255 for uint8 and 1 for floats in [0, 1].

    Returns:
        Decibels; inf for equal images.

    Raises:
        InputError: for NaN or infinity, unequal or wrong shapes, or a range that must be given.
    """
    a, b, data_range = _image_pair(a, b, data_range)
    return _psnr(a, b, data_range)


def ssim(a: np.ndarray, b: np.ndarray, data_range: float | None = None) -> float:
    """Computes the structural similarity of Wang et al. 2004 (equation 13), mean over pixels and channels.

    11 x 11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, population variances, and only the positions
    at which the window lies within the image. As scikit-image's with `gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False`; without the shrinking of large images that some programs do first.

    Args:
        a: image of shape (H, W) or (H, W, C), at least 11 x 11.
        b: image of the same shape.
        data_range: the largest possible difference. By default 255 for uint8 and 1 for floats in [0, 1].

    Returns:
        The similarity, in [-1, 1]; 1 for equal images.

    Raises:
        InputError: for NaN or infinity, unequal, wrong or too small shapes, or a range that must be given.
    """
    a, b, data_range = _image_pair(a, b, data_range)
    _check_size(a, WINDOW, "SSIM")
    return float(np.mean([_similarity(x, y, data_range)[0] for x, y in _channels(a, b)]))


def ms_ssim(a: np.ndarray, b: np.ndarray, data_range: float | None = None) -> float:
    """Computes the multi-scale structural similarity of Wang et al. 2003 (equation 7).

    Contrast and structure at five scales, luminance at the coarsest, weights 0.0448, 0.2856, 0.3001, 0.2363,
    0.1333; between scales 2 x 2 means, with the last row or column of an odd size repeated (as tf.image
    does). Negative terms count as 0. The product is formed in each channel and then averaged.

    Args:
        a: image of shape (H, W) or (H, W, C), at least 161 x 161.
        b: image of the same shape.
        data_range: the largest possible difference. By default 255 for uint8 and 1 for floats in [0, 1].

    Returns:
        The similarity, in [0, 1]; 1 for equal images.

    Raises:
        InputError: for NaN or infinity, unequal, wrong or too small shapes, or a range that must be given.
    """
    a, b, data_range = _image_pair(a, b, data_range)
    # The smallest size that leaves one window after four halvings, each rounded up.
    _check_size(a, (WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1, "MS-SSIM")
    scores = []
    for x, y in _channels(a, b):
        terms = []
        for scale in range(len(SCALE_WEIGHTS)):
            if scale:
                x, y = _halve(x), _halve(y)
            full, contrast = _similarity(x, y, data_range)
            terms.append(contrast)
        terms[-1] = full
        scores.append(np.prod(np.maximum(terms, 0) ** SCALE_WEIGHTS))
    return float(np.mean(scores))


def psnr_y(a: np.ndarray, b: np.ndarray, border: int, round_y: bool = False) -> float:
    """Computes the PSNR of the luma channel, as super-resolution papers report it.

    Luma is BT.601's in studio range (MATLAB's rgb2ycbcr), the peak is 255 all the same, and ``border`` pixels
    (the scale factor) are cut off at each side.

    Args:
        a: uint8 image of shape (H, W, 3), RGB.
        b: uint8 image of the same shape.
        border: pixels cut off at each side.
        round_y: rounds luma to whole numbers, as MATLAB does for uint8 images.

    Returns:
        Decibels; inf for equal images.

    Raises:
        InputError: for images that are not uint8 RGB of one shape, or a border that leaves nothing.
    """
    a, b = _luma_pair(a, b, border, 1)
    if round_y:
        a, b = np.floor(a + 0.5), np.floor(b + 0.5)
    return _psnr(a, b, 255.0)


def ssim_y(a: np.ndarray, b: np.ndarray, border: int) -> float:
    """Computes the `ssim` of the luma channel, as super-resolution papers report it; see `psnr_y`.

    Args:
        a: uint8 image of shape (H, W, 3), RGB.
        b: uint8 image of the same shape.
        border: pixels cut off at each side; 11 x 11 must be left.

    Returns:
        The similarity, in [-1, 1].

    Raises:
        InputError: for images that are not uint8 RGB of one shape, or a border that leaves too little.
    """
    a, b = _luma_pair(a, b, border, WINDOW)
    return float(_similarity(np.ascontiguousarray(a), np.ascontiguousarray(b), 255.0)[0])


def _image_pair(
    a: np.ndarray, b: np.ndarray, data_range: float | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Returns the two images as float64, and the range of their values."""
    a, b = as_array(a, "the first image"), as_array(b, "the second image")
    kinds = {a.dtype, b.dtype}
    a, b = real_array(a, "the first image"), real_array(b, "the second image")
    if a.shape != b.shape:
        raise InputError(f"images of unequal shapes {a.shape} and {b.shape}")
    if a.ndim not in (2, 3) or a.size == 0:
        raise InputError(f"images must be of shape (H, W) or (H, W, C), not {a.shape}")
    check_finite(a, "the first image")
    check_finite(b, "the second image")
    if data_range is not None:
        data_range = positive(data_range, "data_range")
    elif kinds == {np.dtype(np.uint8)}:
        data_range = 255.0
    else:
        low, high = min(a.min(), b.min()), max(a.max(), b.max())
        if any(kind.kind != "f" for kind in kinds) or low < 0 or high > 1:
            raise InputError(
                "data_range must be given, unless both images are uint8 or floats in [0, 1]; "
                f"found values from {low} to {high}"
            )
        data_range = 1.0
    return a.astype(np.float64), b.astype(np.float64), data_range


def _luma_pair(a: np.ndarray, b: np.ndarray, border: int, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the luma of two uint8 RGB images, float64 in [16, 235], without the border."""
    a, b = as_array(a, "the first image"), as_array(b, "the second image")
    border = whole_number(border, "border", 0)
    for image in (a, b):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise InputError(
                f"images must be uint8 of shape (H, W, 3), not {image.dtype} of shape {image.shape}"
            )
    if a.shape != b.shape:
        raise InputError(f"images of unequal shapes {a.shape} and {b.shape}")
    if min(a.shape[:2]) - 2 * border < smallest:
        raise InputError(
            f"a border of {border} leaves less than {smallest} pixels of {a.shape[0]} x {a.shape[1]}"
        )
    inner = (slice(border, a.shape[0] - border), slice(border, a.shape[1] - border))
    return 16 + a[inner] @ LUMA, 16 + b[inner] @ LUMA


def _check_size(image: np.ndarray, smallest: int, metric: str) -> None:
    if min(image.shape[:2]) < smallest:
        raise InputError(
            f"{metric} needs images of at least {smallest} x {smallest}, "
            f"not {image.shape[0]} x {image.shape[1]}"
        )


def _channels(a: np.ndarray, b: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns one pair of contiguous (H, W) arrays per channel."""
    if a.ndim == 2:
        return [(a, b)]
    return [(np.ascontiguousarray(a[..., c]), np.ascontiguousarray(b[..., c])) for c in range(a.shape[2])]


def _psnr(a: np.ndarray, b: np.ndarray, data_range: float) -> float:
    error = np.mean((a - b) ** 2)
    return float(10 * np.log10(data_range**2 / error)) if error > 0 else float("inf")


def _similarity(a: np.ndarray, b: np.ndarray, data_range: float) -> tuple[np.float64, np.float64]:
    """Returns the means over one channel of SSIM and of its contrast-structure part."""
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    # Four filters instead of five: only the sum of the two variances is needed.
    squares, product = _blur(a * a + b * b), _blur(a * b)
    means, mean_squares = mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    contrast = (2 * (product - means) + c2) / (squares - mean_squares + c2)
    luminance = (2 * means + c1) / (mean_squares + c1)
    return np.mean(luminance * contrast), np.mean(contrast)


def _blur(image: np.ndarray) -> np.ndarray:
    """Returns the Gaussian window's means (H - 10, W - 10), one axis after the other."""
    for _ in range(2):
        image = _blur_rows(image).T
    return image


def _blur_rows(image: np.ndarray) -> np.ndarray:
    half = WINDOW // 2
    weights = np.exp(-(np.arange(half + 1) ** 2) / (2 * SIGMA**2))
    weights /= weights[0] + 2 * weights[1:].sum()
    height = image.shape[0] - 2 * half
    blurred = weights[0] * image[half : half + height]
    pair = np.empty_like(blurred)
    for offset in range(1, half + 1):
        above, below = half - offset, half + offset
        np.add(image[above : above + height], image[below : below + height], out=pair)
        pair *= weights[offset]
        blurred += pair
    return blurred


def _halve(image: np.ndarray) -> np.ndarray:
    """Returns the means of 2 x 2 pixels, with the last row or column of an odd size repeated."""
    height, width = image.shape
    image = np.pad(image, ((0, height % 2), (0, width % 2)), mode="edge")
    return (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4
