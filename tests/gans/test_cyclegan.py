"""CycleGAN: its losses and gradients restated, who moves, replay, and a small world that it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref import losses, randomness
from tfgan_ref.errors import InputError
from tfgan_ref.gans.cyclegan import CycleGAN
from tfgan_ref.gans.techniques import ReplayBuffer
from tfgan_ref.networks import SpectralNormalization

SIDE = 6


class Frozen(keras.optimizers.SGD):
    """An optimizer that changes nothing."""

    def apply(self, grads, trainable_variables=None):
        pass


def translator(inputs=1, outputs=1, seed=0):
    fresh = keras.initializers.GlorotUniform
    source = keras.Input((None, None, inputs), name="source")
    x = keras.layers.Conv2D(4, 3, padding="same", kernel_initializer=fresh(seed))(source)
    x = keras.layers.Conv2D(outputs, 1, kernel_initializer=fresh(seed + 1))(keras.layers.LeakyReLU(0.2)(x))
    return keras.Model(source, keras.layers.Activation("tanh", dtype="float32")(x))


def judge(channels=1, seed=0, spectral_norm=False, sides=(None, None)):
    pictures = keras.Input((*sides, channels))
    first = keras.layers.Conv2D(4, 3, 2, kernel_initializer=keras.initializers.GlorotUniform(seed))
    x = keras.layers.LeakyReLU(0.2)((SpectralNormalization(first) if spectral_norm else first)(pictures))
    logits = keras.layers.Conv2D(1, 1, kernel_initializer=keras.initializers.GlorotUniform(seed + 1))(x)
    return keras.Model(pictures, keras.layers.Activation("linear", dtype="float32")(logits))


def cyclegan(
    channels=(1, 1), optimizers=None, spectral_norm=False, replay=None, replay_shape=(SIDE, SIDE), **settings
):
    a, b = channels
    gan = CycleGAN(
        translator(a, b, seed=1),
        translator(b, a, seed=3),
        judge(b, 5, spectral_norm),
        judge(a, 7, spectral_norm),
        replay=replay,
        replay_shape=replay_shape,
        **settings,
    )
    gan.compile(*(optimizers or (keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))))
    return gan


def pictures(n=3, channels=(1, 1), seed=0):
    rng = np.random.default_rng(seed)
    return {
        name: tf.constant(rng.uniform(-1, 1, (n, SIDE, SIDE, count)), tf.float32)
        for name, count in zip(("source", "target"), channels, strict=True)
    }


def networks(gan):
    return {
        name: getattr(gan, name)
        for name in ("generator", "backward", "discriminator", "backward_discriminator")
    }


def adversarial(loss, real, fake):
    """The losses of D, halved, and of G by name, in NumPy."""
    if loss == "least_squares":
        return (np.mean((real - 1) ** 2) + np.mean(fake**2)) / 2, np.mean((fake - 1) ** 2)
    if loss == "hinge":
        return (np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake))) / 2, -np.mean(fake)
    d_loss = np.mean(np.logaddexp(0, -real)) + np.mean(np.logaddexp(0, fake))
    return d_loss / 2, np.mean(np.logaddexp(0, -fake))


@pytest.mark.parametrize("loss", ["least_squares", "non_saturating", "hinge"])
def test_losses_of_one_step_equal_a_numpy_recomputation(loss):
    gan, batch = cyclegan(loss=loss), pictures()
    g, f, d_b, d_a = (lambda x, net=net: net(x).numpy().astype(np.float64) for net in networks(gan).values())
    a, b = batch["source"].numpy(), batch["target"].numpy()
    fake_b, fake_a = g(a), f(b)
    pairs = [(d_b(b), d_b(fake_b)), (d_a(a), d_a(fake_a))]
    d_loss, g_loss = np.sum([adversarial(loss, *pair) for pair in pairs], axis=0)
    threshold = 0.5 if loss == "least_squares" else 0
    expected = {
        "d_loss": d_loss,
        "g_loss": g_loss,
        "cycle_error": (np.mean(np.abs(f(fake_b) - a)) + np.mean(np.abs(g(fake_a) - b))) / 2,
        "identity_error": (np.mean(np.abs(g(b) - b)) + np.mean(np.abs(f(a) - a))) / 2,
        "d_accuracy_real": np.mean([np.mean(real > threshold) for real, _ in pairs]),
        "d_accuracy_fake": np.mean([np.mean(fake <= threshold) for _, fake in pairs]),
    }
    logs = {name: float(value) for name, value in gan.train_step(batch).items()}
    assert set(logs) == {*expected, "d_gradient_norm", "g_gradient_norm"} == set(gan.tracked)
    assert {name: logs[name] for name in expected} == pytest.approx(expected, rel=1e-5)


def change(gan, batch, names):
    """What one step takes from the variables of the networks called ``names``."""
    variables = [v for name in names for v in networks(gan)[name].trainable_variables]
    before = values(variables)
    logs = gan.train_step(batch)
    return [old - new for old, new in zip(before, values(variables), strict=True)], logs


def gradient(objective, variables):
    with tf.GradientTape() as tape:
        loss = objective()
    return tape.gradient(loss, [v.value for v in variables])


@pytest.mark.parametrize(("cycle_weight", "identity_weight"), [(10.0, 0.5), (3.0, 0.0), (0.0, 0.0)])
def test_generators_follow_the_gradient_of_equation_3(cycle_weight, identity_weight):
    sgd = keras.optimizers.SGD
    settings = {"cycle_weight": cycle_weight, "identity_weight": identity_weight}
    gan, batch = cyclegan(optimizers=(sgd(1.0), Frozen(0.1)), **settings), pictures()
    a, b = batch["source"], batch["target"]
    g, f, d_b, d_a = networks(gan).values()

    def l1(x, y):
        return tf.reduce_mean(tf.abs(x - y))

    def objective():
        adversarial = tf.reduce_mean((d_b(g(a)) - 1) ** 2) + tf.reduce_mean((d_a(f(b)) - 1) ** 2)
        cycle = l1(f(g(a)), a) + l1(g(f(b)), b)
        identity = l1(g(b), b) + l1(f(a), a)
        return adversarial + cycle_weight * cycle + cycle_weight * identity_weight * identity

    expected = gradient(objective, [*g.trainable_variables, *f.trainable_variables])
    moved, logs = change(gan, batch, ("generator", "backward"))
    for got, wanted in zip(moved, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)
    assert float(logs["g_gradient_norm"]) == pytest.approx(float(tf.linalg.global_norm(expected)), rel=1e-4)


def test_discriminators_follow_the_gradient_of_half_the_squares():
    gan, batch = cyclegan(optimizers=(Frozen(0.1), keras.optimizers.SGD(1.0))), pictures()
    a, b = batch["source"], batch["target"]
    g, f, d_b, d_a = networks(gan).values()
    fake_b, fake_a = g(a), f(b)

    def objective():
        squares = [(d_b(b) - 1) ** 2, d_b(fake_b) ** 2, (d_a(a) - 1) ** 2, d_a(fake_a) ** 2]
        return 0.5 * tf.add_n([tf.reduce_mean(square) for square in squares])

    expected = gradient(objective, [*d_b.trainable_variables, *d_a.trainable_variables])
    moved, _ = change(gan, batch, ("discriminator", "backward_discriminator"))
    for got, wanted in zip(moved, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("learns", ["generators", "discriminators"])
def test_each_optimizer_moves_its_two_networks_and_no_other(learns):
    pair = (keras.optimizers.SGD(0.1), Frozen(0.1))
    gan = cyclegan(optimizers=pair if learns == "generators" else pair[::-1], spectral_norm=True)
    before = {name: values(net.trainable_variables) for name, net in networks(gan).items()}
    gan.train_step(pictures())
    for name, net in networks(gan).items():
        moves = (name in ("generator", "backward")) == (learns == "generators")
        for old, new in zip(before[name], values(net.trainable_variables), strict=True):
            assert np.array_equal(old, new) != moves


def test_spectral_norms_of_both_discriminators_are_updated():
    gan = cyclegan(spectral_norm=True)
    judges = (gan.discriminator, gan.backward_discriminator)
    before = [values(net.non_trainable_variables) for net in judges]
    gan.train_step(pictures())
    for old, net in zip(before, judges, strict=True):
        assert old
        assert not same(old, values(net.non_trainable_variables))


def test_without_the_identity_term_domains_may_differ_in_channels():
    gan = cyclegan((1, 3), identity_weight=0)
    logs = gan.train_step(pictures(channels=(1, 3)))
    assert "identity_error" not in logs
    assert "identity_error" not in gan.trackers
    assert gan.translate(pictures(2, (1, 3))).shape == (2, SIDE, SIDE, 3)
    assert gan.translate_back(pictures(2, (1, 3))["target"]).shape == (2, SIDE, SIDE, 1)


def test_discriminators_see_past_fakes_and_generators_present_ones():
    gan = cyclegan(replay=3)
    stores = [gan.replay.stores[0], gan.backward_replay.stores[0]]
    assert all(any(store is v for v in gan.variables) for store in stores)
    first, second = pictures(seed=1), pictures(seed=2)
    fakes = [gan.generator(first["source"]), gan.backward(first["target"])]
    gan.train_step(first)
    for store, fake in zip(stores, fakes, strict=True):
        np.testing.assert_allclose(store.numpy(), fake, rtol=1e-6)
    present = [gan.generator(second["source"]), gan.backward(second["target"])]
    shown = []
    for number, (past, fake) in enumerate(zip(values(stores), present, strict=True)):
        buffer = ReplayBuffer(3, [keras.KerasTensor((None, SIDE, SIDE, 1), name="pictures")])
        buffer.stores[0].assign(past)
        buffer.filled.assign(3)
        shown += buffer.exchange([fake], gan.step_seed(randomness.REPLAY, number))
    assert not np.array_equal(shown[0], present[0])
    assert not np.array_equal(shown[1], present[1])
    d_b, d_a = gan.discriminator, gan.backward_discriminator
    d_loss = losses.least_squares_discriminator(d_b(second["target"]), d_b(shown[0]))
    d_loss += losses.least_squares_discriminator(d_a(second["source"]), d_a(shown[1]))
    g_loss = np.mean((d_b(present[0]) - 1) ** 2) + np.mean((d_a(present[1]) - 1) ** 2)
    for metric in gan.metrics:
        metric.reset_state()
    logs = gan.train_step(second)
    assert float(logs["d_loss"]) == pytest.approx(float(d_loss), rel=1e-5)
    assert float(logs["g_loss"]) == pytest.approx(float(g_loss), rel=1e-5)


def test_replay_takes_its_size_from_discriminators_that_have_one():
    fixed = [judge(sides=(SIDE, SIDE)), judge(sides=(SIDE, SIDE))]
    gan = CycleGAN(translator(), translator(), *fixed, replay=4)
    assert gan.replay.stores[0].shape == gan.backward_replay.stores[0].shape == (4, SIDE, SIDE, 1)
    assert CycleGAN(translator(), translator(), judge(), judge(), replay=0).replay is None


def test_the_way_back_is_averaged_too():
    gan, batch = cyclegan(ema_decay=0.5), pictures()
    start = values(gan.backward.variables)
    gan.train_step(batch)
    # The decay of a young average: min(0.5, 1 / 10).
    for average, old, new in zip(
        values(gan.ema_backward.variables), start, values(gan.backward.variables), strict=True
    ):
        np.testing.assert_allclose(average, 0.1 * old + 0.9 * new, rtol=1e-5, atol=1e-7)
    back = gan.translate_back(batch["target"])
    np.testing.assert_array_equal(back, gan.ema_backward(batch["target"]))
    assert not np.allclose(back, gan.backward(batch["target"]), atol=1e-6)


def test_it_learns_both_ways_between_dark_and_bright_pictures():
    """A: levels from -0.9 to -0.1; B: from 0.1 to 0.9. Each level must come back to itself."""
    rng = np.random.default_rng(0)

    def levels(low, n):
        return tf.constant(np.tile(rng.uniform(low, low + 0.8, (n, 1, 1, 1)), (1, SIDE, SIDE, 1)), tf.float32)

    optimizers = [keras.optimizers.Adam(0.01, beta_1=0.5) for _ in range(2)]
    gan = cyclegan(optimizers=optimizers, replay=32, identity_weight=0, ema_decay=0.9)
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(300):
        step({"source": levels(-0.9, 16), "target": levels(0.1, 16)})
    a, b = levels(-0.9, 64), levels(0.1, 64)
    there, here = gan.translate({"source": a}), gan.translate_back(b)
    assert np.mean(there > 0) > 0.9
    assert np.mean(here < 0) > 0.9
    assert np.mean(np.abs(gan.translate_back(there) - a)) < 0.15
    assert np.mean(np.abs(gan.translate({"source": here}) - b)) < 0.15


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cycle_weight": -1.0}, "cycle_weight -1.0 is out of range: at least 0"),
        ({"identity_weight": -0.5}, "identity_weight -0.5 is out of range"),
        ({"cycle_weight": 0.0}, "identity_weight 0.5 is out of range: 0 if cycle_weight is 0"),
        ({"channels": (1, 3)}, "identity_weight 0.5 needs equal channels: there are 1 and 3"),
        ({"loss": "wasserstein"}, "loss 'wasserstein' is unknown: choose one of least_squares"),
        ({"replay": 50, "replay_shape": None}, "replay 50 needs replay_shape: .* any size"),
        ({"replay": -1}, "replay -1 is out of range"),
        ({"replay": 2}, "replay 2 is below the batch size 3"),
        ({"replay": 5, "replay_shape": (8, SIDE)}, r"replay_shape \(8, 6\) does not fit fakes of \(6, 6\)"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        cyclegan(**settings).train_step(pictures())


@pytest.mark.parametrize("name", ["source", "target"])
def test_a_batch_without_one_of_the_domains_is_refused(name):
    batch = pictures()
    del batch[name]
    with pytest.raises(InputError, match=f"CycleGAN needs a {name}"):
        cyclegan().train_step(batch)


@pytest.mark.parametrize("place", range(4))
def test_networks_that_do_not_fit_are_refused(place):
    nets = [translator(), translator(), judge(), judge()]
    nets[place] = translator(3, 1) if place < 2 else judge(3)
    name = ("generator", "backward", "discriminator", "backward_discriminator")[place]
    with pytest.raises(InputError, match=f"^{name} takes 3 channels: its pictures have 1$"):
        CycleGAN(*nets, replay=None)
