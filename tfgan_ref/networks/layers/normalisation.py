"""Normalisation of feature maps, by name."""

from functools import partial

import keras
from keras import layers

# Layer norm takes its statistics over a sample's features and pixels and has a scale and an offset for each
# feature, as in the authors' code of WGAN-GP; Keras's LayerNormalization takes them over features alone.
# Keras's epsilon, 1e-3, is as large as the variance of an early feature map of a fresh network; this is the
# authors' of WGAN-GP and of pix2pix.
NORMALISERS = {
    "batch": partial(layers.BatchNormalization, momentum=0.9),
    "layer": partial(layers.GroupNormalization, groups=1, epsilon=1e-5),
    "instance": partial(layers.GroupNormalization, groups=-1, epsilon=1e-5),
}
NORMALISATIONS = ("none", *NORMALISERS)
# Those that keep the samples of a batch apart, as a penalty on the gradient by each sample needs it.
PER_SAMPLE = tuple(kind for kind in NORMALISATIONS if kind != "batch")


def normalise(x: keras.KerasTensor, kind: str) -> keras.KerasTensor:
    """Normalises feature maps (N, H, W, C) by the rule ``kind``, one of ``NORMALISATIONS``."""
    return x if kind == "none" else NORMALISERS[kind]()(x)
