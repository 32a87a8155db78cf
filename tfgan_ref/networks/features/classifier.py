"""Small classifier whose features and logits score generators of small pictures."""

import keras
from keras import layers

from tfgan_ref.errors import check_at_least
from tfgan_ref.networks.layers.seeded import initializer_stream

FEATURES = 128


def small_classifier(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
    """Builds a convolutional classifier from images in [-1, 1] to its features and logits.

    Args:
        image_shape: (height, width, channels), sides of 16 to 64 pixels.
        num_classes: labels are 0 to num_classes - 1.

    Returns:
        A model from images (N, *image_shape) to {"features": (N, 128), "logits": (N, num_classes)}. Features
        are the non-negative outputs of the last hidden layer.

    Raises:
        InputError: a side is below 8, which is halved three times, or another argument below 1.
    """
    check_at_least(1, image_shape=image_shape, num_classes=num_classes)
    check_at_least(8, sides=image_shape[:2])
    # Seeded, so that the same data give the same classifier.
    fresh = initializer_stream("xavier", seed=0)
    images = keras.Input(image_shape, name="images")
    x = images
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer=fresh())(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3, seed=0)(x)
    features = layers.Dense(FEATURES, activation="relu", kernel_initializer=fresh(), name="features")(x)
    x = layers.Dropout(0.3, seed=1)(features)
    logits = layers.Dense(num_classes, kernel_initializer=fresh(), name="logits")(x)
    return keras.Model(images, {"features": features, "logits": logits}, name="small_classifier")


def feature_maps(classifier: keras.Model) -> keras.Model:
    """Returns a small classifier's convolutions: from images of any size to maps of 1/8 of it.

    They share the classifier's weights; batch norm takes the statistics that it learnt.
    """
    images = keras.Input((None, None, classifier.input_shape[-1]), name="images")
    x = images
    for layer in classifier.layers[1:]:
        if isinstance(layer, layers.Flatten):
            break
        x = layer(x, training=False) if isinstance(layer, layers.BatchNormalization) else layer(x)
    return keras.Model(images, x, name="feature_maps")
