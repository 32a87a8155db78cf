"""What a Keras user may give a type by mistake is refused in one line, before the first step."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import tiny_batches, tiny_gan
from tests.gans.test_cyclegan import cyclegan
from tests.gans.test_cyclegan import pictures as pair
from tests.gans.test_text import batch as text_batch
from tests.gans.test_text import tiny as tiny_text
from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.gans import LSGAN, WGAN, FrameGAN, VanillaGAN
from tfgan_ref.gans.checks import last_activation

pytestmark = pytest.mark.usefixtures("eager_training")
GOOD = {name: value.numpy() for name, value in tiny_batches(1)[0].items()}


@pytest.fixture
def untrained(monkeypatch):
    """Fails the test if a step is run, and gives each of Keras's methods that take data."""
    for kind in (VanillaGAN, WGAN):
        monkeypatch.setattr(kind, "train_step", lambda *_: pytest.fail("a step was run"))
    return {
        "fit": lambda gan, *data: gan.fit(*data, verbose=0),
        "evaluate": lambda gan, *data: gan.evaluate(*data, verbose=0),
        "train_on_batch": lambda gan, *data: gan.train_on_batch(*data),
        "validation": lambda gan, *data: gan.fit(GOOD["image"], validation_data=data, verbose=0),
    }


@pytest.mark.parametrize(
    ("images", "part"),
    [
        (np.zeros((4, 8, 8, 1), np.uint8), "image of dtype uint8: give floats in [-1, 1]"),
        (np.full((4, 8, 8, 1), 255.0), "image lies in [255, 255]: give floats in [-1, 1]"),
        (np.zeros((4, 9, 8, 1)), "image of shape (9, 8, 1): the generator makes samples of (8, 8, 1)"),
    ],
    ids=["uint8", "0 to 255", "size"],
)
def test_images_as_they_come(untrained, images, part):
    for call in untrained.values():
        with pytest.raises(InputError) as raised:
            call(tiny_gan(), images)
        assert str(raised.value).startswith(part)


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("form", ["arrays", "dict", "data set", "generator"])
def test_labels_that_are_no_class(label, form):
    batch = GOOD | {"label": np.full(6, label, np.int32)}
    given = {
        "arrays": (batch["image"], batch["label"]),
        "dict": (batch,),
        "data set": (tf.data.Dataset.from_tensors(batch),),
        "generator": (dict(batch) for _ in range(1)),
    }[form]
    gan = tiny_gan(True)
    with pytest.raises(InputError, match=f"label from {label} to {label} is out of range: 0 to 2"):
        gan.fit(*(given if form != "generator" else (given,)), verbose=0)
    assert int(gan.step.numpy()) == 0


def test_a_generator_of_batches_loses_none():
    gan = tiny_gan()
    gan.fit(((GOOD["image"],) for _ in range(3)), verbose=0)
    assert int(gan.step.numpy()) == 3


@pytest.mark.parametrize(
    ("make", "batch", "part"),
    [
        (lambda: tiny_text("policy_gradient"), lambda: text_batch(4), "tokens from"),
        (cyclegan, lambda: pair(3), "target lies in"),
    ],
    ids=["TextGAN", "CycleGAN"],
)
def test_other_types_know_their_limits_too(make, batch, part):
    name = part.split()[0]
    given = {key: value.numpy() for key, value in batch().items()}
    with pytest.raises(InputError, match=part):
        make().fit(given | {name: given[name] + 100}, verbose=0)


def test_the_factors_of_frames_have_limits():
    frames = SimpleNamespace(factors={"hat": 2, "action": 3}, phases=8)
    assert FrameGAN.number_limits.fget(frames) == {"hat": 2, "action": 3, "phase": 8}


def discriminator(activation):
    images = keras.Input((8, 8, 1))
    return keras.Model(images, keras.layers.Dense(1, activation)(keras.layers.Flatten()(images)))


def test_a_discriminator_of_probabilities(untrained):
    generator = networks.mlp_generator(4, (8, 8, 1), (16,))
    for kind in (VanillaGAN, WGAN):
        gan = kind(generator, discriminator("sigmoid"))
        gan.compile("adam", "adam")
        with pytest.raises(InputError, match="discriminator ends in a sigmoid: the loss of .* takes logits"):
            untrained["fit"](gan, GOOD["image"])
    least_squares = LSGAN(generator, discriminator("sigmoid"))  # whose targets a sigmoid can give
    least_squares.compile("adam", "adam")
    least_squares.train_on_batch(GOOD["image"])
    assert int(least_squares.step.numpy()) == 1


def test_a_generator_of_another_size(untrained):
    gan = VanillaGAN(networks.mlp_generator(4, (8, 9, 1), (16,)), discriminator(None))
    gan.compile("adam", "adam")
    with pytest.raises(InputError, match=r"samples of \(8, 9, 1\), the discriminator takes \(8, 8, 1\)"):
        untrained["fit"](gan, np.zeros((4, 8, 8, 1)))


def test_the_last_function_is_found_in_nested_models():
    inner = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    )
    outer = keras.Sequential([keras.Input((8, 8, 1)), inner])
    assert last_activation(outer) == "sigmoid"
    assert last_activation(discriminator(None)) == "linear"
