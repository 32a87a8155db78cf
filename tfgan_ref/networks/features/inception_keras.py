"""Inception of `keras.applications`: features that many Keras examples call FID, named apart here."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.networks.features.keras_weights import find_keras_weights, load_application
from tfgan_ref.networks.features.weight_files import Published, fingerprint
from tfgan_ref.networks.layers.pixels import RGBBatches

WEIGHTS = Published(
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
    "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
)
MD5 = "9a0d58056eeedaa3f26cb7ebd46da564"
SIDE = 299


class InceptionKeras:
    """Maps images to pooled features and logits of `keras.applications.InceptionV3` (Szegedy et al. 2016).

    Other weights, another last block, another resize and another scaling than `InceptionFID`: its scores
    compare only with each other, and its label says so.

    Args:
        weights: a local copy of Keras's .h5 file with the classifier; None lets Keras download and keep it.
        batch_size: the most images that go through the network at a time.

    Attributes:
        name: how scores on these features are labelled.
        label: what the Frechet distance on them is called, "FID (Keras ImageNet)".
        key: what tells the features from all others, weights included; a file name.
        settings: what a report has to state: network, resize, the weights' file name and SHA-256.

    Raises:
        InputError: the weights cannot be downloaded (the line says how to do it by hand), or the file is
            missing or damaged.
    """

    def __init__(self, weights: str | Path | None = None, batch_size: int = 32) -> None:
        path = find_keras_weights(weights, WEIGHTS, MD5)
        model = load_application(keras.applications.InceptionV3, path, classifier_activation=None)
        pooled = keras.Model(model.input, (model.get_layer("avg_pool").output, model.output))

        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)], autograph=False)
        def network(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # As Keras's users do it: half-pixel bilinear, and 0 and 255 at -1 and 1.
            squares = tf.image.resize(images, (SIDE, SIDE), tf.image.ResizeMethod.BILINEAR)
            return pooled(squares / 127.5 - 1, training=False)

        sha256 = fingerprint(path)
        self.name = "Inception of Keras, ImageNet"
        self.label = "FID (Keras ImageNet)"
        self.key = f"inception-keras-{sha256[:16]}"
        self._extract = RGBBatches(network, batch_size, self.name)
        self.settings = {
            "network": "keras.applications.InceptionV3",
            "resize": "bilinear",
            "weights": path.name,
            "weights_sha256": sha256,
        }

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the pooled features (N, 2048) and the logits (N, 1000), in one pass, as float32.

        Args:
            images: uint8 (N, H, W, 3), or (N, H, W, 1), which is tiled to RGB and said.

        Raises:
            InputError: images of another type or shape.
        """
        return self._extract(images)
