"""CUT: its losses and gradients restated, who moves, which patches, FastCUT, and a world that it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import same, slow_ones, values
from tests.gans.test_cyclegan import Frozen, adversarial
from tfgan_ref.errors import InputError
from tfgan_ref.gans import CUT
from tfgan_ref.networks import patch_heads

SIDE = 8
FAST = {"contrastive_weight": 10.0, "identity_weight": 0.0, "flip_equivariance": True}


def convolve(x, filters, seed, size=3, **settings):
    kernel = keras.initializers.GlorotUniform(seed)
    return layers.Conv2D(filters, size, padding="same", kernel_initializer=kernel, **settings)(x)


def translator(channels=1, made=1, seed=0):
    """One halving, one residual block, one doubling: maps of 1, 4 and 4 channels."""
    source = keras.Input((None, None, channels), name="source")
    x = layers.LeakyReLU(0.2)(convolve(source, 4, seed, strides=2))
    x = layers.Add()([x, convolve(x, 4, seed + 1)])
    x = convolve(layers.UpSampling2D(2)(x), made, seed + 2)
    return keras.Model(source, layers.Activation("tanh", dtype="float32")(x))


def judge(channels=1, seed=5):
    pictures = keras.Input((None, None, channels))
    x = layers.LeakyReLU(0.2)(convolve(pictures, 4, seed, strides=2))
    return keras.Model(pictures, layers.Activation("linear", dtype="float32")(convolve(x, 1, seed + 1, 1)))


def tiny_cut(optimizers=None, heads=None, units=3, **settings):
    generator = translator()
    heads = heads or patch_heads(generator, units, initializer="xavier", seed=7)
    gan = CUT(generator, judge(), heads, **settings)
    gan.compile(*(optimizers or (keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))))
    return gan


def batch_of(n=3, seed=0):
    rng = np.random.default_rng(seed)
    parts = {name: rng.uniform(-1, 1, (n, SIDE, SIDE, 1)) for name in ("source", "target")}
    return {name: tf.constant(part, tf.float32) for name, part in parts.items()}


def networks(gan):
    return {name: getattr(gan, name) for name in ("generator", "heads", "discriminator")}


def at_a_step(mirrored, **settings):
    """A GAN whose draw in its present step mirrors, or does not."""
    gan = tiny_cut(flip_equivariance=True, **settings)
    while bool(gan.draw_mirrored()) != mirrored:
        gan.step.assign_add(1)
    return gan


def features(gan, pictures):
    """The maps of the generator, by its layers one after the other."""
    _, halving, leaky, inner, add, *_ = gan.generator.layers
    half = halving(pictures)
    x = leaky(half)
    return [pictures, half, add([x, inner(x)])]


def vectors(gan, maps):
    """The heads' of all patches that the step compares, by NumPy's or TensorFlow's numbers."""
    chosen = []
    for number, x in enumerate(maps):
        places = gan.draw_places(x.shape[1] * x.shape[2], number)
        chosen.append(tf.gather(tf.reshape(x, [x.shape[0], -1, x.shape[-1]]), places, axis=1))
    return gan.heads(chosen)


def unit(x):
    """Vectors brought to length 1, but for a millionth of their squares."""
    return x / np.sqrt(np.sum(np.square(x), -1, keepdims=True) + 1e-6)


def surprise(queries, keys, tau=0.07):
    """PatchNCE in NumPy, one patch after the other."""
    means = []
    for of_fakes, of_sources in zip(queries, keys, strict=True):
        found = []
        for q, k in zip(np.array(of_fakes, np.float64), np.array(of_sources, np.float64), strict=True):
            similar = np.exp(unit(q) @ unit(k).T / tau)
            found.append(-np.log(np.diag(similar) / similar.sum(axis=1)))
        means.append(np.mean(found))
    return np.mean(means)


LOSSES = [
    ("least_squares", True, 5),
    ("least_squares", True, 256),
    ("least_squares", False, 256),
    ("non_saturating", False, 5),
    ("hinge", False, 5),
]


