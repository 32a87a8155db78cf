"""Inception of 2015, the network by which FID, IS and KID are defined, layer by layer.

It is the graph of the TensorFlow archive inception-2015-12-05, not the network of Szegedy et al. 2016 as
`keras.applications` and torchvision have it: the batch norms have their gammas, the last block pools the
maximum where the block before it pools the average, and the classifier has 1008 outputs. The layers are
called as in pytorch-fid's state dict, so that the weights are matched by name.
"""

from pathlib import Path
from typing import Any

import keras
from keras import layers

from tfgan_ref.networks.features.weight_files import assign_weights, read_weights, torch_variables

TAPS = ("64", "192", "768", "2048", "logits_unbiased", "logits")


def load_inception_graph(path: Path) -> keras.Model:
    """Builds the network with the weights of pytorch-fid's state dict: see `untrained_inception_graph`.

    Raises:
        InputError: the file is damaged, or its tensors are not exactly the network's.
    """
    weights = read_weights(path)
    model = untrained_inception_graph()
    assign_weights(torch_variables(model), weights, path)
    return model


def untrained_inception_graph() -> keras.Model:
    """Builds the network with all weights ZERO, to be loaded: without, no score can come of it.

    Returns:
        A model from images (N, 299, 299, 3) scaled to [-1, 1) by (x - 128) / 128 to a dict of `TAPS`: means
        over space (N, 64), (N, 192), (N, 768) after the first two max pools and block 6e; the pooled features
        (N, 2048) of FID and KID; the logits (N, 1008) without the bias, which the Inception Score takes, and
        with it.
    """
    images = keras.Input((299, 299, 3), name="images", dtype="float32")
    taps = {}
    x = _conv(images, "Conv2d_1a_3x3", 32, 3, strides=2, padding="valid")  # 149
    x = _conv(x, "Conv2d_2a_3x3", 32, 3, padding="valid")  # 147
    x = _conv(x, "Conv2d_2b_3x3", 64, 3)
    x = _max_pool(x, "MaxPool_1")  # 73
    taps["64"] = x
    x = _conv(x, "Conv2d_3b_1x1", 80, 1)
    x = _conv(x, "Conv2d_4a_3x3", 192, 3, padding="valid")  # 71
    x = _max_pool(x, "MaxPool_2")  # 35
    taps["192"] = x
    x = _block_a(x, "Mixed_5b", pool_filters=32)
    x = _block_a(x, "Mixed_5c", pool_filters=64)
    x = _block_a(x, "Mixed_5d", pool_filters=64)
    x = _block_b(x, "Mixed_6a")  # 17
    x = _block_c(x, "Mixed_6b", filters=128)
    x = _block_c(x, "Mixed_6c", filters=160)
    x = _block_c(x, "Mixed_6d", filters=160)
    x = _block_c(x, "Mixed_6e", filters=192)
    taps["768"] = x
    x = _block_d(x, "Mixed_7a")  # 8
    x = _block_e(x, "Mixed_7b", layers.AveragePooling2D)
    x = _block_e(x, "Mixed_7c", layers.MaxPooling2D)
    taps["2048"] = x
    taps = {
        name: layers.GlobalAveragePooling2D(name=f"features_{name}", dtype="float32")(tap)
        for name, tap in taps.items()
    }
    taps["logits_unbiased"], taps["logits"] = Classifier(1008, name="fc", dtype="float32")(taps["2048"])
    return keras.Model(images, taps, name="inception_2015")


