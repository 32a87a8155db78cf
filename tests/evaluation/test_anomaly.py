"""Anomaly scores of GANs with known answers: an optimizer, linear networks, and what each type's D gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import tiny_gan
from tests.recorded_rows import RecordedRows
from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import anomaly
from tfgan_ref.evaluation.anomaly import discriminator_scores, feature_network, invert, minimise
from tfgan_ref.gans import ACGAN, BEGAN, EBGAN, LSGAN, VAE, VanillaGAN


@pytest.fixture
def eagerly():
    """Runs without graphs, each of which costs as much as many steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def pictures(n=5, seed=0, shape=(8, 8, 1)):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)


def scaled(images):
    return images.astype(np.float32) / 127.5 - 1


def test_each_row_is_minimised_as_by_kerass_adam():
    start, target = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    target += 5  # where gradients are small, it matters that Keras has another epsilon
    loss = lambda rows: tf.reduce_sum((rows - target) ** 4, axis=1)  # noqa: E731
    found = minimise(loss, tf.constant(start), 25, 0.07)
    rows, adam = keras.Variable(start), keras.optimizers.Adam(0.07, epsilon=1e-8)
    for _ in range(25):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(loss(rows.value))
        adam.apply([tape.gradient(total, rows.value)], [rows])
    np.testing.assert_allclose(found, rows.numpy(), rtol=2e-5, atol=2e-6)
    assert np.abs(found - start).max() > 0.5


def linear_gan(drawn=2):
    """G draws the first ``drawn`` latents as the first pixels; f are twice the pixels, D is their sum."""
    latents = keras.Input((drawn,))
    drawing = layers.Dense(4, use_bias=False, kernel_initializer=lambda shape, dtype: np.eye(*shape))
    generator = keras.Model(latents, layers.Reshape((2, 2, 1))(drawing(latents)))
    images = keras.Input((2, 2, 1))
    doubled = layers.Dense(4, use_bias=False, kernel_initializer=lambda shape, dtype: 2 * np.eye(*shape))
    logit = layers.Dense(1, use_bias=False, kernel_initializer="ones")
    discriminator = keras.Model(images, logit(doubled(layers.Flatten()(images))))
    return VanillaGAN(generator, discriminator, ema_decay=None)


def test_what_a_linear_generator_cannot_make_is_left():
    images = np.array([[0, 255, 51, 204], [255, 51, 0, 255], [51, 204, 102, 153]], np.uint8)
    x = scaled(images)
    images, gan = images.reshape(-1, 2, 2, 1), linear_gan()
    found = invert(gan, images, steps=150, weight=0.25)
    left = np.abs(x[:, 2:]).sum(axis=1)
    np.testing.assert_allclose(found.residuals, left, atol=0.06)
    np.testing.assert_allclose(found.feature_residuals, 2 * left, atol=0.12)
    np.testing.assert_allclose(
        found.scores, 0.75 * found.residuals + 0.25 * found.feature_residuals, rtol=1e-6
    )
    np.testing.assert_allclose(found.reconstructions.reshape(3, 4)[:, :2], x[:, :2], atol=0.06)
    np.testing.assert_array_equal(found.reconstructions.reshape(3, 4)[:, 2:], 0)
    np.testing.assert_allclose(discriminator_scores(gan, images), -2 * x.sum(axis=1), atol=1e-5)


def test_a_score_depends_on_the_picture_and_the_seed_alone(monkeypatch, eagerly):
    gan = tiny_gan()
    images = pictures(5)
    whole = invert(gan, images, steps=3, seed=1)
    monkeypatch.setattr(anomaly, "BATCH", 2)
    rows = RecordedRows(images)  # on disk
    np.testing.assert_allclose(invert(gan, rows, steps=3, seed=1).scores, whole.scores, rtol=1e-5)
    np.testing.assert_array_equal(discriminator_scores(gan, rows), discriminator_scores(gan, images))
    assert rows.asked == [2, 2, 1] * 2
    np.testing.assert_allclose(invert(gan, images[3:4], steps=3, seed=1).scores, whole.scores[3:4], rtol=1e-5)
    assert np.abs(invert(gan, images[:2], steps=3, seed=2).scores - whole.scores[:2]).min() > 1e-3
    # In the same batches: sums that nearly cancel are rounded differently in others.
    wanted = [-gan.discriminator(scaled(images[start : start + 2]))[:, 0] for start in (0, 2, 4)]
    np.testing.assert_allclose(discriminator_scores(gan, images), np.concatenate(wanted), rtol=1e-5)


def test_the_averaged_generator_is_inverted(eagerly):
    gan = tiny_gan()
    for weight in gan.generator.weights:
        weight.assign(weight * np.nan)
    assert np.isfinite(invert(gan, pictures(1), steps=1).scores).all()


