"""Digits drawn in styles whose rules are known, so that transferred styles can be compared with the truth."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from tfgan_ref.data.images.arrays import ImageArrays
from tfgan_ref.data.images.sources import read
from tfgan_ref.errors import InputError, whole_number

Colour = tuple[int, int, int]

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_PERIODS = 8  # of a texture, in the height of an image
_PEN = 32  # in an image of so many pixels, strokes become one pixel wider or narrower on each side
_EMPTY, _FULL = 64, 176  # brightness up to which a stroke covers nothing, and from which it covers all


@dataclass(frozen=True)
class Style:
    """Style in which a digit is drawn.

    Attributes:
        name: what it is called.
        stroke: colour of the strokes, RGB.
        ground: colour of what is behind them.
        thickness: 1 for thicker strokes than the digit's own, -1 for thinner ones, 0 for its own.
        texture: of the strokes: "plain", "stripes" (level) or "checks".
        second: colour of every other stripe or square; the texture "plain" does not show it.
    """

    name: str
    stroke: Colour
    ground: Colour = BLACK
    thickness: int = 0
    texture: str = "plain"
    second: Colour = BLACK


STYLES = (
    Style("red", (235, 40, 40), thickness=1),
    Style("thin yellow", (255, 220, 40), (25, 40, 120), thickness=-1),
    Style("ink", (20, 20, 40), (240, 230, 205)),
    Style("green stripes", (60, 230, 90), thickness=1, texture="stripes", second=(0, 75, 30)),
    Style("blue checks", (70, 150, 255), WHITE, 1, "checks", (15, 40, 130)),
    Style("pink stripes", (255, 90, 190), (55, 15, 75), 1, "stripes", (255, 235, 120)),
    Style("orange checks", (255, 150, 30), (0, 70, 75), 1, "checks", WHITE),
    Style("thin violet", (105, 20, 160), (190, 235, 190), thickness=-1),
)


def draw_styled(images: np.ndarray, styles: np.ndarray) -> np.ndarray:
    """Draws each digit in a style.

    A style thickens or thins a digit by a grey dilation or erosion with a disc, whose radius is 1/32 of the
    height, at least a pixel. Strokes then cover nothing where the brightness is 64 or less, all from 176 on,
    and linearly more in between.

    Args:
        images: white digits on black, uint8 (N, H, W, 1).
        styles: indices of ``STYLES``, whole numbers (N,).

    Returns:
        uint8 (N, H, W, 3).

    Raises:
        InputError: the images are not as described, or an index is none of a style.
    """
    styles = np.asarray(styles)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 1:
        raise InputError(
            f"digits are {images.dtype} of shape {images.shape}, they must be uint8 of shape (N, H, W, 1)"
        )
    if styles.shape != (len(images),) or styles.dtype.kind not in "iu":
        raise InputError(
            f"styles are {styles.dtype} of shape {styles.shape}, "
            f"they must be whole numbers of shape ({len(images)},)"
        )
    for style in styles:
        if not 0 <= style < len(STYLES):
            raise InputError(f"style {style} is out of range: from 0 to {len(STYLES) - 1}")
    drawn = np.empty((*images.shape[:3], 3), np.uint8)
    for number in np.unique(styles):
        rows = styles == number
        drawn[rows] = _draw(images[rows, ..., 0], STYLES[number])
    return drawn


def styled_digits(
    *, image_size: int = 32, split: str = "train", seed: int = 0
) -> tuple[ImageArrays, ImageArrays]:
    """Reads scikit-learn's digits twice: plain, and drawn in styles at random.

    Args:
        image_size: side of the images, at least 4.
        split: "train", "test" or "all", as of ``read``.
        seed: chooses the styles and the order of the styled digits, any whole number from 0 up.

    Returns:
        Contents, white on black with the digit as label, and styled digits with the style as label; both RGB,
        as many of one as of the other, and never the same digit in a row of both.

    Raises:
        InputError: an argument is out of its range.
    """
    whole_number("seed", seed, 0)
    digits = read("digits", image_size=image_size, channels=1, split=split)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(digits.images))
    others = np.empty_like(order)
    others[order] = np.roll(order, 1)  # one cycle through all rows: none keeps its digit
    styles = rng.integers(len(STYLES), size=len(order)).astype(np.int32)
    contents = ImageArrays("digits", digits.images.repeat(3, axis=-1), digits.labels, digits.class_names)
    drawn = draw_styled(digits.images[others], styles)
    return contents, ImageArrays("styled digits", drawn, styles, tuple(style.name for style in STYLES))


def _draw(digits: np.ndarray, style: Style) -> np.ndarray:
    """Draws digits, uint8 (N, H, W), in one style."""
    _, height, width = digits.shape
    stroke = _strokes(digits, style.thickness)[..., np.newaxis]
    paint = np.where(_texture(style.texture, height, width)[..., np.newaxis], style.second, style.stroke)
    return np.rint(np.array(style.ground) * (1 - stroke) + paint * stroke).astype(np.uint8)


def _strokes(digits: np.ndarray, thickness: int) -> np.ndarray:
    """Returns how much of each pixel strokes cover, in [0, 1], for digits uint8 (N, H, W)."""
    radius = max(1, round(digits.shape[1] / _PEN))
    squared = np.arange(-radius, radius + 1) ** 2
    disc = (squared[:, np.newaxis] + squared <= radius**2)[np.newaxis]
    if thickness > 0:
        digits = ndimage.grey_dilation(digits, footprint=disc)
    elif thickness < 0:
        digits = ndimage.grey_erosion(digits, footprint=disc)
    return np.clip((digits.astype(np.float64) - _EMPTY) / (_FULL - _EMPTY), 0, 1)


def _texture(texture: str, height: int, width: int) -> np.ndarray:
    """Returns the pixels that show the second colour, bool (height, width)."""
    side = max(1, height / (2 * _PERIODS))
    rows = np.floor(np.arange(height) / side).astype(int)[:, np.newaxis]
    columns = np.floor(np.arange(width) / side).astype(int)
    if texture == "plain":
        return np.zeros((height, width), bool)
    return np.broadcast_to(rows if texture == "stripes" else rows + columns, (height, width)) % 2 == 1
