"""Features of random convolutions: without labels, training or a file of weights."""

import itertools

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.layers.pixels import check_pixels, in_batches

# A change of what follows makes kept features stale: count it up.
VERSION = 1
SEED = 0
FILTERS = (16, 32, 32)
SIDES = (None, 16, 8)  # to which the maps are resized before each convolution; None: as they are
SLOPE = 0.2  # of the leaky ReLUs below 0
SMALLEST_SIDE = 16
FEATURES = 2 * sum(FILTERS) + 4 * FILTERS[-1]


class RandomConvolutions:
    """Maps images to 288 features of a network that was never trained, as Naeem et al. 2020 propose.

    Random networks rank generators much as trained ones do (Lee et al. 2022, "Demystifying Randomly
    Initialized Networks for Evaluating Generative Models"), and favour no data set. Three 3x3 convolutions
    with Gaussian weights (He et al. 2015) see an image in its own size, then in 16x16 and in 8x8. The
    features are the mean and the standard deviation of each of their maps, and the means of the quarters of
    the last ones, which tell where things are.

    Args:
        image_shape: (height, width, channels) of the images; the weights depend on the channels alone.
        batch_size: the most images that go through the network at a time.

    Attributes:
        name: how scores on these features are labelled.
        label: what the Frechet distance on them is called.
        key: what tells the features from all others; a file name.
        notes: what a reader of its scores must know, one line each.

    Raises:
        InputError: a side is below 16.
    """

    name = "random convolutions"
    label = "Frechet distance (random)"
    key = f"random-conv-v{VERSION}"
    notes = (
        "the features are of random, untrained convolutions: they see texture, shape and layout, and know no "
        "objects",
    )

    def __init__(self, image_shape: tuple[int, int, int], batch_size: int = 50) -> None:
        height, width, channels = image_shape
        if min(height, width) < SMALLEST_SIDE:
            raise InputError(
                f"images are {width}x{height}: random convolutions take sides of at least {SMALLEST_SIDE}"
            )
        self.kernels = random_kernels(channels)
        self._image_shape = image_shape
        self._batch_size = batch_size
        self._network = tf.function(
            self._features, input_signature=[tf.TensorSpec((None, *image_shape), tf.uint8)], autograph=False
        )

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps uint8 images (N, H, W, C) to float32 features (N, 288) and no logits, (N, 0).

        Raises:
            InputError: images of another type or shape.
        """
        images = check_pixels(images)
        if images.shape[1:] != self._image_shape:
            raise InputError(f"images have shape {images.shape}, it must be (N, *{self._image_shape})")
        return in_batches(self._network, images, self._batch_size)

    def _features(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x = tf.cast(images, tf.float32) / 127.5 - 1.0
        features = []
        for kernel, side in zip(self.kernels, SIDES, strict=True):
            if side is not None:
                x = tf.image.resize(x, (side, side), antialias=True)
            x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
            x = tf.nn.leaky_relu(tf.nn.conv2d(x, kernel, 1, "VALID"), SLOPE)
            means, variances = tf.nn.moments(x, (1, 2))
            features += [means, tf.sqrt(variances)]
        half = SIDES[-1] // 2
        quarters = tf.nn.avg_pool2d(x, half, half, "VALID")
        features.append(tf.reshape(quarters, (-1, 4 * FILTERS[-1])))
        return tf.concat(features, axis=1), tf.zeros((tf.shape(images)[0], 0))


def random_kernels(channels: int) -> list[np.ndarray]:
    """Returns the kernels of the network for images of so many channels, float32 (3, 3, in, out).

    Drawn by NumPy: they do not depend on TensorFlow's version.
    """
    rng = np.random.default_rng(SEED)
    return [
        (rng.standard_normal((3, 3, inputs, outputs)) * np.sqrt(2 / (9 * inputs))).astype(np.float32)
        for inputs, outputs in itertools.pairwise((channels, *FILTERS))
    ]