@pytest.mark.parametrize(("loss", "mirrored", "patches"), slow_ones(LOSSES, LOSSES[1:]))
def test_losses_of_one_step_equal_a_numpy_recomputation(loss, mirrored, patches):
    """G sees mirrored pictures, D what it makes of them, and PatchNCE the features mirrored back."""
    frozen = (Frozen(0.1), Frozen(0.1))
    gan, batch = at_a_step(mirrored, optimizers=frozen, loss=loss, patches=patches), batch_of()
    turn = (lambda x: x[:, :, ::-1]) if mirrored else (lambda x: x)
    terms = {}
    for name, part in (("patch_nce", "source"), ("identity_nce", "target")):
        made = gan.generator(turn(batch[part]))
        queries = vectors(gan, [turn(x) for x in features(gan, made)])
        terms[name] = surprise(queries, vectors(gan, features(gan, batch[part])))
    real, fake = (
        gan.discriminator(x).numpy() for x in (batch["target"], gan.generator(turn(batch["source"])))
    )
    threshold = 0.5 if loss == "least_squares" else 0
    shares = {
        "d_accuracy_real": np.mean(real > threshold), "d_accuracy_fake": np.mean(fake <= threshold)
    }  # fmt: skip
    expected = dict(zip(("d_loss", "g_loss"), adversarial(loss, real, fake), strict=True)) | terms | shares
    logs = {name: float(value) for name, value in gan.train_step(batch).items()}
    assert set(logs) == {*expected, "d_gradient_norm", "g_gradient_norm"} == set(gan.tracked)
    assert {name: logs[name] for name in expected} == pytest.approx(expected, rel=1e-4)


WEIGHTS = [(3.0, 0.5), (1.0, 1.0), (10.0, 0.0), (0.0, 0.0)]


@pytest.mark.parametrize(("of_sources", "of_targets"), slow_ones(WEIGHTS, WEIGHTS[1:]))
def test_generator_and_heads_follow_the_gradient_of_the_objective_and_keys_stay(of_sources, of_targets):
    settings = {"contrastive_weight": of_sources, "identity_weight": of_targets, "patches": 20}
    gan = tiny_cut((keras.optimizers.SGD(1.0), Frozen(0.1)), **settings)
    batch = batch_of()
    variables = [v for name in ("generator", "heads") for v in networks(gan)[name].trainable_variables]

    def contrast(pictures, fakes):
        queries = vectors(gan, features(gan, fakes))
        keys = [tf.stop_gradient(key) for key in vectors(gan, features(gan, pictures))]
        of_maps = []
        for q, k in zip(queries, keys, strict=True):
            q, k = (x / tf.sqrt(tf.reduce_sum(x**2, -1, keepdims=True) + 1e-6) for x in (q, k))
            similar = tf.nn.softmax(tf.einsum("npc,nqc->npq", q, k) / 0.07)
            of_maps.append(-tf.reduce_mean(tf.math.log(tf.linalg.diag_part(similar))))
        return tf.add_n(of_maps) / 3.0

    with tf.GradientTape() as tape:
        fakes, same_targets = gan.generator(batch["source"]), gan.generator(batch["target"])
        objective = tf.reduce_mean((gan.discriminator(fakes) - 1.0) ** 2)
        objective += of_sources * contrast(batch["source"], fakes)
        objective += of_targets * contrast(batch["target"], same_targets)
    expected = tape.gradient(objective, [v.value for v in variables])
    before = values(variables)
    logs = gan.train_step(batch)
    for old, new, slope in zip(before, values(variables), expected, strict=True):
        np.testing.assert_allclose(old - new, slope, rtol=1e-3, atol=1e-5)
    assert float(logs["g_gradient_norm"]) == pytest.approx(float(tf.linalg.global_norm(expected)), rel=1e-3)


