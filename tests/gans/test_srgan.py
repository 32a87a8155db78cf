"""SRGAN: its two phases, and its losses against the paper's formulas in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans.srgan import SRGAN, FeatureContent
from tfgan_ref.networks.features.classifier import small_classifier
from tfgan_ref.networks.translation.sr_discriminator import sr_discriminator
from tfgan_ref.networks.translation.srresnet import srresnet


def feature_network(size=16, seed=5):
    """A small convolutional network with random weights."""
    images = keras.Input((size, size, 1))
    kernels = [keras.initializers.HeNormal(seed=seed + number) for number in range(2)]
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu", kernel_initializer=kernels[0], name="first")(
        images
    )
    x = keras.layers.Conv2D(6, 3, kernel_initializer=kernels[1], name="second")(x)
    return keras.Model(images, keras.layers.BatchNormalization(name="third")(x))


def small_srgan(
    rates=(1e-2, 1e-2), *, optimizer=keras.optimizers.Adam, discriminator=True, pretrain_steps=2, **settings
):
    """A compiled SRGAN from grey pictures of 4x4 to 16x16."""
    gan = SRGAN(
        srresnet(4, 1, 4, channels=1, end_kernel=3, seed=1),
        sr_discriminator(16, 1, 2, dense=4, seed=2) if discriminator else None,
        pretrain_steps=pretrain_steps,
        **settings,
    )
    gan.compile(*(optimizer(rate) for rate in rates))
    return gan


def batch_of(n=4, seed=0):
    """Smooth pictures and the same in a quarter of the size."""
    small = np.random.default_rng(seed).uniform(-0.9, 0.9, (n, 4, 4, 1))
    return {
        "source": tf.constant(small, tf.float32),
        "target": tf.constant(np.kron(small, np.ones((1, 4, 4, 1))), tf.float32),
    }


def step(gan, batch):
    gan.enter_phase()
    gan.reset_metrics()
    return {name: float(value) for name, value in gan.train_step(batch).items()}


def test_first_phase_leaves_the_discriminator_alone():
    gan = small_srgan()
    tracked = {name: getattr(gan, name).variables for name in ("generator", "discriminator", "d_optimizer")}
    for number in range(4):
        before = {name: values(variables) for name, variables in tracked.items()}
        logs = step(gan, batch_of(seed=number))
        moved = {name: not same(before[name], values(variables)) for name, variables in tracked.items()}
        adversarial = number >= 2
        assert gan.pretraining != adversarial
        assert moved == {"generator": True, "discriminator": adversarial, "d_optimizer": adversarial}
        assert (logs["d_loss"] > 0) == (logs["d_gradient_norm"] > 0) == adversarial
        assert (logs["adversarial_loss"] > 0) == adversarial
        if not adversarial:
            assert logs["g_loss"] == logs["pixel_loss"] > 0


@pytest.mark.slow
def test_fit_goes_through_both_phases():
    gan = small_srgan(pretrain_steps=4)
    gan.run_eagerly = True
    data = tf.data.Dataset.from_tensors(batch_of()).repeat()
    gan.fit(data, steps_per_epoch=7, verbose=0, shuffle=False)
    assert not gan.pretraining
    assert [int(o.iterations.numpy()) for o in gan.optimizers().values()] == [7, 3]


def test_without_pretraining_the_first_step_is_adversarial():
    gan = small_srgan(pretrain_steps=0)
    assert step(gan, batch_of())["d_loss"] > 0


def test_without_a_discriminator_it_is_phase_0():
    alone, with_discriminator = small_srgan(discriminator=False, pretrain_steps=0), small_srgan()
    for number in range(2):
        logs = step(alone, batch_of(seed=number))
        both = step(with_discriminator, batch_of(seed=number))
        assert logs == {name: both[name] for name in logs}
    assert list(logs) == ["g_loss", "pixel_loss", "g_gradient_norm"]
    assert list(alone.optimizers()) == ["g"]
    for one, other in zip(alone.ema_generator.weights, with_discriminator.ema_generator.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_srresnet_learns():
    gan = small_srgan(discriminator=False, pretrain_steps=0)
    batch = batch_of(8)
    start = float(gan.train_step(batch)["pixel_loss"])
    train = tf.function(gan.train_step, autograph=False)
    for _ in range(60):
        gan.reset_metrics()
        logs = train(batch)
    assert float(logs["pixel_loss"]) < 0.2 * start


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@pytest.mark.parametrize("pixel_loss", ["mse", "l1"])
@pytest.mark.parametrize("with_content", [False, True])
def test_losses_are_the_papers(pixel_loss, with_content):
    content = FeatureContent(feature_network(), scale=0.5) if with_content else None
    gan = small_srgan(
        (0.0, 0.0),
        pretrain_steps=0,
        optimizer=keras.optimizers.SGD,
        pixel_loss=pixel_loss,
        content=content,
        adversarial_weight=0.02,
        **({"pixel_weight": 0.3} if with_content else {}),
    )
    batch = batch_of()
    real = batch["target"].numpy()
    fake = gan.generator(batch["source"], training=True).numpy()
    real_logits, fake_logits = (gan.discriminator(x, training=True).numpy() for x in (real, fake))
    pixel = np.mean((real - fake) ** 2) if pixel_loss == "mse" else np.mean(np.abs(real - fake))
    expected = {
        # -log sigma(l) = softplus(-l); -log(1 - sigma(l)) = softplus(l)
        "d_loss": np.mean(softplus(-real_logits)) + np.mean(softplus(fake_logits)),
        "adversarial_loss": np.mean(softplus(-fake_logits)),
        "pixel_loss": pixel,
        "d_accuracy_real": np.mean(real_logits > 0),
        "d_accuracy_fake": np.mean(fake_logits <= 0),
    }
    expected["g_loss"] = 0.02 * expected["adversarial_loss"] + pixel
    if with_content:
        features = [0.5 * feature_network()(x, training=False).numpy() for x in (real, fake)]
        expected["content_loss"] = np.mean((features[0] - features[1]) ** 2)
        expected["g_loss"] += expected["content_loss"] - 0.7 * pixel
    logs = step(gan, batch)
    norms = {name: logs.pop(name) for name in ("d_gradient_norm", "g_gradient_norm")}
    assert logs == pytest.approx(expected, rel=1e-4)
    assert min(norms.values()) > 0


def linear_srgan(loss, rates):
    """Both networks have no bias and no more than one layer: G is one number, D four."""
    source, pictures = keras.Input((1, 1, 1), name="source"), keras.Input((2, 2, 1))
    made = keras.layers.UpSampling2D(2)(keras.layers.Conv2D(1, 1, use_bias=False)(source))
    logits = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(pictures))
    gan = SRGAN(
        keras.Model(source, made),
        keras.Model(pictures, logits),
        loss=loss,
        adversarial_weight=0.5,
        pixel_weight=0.25,
    )
    gan.compile(*(keras.optimizers.SGD(rate) for rate in rates))
    gan.generator.set_weights([np.full((1, 1, 1, 1), 0.8, np.float32)])
    gan.discriminator.set_weights([np.float32([[0.5], [-1.0], [2.0], [0.3]])])
    return gan


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("loss", ["non_saturating", "relativistic"])
def test_values_and_gradients_of_both_networks_by_hand(loss):
    """One step of gradient descent at rates 1 of G and 0.7 of D, in NumPy."""
    gan = linear_srgan(loss, (1.0, 0.7))
    rng = np.random.default_rng(3)
    sources, reals = rng.uniform(-1, 1, (5, 1)), rng.uniform(-1, 1, (5, 4))
    g, d = 0.8, np.array([0.5, -1.0, 2.0, 0.3])
    fakes = g * sources * np.ones(4)
    real, fake = reals @ d, fakes @ d
    if loss == "relativistic":
        d_loss = np.mean(np.log1p(np.exp(fake - real)))
        # d softplus(t) / dt = sigmoid(t)
        d_gradient = np.mean(sigmoid(fake - real)[:, None] * (fakes - reals), axis=0)
        right = np.mean(real > fake), np.mean(fake <= real)
    else:
        d_loss = np.mean(np.log1p(np.exp(-real))) + np.mean(np.log1p(np.exp(fake)))
        d_gradient = np.mean(sigmoid(fake)[:, None] * fakes - sigmoid(-real)[:, None] * reals, axis=0)
        right = np.mean(real > 0), np.mean(fake <= 0)
    updated = d - 0.7 * d_gradient
    behind = fakes @ updated - (reals @ updated if loss == "relativistic" else 0)
    adversarial = np.mean(np.log1p(np.exp(-behind)))
    g_gradient = 0.5 * np.mean(-sigmoid(-behind) * sources[:, 0] * updated.sum())
    g_gradient += 0.25 * np.mean(2 * (fakes - reals) * sources)
    batch = {
        "source": tf.constant(sources.reshape(5, 1, 1, 1), tf.float32),
        "target": tf.constant(reals.reshape(5, 2, 2, 1), tf.float32),
    }
    logs = step(gan, batch)
    pixel = np.mean((reals - fakes) ** 2)
    assert logs == pytest.approx(
        {
            "d_loss": d_loss,
            "g_loss": 0.5 * adversarial + 0.25 * pixel,
            "adversarial_loss": adversarial,
            "pixel_loss": pixel,
            "d_accuracy_real": right[0],
            "d_accuracy_fake": right[1],
            "d_gradient_norm": np.linalg.norm(d_gradient),
            "g_gradient_norm": abs(g_gradient),
        },
        rel=1e-5,
    )
    np.testing.assert_allclose(gan.discriminator.get_weights()[0][:, 0], updated, rtol=1e-5)
    np.testing.assert_allclose(gan.generator.get_weights()[0].ravel(), [g - g_gradient], rtol=1e-5)


def test_relativistic_step_of_the_networks_of_figure_4():
    """D has batch norm, by which reals and fakes go apart."""
    gan = small_srgan((0.0, 0.0), pretrain_steps=0, optimizer=keras.optimizers.SGD, loss="relativistic")
    batch = batch_of()
    fake = gan.generator(batch["source"], training=True)
    real_logits, fake_logits = (gan.discriminator(x, training=True).numpy() for x in (batch["target"], fake))
    logs = step(gan, batch)
    assert logs["d_loss"] == pytest.approx(np.mean(softplus(fake_logits - real_logits)), rel=1e-4)
    assert logs["adversarial_loss"] == pytest.approx(np.mean(softplus(real_logits - fake_logits)), rel=1e-4)
    assert min(logs["d_gradient_norm"], logs["g_gradient_norm"]) > 0


def test_generator_plays_against_the_updated_discriminator():
    gan = small_srgan((0.0, 0.5), pretrain_steps=0, optimizer=keras.optimizers.SGD)
    batch = batch_of()
    fake = gan.generator(batch["source"], training=True)
    before = np.mean(softplus(-gan.discriminator(fake, training=True).numpy()))
    logs = step(gan, batch)
    after = np.mean(softplus(-gan.discriminator(fake, training=True).numpy()))
    assert logs["adversarial_loss"] == pytest.approx(after, rel=1e-4)
    assert abs(after - before) > 1e-2


def test_generator_descends_equation_3():
    network = feature_network()
    settings = {"pretrain_steps": 0, "adversarial_weight": 0.5, "content": FeatureContent(network)}
    gan = small_srgan((1.0, 0.0), optimizer=keras.optimizers.SGD, **settings)
    batch = batch_of()
    variables = gan.generator.trainable_variables
    with tf.GradientTape() as tape:
        fake = gan.generator(batch["source"], training=True)
        features = network(batch["target"], training=False) - network(fake, training=False)
        objective = tf.reduce_mean(features**2)
        objective -= 0.5 * tf.reduce_mean(tf.math.log_sigmoid(gan.discriminator(fake, training=True)))
    gradients = tape.gradient(objective, [v.value for v in variables])
    before = values(variables)
    logs = step(gan, batch)
    for start, gradient, variable in zip(before, gradients, variables, strict=True):
        np.testing.assert_allclose(start - variable.numpy(), gradient, rtol=1e-2, atol=1e-4)
    norm = np.sqrt(sum(np.sum(np.square(gradient)) for gradient in gradients))
    assert logs["g_gradient_norm"] == pytest.approx(norm, rel=1e-3)


def test_content_moves_the_generator_and_never_its_own_network():
    network = feature_network()
    gan = small_srgan(pretrain_steps=0, adversarial_weight=0.0, content=FeatureContent(network))
    generator, extractor = values(gan.generator.trainable_variables), values(network.variables)
    step(gan, batch_of())
    assert not same(generator, values(gan.generator.trainable_variables))
    assert same(extractor, values(network.variables))


def test_no_checkpoint_holds_the_weights_of_content():
    class Weighted(keras.layers.Layer):
        """A content loss that is a layer, which Keras tracks if it is an attribute."""

        def build(self, input_shape):
            self.weight = self.add_weight(shape=(), initializer="ones", name="weight")

        def call(self, real, fake):
            return self.weight * tf.reduce_mean(tf.abs(real - fake))

    bare = small_srgan(pretrain_steps=0)
    for content in (FeatureContent(feature_network()), Weighted()):
        gan = small_srgan(pretrain_steps=0, content=content)
        assert step(gan, batch_of())["content_loss"] > 0
        assert len(gan.variables) == len(bare.variables)
        assert len(gan.state()["g_optimizer"]) == len(bare.state()["g_optimizer"])
        assert len(gan.state()["d_optimizer"]) == len(bare.state()["d_optimizer"])


def test_state_holds_each_variable_once():
    gan = small_srgan()
    networks = (gan.generator, gan.ema_generator, gan.discriminator)
    assert len(gan.state()["model"]) == sum(len(network.variables) for network in networks) + 1


def test_translations_are_the_averaged_generators_clipped():
    gan = small_srgan()
    step(gan, batch_of())
    for v in gan.ema_generator.trainable_variables:
        v.assign(2.0 * v)
    made = gan.ema_generator(batch_of()["source"], training=False).numpy()
    assert np.abs(made).max() > 1
    np.testing.assert_array_equal(gan.translate(batch_of()), np.clip(made, -1, 1))
    assert gan.sampling_generator.input.name == "source"
    assert gan.scale == 4


def test_reported_terms():
    assert list(small_srgan().trackers) == [
        "d_loss", "g_loss", "adversarial_loss", "pixel_loss", "d_accuracy_real", "d_accuracy_fake",
        "d_gradient_norm", "g_gradient_norm",
    ]  # fmt: skip
    assert "content_loss" in small_srgan(content=FeatureContent(feature_network())).trackers


def test_feature_content_compares_the_layer_that_is_named():
    network = feature_network()
    real, fake = (batch_of(seed=seed)["target"] for seed in (0, 1))
    inner = keras.Model(network.input, network.get_layer("first").output)
    difference = inner(real).numpy() - inner(fake).numpy()
    found = FeatureContent(network, "first", scale=3.0)(real, fake)
    assert float(found) == pytest.approx(9 * np.mean(difference**2), rel=1e-5)
    assert float(FeatureContent(network)(real, real)) == 0
    # The project's small classifier is one of several outputs.
    classifier = small_classifier((16, 16, 1), 3)
    difference = classifier(real)["features"].numpy() - classifier(fake)["features"].numpy()
    found = FeatureContent(classifier, "features")(real, fake)
    assert float(found) == pytest.approx(np.mean(difference**2), rel=1e-5)


def test_bad_feature_content():
    with pytest.raises(InputError, match="layer 'last' is unknown: choose one of .*, first, second, third"):
        FeatureContent(feature_network(), "last")
    with pytest.raises(InputError, match="network small_classifier has 2 outputs: set layer to one of"):
        FeatureContent(small_classifier((16, 16, 1), 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pretrain_steps": -1}, "pretrain_steps -1 is out of range: at least 0"),
        ({"adversarial_weight": -0.1}, "adversarial_weight -0.1 is out of range: at least 0"),
        ({"pixel_weight": -1.0}, "pixel_weight -1.0 is out of range: at least 0"),
        ({"pixel_weight": 0.0}, "pixel_weight 0.0 is out of range: above 0 where content is None"),
        ({"pixel_loss": "l3"}, "pixel_loss 'l3' is unknown: choose one of mse, l1"),
        ({"loss": "hinge"}, "loss 'hinge' is unknown: choose one of non_saturating, relativistic"),
        ({"discriminator": False}, "pretrain_steps 2 has no use without a discriminator: leave it out"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(InputError, match=message):
        small_srgan(**settings)


@pytest.mark.parametrize(
    "settings",
    [{"content": max}, {"adversarial_weight": 1.0}, {"loss": "relativistic"}, {"pixel_weight": 0.1}],
)
def test_settings_of_the_second_phase_need_a_discriminator(settings):
    with pytest.raises(InputError, match=f"{next(iter(settings))} .* has no use without a discriminator"):
        small_srgan(discriminator=False, pretrain_steps=0, **settings)


def test_bad_batches():
    gan, batch = small_srgan(), batch_of()
    with pytest.raises(InputError, match="SRGAN needs a target in its batch"):
        step(gan, {"source": batch["source"]})
    with pytest.raises(
        InputError, match=r"target of shape \(4, 4, 4, 1\): the generator makes \(4, 16, 16, 1\)"
    ):
        step(gan, {"source": batch["source"], "target": batch["source"]})
