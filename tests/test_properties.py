"""Whatever is given, what comes out is a result or one line of InputError: properties, by hypothesis."""

import inspect
import math
import string

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tfgan_ref import gans, metrics, networks
from tfgan_ref.data import read, read_pairs
from tfgan_ref.data.clips.sources import read_clips
from tfgan_ref.data.sentences.sources import read_sentences
from tfgan_ref.data.sounds.sources import read_waves
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import RECIPES

# Building networks takes as long as it takes; examples are the same at each run.
tried = settings(
    deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=False, database=None
)
few, many = settings(tried, max_examples=25), settings(tried, max_examples=100)

NUMBERS = st.one_of(
    st.integers(-3, 6), st.floats(-2, 3), st.sampled_from([math.nan, math.inf, -math.inf, 2**31, -(2**40)])
)
TEXTS = st.text(string.printable, max_size=12)
SMALL = {
    "width": 2, "latent_dim": 2, "channels": 1, "code_dim": 2, "depth": 2, "blocks": 1, "style_dim": 2,
    "convolutions": 1, "vocabulary": 4, "num_classes": 2, "image_channels": 1, "output_channels": 1, "dim": 2,
    "bands": 4, "knots": 4, "dense": 2, "phases": 2, "frames": 2, "sizes": (2, 2), "widths": (3,), "scale": 2,
    "image_shape": (8, 8, 1), "image_size": 32, "length": 1024, "receptive_field": 16, "embedding_dim": 2,
}  # fmt: skip
BODIES = {
    "features",
    "build",
    "model",
    "bodies",
    "layer",
    "classifier",
}  # arguments that are themselves built
BUILDERS = {
    name: builder
    for name in networks.__all__
    if inspect.isfunction(builder := getattr(networks, name))
    and not BODIES & set(inspect.signature(builder).parameters)
}


def outcome(call, *arguments, **settings):
    """Returns what a call gives, or the error by which it refuses."""
    try:
        return call(*arguments, **settings)
    except InputError as error:
        return error


def refused(call, *arguments, **settings):
    """Calls; returns whether it was refused, in one line."""
    result = outcome(call, *arguments, **settings)
    if not isinstance(result, InputError):
        return False
    assert str(result)
    assert "\n" not in str(result)
    return True