def test_the_discriminator_follows_the_gradient_of_half_the_squares():
    gan, batch = tiny_cut((Frozen(0.1), keras.optimizers.SGD(1.0)), patches=4), batch_of()
    d, fakes = gan.discriminator, gan.generator(batch["source"])
    with tf.GradientTape() as tape:
        loss = 0.5 * (tf.reduce_mean((d(batch["target"]) - 1) ** 2) + tf.reduce_mean(d(fakes) ** 2))
    expected = tape.gradient(loss, [v.value for v in d.trainable_variables])
    before = values(d.trainable_variables)
    gan.train_step(batch)
    for old, new, slope in zip(before, values(d.trainable_variables), expected, strict=True):
        np.testing.assert_allclose(old - new, slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("learns", slow_ones(["generator", "discriminator"], ["discriminator"]))
def test_the_generators_optimizer_moves_the_heads_too_and_no_other_network(learns):
    pair = (keras.optimizers.SGD(0.1), Frozen(0.1))
    gan = tiny_cut(pair if learns == "generator" else pair[::-1], patches=4)
    before = {name: values(net.trainable_variables) for name, net in networks(gan).items()}
    gan.train_step(batch_of())
    moved = {n for n, net in networks(gan).items() if not same(before[n], values(net.trainable_variables))}
    kept = {id(variable) for variable in gan.state()["model"]}
    assert {id(v.value) for v in gan.heads.variables} <= kept
    assert moved == ({"generator", "heads"} if learns == "generator" else {"discriminator"})


def test_places_are_drawn_by_seed_step_and_map_without_repetition():
    gan, twin, other = tiny_cut(patches=5), tiny_cut(patches=5), tiny_cut(patches=5, seed=1)

    def draw(gan, number=0, step=0):
        gan.step.assign(step)
        return gan.draw_places(16, number).numpy().tolist()

    drawn = [draw(gan, number, step) for step in range(6) for number in range(3)]
    assert all(len(places) == len(set(places)) == 5 for places in drawn)
    assert set(np.concatenate(drawn).tolist()) == set(range(16))
    assert len({tuple(places) for places in drawn}) == len(drawn)
    assert draw(gan, 2, 7) == draw(twin, 2, 7) != draw(other, 2, 7)
    assert sorted(gan.draw_places(3, 0).numpy()) == [0, 1, 2]


def test_all_pictures_of_a_batch_are_compared_at_the_same_places():
    gan = tiny_cut(patches=4)
    gan.__dict__["heads"] = lambda chosen, training: chosen
    numbers = tf.reshape(tf.range(64.0), [1, SIDE, SIDE, 1])
    found = gan.embed([tf.repeat(numbers, 3, 0)] * 3)
    assert all(np.array_equal(of_map[0], of_picture) for of_map in found for of_picture in of_map)
    assert not np.array_equal(found[0], found[1])


def test_fastcut_compares_translations_alone():
    gan = tiny_cut(**FAST)
    # Targets, here of another size, are for D alone.
    logs = gan.train_step(batch_of() | {"target": tf.zeros((3, 12, 12, 1))})
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert "patch_nce" in logs
    assert not {"identity_nce"} & {*logs, *gan.trackers}


def test_half_of_the_batches_are_mirrored_by_seed_and_step():
    gan = tiny_cut(**FAST)

    def draw(step):
        gan.step.assign(step)
        return bool(gan.draw_mirrored())

    drawn = [draw(step) for step in range(12)]
    assert 2 < sum(drawn) < 10  # beyond by chance once in 26
    assert [draw(step) for step in (7, 3)] == [drawn[7], drawn[3]]
    gan.flip_equivariance = False
    assert gan.draw_mirrored() is None


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, FAST], ids=["CUT", "FastCUT"])
def test_it_learns_bright_pictures_of_dark_ones_that_keep_their_content(settings):
    """A: squares of -0.9, and a quarter of -0.1, at random places; B: of 0.1 and 0.9. Places must stay.

    By the adversary alone they do not: their correlation is then about 0.2.
    """
    rng = np.random.default_rng(0)

    def squares(low, n):
        light = rng.random((n, SIDE // 2, SIDE // 2, 1)) < 0.25
        return tf.constant((low + 0.8 * light).repeat(2, 1).repeat(2, 2), tf.float32)

    optimizers = [keras.optimizers.Adam(0.01, beta_1=0.5) for _ in range(2)]
    gan = tiny_cut(optimizers, units=16, ema_decay=0.9, **settings)
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(600):
        step({"source": squares(-0.9, 16), "target": squares(0.1, 16)})
    dark = squares(-0.9, 64)
    made = gan.translate({"source": dark}).numpy()
    assert np.mean(made > 0) > 0.7
    assert np.corrcoef(dark.numpy().ravel(), made.ravel())[0, 1] > 0.6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"contrastive_weight": -1.0}, "contrastive_weight -1.0 is out of range: at least 0"),
        ({"identity_weight": -0.5}, "identity_weight -0.5 is out of range"),
        ({"patches": 1}, "patches 1 is out of range: at least 2"),
        ({"temperature": 0.0}, "temperature 0.0 is out of range: above 0"),
        ({"loss": "wasserstein"}, "loss 'wasserstein' is unknown: choose one of least_squares"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        tiny_cut(**settings)


def test_batches_that_do_not_fit_are_refused():
    gan, batch = tiny_cut(), batch_of()
    for name in ("source", "target"):
        with pytest.raises(InputError, match=f"CUT needs a {name}"):
            gan.train_step({other: part for other, part in batch.items() if other != name})
    sizes = r"source \(8, 8, 1\) and target \(4, 4, 1\): identity_weight needs pictures of one size"
    with pytest.raises(InputError, match=sizes):
        gan.train_step(batch | {"target": batch["target"][:, :4, :4]})


@pytest.mark.parametrize(
    ("networks_given", "message"),
    [
        ((translator(1, 3), judge(3)), "generator makes 3 channels of 1: its encoder takes both pictures"),
        ((translator(), judge(3)), "discriminator takes 3 channels: the generator's pictures have 1"),
        ((translator(), judge(), patch_heads(translator(3, 3), 2)), r"heads take \[3, 4, 4\] features: the"),
    ],
)
def test_networks_that_do_not_fit_are_refused(networks_given, message):
    generator, discriminator, *heads = networks_given
    with pytest.raises(InputError, match=message):
        CUT(generator, discriminator, *(heads or [patch_heads(generator, 2)]))
