"""Features by which FID is defined: images resized by protocol, through the Inception of 2015."""

import functools
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.networks.features.inception_graph import load_inception_graph
from tfgan_ref.networks.features.weight_files import Published, find_weights, fingerprint
from tfgan_ref.networks.layers.pixels import RGBBatches, resize_clean

WEIGHTS = Published(
    "pt_inception-2015-12-05-6726825d.pth",
    "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
)
SIDE = 299
RESIZES = ("tf1", "clean")


class InceptionFID:
    """Maps images to the features and logits of FID, KID and the Inception Score (Heusel et al. 2017).

    Args:
        weights: pytorch-fid's state dict (.pth), or an .npz of the same names; None looks for the published
            file in ``~/.cache/tfgan_ref/weights``.
        resize: "tf1" is TensorFlow 1's asymmetric bilinear resize, by which published scores were made and
            which aliases; "clean" is the antialiased bicubic of Parmar et al. 2022, whose scores compare only
            with each other.
        batch_size: the most images that go through the network at a time.

    Attributes:
        name: how scores on these features are labelled.
        label: what the Frechet distance on them is called: "FID" or "FID (clean resize)".
        key: what tells the features from all others, weights and resize included; a file name.
        settings: what a report has to state: network, resize, the weights' file name and SHA-256.

    Raises:
        InputError: the file is missing (the line says where to get it), damaged or of another network, or
            ``resize`` is unknown. There is never a score from random weights.
    """

    def __init__(self, weights: str | Path | None = None, resize: str = "tf1", batch_size: int = 32) -> None:
        if resize not in RESIZES:
            raise InputError(f"resize {resize!r} is unknown: choose one of {', '.join(RESIZES)}")
        path = find_weights(weights, WEIGHTS)
        graph = load_inception_graph(path)
        to_square = resize_tf1 if resize == "tf1" else functools.partial(resize_clean, size=(SIDE, SIDE))

        @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32)], autograph=False)
        def network(squares: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # The graph's own scaling: 255 does not reach 1, and black is -1 exactly.
            taps = graph((squares - 128) / 128, training=False)
            return taps["2048"], taps["logits_unbiased"]

        self.name = "Inception 2015" if resize == "tf1" else "Inception 2015, clean resize"
        self.label = "FID" if resize == "tf1" else "FID (clean resize)"
        self._extract = RGBBatches(lambda images: network(to_square(images)), batch_size, self.name)
        sha256 = fingerprint(path)
        self.key = f"inception-fid-{resize}-{sha256[:16]}"
        self.settings = {
            "network": "Inception 2015-12-05",
            "resize": resize,
            "weights": path.name,
            "weights_sha256": sha256,
        }

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the features (N, 2048) and the logits without bias (N, 1008), in one pass, as float32.

        Args:
            images: uint8 (N, H, W, 3), or (N, H, W, 1), which is tiled to RGB and said.

        Raises:
            InputError: images of another type or shape.
        """
        return self._extract(images)


def resize_tf1(images: np.ndarray) -> tf.Tensor:
    """Resizes (N, H, W, 3) in [0, 255] to 299x299 float32 as TensorFlow 1 did.

    Bilinear between the pixels next to ``i * in / 299``: without the half pixel of later versions, and
    without antialiasing.
    """
    return tf.raw_ops.ResizeBilinear(
        images=images, size=(SIDE, SIDE), align_corners=False, half_pixel_centers=False
    )
