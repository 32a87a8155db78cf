"""Features of a network of the user's own: a SavedModel or a .keras file, such as DINOv2 or CLIP."""

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref.errors import InputError, reason
from tfgan_ref.networks.features.weight_files import fingerprint
from tfgan_ref.networks.layers.pixels import check_pixels, in_batches, resize_clean
from tfgan_ref.networks.saved_models import load_saved_model

SIGNATURE = "serving_default"
FORM = "float32 (None, height, width, 3 or 1)"


class SavedNetwork:
    """Maps images to the features of any network, given by its path; nothing is downloaded.

    The network takes float32 images in [0, 255], of shape (N, H, W, 3) or (N, H, W, 1), and scales them by
    itself. Images are resized to its height and width, where these are fixed, as Parmar et al.
    2022 do (`resize_clean`), and grey ones are tiled to RGB for 3 channels. Its features are its only output
    of rank 2.

    Args:
        path: the folder of a SavedModel with a signature "serving_default", or a .keras file.
        image_shape: (height, width, channels) of the images.
        batch_size: the most images that go through the network at a time.

    Attributes:
        name: how scores on these features are labelled.
        label: what the Frechet distance on them is called.
        key: what tells the features from all others, weights and resizing included; a file name.
        notes: what a reader of its scores must know, one line each.

    Raises:
        InputError: the network is missing, damaged, of another form, would run code of its own, or fails on
            such images.
    """

    def __init__(self, path: str | Path, image_shape: tuple[int, int, int], batch_size: int = 32) -> None:
        path = Path(path).expanduser().resolve()
        takes, self._network = _read(path)
        height, width, self._channels = takes.shape[1:]
        if image_shape[-1] > self._channels:
            raise InputError(f"weights {path}: it takes grey images, and the data are in colour")
        self._size = height or image_shape[0], width or image_shape[1]
        self._batch_size = batch_size
        sha256 = fingerprint(path)[:16]
        name = path.name.removesuffix(".keras")
        self.name = f"{name}, SHA-256 {sha256}..."
        self.label = f"Frechet distance ({name})"
        self.key = f"saved-model-clean-{sha256}"
        self.notes = []
        if self._size != image_shape[:2]:
            (rows, columns), (height, width) = image_shape[:2], self._size
            self.notes.append(
                f"for the features both sides are resized from {columns}x{rows} to {width}x{height} pixels"
            )
        if image_shape[-1] < self._channels:
            self.notes.append("for the features grey images are tiled to RGB")
        self._try(path, image_shape)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps uint8 images (N, H, W, C) to float32 features (N, d) and no logits, (N, 0).

        Raises:
            InputError: images of another type or shape.
        """
        return in_batches(self._features, check_pixels(images), self._batch_size)

    def _features(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if images.shape[1:3] != self._size:
            images = resize_clean(images, self._size)
        pixels = np.broadcast_to(images, (*images.shape[:-1], self._channels)).astype(np.float32)
        features = np.asarray(self._network(tf.constant(pixels)), np.float32)
        return features, np.zeros((len(images), 0), np.float32)

    def _try(self, path: Path, image_shape: tuple[int, int, int]) -> None:
        """Runs the network once, so that its faults are found before anything else is computed."""
        try:
            features, _ = self(np.zeros((2, *image_shape), np.uint8))
        except Exception as error:  # the network's operations each raise errors of their own
            raise InputError(f"weights {path}: fails on images of {image_shape}, {reason(error)}") from None
        if len(features) != 2 or not np.isfinite(features).all():
            raise InputError(
                f"weights {path}: 2 black images give features of shape {features.shape}, finite for "
                f"{np.isfinite(features).all(axis=-1).sum()}; they must be finite, a row for each image"
            )


def _read(path: Path) -> tuple[tf.TensorSpec, Callable[[tf.Tensor], tf.Tensor]]:
    """Returns the form of the images that a network takes, and the function from images to features.

    Raises:
        InputError: see `SavedNetwork`.
    """
    if path.is_dir():
        inputs, outputs, network = _read_saved_model(path)
    elif path.suffix == ".keras" and path.is_file():
        inputs, outputs, network = _read_keras(path)
    else:
        raise InputError(f"weights {path}: is neither a SavedModel's folder nor a .keras file")
    if len(inputs) != 1:
        raise InputError(f"weights {path}: takes {_listed(inputs)}, it must be one input, {FORM}")
    (takes,) = inputs.values()
    fits = takes.shape.rank == 4 and takes.shape[0] is None and takes.shape[-1] in (1, 3)
    if not fits or takes.dtype != tf.float32:
        raise InputError(f"weights {path}: takes {_listed(inputs)}, it must be {FORM}")
    matrices = [name for name, given in outputs.items() if given.shape.rank == 2 and given.dtype.is_floating]
    if len(matrices) != 1:
        raise InputError(
            f"weights {path}: gives {_listed(outputs)}; exactly one must be of floats (None, features)"
        )
    return takes, lambda images: network(images)[matrices[0]]


_Specs = Mapping[str, tf.TensorSpec]
_Network = Callable[[tf.Tensor], Mapping[str, tf.Tensor]]


def _read_saved_model(path: Path) -> tuple[_Specs, _Specs, _Network]:
    try:
        signatures = load_saved_model(path).signatures
    except InputError as error:
        raise InputError(f"weights {error}") from None
    except Exception as error:  # TensorFlow's, protobuf's and the file system's
        raise InputError(f"weights {path}: is no SavedModel that can be read, {reason(error)}") from None
    if SIGNATURE not in signatures:
        others = ", ".join(signatures) or "none at all"
        raise InputError(f"weights {path}: has no signature {SIGNATURE}, but {others}")
    served = signatures[SIGNATURE]
    inputs = served.structured_input_signature[1]
    return inputs, served.structured_outputs, lambda images: served(**dict.fromkeys(inputs, images))


def _read_keras(path: Path) -> tuple[_Specs, _Specs, _Network]:
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        # Of a list, whatever structure of inputs the model itself has.
        model = keras.Model(model.inputs, model.outputs)
    except Exception as error:  # Keras's, zipfile's, HDF5's, and those of each layer
        raise InputError(
            f"weights {path}: cannot be loaded ({reason(error)}); export a network with code of its own as a "
            "SavedModel"
        ) from None

    @tf.function(autograph=False)
    def network(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(names, keras.tree.flatten(model([images], training=False)), strict=True))

    names = [f"{name}:{number}" for number, name in enumerate(model.output_names)]
    return _specs([image.name for image in model.inputs], model.inputs), _specs(names, model.outputs), network


def _specs(names: list[str], tensors: list[keras.KerasTensor]) -> _Specs:
    return {
        name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in zip(names, tensors, strict=True)
    }


def _listed(specs: _Specs) -> str:
    return (
        ", ".join(f"{name} {spec.dtype.name} {spec.shape}" for name, spec in sorted(specs.items()))
        or "nothing"
    )
