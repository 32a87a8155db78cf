"""Sources made from pictures: drawings, grey, or fewer pixels."""

import numpy as np
from scipy import ndimage

from tfgan_ref.data.images.decoding import from_pixels, to_pixels
from tfgan_ref.data.images.resize import bicubic_resize

_EDGE_SIGMA = 1.5  # pixels
_STEEPEST = 0.5  # a step of this share of the range is drawn black by `sobel`
# `lines`: standard deviations in pixels, contrast, and the difference in luma that is not drawn yet.
_PEN, _SURROUNDINGS, _CONTRAST, _THRESHOLD = 0.7, 3.0, 10.0, 0.02


def edges(picture: np.ndarray) -> np.ndarray:
    """Draws edges (Canny 1986, Gaussian of 1.5 pixels) as thin lines.

    Args:
        picture: uint8 (H, W, 1 or 3).

    Returns:
        uint8 (H, W, 1): 0 on an edge, 255 elsewhere.
    """
    from skimage.feature import canny

    return np.where(canny(_luma(picture), sigma=_EDGE_SIGMA), np.uint8(0), np.uint8(255))[..., np.newaxis]


def sobel(picture: np.ndarray) -> np.ndarray:
    """Draws the length of Sobel's gradient of the luma, uint8 (H, W, 1).

    255 is flat; 0 is a step of half the range, upright or level, or a larger one.
    """
    from skimage.filters import sobel as gradient_length

    # scikit-image divides by the square root of 2.
    return _ink(np.sqrt(2) * gradient_length(_luma(picture)) / _STEEPEST)


def lines(picture: np.ndarray) -> np.ndarray:
    """Draws what is darker than its surroundings: line art, uint8 (H, W, 1), black on white.

    The ink is a difference of Gaussians of the luma y, 10 (G_3 * y - G_0.7 * y - 0.02), within [0, 1]: as the
    edges of Winnemöller et al. 2012 (equation 1), softly.
    """
    luma = _luma(picture)
    darker = ndimage.gaussian_filter(luma, _SURROUNDINGS) - ndimage.gaussian_filter(luma, _PEN)
    return _ink(_CONTRAST * (darker - _THRESHOLD))


def grey(picture: np.ndarray) -> np.ndarray:
    """Returns the luma of ITU-R 601, uint8 (H, W, 1)."""
    return to_pixels(from_pixels(picture), 1)


def whole_multiple(picture: np.ndarray, scale: int) -> np.ndarray:
    """Returns the picture without its last rows and columns, so that ``scale`` divides height and width."""
    height, width = (side - side % scale for side in picture.shape[:2])
    return picture[:height, :width]


def small(picture: np.ndarray, scale: int) -> np.ndarray:
    """Shrinks a picture as MATLAB's `imresize` does, clipped and rounded: uint8 (H / scale, W / scale, C).

    Args:
        picture: uint8 (H, W, C), whose sides ``scale`` divides.
        scale: at least 1.
    """
    return Small(picture, scale)[:, :]


class Small:
    """A picture shrunk by ``small``, of which only the parts are computed that are asked for.

    Args:
        picture: uint8 (H, W, C), whose sides ``scale`` divides.
        scale: at least 1.
    """

    def __init__(self, picture: np.ndarray, scale: int) -> None:
        self._picture, self._scale = picture, scale

    def __getitem__(self, part: tuple[slice, slice]) -> np.ndarray:
        """Returns rows and columns of it, uint8 (h, w, C)."""
        return np.rint(np.clip(bicubic_resize(self._picture, 1 / self._scale, part), 0, 255)).astype(np.uint8)


def _luma(picture: np.ndarray) -> np.ndarray:
    return grey(picture)[..., 0] / 255


def _ink(amount: np.ndarray) -> np.ndarray:
    """Returns the drawing of amounts of ink, 0 for none and 1 for black."""
    return np.rint(255 * (1 - np.clip(amount, 0, 1))).astype(np.uint8)[..., np.newaxis]


# Each takes a picture and returns its source, uint8 (H, W, 1).
SKETCHES = {"edges": edges, "sobel": sobel, "grey": grey, "lines": lines}