@pytest.mark.parametrize("kind", [None, pytest.param(ACGAN, marks=pytest.mark.slow)])
def test_of_a_conditional_gan_the_best_class_counts(kind, eagerly):
    gan = tiny_gan(conditional=kind is None, kind=kind)
    images = pictures(4)
    x = tf.constant(scaled(images))
    labels = [tf.fill([4], label) for label in range(3)]
    if kind is None:
        # Small beside the features, which then decide the best class.
        table = next(v for v in gan.discriminator.layers if v.name.startswith("embedding")).embeddings
        table.assign(0.1 * table)
        of_classes = [-gan.discriminator([x, label])[:, 0] for label in labels]
        assert len(set(np.argmin(of_classes, axis=0))) > 1
    else:
        of_classes = [-gan.discriminator(x)[0][:, 0]]
    np.testing.assert_allclose(discriminator_scores(gan, images), np.min(of_classes, axis=0), rtol=1e-5)
    found = invert(gan, images, steps=2, weight=0)
    generator = gan.sampling_generator
    first = anomaly.randomness.sample_latents(1, 4, anomaly.randomness.base_seed(0))

    def left(label):
        loss = lambda z: tf.reduce_sum(tf.abs(x - generator([z, label])), axis=[1, 2, 3])  # noqa: E731
        return loss(minimise(loss, tf.tile(first, [4, 1]), 2, 0.05))

    np.testing.assert_allclose(found.scores, np.min([left(label) for label in labels], axis=0), rtol=1e-5)
    np.testing.assert_allclose(np.abs(x - found.reconstructions).sum(axis=(1, 2, 3)), found.scores, rtol=1e-5)


@pytest.mark.parametrize(("kind", "power"), [(EBGAN, 2), (BEGAN, 1)])
def test_the_score_of_an_autoencoding_discriminator_is_its_error(kind, power, eagerly):
    discriminator = networks.conv_autoencoder(12, 1, width=2, code_dim=3)
    settings = {"margin": 1.0} if kind is EBGAN else {}
    gan = kind(networks.mlp_generator(4, (12, 12, 1), (8,)), discriminator, **settings)
    images = pictures(3, shape=(12, 12, 1))
    x = scaled(images)
    rebuilt, code = discriminator(x)
    errors = np.mean(np.abs(x - rebuilt) ** power, axis=(1, 2, 3))
    np.testing.assert_allclose(discriminator_scores(gan, images), errors, rtol=1e-5)
    np.testing.assert_array_equal(feature_network(gan)(x), code)


@pytest.mark.parametrize(("combine", "spectral_norm"), [("hadamard", False), ("projection", True)])
def test_features_are_what_the_logit_is_made_of(combine, spectral_norm):
    discriminator = networks.conditional_discriminator(
        lambda channels: networks.mlp_features((8, 8, channels), (16,)),
        (8, 8, 1),
        num_classes=3,
        combine=combine,
        spectral_norm=spectral_norm,
    )
    features = feature_network(LSGAN(tiny_gan(True).generator, discriminator, num_classes=3))
    assert features.output.shape == (None, 16)
    assert [tensor.shape for tensor in features.inputs] == [(None, 8, 8, 1), (None,)]


def test_discriminators_that_score_no_single_pictures_are_refused():
    generator = networks.mlp_generator(4, (8, 8, 1), (8,))
    body = networks.mlp_features((8, 8, 1), (16,))
    minibatch = networks.discriminator(body, minibatch_discrimination=True)
    encoder = networks.gaussian_encoder(body, 4)
    progressive = networks.progressive_discriminator(8, 1, width=2, max_width=2)
    for gan, part in [
        (VAE(generator, encoder), "VAE has no discriminator of samples: anomaly scores need one"),
        (tiny_gan(packing=2), "packing 2: this discriminator sees packs of pictures"),
        (VanillaGAN(generator, minibatch), "minibatch_discrimination: this discriminator's output"),
        (VanillaGAN(generator, progressive), "the discriminator of VanillaGAN is no functional model"),
    ]:
        with pytest.raises(InputError, match=part):
            discriminator_scores(gan, pictures(1))
        with pytest.raises(InputError, match=part):
            invert(gan, pictures(1))


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"steps": 0}, "steps 0 is out of range: at least 1"),
        ({"learning_rate": 0}, "learning_rate 0 is out of range: above 0"),
        ({"weight": 1.1}, "weight 1.1 is out of range: from 0 to 1"),
    ],
)
def test_settings_out_of_range(settings, part):
    with pytest.raises(InputError, match=part):
        invert(linear_gan(), pictures(1, shape=(2, 2, 1)), **settings)