def junk_like(value):
    """Values of the type of ``value``, right ones and wrong ones, small enough to be built."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(-3, 6)
    if isinstance(value, float):
        return NUMBERS.map(float)
    if isinstance(value, str):
        return TEXTS | st.sampled_from([value, "none", "batch", "he", "tanh"])
    if isinstance(value, tuple):
        return st.lists(st.integers(-1, 4), min_size=len(value), max_size=len(value)).map(tuple)
    return st.just(value)


@st.composite
def builder_calls(draw):
    name = draw(st.sampled_from(sorted(BUILDERS)))
    parameters = inspect.signature(BUILDERS[name]).parameters
    given_small = {key: SMALL[key] for key in parameters if key in SMALL}
    if name.startswith("text"):
        given_small["length"] = 4
    if name == "text_generator":
        given_small |= {"vocabulary": 4, "num_classes": 2}
    defaults = {key: p.default for key, p in parameters.items() if p.default is not p.empty}
    changed = draw(st.sampled_from(sorted({**defaults, **given_small})))
    return name, given_small | {changed: draw(junk_like({**defaults, **given_small}[changed]))}


@few
@given(builder_calls())
def test_a_network_is_built_or_refused(call):
    name, arguments = call
    try:
        refused(BUILDERS[name], **arguments)
    finally:
        keras.backend.clear_session()


@pytest.fixture(scope="module")
def players():
    generator = networks.point_generator(2, 2, (3,))
    critic = networks.discriminator(networks.point_features(2, (3,)))
    return generator, critic


@pytest.mark.parametrize(
    "kind", [gans.VanillaGAN, gans.WGAN, gans.WGANGP, gans.DRAGAN, gans.LSGAN, gans.HingeGAN]
)
@few
@given(st.data())
def test_a_gan_is_made_or_refused(players, kind, data):
    parameters = inspect.signature(gans.GAN).parameters | inspect.signature(kind).parameters
    junk = {
        key: junk_like(p.default)
        for key, p in parameters.items()
        if type(p.default) in (int, float, str) and key != "sample_key"
    }
    junk |= {"ema_decay": NUMBERS | st.none(), "replay": st.integers(-3, 6) | st.none()}
    key = data.draw(st.sampled_from(sorted(junk)))
    refused(kind, *players, **{key: data.draw(junk[key])})


VALUES = st.one_of(
    st.floats(-1e6, 1e6, width=32), st.sampled_from([math.nan, math.inf, -math.inf]), st.just(0.0)
)
ARRAYS = st.one_of(
    arrays(np.float32, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6), elements=VALUES),
    arrays(np.uint8, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12)),
    st.just(np.array(["a", "b"])),
    st.just([[1, 2], [3]]),
)
PAIRED = (
    "frechet_distance", "kernel_distance", "maximum_mean_discrepancy", "nearest_neighbour_accuracy",
    "precision_recall", "density_coverage", "wasserstein_distance", "sliced_wasserstein_distance", "psnr",
    "ssim", "ms_ssim", "mode_score", "monge_distance", "clipped_density_coverage", "authenticity",
)  # fmt: skip
SINGLE = ("inception_score", "gradient_energy", "vendi_score", "checkerboard_energy")


def all_numbers(score):
    return np.all(~np.isnan(np.asarray(score, dtype=float)))


@pytest.mark.parametrize("name", [*PAIRED, *SINGLE])
@many
@given(st.data())
def test_a_metric_is_a_number_or_refuses(name, data):
    first = data.draw(ARRAYS)
    second = data.draw(st.one_of(ARRAYS, st.just(first)))
    arguments = (first, second) if name in PAIRED else (first,)
    score = outcome(getattr(metrics, name), *arguments)
    assert isinstance(score, InputError) or all_numbers(score)


WORDS = st.lists(st.lists(st.sampled_from(["a", "b", "c"]), max_size=5), max_size=5)


@many
@given(WORDS, WORDS, st.integers(-1, 6))
def test_a_score_of_sentences_is_a_share_or_refused(first, second, order):
    for call in (
        lambda: metrics.corpus_bleu(first, second, order),
        lambda: metrics.self_bleu(first, order),
        lambda: metrics.distinct_ngrams(first, order),
        lambda: metrics.memorised_share(first, second),
    ):
        score = outcome(call)
        assert isinstance(score, InputError) or 0 <= score <= 1


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
@settings(tried, max_examples=60)
@given(st.data())
def test_settings_are_made_of_texts_and_of_json_or_refused(recipe, data):
    keys = st.sampled_from(list(recipe.settings.__dataclass_fields__)) | TEXTS
    texts = TEXTS | NUMBERS.map(str) | st.sampled_from(["none", "true", "false"])
    refused(recipe.settings.from_text, data.draw(st.dictionaries(keys, texts, max_size=3)))
    values = NUMBERS | TEXTS | st.none() | st.booleans() | st.lists(st.integers(), max_size=2)
    refused(recipe.settings.from_config, data.draw(st.dictionaries(keys, values, max_size=3) | values))


READERS = {
    "pictures": (read, ("folder:", "npz:", "idx:")),
    "pairs": (lambda name: read_pairs(name, make="same"), ("folder:", "pairs:", "sidebyside:", "npzpairs:")),
    "sentences": (lambda name: read_sentences(name, length=5), ("tsv:",)),
    "waves": (lambda name: read_waves(name, length=256, sample_rate=8000), ("wav:", "npz:")),
    "clips": (lambda name: read_clips(name, image_size=32, clips=2, hold_out=None), ("sprites:",)),
}


@pytest.mark.parametrize("kind", READERS)
@settings(tried, max_examples=50)
@given(st.text(max_size=30))
def test_data_that_are_not_there_are_refused(kind, path):
    reader, prefixes = READERS[kind]
    for prefix in prefixes:
        assert refused(reader, f"{prefix}no/such/{path}")
