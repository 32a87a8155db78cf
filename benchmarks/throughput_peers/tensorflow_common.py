"""What the TensorFlow contestants share: the nets in Keras, the data set, the threads, the device."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.util import _pywrap_util_port

from throughput_peers.cases import Case
from throughput_peers.chains import Network
from throughput_peers.requests import Requests


def set_threads(threads: int) -> None:
    """Limits the threads of TensorFlow, before it does anything."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


def begin(threads: int, requests: Requests) -> None:
    """Sets TensorFlow up for the device of ``requests``, before it does anything.

    On a GPU memory is taken as it is needed, since other contestants need some too.
    """
    set_threads(threads)
    if requests.device == "cpu":
        return
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        raise SystemExit("TensorFlow sees no GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    requests.synchronise = tf.test.experimental.sync_devices
    requests.memory_mb = lambda: tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6


def facts() -> dict[str, Any]:
    """Returns versions, whether TensorFlow uses oneDNN in this process, and the GPU if there is one."""
    about = {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "onednn": bool(_pywrap_util_port.IsMklEnabled()),
    }
    for gpu in tf.config.get_visible_devices("GPU")[:1]:
        details = tf.config.experimental.get_device_details(gpu)
        about["gpu"] = details.get("device_name", "GPU")
        about["compute_capability"] = ".".join(map(str, details.get("compute_capability", ())))
    return about


def build(network: Network, dropout: type[layers.Dropout] = layers.Dropout) -> keras.Model:
    """Builds a network of a case, a plain chain of layers, as a functional model with float32 outputs.

    Args:
        network: the chain.
        dropout: the class of its dropout layers, for a contestant that has its own.
    """
    inputs = x = keras.Input(network.inputs)
    for layer, shape in network.walk():
        if layer.kind == "dense":
            if len(shape) > 1:
                x = layers.Flatten()(x)
            x = layers.Dense(layer.width, use_bias=layer.bias)(x)
        else:
            if layer.enlarge > 1:
                x = layers.UpSampling2D(layer.enlarge)(x)
            convolution = layers.Conv2D if layer.kind == "convolution" else layers.Conv2DTranspose
            x = convolution(layer.width, layer.kernel, layer.stride, "same", use_bias=layer.bias)(x)
        if layer.batch_norm:
            x = layers.BatchNormalization()(x)
        if layer.reshape:
            x = layers.Reshape(layer.reshape)(x)
        if layer.activation:
            x = layers.LeakyReLU(0.2)(x) if layer.activation == "leaky_relu" else layers.Activation("tanh")(x)
        if layer.dropout:
            x = dropout(layer.dropout)(x)
    return keras.Model(inputs, layers.Activation("linear", dtype="float32")(x))


def adam() -> keras.optimizers.Optimizer:
    """Returns the optimizer that all contestants give to each player."""
    return keras.optimizers.Adam(2e-4, beta_1=0.5)


def random_images(case: Case) -> np.ndarray:
    """Returns uint8 noise images (N, H, W, C), enough for many batches."""
    return np.random.default_rng(0).integers(0, 256, (64 * case.batch_size, *case.image_shape), np.uint8)


def scaled_images(case: Case) -> np.ndarray:
    """Returns the same images as float32 in [-1, 1], as the peers keep them."""
    return (random_images(case).astype("float32") - 127.5) / 127.5


def slices(case: Case) -> tf.data.Dataset:
    """Returns the peers' endless data set of shuffled batches."""
    images = scaled_images(case)
    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).repeat()
    return dataset.batch(case.batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


def fit(model: keras.Model, dataset: tf.data.Dataset, requests: Requests) -> None:
    """Trains by one call of ``fit`` for as long as steps are asked for."""
    pace = _Pace(requests)
    # Past the checks of ``GenerativeModel.fit``, as a run does: its data were checked when they were read.
    keras.Model.fit(model, dataset, steps_per_epoch=10**9, verbose=0, shuffle=False, callbacks=[pace])


class _Pace(keras.callbacks.Callback):
    def __init__(self, requests: Requests) -> None:
        super().__init__()
        self.requests = requests
        self.finished = 0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.requests.start(**facts(), steps_per_execution=self.model.steps_per_execution)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        steps, self.finished = batch + 1 - self.finished, batch + 1
        if not self.requests.go_on(steps):
            self.model.stop_training = True
