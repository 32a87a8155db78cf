"""Sources as cameras and the web make them: the second-order degradation of Real-ESRGAN, Wang et al. 2021.

"Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data", section 3: blur, a change
of size, noise and JPEG, all of it twice, then the size of the source, a sinc filter and JPEG. Ranges and
probabilities are those of the authors' code (options/train_realesrgan_x4plus.yml, and x2plus, which has the
same ones). What differs from it:

* targets are not sharpened; there, made pixels and contents are compared with sharpened ones, which are also
  what is degraded;
* every square has draws of its own; there, the pictures of a batch share changes of size and kinds of noise,
  and a pool of 180 pairs mixes batches;
* squares are degraded with 8 source pixels around them, mirrored at the picture's border; there, squares of
  256 are cut from degraded ones of 400;
* JPEG is Pillow's, of whole qualities; there it is an approximation in tensors;
* Poisson noise is of 256 levels; there, of the number of levels that the picture has, rounded up to a power
  of two. That is 256 for most, and would be fewer in small squares, with more noise;
* where the first change of size takes pixels from follows from both sizes; in PyTorch, from the factor alone;
* there are no ranges for 8 times: they are the same here.
"""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tfgan_ref.data.pairs.blur_kernels import draw_kernel, draw_sinc

RIM = 8  # source pixels around a square that are degraded with it
PHASES = 8  # of JPEG's blocks
MODES = ("area", "bilinear", "bicubic")
GREY_PROBABILITY = 0.4  # noise that is the same in all channels
GAUSSIAN_PROBABILITY = 0.5  # the others are Poisson's
FINAL_SINC_PROBABILITY = 0.8
QUALITIES = (30, 95)
LEVELS = 256
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Stage:
    """The ranges of one of the two degradations.

    Attributes:
        blur: probability of a blur.
        sigmas: standard deviations of the blur, in pixels.
        resize: probabilities that the size grows, shrinks or stays.
        factors: the smallest and the largest factor of the size.
        gaussian: standard deviations of Gaussian noise, in levels of 255.
        poisson: factors of Poisson noise.
    """

    blur: float
    sigmas: tuple[float, float]
    resize: tuple[float, float, float]
    factors: tuple[float, float]
    gaussian: tuple[float, float]
    poisson: tuple[float, float]


FIRST = Stage(1.0, (0.2, 3.0), (0.2, 0.7, 0.1), (0.15, 1.5), (1.0, 30.0), (0.05, 3.0))
SECOND = Stage(0.8, (0.2, 1.5), (0.3, 0.4, 0.3), (0.3, 1.2), (1.0, 25.0), (0.05, 2.5))


