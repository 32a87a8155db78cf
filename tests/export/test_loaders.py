"""Every kind of SavedModel in what else loads them: the C API, a classic session, TFLite."""

import numpy as np
import pytest
import tensorflow as tf

from tests.c_api import LIBRARIES, run_in_c, signature_of
from tests.conftest import tiny_gan
from tests.small_translators import enlarging, filling, picture, styling
from tfgan_ref import randomness
from tfgan_ref.data import DataShape
from tfgan_ref.data.clips.clips import ORDER, PHASE
from tfgan_ref.data.sounds.vocoder import BANDS
from tfgan_ref.export.generator import export_generator
from tfgan_ref.export.translator import export_translator
from tfgan_ref.recipes import RECIPES

SEED, N = 3, 2
LABELS = np.arange(N, dtype=np.int32)
RATE = 8000


def latents(width):
    return randomness.sample_latents(N, width, randomness.base_seed(SEED)).numpy()


def unit(shape, seed=0):
    return np.float32(picture(shape, seed) / 255)


def exported(name, path, shape, **settings):
    """Exports the untrained generator of a recipe; returns what was written, and its GAN."""
    recipe = RECIPES[name]
    gan = recipe.build(recipe.settings(**settings), shape)
    recipe.medium.export(gan, path, shape)
    return tf.saved_model.load(str(path)), gan


def pictures(path):
    gan = tiny_gan(batch_norm=True)
    export_generator(gan.sampling_generator, path)
    model = tf.saved_model.load(str(path))
    yield "serving_default", {"latents": latents(4)}, model.sample(N, SEED)


def pictures_of_classes(path):
    gan = tiny_gan(True, batch_norm=True)
    export_generator(gan.sampling_generator, path, num_classes=3)
    model = tf.saved_model.load(str(path))
    yield "serving_default", {"latents": latents(4), "label": LABELS}, model.sample(N, SEED)


def translations(path):
    form = {"inputs": ("source",), "stride": 1, "scale": 1, "margin": 2}
    export_translator(enlarging(output_channels=1), path, backward=enlarging(channels=1, seed=5), **form)
    model, there, back = tf.saved_model.load(str(path)), unit((9, 11, 3)), unit((9, 11, 1))
    yield "serving_default", {"source": there[None]}, model.apply(there)[None]
    yield "serving_back", {"source": back[None]}, model.apply_back(back)[None]


def fillings(path):
    export_translator(filling(), path, inputs=("source", "mask"), stride=2, scale=1, margin=None)
    image, mask = unit((9, 11, 3)), np.float32(picture((9, 11, 1), 1) > 127)
    model = tf.saved_model.load(str(path))
    yield "serving_default", {"source": image[None], "mask": mask[None]}, model.apply(image, mask)[None]


def stylings(path):
    export_translator(styling(), path, inputs=("source", "target"), stride=2, scale=1, margin=None)
    image, style = unit((9, 11, 3)), unit((12, 8, 3), 1)
    model = tf.saved_model.load(str(path))
    yield "serving_default", {"source": image[None], "target": style[None]}, model.apply(image, style)[None]


def sounds(path):
    names = {"classes": ("no", "yes"), "sample_rate": (str(RATE),)}
    model, gan = exported("speech", path, DataShape((256, 1), 2, names=names), width=4)
    yield "serving_default", {"latents": latents(gan.latent_dim), "label": LABELS}, model.sample(N, SEED)


def sentences(path):
    names = {"topics": ("sun", "sea"), "words": ("", *"abcdefgh")}
    model, gan = exported("text", path, DataShape((4, 9), 2, names=names), units=8, embedding_dim=4, width=4)
    yield "serving_default", {"latents": latents(gan.latent_dim), "label": LABELS}, model.sample(N, SEED)


def clips(path):
    names = {"hat": ("no", "yes"), "action": ("walk", "jump"), PHASE: tuple("0123"), ORDER: ("hat", "action")}
    model, _ = exported("frames", path, DataShape((32, 32, 3), names=names), width=2, latent_dim=3)
    choices = np.array([[1, 0], [0, 1]], np.int32)
    given = {"latents": latents(3), "conditions": choices, "phase": np.array([2, 2], np.int32)}
    yield "serving_default", given, model.sample(N, SEED, choices)[:, 2]


def voices(path):
    shape = DataShape((8, BANDS, 1), source_channels=1, names={"sample_rate": (str(RATE),)})
    model, _ = exported("voices", path, shape, frames=8, width=8, blocks=1, knots=3, detail=2, length=2000)
    audio = np.sin(np.arange(2400, dtype=np.float32) * 2 * np.pi * 130 / RATE) / 2
    for name, apply in (("serving_default", model.apply), ("serving_back", model.apply_back)):
        yield name, {"audio": audio[None, :, None]}, apply(audio)[None, :, None]


OTHERS = (pictures, translations, fillings, stylings, sounds, sentences, clips, voices)
# One way of writing is common to all, so that one kind does where time counts.
KINDS = (pictures_of_classes, *(pytest.param(kind, marks=pytest.mark.slow) for kind in OTHERS))
# What TFLite has no operations for: it has to join words, or to go through recordings of any number.
NOT_CONVERTED = {sentences: "ReduceJoin", voices: "TensorListReserve"}


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def saved(request, tmp_path_factory):
    """A kind, where it is written, and of each signature the name, what it is given and what it must make."""
    path = tmp_path_factory.mktemp("saved") / "model"
    return request.param, path, list(request.param(path))


def alike(found, expected, kind, tolerance=1e-4):
    if kind is not sentences:
        assert np.ptp(expected) > 0.01  # else zeros would do
        np.testing.assert_allclose(found, expected, atol=1e-3 if kind is voices else tolerance)


@pytest.mark.skipif(not LIBRARIES, reason="TensorFlow comes without the library of its C API")
def test_the_c_api_makes_what_python_makes(saved):
    kind, path, cases = saved
    for name, given, expected in cases:
        found = run_in_c(path, name, given)
        if kind is sentences:
            assert found == [N]
        alike(found, expected, kind)


def test_a_classic_session_makes_what_python_makes(saved):
    kind, path, cases = saved
    for name, given, expected in cases:
        inputs, outputs = signature_of(path, name)
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            tf.compat.v1.saved_model.load(session, ["serve"], str(path))
            (found,) = session.run(list(outputs.values()), {inputs[key]: given[key] for key in given})
        if kind is sentences:
            assert found.tolist() == expected.numpy().tolist()
        alike(found, expected, kind)


def converted(path, name, *, half=False):
    converter = tf.lite.TFLiteConverter.from_saved_model(str(path), signature_keys=[name])
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
def test_tflite_makes_what_python_makes_or_says_that_it_cannot(saved, half):
    kind, path, cases = saved
    if kind in NOT_CONVERTED:
        with pytest.raises(Exception, match=NOT_CONVERTED[kind]):
            converted(path, "serving_default", half=half)
        return
    for name, given, expected in cases:
        model = tf.lite.Interpreter(model_content=converted(path, name, half=half))
        (found,) = model.get_signature_runner(name)(**given).values()
        alike(found, expected, kind, 0.01 if half else 1e-4)
