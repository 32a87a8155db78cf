"""The small classifier whose features and logits score generators of small pictures."""

import keras
from keras import layers

FEATURES = 128


def small_classifier(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds a convolutional classifier from images in [-1, 1] to its features and logits.

    Args:
        image_shape: (height, width, channels), sides of 16 to 64 pixels.
        num_classes: labels are 0 to num_classes - 1.

    Returns:
        A model from images (N, *image_shape) to {"features": (N, 128), "logits": (N, num_classes)}. Features
        are the non-negative outputs of the last hidden layer.
    """
    images = keras.Input(image_shape, name="images")
    x = images
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3, seed=0)(x)
    features = layers.Dense(FEATURES, activation="relu", name="features")(x)
    x = layers.Dropout(0.3, seed=1)(features)
    logits = layers.Dense(num_classes, name="logits")(x)
    return keras.Model(images, {"features": features, "logits": logits}, name="small_classifier")
