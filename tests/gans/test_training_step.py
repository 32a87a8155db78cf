"""What one training step computes and which variables it may touch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, tiny_batches, tiny_gan, values
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets

BOTH = pytest.mark.parametrize("conditional", [False, True], ids=["vanilla", "conditional"])


class Recorder(keras.optimizers.SGD):
    """SGD that counts its updates and can be frozen."""

    def __init__(self, learning_rate, frozen=False):
        super().__init__(learning_rate)
        self.frozen = frozen
        self.updates = 0

    def apply(self, grads, trainable_variables=None):
        self.updates += 1
        if not self.frozen:
            super().apply(grads, trainable_variables)


def inputs_of(batch, conditional):
    return [batch["image"], batch["label"]] if conditional else [batch["image"]]


@BOTH
def test_discriminators_step_leaves_the_generator_untouched(conditional):
    gan = tiny_gan(conditional, batch_norm=True, optimizers=(Recorder(0.1, frozen=True), Recorder(0.1)))
    batch = tiny_batches(1)[0]
    d_before = values(gan.discriminator.trainable_variables)
    g_before = values(gan.generator.variables)
    real = inputs_of(batch, conditional)
    gan.discriminator_step(real, [-real[0], *real[1:]], 0)
    assert same(values(gan.generator.variables), g_before)
    for before, after in zip(d_before, values(gan.discriminator.trainable_variables), strict=True):
        assert before.ndim == 1 or not np.array_equal(before, after)


@BOTH
def test_generators_step_leaves_the_discriminator_untouched(conditional):
    gan = tiny_gan(conditional, optimizers=(Recorder(0.1), Recorder(0.1, frozen=True)))
    d_before, g_before = values(gan.discriminator.variables), values(gan.generator.trainable_variables)
    gan.train_step(tiny_batches(1)[0])
    assert same(values(gan.discriminator.variables), d_before)
    for before, after in zip(g_before, values(gan.generator.trainable_variables), strict=True):
        if before.ndim > 1:
            assert not np.array_equal(before, after)


def dense_forward(model, x):
    """The tiny networks in NumPy."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            kernel, bias = (np.array(v, np.float64) for v in layer.weights)
            x = x.reshape(len(x), -1) @ kernel + bias
        elif isinstance(layer, keras.layers.LeakyReLU):
            x = np.where(x > 0, x, 0.2 * x)
        elif isinstance(layer, keras.layers.Activation):
            x = np.tanh(x)
    return x


def softplus(x):
    return np.logaddexp(0, x)


@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
def test_losses_of_one_step_equal_a_numpy_recomputation(loss):
    learning_rate = 0.05
    optimizers = (keras.optimizers.SGD(learning_rate), keras.optimizers.SGD(learning_rate))
    gan = tiny_gan(loss=loss, seed=7, optimizers=optimizers)
    batch = tiny_batches(1)[0]
    latents = gan.latents(6).numpy()
    fakes = dense_forward(gan.generator, latents)
    real_logits = dense_forward(gan.discriminator, batch["image"].numpy())
    d_loss = np.mean(softplus(-real_logits)) + np.mean(softplus(dense_forward(gan.discriminator, fakes)))
    logs = gan.train_step(batch)
    assert float(logs["d_loss"]) == pytest.approx(d_loss, rel=1e-5)
    assert float(logs["d_accuracy_real"]) == pytest.approx(np.mean(real_logits > 0))
    # G plays against the updated D, whose weights stand in the model now, on the same fakes.
    fake_logits = dense_forward(gan.discriminator, fakes)
    g_loss = np.mean(softplus(-fake_logits)) if loss == "non_saturating" else -np.mean(softplus(fake_logits))
    assert float(logs["g_loss"]) == pytest.approx(g_loss, rel=1e-5)


def test_an_update_of_the_generator_is_the_gradient_of_its_loss():
    """Finite differences of the NumPy loss against what SGD did."""
    gan = tiny_gan(seed=7, optimizers=(keras.optimizers.SGD(1.0), Recorder(0.1, frozen=True)))
    latents = gan.latents(6).numpy()
    bias = gan.generator.trainable_variables[-1]
    before = bias.numpy()

    def g_loss(value):
        bias.assign(value)
        return np.mean(softplus(-dense_forward(gan.discriminator, dense_forward(gan.generator, latents))))

    step = 1e-3
    slopes = [
        (g_loss(before + step * e) - g_loss(before - step * e)) / (2 * step)
        for e in np.eye(64, dtype="f")[:5]
    ]
    bias.assign(before)
    gan.train_step(tiny_batches(1)[0])
    np.testing.assert_allclose((before - bias.numpy())[:5], slopes, rtol=1e-2, atol=1e-6)


