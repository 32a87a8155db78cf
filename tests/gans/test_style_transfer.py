"""Style transfer: its terms and gradients restated, turned colours, and a small world that it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import slow_ones, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans.style_transfer import TERMS, StyleTransferGAN, turn_colours
from tfgan_ref.networks.translation.adain import PARTS, adain_generator

SIDE = 8
SEED = tf.constant([1, 2])


class Frozen(keras.optimizers.SGD):
    """An optimizer that changes nothing."""

    def apply(self, grads, trainable_variables=None):
        pass


def judge(channels=3, width=4):
    pictures = keras.Input((None, None, channels))
    x = keras.layers.Conv2D(width, 4, 2, kernel_initializer=keras.initializers.HeNormal(5))(pictures)
    x = keras.layers.Conv2D(1, 1, kernel_initializer=keras.initializers.HeNormal(6))(
        keras.layers.LeakyReLU(0.2)(x)
    )
    return keras.Model(pictures, keras.layers.Activation("linear", dtype="float32")(x))


def style_gan(optimizers=None, channels=3, width=4, style_dim=3, **settings):
    generator = adain_generator(channels, width, depth=1, blocks=1, style_dim=style_dim, seed=1)
    gan = StyleTransferGAN(generator, judge(channels, width), **settings)
    gan.compile(*(optimizers or (keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.1))))
    return gan


def pictures(n=3, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: tf.constant(rng.uniform(-1, 1, (n, SIDE, SIDE, channels)), tf.float32)
        for name in ("source", "target")
    }


def parts(gan):
    return [gan.generator.get_layer(name) for name in PARTS]


def adversarial(loss, real, fake):
    """The losses of D and G by name, in NumPy."""
    if loss == "least_squares":
        return (np.mean((real - 1) ** 2) + np.mean(fake**2)) / 2, np.mean((fake - 1) ** 2) / 2
    if loss == "hinge":
        return np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake)), -np.mean(fake)
    real_loss, fake_loss = np.mean(np.logaddexp(0, -real)), np.mean(np.logaddexp(0, fake))
    return real_loss + fake_loss, np.mean(np.logaddexp(0, -fake))


@pytest.mark.parametrize(
    ("loss", "recolour"),
    slow_ones(
        [("least_squares", True), ("non_saturating", True), ("hinge", True), ("least_squares", False)],
        [("non_saturating", True), ("hinge", True)],  # tests/test_losses.py has these losses
    ),
)
def test_terms_of_one_step_equal_a_numpy_recomputation(loss, recolour):
    gan, batch = style_gan(loss=loss, recolour=recolour, style_weight=3.0), pictures()
    content_encoder, style_encoder, decoder = parts(gan)
    x, y = batch["source"], batch["target"]
    content, style = content_encoder(x), style_encoder(y)
    fakes = decoder([content, style])
    # The seed of the first step.
    shown = turn_colours(y, gan.step_seed(1)) if recolour else y
    own = decoder([content_encoder(shown), style]).numpy()
    real_logits, fake_logits = gan.discriminator(y).numpy(), gan.discriminator(fakes).numpy()
    threshold = 0.5 if loss == "least_squares" else 0
    expected = {
        "d_loss": adversarial(loss, real_logits, fake_logits)[0],
        "self_error": np.mean(np.abs(own - y)),
        "style_error": np.mean(np.abs(style_encoder(fakes) - style)),
        "content_error": np.mean(np.abs(content_encoder(fakes) - content)),
        "d_accuracy_real": np.mean(real_logits > threshold),
        "d_accuracy_fake": np.mean(fake_logits <= threshold),
    }
    logs = {name: float(value) for name, value in gan.train_step(batch).items()}
    # G plays against the updated D, whose weights stand in the model now, on the same fakes.
    expected["g_loss"] = adversarial(loss, real_logits, gan.discriminator(fakes).numpy())[1]
    assert set(logs) == {*expected, "d_gradient_norm", "g_gradient_norm"} == set(gan.tracked)
    assert {name: logs[name] for name in expected} == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("weights", [(1.0, 10.0, 2.0, 3.0), (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 1.0, 0.0)])
def test_the_generator_follows_the_gradient_of_the_weighted_sum(weights):
    names = ("adversarial_weight", "self_weight", "style_weight", "content_weight")
    settings = dict(zip(names, weights, strict=True))
    gan = style_gan((keras.optimizers.SGD(1.0), Frozen(0.1)), recolour=False, **settings)
    batch = pictures()
    content_encoder, style_encoder, _ = parts(gan)
    x, y = batch["source"], batch["target"]
    variables = gan.generator.trainable_variables
    # Constants: nothing pulls them towards the output's.
    content_of_x, style_of_y = content_encoder(x).numpy(), style_encoder(y).numpy()
    with tf.GradientTape() as tape:
        fakes = gan.generator([x, y])
        terms = (
            tf.reduce_mean((gan.discriminator(fakes) - 1) ** 2) / 2,
            tf.reduce_mean(tf.abs(gan.generator([y, y]) - y)),
            tf.reduce_mean(tf.abs(style_encoder(fakes) - style_of_y)),
            tf.reduce_mean(tf.abs(content_encoder(fakes) - content_of_x)),
        )
        objective = sum(weight * term for weight, term in zip(weights, terms, strict=True))
    expected = tape.gradient(objective, [v.value for v in variables])
    before = values(variables)
    logs = gan.train_step(batch)
    assert {name: float(logs[name]) for name in TERMS} == pytest.approx(
        dict(zip(TERMS, map(float, terms[1:]), strict=True)), rel=1e-5
    )
    for old, new, wanted in zip(before, values(variables), expected, strict=True):
        np.testing.assert_allclose(old - new, wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("learns", ["generator", "discriminator"])
def test_each_update_changes_its_own_network_only(learns):
    pair = (keras.optimizers.SGD(0.1), Frozen(0.1))
    gan = style_gan(pair if learns == "generator" else pair[::-1])
    networks = {"generator": gan.generator, "discriminator": gan.discriminator}
    before = {name: values(net.variables) for name, net in networks.items()}
    gan.train_step(pictures())
    for name, net in networks.items():
        moved = [not np.array_equal(*pair) for pair in zip(before[name], values(net.variables), strict=True)]
        assert all(moved) if name == learns else not any(moved)


def test_no_variable_is_held_twice():
    gan = style_gan()
    count = len(gan.generator.variables)
    assert len({id(v) for v in gan.variables}) == len(gan.variables)
    # Both generators, D and the step.
    assert len(gan.variables) == 2 * count + len(gan.discriminator.variables) + 1


def test_it_translates_with_the_averaged_parts():
    gan, batch = style_gan(ema_decay=0.5), pictures()
    gan.train_step(batch)
    content_encoder, style_encoder, decoder = (gan.ema_generator.get_layer(name) for name in PARTS)
    expected = decoder([content_encoder(batch["source"]), style_encoder(batch["target"])])
    np.testing.assert_array_equal(gan.translate(batch), expected)
    assert not np.allclose(expected, gan.generator([batch["source"], batch["target"]]), atol=1e-6)
    assert gan.scale == 1


def test_turned_colours_keep_lengths_and_angles():
    x = tf.random.stateless_uniform([4, 5, 6, 3], SEED, -1, 1)
    turned = turn_colours(x, SEED).numpy()
    for picture, other in zip(x.numpy().reshape(4, 30, 3), turned.reshape(4, 30, 3), strict=True):
        np.testing.assert_allclose(other @ other.T, picture @ picture.T, atol=1e-5)
    np.testing.assert_array_equal(turned, turn_colours(x, SEED))
    assert not np.allclose(turned, turn_colours(x, SEED + 1), atol=0.1)


def matrices(n, channels):
    """The matrices of n pictures: what becomes of the unit vectors."""
    unit = tf.eye(channels, batch_shape=[n])[:, :, tf.newaxis]
    return turn_colours(unit, SEED).numpy()[:, :, 0]


def test_turns_are_uniform():
    q = matrices(4000, 3)
    # Of a uniform orthogonal matrix every entry has mean 0, variance 1/3 and fourth moment 1/5.
    for power, expected in ((1, 0), (2, 1 / 3), (4, 1 / 5)):
        np.testing.assert_allclose(np.mean(q**power, axis=0), expected, atol=0.04)
    assert np.mean(np.linalg.det(q) > 0) == pytest.approx(0.5, abs=0.04)
    assert set(np.round(matrices(500, 1).ravel(), 6)) == {-1, 1}
    assert np.mean(matrices(2000, 1)) == pytest.approx(0, abs=0.1)


def test_the_disguise_differs_between_steps_and_can_be_left_out():
    gan, y = style_gan(), pictures()["target"]
    first = gan.disguised(y).numpy()
    np.testing.assert_array_equal(first, gan.disguised(y))
    gan.step.assign(1)
    assert not np.allclose(first, gan.disguised(y), atol=0.1)
    np.testing.assert_array_equal(style_gan(recolour=False).disguised(y), y)


STROKES = np.array([[0.9, -0.7, -0.7], [-0.8, -0.6, 0.9]], np.float32)
GROUNDS = np.array([[-0.9, -0.9, -0.2], [0.8, 0.9, 0.4]], np.float32)


def bars(n, rng):
    """Masks (n, SIDE, SIDE, 1) of a bar, 1 on it: level or upright, anywhere."""
    masks = np.zeros((n, SIDE, SIDE, 1), np.float32)
    for mask, place, upright in zip(masks, rng.integers(0, SIDE - 2, n), rng.integers(0, 2, n), strict=True):
        mask[:, place : place + 3] = 1
        if upright:
            mask[:] = mask.transpose(1, 0, 2)
    return masks


def painted(masks, styles):
    strokes, grounds = STROKES[styles][:, None, None], GROUNDS[styles][:, None, None]
    return tf.constant(masks * strokes + (1 - masks) * grounds)


@pytest.mark.slow
def test_it_learns_to_paint_bars_in_given_colours():
    """White bars on black become red on dark, or blue on light, as the style picture's are."""
    rng = np.random.default_rng(0)

    def batch(n):
        masks, styles = bars(n, rng), rng.integers(0, 2, n)
        source = tf.constant(np.tile(2 * masks - 1, (1, 1, 1, 3)))
        return {"source": source, "target": painted(bars(n, rng), styles)}, painted(masks, styles)

    optimizers = [keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2)]
    gan = style_gan(optimizers, width=8, style_dim=4, ema_decay=0.9)
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(200):
        step(batch(8)[0])
    examples, truth = batch(64)
    assert np.mean(np.abs(gan.translate(examples) - truth)) < 0.25
    # The style is the given picture's: with another's, every colour of the other half is wrong.
    swapped = {**examples, "target": tf.roll(examples["target"], 1, axis=0)}
    assert np.mean(np.abs(gan.translate(swapped) - truth)) > 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"adversarial_weight": -1.0}, "adversarial_weight -1.0 is out of range: at least 0"),
        ({"self_weight": -1.0}, "self_weight -1.0"),
        ({"style_weight": -1.0}, "style_weight -1.0"),
        ({"content_weight": -1.0}, "content_weight -1.0"),
        (
            {"loss": "minimax"},
            "loss 'minimax' is unknown: choose one of least_squares, non_sat",
        ),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        style_gan(**settings)


def test_a_generator_without_the_parts_is_refused():
    inputs = [keras.Input((None, None, 3)) for _ in range(2)]
    generator = keras.Model(inputs, keras.layers.Average()(inputs))
    with pytest.raises(InputError, match="^generator has no content_encoder: it needs the layers"):
        StyleTransferGAN(generator, judge())
    with pytest.raises(InputError, match="needs a target"):
        style_gan().train_step({"source": pictures()["source"]})