class Degraded:
    """The degraded small pictures of a picture, one for each seed.

    Args:
        picture: uint8 (H, W, C), C 1 or 3, whose sides ``scale`` divides.
        scale: by which they are smaller.
    """

    def __init__(self, picture: np.ndarray, scale: int) -> None:
        self._picture, self._scale = picture, scale

    def square(self, top: int, left: int, height: int, width: int, seed: list[int]) -> np.ndarray:
        """Returns a rectangle of the small picture of a seed, uint8 (height, width, C).

        It is degraded with what is around it, and with nothing else: another rectangle of the same seed does
        not continue it.
        """
        rng = np.random.default_rng(seed)
        # How far the degraded part is moved, so that the blocks of JPEG begin anywhere in squares.
        down, right = (int(rng.integers(PHASES)) - PHASES // 2 for _ in range(2))
        rows = self._indices(top - RIM + down, height + 2 * RIM, self._picture.shape[0])
        columns = self._indices(left - RIM + right, width + 2 * RIM, self._picture.shape[1])
        small = degrade(self._picture[np.ix_(rows, columns)], self._scale, rng)
        return small[RIM - down :, RIM - right :][:height, :width]

    def _indices(self, start: int, count: int, size: int) -> np.ndarray:
        """Returns which rows or columns of the picture are those of small ones, mirrored at its border."""
        mirrored = np.arange(self._scale * start, self._scale * (start + count)) % (2 * size)
        return np.minimum(mirrored, 2 * size - 1 - mirrored)


def degrade(picture: np.ndarray, scale: int, rng: np.random.Generator) -> np.ndarray:
    """Degrades a picture to one that is ``scale`` times smaller, uint8 (H / scale, W / scale, C).

    Args:
        picture: uint8 (H, W, C), C 1 or 3, whose sides ``scale`` divides.
        scale: at least 1.
        rng: what draws.
    """
    height, width = (side // scale for side in picture.shape[:2])
    image = picture.astype(np.float32) / 255
    image = _blur_at_random(image, FIRST, rng)
    factor = _draw_factor(FIRST, rng)
    image = _resize_at_random(image, [int(side * factor) for side in image.shape[:2]], rng)
    image = jpeg(add_noise(image, FIRST, rng), _draw_quality(rng))

    image = _blur_at_random(image, SECOND, rng)
    factor = _draw_factor(SECOND, rng)
    image = _resize_at_random(image, [int(side * factor) for side in (height, width)], rng)
    image = add_noise(image, SECOND, rng)

    # The authors found that other orders, with JPEG between the two, twist lines.
    jpeg_last, quality = rng.random() < 0.5, _draw_quality(rng)
    if not jpeg_last:
        image = jpeg(image, quality)
    image = _resize_at_random(image, [height, width], rng)
    if rng.random() < FINAL_SINC_PROBABILITY:
        image = blur(image, draw_sinc(rng))
    if jpeg_last:
        image = jpeg(image, quality)
    return _to_levels(image)


def blur(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolves float32 (H, W, C) with a kernel (k, k), k odd; the border is mirrored, its pixels once."""
    from scipy import fft

    height, width, _ = image.shape
    reach = len(kernel) // 2
    padded = np.pad(image, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    shape = [fft.next_fast_len(side, real=True) for side in padded.shape[:2]]
    spectrum = fft.rfft2(padded, shape, axes=(0, 1))
    spectrum *= fft.rfft2(kernel.astype(np.float32), shape)[..., np.newaxis]
    # The first 2 * reach rows and columns are of the border, around which the transform's ends meet.
    inside = fft.irfft2(spectrum, shape, axes=(0, 1))[2 * reach :, 2 * reach :]
    return inside[:height, :width]


def resize(image: np.ndarray, size: list[int], mode: str) -> np.ndarray:
    """Resizes float32 (H, W, C) to a height and width as PyTorch's ``interpolate`` does: without smoothing.

    Args:
        image: the picture.
        size: height and width, at least 1.
        mode: "area", the mean of the pixels that an output pixel touches; "bilinear" or "bicubic" (Keys 1981
            with a = -0.75), of the 2 or 4 nearest pixels along each axis, those at the border repeated.
    """
    for axis in (0, 1):
        image = _resize_axis(image, size[axis], axis, mode)
    return image


def add_noise(image: np.ndarray, stage: Stage, rng: np.random.Generator) -> np.ndarray:
    """Adds Gaussian or Poisson noise of a drawn strength to float32 (H, W, C) in [0, 1], and clips it."""
    height, width, channels = image.shape
    grey = rng.random() < GREY_PROBABILITY and channels == 3
    if rng.random() < GAUSSIAN_PROBABILITY:
        shape = (height, width, 1 if grey else channels)
        noise = rng.standard_normal(shape, np.float32) * np.float32(rng.uniform(*stage.gaussian) / 255)
    else:
        strength = rng.uniform(*stage.poisson)
        light = (image * LUMA).sum(axis=-1, keepdims=True) if grey else image
        light = _to_levels(light).astype(np.float32) / 255
        noise = np.float32(strength) * (rng.poisson(LEVELS * light).astype(np.float32) / LEVELS - light)
    return np.clip(image + noise, 0, 1)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Returns what JPEG of a quality leaves of float32 (H, W, 1 or 3) in [0, 1]."""
    file = io.BytesIO()
    pixels = _to_levels(image)
    pixels = pixels[..., 0] if image.shape[-1] == 1 else pixels
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).reshape(image.shape).astype(np.float32) / 255


def _blur_at_random(image: np.ndarray, stage: Stage, rng: np.random.Generator) -> np.ndarray:
    return blur(image, draw_kernel(rng, stage.sigmas)) if rng.random() < stage.blur else image


def _draw_factor(stage: Stage, rng: np.random.Generator) -> float:
    smallest, largest = stage.factors
    grow, shrink, _ = stage.resize
    kind = rng.random()
    if kind < grow:
        return rng.uniform(1, largest)
    return rng.uniform(smallest, 1) if kind < grow + shrink else 1.0


def _draw_quality(rng: np.random.Generator) -> int:
    return int(rng.integers(*QUALITIES, endpoint=True))


def _resize_at_random(image: np.ndarray, size: list[int], rng: np.random.Generator) -> np.ndarray:
    return resize(image, [max(1, side) for side in size], MODES[rng.integers(len(MODES))])


def _resize_axis(image: np.ndarray, new_size: int, axis: int, mode: str) -> np.ndarray:
    size = image.shape[axis]
    if new_size == size:
        return image
    along_axis = (-1,) + (1,) * (image.ndim - 1 - axis)
    numbers = np.arange(new_size)
    if mode == "area":
        starts, ends = numbers * size // new_size, -(-(numbers + 1) * size // new_size)
        sums = np.cumsum(image, axis=axis, dtype=np.float64)
        sums = np.concatenate([np.zeros_like(sums.take([0], axis)), sums], axis)
        totals = sums.take(ends, axis) - sums.take(starts, axis)
        return (totals / (ends - starts).reshape(along_axis)).astype(np.float32)
    centres = (numbers + 0.5) * size / new_size - 0.5
    reach = 1 if mode == "bilinear" else 2
    indices = np.floor(centres).astype(int)[:, np.newaxis] + np.arange(1 - reach, reach + 1)
    distances = np.abs(centres[:, np.newaxis] - indices)
    weights = (1 - distances if mode == "bilinear" else _cubic(distances)).astype(np.float32)
    indices = np.clip(indices, 0, size - 1)
    return sum(
        weights[:, tap].reshape(along_axis) * image.take(indices[:, tap], axis) for tap in range(2 * reach)
    )


def _cubic(x: np.ndarray) -> np.ndarray:
    """Returns Keys' kernel with a = -0.75, PyTorch's, at distances up to 2."""
    near = 1.25 * x**3 - 2.25 * x**2 + 1
    far = -0.75 * (x**3 - 5 * x**2 + 8 * x - 4)
    return np.where(x <= 1, near, far)


def _to_levels(image: np.ndarray) -> np.ndarray:
    return np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