@BOTH
def test_n_critic_updates_use_fresh_real_batches(conditional, monkeypatch):
    d_optimizer, g_optimizer = Recorder(0.1), Recorder(0.1)
    gan = tiny_gan(conditional, n_critic=3, optimizers=(g_optimizer, d_optimizer))
    seen = []
    step = gan.discriminator_step
    monkeypatch.setattr(
        gan,
        "discriminator_step",
        lambda real, fakes, k: seen.append((real[0], fakes[0])) or step(real, fakes, k),
    )
    batch = tiny_batches(1, batch_size=12)[0]
    gan.train_step(batch)
    assert (d_optimizer.updates, g_optimizer.updates) == (3, 1)
    np.testing.assert_array_equal(np.concatenate([real for real, _ in seen]), batch["image"])
    fakes = [fake.numpy().tobytes() for _, fake in seen]
    assert len(set(fakes)) == 3
    assert int(gan.step.numpy()) == 1


@BOTH
def test_noise_depends_on_seed_and_step_only(conditional):
    settings = {"instance_noise": InstanceNoise(0.1), "label_targets": LabelTargets(0.1, 0.2), "replay": 8}
    runs = []
    for seed in (3, 3, 4):
        gan = tiny_gan(conditional, seed=seed, **settings)
        for batch in tiny_batches():
            gan.train_step(batch)
        runs.append(values(gan.variables))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_latents_differ_between_steps_and_purposes():
    gan = tiny_gan()
    first = gan.latents(5).numpy()
    np.testing.assert_array_equal(first, gan.latents(5).numpy())
    assert not np.allclose(first, gan.latents(5, critic_step=1).numpy())
    gan.step.assign(1)
    assert not np.allclose(first, gan.latents(5).numpy())
    seeds = {tuple(gan.step_seed(p).numpy()) for p in range(6)}
    assert len(seeds) == 6


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@BOTH
def test_mixed_precision_trains_in_float32_variables(precision, conditional):
    keras.config.set_dtype_policy(precision)
    try:
        gan = tiny_gan(conditional, batch_norm=True)
    finally:
        keras.config.set_dtype_policy("float32")
    scaled = isinstance(gan.g_optimizer, keras.optimizers.LossScaleOptimizer)
    assert (
        scaled
        == isinstance(gan.d_optimizer, keras.optimizers.LossScaleOptimizer)
        == (precision == "mixed_float16")
    )
    before = values(gan.generator.trainable_variables)
    for batch in tiny_batches():
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(v)) for v in logs.values())
    assert all(v.dtype == "float32" for v in gan.generator.trainable_variables)
    assert not same(values(gan.generator.trainable_variables), before)
    assert gan.generate(2, 0).dtype == tf.float32


def test_gradient_norms_are_those_of_the_update():
    """With SGD(1) the norm of the gradient is the norm of the change."""
    gan = tiny_gan(optimizers=(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0)))
    before = {name: values(getattr(gan, name).trainable_variables) for name in ("generator", "discriminator")}
    logs = gan.train_step(tiny_batches(1)[0])
    for name, weights in before.items():
        after = values(getattr(gan, name).trainable_variables)
        change = np.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(after, weights, strict=True)))
        assert float(logs[f"{name[0]}_gradient_norm"]) == pytest.approx(change, rel=1e-4)


def test_loss_scale_leaves_updates_as_they_are():
    """SGD with a scaled loss gives the weights of SGD without, and reports the same gradient norm."""
    results = []
    for scale in (None, 1024.0):
        optimizers = [keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)]
        if scale:
            optimizers = [keras.optimizers.LossScaleOptimizer(o, initial_scale=scale) for o in optimizers]
        gan = tiny_gan(optimizers=optimizers)
        norm = gan.train_step(tiny_batches(1)[0])["g_gradient_norm"]
        results.append([norm.numpy(), *values(gan.generator.variables + gan.discriminator.variables)])
    for plain, scaled in zip(*results, strict=True):
        np.testing.assert_allclose(plain, scaled, rtol=1e-5, atol=1e-7)


@pytest.mark.slow  # to compile
def test_xla_gives_the_same_losses(monkeypatch):
    # XLA draws other numbers from a seed, so the latents are given here.
    latents = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: tf.constant(latents))
    logs = []
    for jit in (False, True):
        gan = tiny_gan(label_targets=LabelTargets(0.1), l2=0.01)
        step = tf.function(gan.train_step, jit_compile=jit, autograph=False)
        for batch in tiny_batches():
            result = step(batch)
        logs.append({k: float(v) for k, v in result.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_critic": 0}, "n_critic 0"),
        ({"ema_decay": 1.0}, "ema_decay 1.0"),
        ({"l2": -1.0}, "l2 -1.0"),
        ({"loss": "wgann"}, "loss 'wgann' is unknown"),
        ({"replay": 3}, "replay 3 is below the batch size 6"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        tiny_gan(**settings).train_step(tiny_batches(1)[0])
