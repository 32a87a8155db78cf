"""Every custom layer, and the discriminator that grows, comes back from a file as it was."""

import importlib
import inspect
import pkgutil

import keras
import numpy as np
import pytest

from tfgan_ref import networks
from tfgan_ref.networks.features.inception_graph import Classifier
from tfgan_ref.networks.images.progressive import StageBlend, progressive_discriminator
from tfgan_ref.networks.layers.batch import MinibatchDiscrimination, MinibatchStddev, PixelNormalization
from tfgan_ref.networks.layers.codes import CodedLatents
from tfgan_ref.networks.layers.reparametrised import (
    EqualisedLearningRate,
    SpectralNormalization,
    nested_layers,
)
from tfgan_ref.networks.layers.residual import (
    BinomialDownsampling,
    BinomialUpsampling,
    DiscriminativeBasis,
    GenerativeBasis,
    GroupedConv2D,
)
from tfgan_ref.networks.layers.seeded import Dropout
from tfgan_ref.networks.layers.virtual_batch import (
    ReferenceBatch,
    SkipReference,
    VirtualBatchNormalization,
)
from tfgan_ref.networks.sequences.frames import FactorOneHots
from tfgan_ref.networks.sequences.spectrogram_critic import LogSpectrogram
from tfgan_ref.networks.sequences.text import SentenceGenerator
from tfgan_ref.networks.sequences.voice import FrequencyWarp
from tfgan_ref.networks.sequences.wavegan import PhaseShuffle
from tfgan_ref.networks.translation.adain import AdaIN
from tfgan_ref.networks.translation.resnet_translator import ReflectionPadding2D
from tfgan_ref.networks.translation.srresnet import BicubicEnlargement, PixelShuffle

# Each layer with settings that are not its defaults, and the shapes of its inputs.
LAYERS = [
    (AdaIN(epsilon=0.1), [(4, 4, 2), (2,), (2,)]),
    (BinomialDownsampling(), [(4, 4, 2)]),
    (BinomialUpsampling(), [(4, 4, 2)]),
    (BicubicEnlargement(3), [(4, 4, 2)]),
    (Classifier(3), [(4,)]),
    (CodedLatents(3, 2), [(4,), ()]),
    (DiscriminativeBasis(4, "he_normal"), [(4, 4, 2)]),
    (Dropout(0.3, seed=4), [(5,)]),
    (EqualisedLearningRate(keras.layers.Dense(3), gain=0.5), [(4,)]),
    (FactorOneHots((3, 2), 4), [(2,), (2,)]),
    (FrequencyWarp(2.0), [(3, 8, 1), (3, 4)]),
    (GenerativeBasis(4, "he_normal"), [(3,)]),
    (GroupedConv2D(4, 3, groups=2, padding="same"), [(4, 4, 2)]),
    (LogSpectrogram(), [(512, 1)]),
    (MinibatchDiscrimination(3, 2), [(5,)]),
    (MinibatchStddev(2), [(4, 4, 2)]),
    (PhaseShuffle(3, seed=4), [(16, 2)]),
    (PixelNormalization(epsilon=0.1), [(4, 4, 2)]),
    (PixelShuffle(2), [(3, 3, 8)]),
    (ReferenceBatch(3, seed=4), [(4,)]),
    (ReflectionPadding2D(2), [(4, 4, 2)]),
    (
        SentenceGenerator(3, 4, 2, units=5, embedding_dim=3, temperature=0.5, relaxed=True, seed=7),
        [(12,), ()],
    ),
    (SkipReference(1), [(4, 4, 2)]),
    (SpectralNormalization(keras.layers.Conv2D(3, 3), seed=4), [(4, 4, 2)]),
    (StageBlend(), [(4, 4, 1), (8, 8, 1)]),
    (VirtualBatchNormalization(1, epsilon=0.1), [(4, 4, 2)]),
]


def own_layers():
    """Every layer and model class that the package's networks define."""
    modules = pkgutil.walk_packages(networks.__path__, networks.__name__ + ".")
    classes = {
        found
        for module in modules
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if found.__module__.startswith(networks.__name__) and issubclass(found, keras.layers.Layer)
    }
    return {found for found in classes if not found.__name__.startswith("_")}


def test_every_layer_is_registered_and_tested():
    for found in own_layers():
        assert keras.saving.get_registered_name(found) == f"tfgan_ref>{found.__name__}"
    assert {type(layer).__name__ for layer, _ in LAYERS} | {"ProgressiveDiscriminator"} == {
        found.__name__ for found in own_layers()
    }


def arrays(model, n=4):
    """Inputs that every layer and generator takes: whole numbers where it asks for them."""
    rng = np.random.default_rng(0)
    return [
        rng.integers(0, 2, (n, *(side or 16 for side in tensor.shape[1:]))).astype(tensor.dtype)
        if tensor.dtype == "int32"
        else rng.uniform(-1, 1, (n, *(side or 16 for side in tensor.shape[1:]))).astype(np.float32)
        for tensor in model.inputs
    ]


def assert_same_from_file(model, path, training=False):
    model.save(path)
    loaded = keras.models.load_model(path)
    inputs = arrays(model)
    inputs = inputs if len(inputs) > 1 else inputs[0]
    expected = keras.tree.flatten(model(inputs, training=training))
    for found, wanted in zip(keras.tree.flatten(loaded(inputs, training=training)), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    return loaded


@pytest.mark.parametrize(("layer", "shapes"), LAYERS, ids=[type(layer).__name__ for layer, _ in LAYERS])
def test_layers_come_back_from_a_file(layer, shapes, tmp_path):
    kind = "int32" if isinstance(layer, FactorOneHots) else "float32"
    inputs = [keras.Input(shape, dtype=kind if shape else "int32") for shape in shapes]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    model = keras.Model(inputs, layer(inputs))
    loaded = assert_same_from_file(model, tmp_path / "model.keras")
    again = next(found for found in nested_layers(loaded) if type(found) is type(layer))
    # A wrapped layer's own config has grown by the shape that it was built for.
    own, wanted = ({k: v for k, v in part.get_config().items() if k != "layer"} for part in (again, layer))
    assert own == wanted
    assert_same_from_file(model, tmp_path / "training.keras", training=True)


def test_the_progressive_discriminator_comes_back_with_shared_layers(tmp_path):
    discriminator = progressive_discriminator(16, 1, width=2, max_width=4, seed=3)
    discriminator.save(tmp_path / "discriminator.keras")
    loaded = keras.models.load_model(tmp_path / "discriminator.keras")
    for found, wanted in zip(loaded.weights, discriminator.weights, strict=True):
        np.testing.assert_array_equal(found, wanted)
    rng = np.random.default_rng(0)
    for size in (4, 8, 16):
        inputs = [rng.normal(size=(4, size, size, 1)).astype(np.float32), np.full((4, 1), 0.3, np.float32)]
        np.testing.assert_array_equal(loaded(inputs), discriminator(inputs))
