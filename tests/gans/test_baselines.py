"""The baselines: what they learn, and that they mask and export as the GANs do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import FLOAT16, tiny_batches, values
from tfgan_ref import losses, networks
from tfgan_ref.gans import VAE, MSEGenerator

SHAPE = (8, 8, 1)


def tiny_mse(**compiled):
    generator = networks.conditional_generator(
        lambda latent_dim: networks.mlp_generator(latent_dim, SHAPE, (32,), seed=1), 4, num_classes=3, seed=1
    )
    model = MSEGenerator(generator, num_classes=3, ema_decay=0.9)
    model.compile(keras.optimizers.Adam(1e-2), **compiled)
    return model


def tiny_vae(stddev=0.3, **compiled):
    features = networks.mlp_features(SHAPE, (32,), seed=2)
    encoder = networks.gaussian_encoder(features, 4, initializer="xavier", seed=2)
    model = VAE(networks.mlp_generator(4, SHAPE, (32,), seed=1), encoder, stddev=stddev, ema_decay=0.9)
    model.compile(keras.optimizers.Adam(1e-2), **compiled)
    return model


BOTH = pytest.mark.parametrize("make", [tiny_mse, tiny_vae])


def test_squared_error_learns_the_mean_of_each_class():
    model = tiny_mse()
    batches = tiny_batches(4)
    step = tf.function(model.train_step, autograph=False)
    for _ in range(300):
        for batch in batches:
            step(batch)
    images = np.concatenate([batch["image"] for batch in batches])
    labels = np.concatenate([batch["label"] for batch in batches])
    for label in range(3):
        drawn = model.generate(20, 0, label=label).numpy()
        mean = images[labels == label].mean(axis=0)
        assert np.abs(drawn.mean(axis=0) - mean).mean() < 0.15 * images.std()
        assert drawn.std(axis=0).mean() < 0.2 * images.std()


def test_the_autoencoder_learns_and_its_bound_is_what_it_reports():
    model = tiny_vae()
    first = model.train_step(tiny_batches(1)[0])
    expected = float(first["reconstruction_error"]) / (2 * 0.3**2) + float(first["divergence"])
    assert float(first["g_loss"]) == pytest.approx(expected, rel=1e-5)
    start = float(first["g_loss"])
    step = tf.function(model.train_step, autograph=False)
    for _ in range(300):
        model.reset_metrics()
        logs = step(tiny_batches(1)[0])
    assert float(logs["g_loss"]) < 0.5 * start
    assert float(logs["divergence"]) > 0


def test_a_step_of_the_autoencoder_by_hand():
    model, batch = tiny_vae(), tiny_batches(1)[0]
    images = batch["image"].numpy()
    mean, log_variance = (part.numpy() for part in model.encoder(images))
    drawn = model.generator(mean + np.sqrt(np.exp(log_variance)) * model.latents(6)).numpy()
    terms = mean**2 + np.exp(log_variance) - log_variance - 1
    before = {name: values(getattr(model, name).trainable_variables) for name in ("encoder", "generator")}
    logs = {name: float(value) for name, value in model.train_step(batch).items()}
    assert logs["reconstruction_error"] == pytest.approx(np.mean((drawn - images) ** 2), rel=1e-5)
    assert logs["divergence"] == pytest.approx(np.mean(terms.sum(axis=1)) / 2 / 64, rel=1e-5)
    for name, old in before.items():
        new = values(getattr(model, name).trainable_variables)
        assert not any(np.array_equal(a, b) for a, b in zip(old, new, strict=True)), name


def test_a_learnt_variance_is_the_likeliest():
    """The bound of a batch is at its lowest where the variance is the mean squared error."""
    batch = tiny_batches(1)[0]
    logs = {name: float(value) for name, value in tiny_vae(stddev=None).train_step(batch).items()}
    error = logs["reconstruction_error"]
    variances = error * np.linspace(0.5, 2, 301)
    bounds = 0.5 * (error / variances + np.log(variances)) + logs["divergence"]
    assert variances[bounds.argmin()] == pytest.approx(error, rel=5e-3)
    assert logs["g_loss"] == pytest.approx(bounds.min() - 0.5, rel=1e-4)
    # Its gradient is that of the bound with this variance held.
    learnt, held = tiny_vae(stddev=None), tiny_vae(stddev=error**0.5)
    for model in (learnt, held):
        model.train_step(batch)
    for one, other in zip(values(learnt.variables), values(held.variables), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_divergence_from_the_standard_normal():
    mean, variance = np.array([[0.5, -1.0]]), np.array([[0.3, 2.0]])
    expected = 0.5 * np.sum(variance + mean**2 - 1 - np.log(variance))
    found = losses.standard_normal_divergence(tf.constant(mean), tf.constant(np.log(variance)))
    assert float(found[0]) == pytest.approx(expected)
    assert float(losses.standard_normal_divergence(tf.zeros([1, 3]), tf.zeros([1, 3]))[0]) == 0


@BOTH
def test_missing_pixels_do_not_count(make):
    batch = tiny_batches(1)[0]
    mask = np.random.default_rng(0).integers(0, 2, (6, 8, 8, 1)).astype(np.float32)
    masked = batch | {"image": batch["image"] * mask}
    observed = make().train_step(masked | {"mask": tf.constant(mask)})
    assert float(observed["g_loss"]) < float(make().train_step(masked)["g_loss"])


@pytest.mark.slow
@BOTH
def test_xla(make):
    logs = tf.function(make().train_step, jit_compile=True, autograph=False)(tiny_batches(1)[0])
    assert all(np.isfinite(float(value)) for value in logs.values())


@pytest.mark.parametrize("precision", ["mixed_bfloat16", FLOAT16])
@BOTH
def test_mixed_precision(make, precision):
    keras.config.set_dtype_policy(precision)
    try:
        model = make()
    finally:
        keras.config.set_dtype_policy("float32")
    for batch in tiny_batches(3):
        logs = model.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())


def test_bad_input():
    with pytest.raises(ValueError, match="stddev 0 is out of range"):
        VAE(tiny_mse().generator, tiny_mse().generator, stddev=0)
    batch = tiny_batches(1)[0]
    del batch["label"]
    with pytest.raises(ValueError, match="needs a label in its batch"):
        tiny_mse().train_step(batch)
