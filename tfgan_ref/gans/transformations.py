"""Random transformations of pictures, each with probability p: Karras et al. 2020, appendix B.

Pixel blitting, general geometric transformations and colour transformations, in the authors' order and with
their distributions. The geometric ones are one change of coordinates, so that a picture is resampled once.
"""

import math

import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.batches import shape_of


def transform(images: tf.Tensor, p: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Returns ``images`` (N, H, W, 1 or 3) float32 in [-1, 1], each transformed in its own way.

    At ``p`` 0 they stay as they are, to the bit. Values may leave [-1, 1].

    Args:
        images: the pictures.
        p: probability of each transformation, in [0, 1].
        seed: (2,), of all draws.

    Raises:
        InputError: samples that are not pictures, or pictures with other channels.
    """
    if len(images.shape) != 4 or images.shape[3] not in (1, 3):
        raise InputError(f"augmentation ada needs images (N, H, W, 1 or 3), not samples of {images.shape}")
    parameters = draw_parameters(shape_of(images)[0], p, seed)
    _, height, width, _ = images.shape
    return recolour(resample(images, *source_points(parameters, height, width)), parameters)


def draw_parameters(n: int | tf.Tensor, p: tf.Tensor, seed: tf.Tensor) -> dict[str, tf.Tensor]:
    """Draws what happens to each of ``n`` pictures: (n, 1) or (n, 2) for each transformation.

    A transformation that a picture is spared has the parameter that changes nothing. Angles are in radians,
    shifts (y, x) in shares of the sides.
    """
    u = randomness.uniform([n, 9], randomness.fold_in(seed, 0))
    z = randomness.normal([n, 7], randomness.fold_in(seed, 1))
    full_turn = 2.0 * math.pi
    drawn = {  # what is drawn where it is applied, and what changes nothing
        "mirrored": (tf.floor(2.0 * u[:, 0:1]), 0.0),
        "quarter_turns": (tf.floor(4.0 * u[:, 1:2]), 0.0),
        "whole_shift": ((2.0 * u[:, 2:4] - 1.0) * 0.125, 0.0),
        "scale": (2.0 ** (0.2 * z[:, 0:1]), 1.0),
        "first_angle": ((u[:, 4:5] - 0.5) * full_turn, 0.0),
        "stretch": (2.0 ** (0.2 * z[:, 1:2]), 1.0),
        "second_angle": ((u[:, 5:6] - 0.5) * full_turn, 0.0),
        "shift": (0.125 * z[:, 2:4], 0.0),
        "brightness": (0.2 * z[:, 4:5], 0.0),
        "contrast": (2.0 ** (0.5 * z[:, 5:6]), 1.0),
        "inverted": (tf.floor(2.0 * u[:, 6:7]), 0.0),
        "hue": ((u[:, 7:8] - 0.5) * full_turn, 0.0),
        "saturation": (2.0 ** z[:, 6:7], 1.0),
    }
    # One of the two rotations, before and after stretching, has to happen with probability p.
    chances = [1.0 - tf.sqrt(1.0 - p) if name.endswith("angle") else p for name in drawn]
    applied = randomness.uniform([n, len(drawn)], randomness.fold_in(seed, 2)) < tf.stack(chances)
    return {
        name: tf.where(applied[:, number : number + 1], value, neutral)
        for number, (name, (value, neutral)) in enumerate(drawn.items())
    }


def source_points(parameters: dict[str, tf.Tensor], height: int, width: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns where in its source each pixel of a transformed picture lies: rows and columns, (N, H * W).

    Goes through the transformations backwards, each undone, in coordinates whose origin is the centre.
    """
    y = tf.repeat(tf.range(height, dtype=tf.float32) - (height - 1) / 2.0, width)[None]
    x = tf.tile(tf.range(width, dtype=tf.float32) - (width - 1) / 2.0, [height])[None]
    shift, whole_shift = parameters["shift"], parameters["whole_shift"]
    y, x = y - shift[:, :1] * height, x - shift[:, 1:] * width
    y, x = turn(y, x, parameters["second_angle"])
    y, x = y * parameters["stretch"], x / parameters["stretch"]
    y, x = turn(y, x, parameters["first_angle"])
    y, x = y / parameters["scale"], x / parameters["scale"]
    y, x = y - tf.round(whole_shift[:, :1] * height), x - tf.round(whole_shift[:, 1:] * width)
    y, x = turn(y, x, parameters["quarter_turns"] * (math.pi / 2.0), exact=True)
    x *= 1.0 - 2.0 * parameters["mirrored"]
    return y + (height - 1) / 2.0, x + (width - 1) / 2.0


def turn(y: tf.Tensor, x: tf.Tensor, angle: tf.Tensor, *, exact: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
    """Turns points about the origin by ``angle`` (N, 1) in radians; ``exact`` for multiples of pi / 2."""
    cosine, sine = tf.cos(angle), tf.sin(angle)
    if exact:
        cosine, sine = tf.round(cosine), tf.round(sine)
    return cosine * y - sine * x, sine * y + cosine * x


def resample(images: tf.Tensor, y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Returns the bilinear samples of ``images`` at rows ``y`` and columns ``x``, (N, H * W) each.

    Outside a picture stand its reflections about its outermost pixels. At whole numbers the pixels are exact.
    """
    n, height, width, channels = shape_of(images)
    top, left = tf.floor(y), tf.floor(x)
    down, right = y - top, x - left
    rows = [reflect(top + step, height) for step in (0.0, 1.0)]
    columns = [reflect(left + step, width) for step in (0.0, 1.0)]
    corners = tf.stack([row * width + column for row in rows for column in columns], axis=1)
    weights = tf.stack(
        [vertical * across for vertical in (1.0 - down, down) for across in (1.0 - right, right)], axis=1
    )
    pixels = tf.reshape(images, [n, height * width, channels])
    found = tf.gather(pixels, tf.reshape(corners, [n, 4 * height * width]), batch_dims=1)
    found = tf.reshape(found, [n, 4, height * width, channels])
    return tf.reshape(tf.reduce_sum(weights[..., None] * found, axis=1), [n, height, width, channels])


def reflect(positions: tf.Tensor, size: int) -> tf.Tensor:
    """Returns the int32 pixel, 0 to size - 1, that stands at whole ``positions`` of a reflected line."""
    period = 2.0 * (size - 1)
    positions = tf.math.floormod(positions, period)
    return tf.cast(tf.minimum(positions, period - positions), tf.int32)


def recolour(images: tf.Tensor, parameters: dict[str, tf.Tensor]) -> tf.Tensor:
    """Changes brightness, contrast, luma, and of colour pictures hue and saturation, in this order."""
    brightness, contrast, inverted, hue, saturation = (
        parameters[name][:, :, None, None]
        for name in ("brightness", "contrast", "inverted", "hue", "saturation")
    )
    images = (images + brightness) * contrast
    # Luma is the part along (1, 1, 1): the mean of the channels, in each of them.
    images -= 2.0 * inverted * tf.reduce_mean(images, axis=3, keepdims=True)
    if images.shape[3] == 1:
        return images
    luma = tf.reduce_mean(images, axis=3, keepdims=True)
    across = (tf.roll(images, 1, axis=3) - tf.roll(images, -1, axis=3)) / math.sqrt(3.0)
    images = tf.cos(hue) * images + tf.sin(hue) * across + (1.0 - tf.cos(hue)) * luma
    return saturation * images + (1.0 - saturation) * luma