@keras.saving.register_keras_serializable(package="tfgan_ref")
class Classifier(layers.Layer):
    """Dense layer that returns its logits without and with the bias.

    Args:
        classes: number of logits.
        **settings: name and dtype, as of every Keras layer.
    """

    def __init__(self, classes: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.classes = classes

    def build(self, shape: tuple[int | None, int]) -> None:
        """Creates the kernel and the bias."""
        self.kernel = self.add_weight(shape=(shape[-1], self.classes), initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(self.classes,), initializer="zeros", name="bias")

    def call(self, features: Any) -> tuple[Any, Any]:
        """Returns the logits of features (N, F), each (N, classes)."""
        unbiased = keras.ops.matmul(features, self.kernel)
        return unbiased, unbiased + self.bias

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {**super().get_config(), "classes": self.classes}


def _conv(
    x: keras.KerasTensor,
    name: str,
    filters: int,
    kernel: int | tuple[int, int],
    *,
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    """Applies a convolution without bias, batch norm and ReLU."""
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        use_bias=False,
        kernel_initializer="zeros",
        name=f"{name}.conv",
        dtype="float32",
    )(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}.bn", dtype="float32")(x)
    return layers.ReLU(name=f"{name}.relu", dtype="float32")(x)


def _max_pool(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.MaxPooling2D(3, 2, name=name, dtype="float32")(x)


def _concatenate(name: str, *branches: keras.KerasTensor) -> keras.KerasTensor:
    return layers.Concatenate(name=name, dtype="float32")(branches)


def _pool_branch(
    x: keras.KerasTensor, name: str, filters: int, pool: type[layers.Layer] = layers.AveragePooling2D
) -> keras.KerasTensor:
    # TensorFlow's "same" average leaves the padding out of the mean, as the graph of 2015 did.
    x = pool(3, 1, "same", name=f"{name}.pool", dtype="float32")(x)
    return _conv(x, f"{name}.branch_pool", filters, 1)


def _block_a(x: keras.KerasTensor, name: str, pool_filters: int) -> keras.KerasTensor:
    five = _conv(x, f"{name}.branch5x5_1", 48, 1)
    five = _conv(five, f"{name}.branch5x5_2", 64, 5)
    double = _conv(x, f"{name}.branch3x3dbl_1", 64, 1)
    double = _conv(double, f"{name}.branch3x3dbl_2", 96, 3)
    double = _conv(double, f"{name}.branch3x3dbl_3", 96, 3)
    one = _conv(x, f"{name}.branch1x1", 64, 1)
    return _concatenate(name, one, five, double, _pool_branch(x, name, pool_filters))


def _block_b(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    three = _conv(x, f"{name}.branch3x3", 384, 3, strides=2, padding="valid")
    double = _conv(x, f"{name}.branch3x3dbl_1", 64, 1)
    double = _conv(double, f"{name}.branch3x3dbl_2", 96, 3)
    double = _conv(double, f"{name}.branch3x3dbl_3", 96, 3, strides=2, padding="valid")
    return _concatenate(name, three, double, _max_pool(x, f"{name}.pool"))


def _block_c(x: keras.KerasTensor, name: str, filters: int) -> keras.KerasTensor:
    seven = _conv(x, f"{name}.branch7x7_1", filters, 1)
    seven = _conv(seven, f"{name}.branch7x7_2", filters, (1, 7))
    seven = _conv(seven, f"{name}.branch7x7_3", 192, (7, 1))
    double = _conv(x, f"{name}.branch7x7dbl_1", filters, 1)
    double = _conv(double, f"{name}.branch7x7dbl_2", filters, (7, 1))
    double = _conv(double, f"{name}.branch7x7dbl_3", filters, (1, 7))
    double = _conv(double, f"{name}.branch7x7dbl_4", filters, (7, 1))
    double = _conv(double, f"{name}.branch7x7dbl_5", 192, (1, 7))
    one = _conv(x, f"{name}.branch1x1", 192, 1)
    return _concatenate(name, one, seven, double, _pool_branch(x, name, 192))


def _block_d(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    three = _conv(x, f"{name}.branch3x3_1", 192, 1)
    three = _conv(three, f"{name}.branch3x3_2", 320, 3, strides=2, padding="valid")
    seven = _conv(x, f"{name}.branch7x7x3_1", 192, 1)
    seven = _conv(seven, f"{name}.branch7x7x3_2", 192, (1, 7))
    seven = _conv(seven, f"{name}.branch7x7x3_3", 192, (7, 1))
    seven = _conv(seven, f"{name}.branch7x7x3_4", 192, 3, strides=2, padding="valid")
    return _concatenate(name, three, seven, _max_pool(x, f"{name}.pool"))


def _block_e(x: keras.KerasTensor, name: str, pool: type[layers.Layer]) -> keras.KerasTensor:
    three = _conv(x, f"{name}.branch3x3_1", 384, 1)
    three_a = _conv(three, f"{name}.branch3x3_2a", 384, (1, 3))
    three_b = _conv(three, f"{name}.branch3x3_2b", 384, (3, 1))
    double = _conv(x, f"{name}.branch3x3dbl_1", 448, 1)
    double = _conv(double, f"{name}.branch3x3dbl_2", 384, 3)
    double_a = _conv(double, f"{name}.branch3x3dbl_3a", 384, (1, 3))
    double_b = _conv(double, f"{name}.branch3x3dbl_3b", 384, (3, 1))
    one = _conv(x, f"{name}.branch1x1", 320, 1)
    pooled = _pool_branch(x, name, 192, pool)
    return _concatenate(name, one, three_a, three_b, double_a, double_b, pooled)
