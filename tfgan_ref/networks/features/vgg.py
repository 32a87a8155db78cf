"""Convolutions of VGG16 and VGG19 (Simonyan and Zisserman 2015, configurations D and E)."""

import keras
from keras import layers

# Convolutions in each of the five blocks.
CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
FILTERS = (64, 128, 256, 512, 512)


def untrained_vgg(depth: int) -> keras.Model:
    """Builds the network with all weights ZERO, to be loaded: images (N, H, W, 3) to block 5's features.

    The convolutions are called ``block1_conv1`` and so on, as in `keras.applications`; they end before their
    ReLU, which is a layer ``block1_conv1_relu`` of its own.
    """
    images = x = keras.Input((None, None, 3), name="images", dtype="float32")
    for block, (count, filters) in enumerate(zip(CONVOLUTIONS[depth], FILTERS, strict=True), 1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(
                filters, 3, padding="same", kernel_initializer="zeros", name=name, dtype="float32"
            )(x)
            x = layers.ReLU(name=f"{name}_relu", dtype="float32")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool", dtype="float32")(x)
    return keras.Model(images, x, name=f"vgg{depth}")


def torchvision_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns the variables by their names in torchvision's state dict.

    torchvision numbers convolutions, ReLUs and pools together: ``features.0.weight``, ``features.2.weight``.
    """
    variables = {}
    for number, layer in enumerate(model.layers[1:]):  # the first is the input
        if isinstance(layer, layers.Conv2D):
            variables[f"features.{number}.weight"] = layer.kernel
            variables[f"features.{number}.bias"] = layer.bias
    return variables
