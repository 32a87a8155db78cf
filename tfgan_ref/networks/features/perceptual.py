"""Perceptual loss of SRGAN and ESRGAN: distance between VGG19's features of two images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.features.keras_weights import find_keras_weights, load_application
from tfgan_ref.networks.features.vgg import CONVOLUTIONS, torchvision_variables, untrained_vgg
from tfgan_ref.networks.features.weight_files import (
    SUFFIXES,
    Published,
    assign_weights,
    find_weights,
    read_weights,
)
from tfgan_ref.networks.layers.pixels import rgb_pair

KERAS_WEIGHTS = Published(
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
)
TORCHVISION_WEIGHTS = Published(
    "vgg19-dcbb9e9d.pth", "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
)
KERAS_MD5 = "253f8cb515780f3b799900260a226db6"
LAYERS = tuple(
    f"block{block}_conv{number}"
    for block, count in enumerate(CONVOLUTIONS[19], 1)
    for number in range(1, count + 1)
)


@keras.saving.register_keras_serializable(package="tfgan_ref")
class PerceptualLoss:
    """Mean squared difference of VGG19's features, SRGAN's content loss (Ledig et al. 2017, equation 5).

    ``loss(real, fake)`` takes two batches of images (N, H, W, 3) in [-1, 1], or grey (N, H, W, 1), which is
    tiled, and gives the mean over features and images, a scalar. It can be differentiated for both.

    Args:
        layer: the convolution whose features are compared: SRGAN's φ5,4 is "block5_conv4", its φ2,2
            "block2_conv2".
        before_activation: compare what goes into the layer's ReLU instead of what comes out, as ESRGAN does
            (Wang et al. 2018, section 3.3).
        weights: a local copy of Keras's .h5 file, or torchvision's VGG19 state dict (.pth, or .npz of the
            same names); None lets Keras download its file and keep it. Each comes with the preprocessing that
            it was trained with.
        scale: factor of the features, 1/12.75 in SRGAN (section 3.2); the loss has its square, 0.00615.

    Raises:
        InputError: an unknown layer; weights that are missing (the line says where to get them), damaged or
            of another network; or, when called, images of other shapes or types.
    """

    def __init__(
        self,
        layer: str = "block5_conv4",
        before_activation: bool = False,
        weights: str | Path | None = None,
        scale: float = 1 / 12.75,
    ) -> None:
        if layer not in LAYERS:
            raise InputError(
                f"layer {layer!r} is not one of VGG19's convolutions: choose one of {', '.join(LAYERS)}"
            )
        self._config = {
            "layer": layer,
            "before_activation": before_activation,
            "weights": None if weights is None else str(weights),
            "scale": scale,
        }
        model = untrained_vgg(19)
        self._preprocess = _load(model, weights)
        tap = layer if before_activation else f"{layer}_relu"
        self._features = keras.Model(model.input, model.get_layer(tap).output)
        self._scale = scale
        self._smallest = 2 ** (int(layer[len("block")]) - 1)  # each block before it halves the image

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments: the weights by the name of their file."""
        return dict(self._config)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "PerceptualLoss":
        """Returns a new one from what ``get_config`` gave, whose weights are read again."""
        return cls(**config)

    def __call__(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Returns the mean over the images, a scalar."""
        return tf.reduce_mean(self.per_image(real, fake))

    def per_image(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Returns one value for each pair of images, (N,)."""
        real, fake = (
            self._scale * self._features(self._preprocess(images), training=False)
            for images in rgb_pair(real, fake, self._smallest)
        )
        return tf.reduce_mean(tf.math.squared_difference(real, fake), axis=(1, 2, 3))


def preprocess_caffe(images: tf.Tensor) -> tf.Tensor:
    """Maps RGB in [-1, 1] to what Keras's weights were trained on: BGR in [0, 255] minus ImageNet's means."""
    return (images[..., ::-1] + 1) * 127.5 - [103.939, 116.779, 123.68]


def preprocess_torchvision(images: tf.Tensor) -> tf.Tensor:
    """Maps RGB in [-1, 1] to what torchvision's weights were trained on: [0, 1], standardised per channel."""
    return ((images + 1) / 2 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]


def _load(model: keras.Model, weights: str | Path | None) -> Callable[[tf.Tensor], tf.Tensor]:
    """Loads the weights into the model and returns the preprocessing that belongs to them."""
    suffix = ".h5" if weights is None else Path(weights).suffix.lower()
    if suffix == ".h5":
        path = find_keras_weights(weights, KERAS_WEIGHTS, KERAS_MD5)
        published = load_application(keras.applications.VGG19, path, include_top=False)
        for name in LAYERS:
            model.get_layer(name).set_weights(published.get_layer(name).get_weights())
        return preprocess_caffe
    if suffix not in SUFFIXES:
        raise InputError(f"weights {weights}: allowed are files in .h5, {', '.join(SUFFIXES)}")
    path = find_weights(weights, TORCHVISION_WEIGHTS)
    # The classifier, most of the file, is not needed.
    assign_weights(torchvision_variables(model), read_weights(path, r"^classifier\."), path)
    return preprocess_torchvision
