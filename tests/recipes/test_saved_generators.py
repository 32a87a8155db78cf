"""The ``generator.keras`` of every recipe: the same samples bit for bit, and weights that can be trained."""

import keras
import numpy as np
import pytest

from tests.conftest import slow_ones
from tfgan_ref.data import DataShape
from tfgan_ref.data.sounds.vocoder import BANDS
from tfgan_ref.export.generator import save_keras
from tfgan_ref.media.clips import ORDER, PHASE
from tfgan_ref.networks.layers.reparametrised import nested_layers
from tfgan_ref.recipes import RECIPES

DIGITS = DataShape((28, 28, 1), 3)
ACTIONS = {"hat": ("yes", "no"), "action": ("walk", "jump"), PHASE: tuple("0123"), ORDER: ("hat", "action")}
SHAPES = {
    "dcgan64": DataShape((64, 64, 3)),
    "progressive": DataShape((32, 32, 1)),
    "edges2image": DataShape((64, 64, 3), source_channels=1),
    "colourise": DataShape((64, 64, 3), source_channels=1),
    "inpaint": DataShape((32, 32, 1), source_channels=1),
    "cyclegan": DataShape((32, 32, 3), source_channels=3),
    "cut": DataShape((32, 32, 3), source_channels=3),
    "style": DataShape((32, 32, 3), source_channels=3),
    "srresnet": DataShape((96, 96, 3), source_channels=3),
    "srgan": DataShape((96, 96, 3), source_channels=3),
    "speech": DataShape((1024, 1), 3),
    "frames": DataShape((32, 32, 3), names=ACTIONS),
    "text": DataShape((4, 9), 3),
    "voices": DataShape((32, BANDS, 1), source_channels=1),
}
SMALL = {"width": 4, "d_width": 4, "units": 8, "perceptual": "none", "crop": 64, "depth": 3}


def small_gan(name):
    recipe = RECIPES[name]
    fields = recipe.settings.__dataclass_fields__
    small = {
        key: value
        for key, value in SMALL.items()
        if key in fields and (key != "crop" or isinstance(fields[key].default, int))
    }
    settings = recipe.settings(**small)
    return recipe.build(settings, SHAPES.get(name, DIGITS))


def inputs_of(generator, n=2):
    rng = np.random.default_rng(0)
    inputs = []
    for tensor in generator.inputs:
        shape = (n, *(side or 64 for side in tensor.shape[1:]))
        whole = rng.integers(0, 2, shape)
        inputs.append(whole if tensor.dtype == "int32" else rng.normal(size=shape).astype(np.float32))
    return inputs if len(inputs) > 1 else inputs[0]


# tests/gans/test_translators.py saves the networks of these.
@pytest.mark.parametrize("name", slow_ones(RECIPES, ["cyclegan", "cut", "style"]))
def test_a_saved_generator_is_the_same_and_trainable(name, tmp_path):
    gan = small_gan(name)
    generator = gan.sampling_generator
    frozen = [layer.trainable for layer in nested_layers(generator)]
    save_keras(generator, tmp_path / "generator.keras")
    assert [layer.trainable for layer in nested_layers(generator)] == frozen
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    inputs = inputs_of(generator)
    np.testing.assert_array_equal(loaded(inputs, training=False), generator(inputs, training=False))
    trainable = [tuple(v.shape) for v in gan.generator.trainable_weights]
    assert trainable
    assert [tuple(v.shape) for v in loaded.trainable_weights] == trainable
