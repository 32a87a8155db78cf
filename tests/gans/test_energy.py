"""EBGAN and BEGAN: their losses by hand, pretraining, the balance k, and what holds for every type."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import FLOAT16, same, slow_ones, tiny_batches, tiny_dataset, values
from tfgan_ref import losses, networks
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import export_generator, save_keras
from tfgan_ref.gans import BEGAN, EBGAN
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.recipes import build_gan, find_recipe
from tfgan_ref.training import loop
from tfgan_ref.training.checkpoints import Checkpoints

BOTH = pytest.mark.parametrize("kind", [EBGAN, BEGAN])
LATENT_DIM = 4


class Frozen(keras.optimizers.SGD):
    """An optimizer that changes nothing."""

    def apply(self, grads, trainable_variables=None):
        pass


def tiny_autoencoder(channels=1, code_dim=3, seed=2):
    """Images (8, 8, channels) to a code and back, all linear but one layer."""
    fresh = networks.initializer_stream("xavier", seed)
    images = keras.Input((8, 8, channels))
    x = keras.layers.Flatten()(images)
    code = keras.layers.Dense(code_dim, kernel_initializer=fresh(), name="code")(x)
    x = keras.layers.LeakyReLU(0.2)(code)
    x = keras.layers.Dense(64 * channels, kernel_initializer=fresh())(x)
    x = keras.layers.Reshape((8, 8, channels))(x)
    reconstruction = keras.layers.Activation("linear", dtype="float32")(x)
    return keras.Model(images, [reconstruction, code])


def energy_gan(kind, *, discriminator=None, optimizers=None, compiled=None, **settings):
    if kind is EBGAN:
        settings = {"margin": 0.8, **settings}
    generator = networks.mlp_generator(LATENT_DIM, (8, 8, 1), (16,), seed=1)
    if discriminator is None:
        discriminator = tiny_autoencoder(settings.get("packing", 1))
    gan = kind(generator, discriminator, **settings)
    if optimizers is None:
        optimizers = (keras.optimizers.Adam(1e-2, beta_1=0.5), keras.optimizers.Adam(1e-2, beta_1=0.5))
    gan.compile(*optimizers, **(compiled or {}))
    return gan


def rebuild(gan, images):
    """D in NumPy: (reconstructions, codes) of images (N, 64), from its weights as they are now."""
    into, into_bias, out, out_bias = (np.array(w, np.float64) for w in gan.discriminator.get_weights())
    codes = images @ into + into_bias
    return np.where(codes > 0, codes, 0.2 * codes) @ out + out_bias, codes


def energies(gan, images, power):
    images = np.array(images, np.float64).reshape(len(images), -1)
    return np.mean(np.abs(images - rebuild(gan, images)[0]) ** power, axis=1)


def pulling_away(codes):
    """Equation 5 in loops."""
    n, total = len(codes), 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                cosine = codes[i] @ codes[j] / (np.linalg.norm(codes[i]) * np.linalg.norm(codes[j]))
                total += cosine**2
    return total / (n * (n - 1))


def fakes_of(gan):
    return gan.generator(gan.latents(6)).numpy().reshape(6, 64)


def test_the_papers_margin_of_10_is_an_energy_of_an_eighth():
    """At 28x28: the paper's energy is the norm of the difference, ours its mean square."""
    difference = np.random.default_rng(0).normal(size=(2, 28, 28, 1)).astype(np.float32)
    difference *= 10 / np.linalg.norm(difference.reshape(2, -1), axis=1)[:, None, None, None]
    energy = losses.reconstruction_error(tf.zeros_like(difference), tf.constant(difference))
    np.testing.assert_allclose(energy, 0.13, atol=0.005)


@pytest.mark.parametrize("margin", [0.3, 1.0, 50.0])
def test_losses_of_ebgan_by_hand(margin):
    optimizers = (keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    gan = energy_gan(EBGAN, margin=margin, pull_away_weight=0.7, optimizers=optimizers)
    batch = tiny_batches(1)[0]
    fakes = fakes_of(gan)
    real, fake = energies(gan, batch["image"], 2), energies(gan, fakes, 2)
    logs = gan.train_step(batch)
    assert float(logs["energy_real"]) == pytest.approx(np.mean(real), rel=1e-5)
    assert float(logs["energy_fake"]) == pytest.approx(np.mean(fake), rel=1e-5)
    d_loss = np.mean(real) + np.mean(np.maximum(0, margin - fake))
    assert float(logs["d_loss"]) == pytest.approx(d_loss, rel=1e-5)
    # G against the updated D, whose weights stand in the model now.
    g_loss = np.mean(energies(gan, fakes, 2)) + 0.7 * pulling_away(rebuild(gan, fakes)[1])
    assert float(logs["g_loss"]) == pytest.approx(g_loss, rel=1e-4)


def test_an_update_of_ebgans_discriminator_is_the_gradient_of_its_loss():
    """Finite differences of the NumPy loss by D's last bias against what SGD did."""
    gan = energy_gan(EBGAN, margin=1.0, optimizers=(Frozen(0.1), keras.optimizers.SGD(1.0)))
    batch = tiny_batches(1)[0]
    fakes = fakes_of(gan)
    bias = gan.discriminator.trainable_variables[-1]
    before = bias.numpy()

    def d_loss(value):
        bias.assign(value)
        real, fake = energies(gan, batch["image"], 2), energies(gan, fakes, 2)
        return np.mean(real) + np.mean(np.maximum(0, 1.0 - fake))

    step = 1e-3
    slopes = [(d_loss(before + step * e) - d_loss(before - step * e)) / (2 * step) for e in np.eye(64)[:5]]
    bias.assign(before)
    gan.train_step(batch)
    np.testing.assert_allclose((before - bias.numpy())[:5], slopes, rtol=1e-2, atol=1e-5)


def test_fakes_above_the_margin_do_not_move_the_discriminator():
    """With all fakes above m, D's update is that of an autoencoder of real samples."""
    results = []
    for kind_of_step in ("both", "real alone"):
        gan = energy_gan(EBGAN, margin=1e-6, optimizers=(Frozen(0.1), keras.optimizers.SGD(0.1)))
        real, fakes = gan.real(tiny_batches(1)[0]), gan.fake(tiny_batches(1)[0])
        if kind_of_step == "both":
            gan.discriminator_step(real, fakes, 0)
        else:
            gan.autoencoder_step(real, 0)
        results.append(values(gan.discriminator.variables))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-8)


def test_pulling_away_has_a_finite_gradient_at_zero_codes():
    codes = tf.Variable([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]])
    with tf.GradientTape() as tape:
        value = losses.pulling_away(codes)
    assert float(value) == 0
    assert np.isfinite(tape.gradient(value, codes)).all()
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(5, 3))
    assert float(losses.pulling_away(tf.constant(codes))) == pytest.approx(pulling_away(codes), rel=1e-5)


def test_pulling_away_reaches_the_generator():
    moved = []
    for weight in (0.0, 1.0):
        gan = energy_gan(EBGAN, pull_away_weight=weight, optimizers=(keras.optimizers.SGD(0.1), Frozen(0.1)))
        gan.train_step(tiny_batches(1)[0])
        moved.append(values(gan.generator.variables))
    assert not same(*moved)


def test_pretraining_leaves_the_generator_alone_until_its_end():
    gan = energy_gan(EBGAN, pretrain_steps=2, n_critic=2, replay=6)
    dataset = iter(tiny_dataset(12))
    generator, filled = values(gan.generator.variables), 0
    for step in range(4):
        discriminator = values(gan.discriminator.trainable_variables)
        assert gan.enter_phase() == (0 if step < 2 else 1)
        logs = gan.train_step(next(dataset))
        assert not same(discriminator, values(gan.discriminator.trainable_variables))
        untouched = same(generator, values(gan.generator.variables))
        assert untouched == (step < 2)
        assert (int(gan.replay.filled.numpy()) > filled) == (step >= 2)
        assert (float(logs["energy_fake"]) > 0) == (step >= 2)
    assert int(gan.g_optimizer.iterations.numpy()) == 2
    assert int(gan.d_optimizer.iterations.numpy()) == 8


def test_pretraining_lowers_the_energy_of_real_samples():
    gan = energy_gan(EBGAN, pretrain_steps=60)
    images = tiny_batches(1)[0]["image"]
    before = np.mean(energies(gan, images, 2))
    loop.train(gan, tf.data.Dataset.from_tensors({"image": images}).repeat(), 60)
    assert np.mean(energies(gan, images, 2)) < before / 2


@pytest.mark.slow
def test_fit_and_the_written_loop_agree_across_the_boundary():
    fitted, looped = (energy_gan(EBGAN, pretrain_steps=3) for _ in range(2))
    fitted.fit(tiny_dataset(), steps_per_epoch=6, verbose=0, shuffle=False)
    loop.train(looped, tiny_dataset(), 6, steps_per_call=2)
    assert same(values(fitted.variables), values(looped.variables))


def test_losses_of_began_by_hand():
    gan = energy_gan(
        BEGAN, gamma=0.3, k_rate=0.01, optimizers=(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    )
    gan.k.assign(0.4)
    batch = tiny_batches(1)[0]
    fakes = fakes_of(gan)
    real, fake = (np.mean(energies(gan, samples, 1)) for samples in (batch["image"], fakes))
    logs = {name: float(value) for name, value in gan.train_step(batch).items()}
    assert logs["energy_real"] == pytest.approx(real, rel=1e-5)
    assert logs["energy_fake"] == pytest.approx(fake, rel=1e-5)
    assert logs["d_loss"] == pytest.approx(real - 0.4 * fake, rel=1e-4)
    g_loss = np.mean(energies(gan, fakes, 1))
    assert logs["g_loss"] == pytest.approx(g_loss, rel=1e-4)
    balance = 0.3 * real - g_loss
    assert float(gan.k.numpy()) == pytest.approx(0.4 + 0.01 * balance, rel=1e-5)
    assert logs["k"] == pytest.approx(0.4 + 0.01 * balance, rel=1e-5)
    assert logs["convergence"] == pytest.approx(real + abs(balance), rel=1e-4)


@pytest.mark.parametrize(("start", "balance", "end"), [(0.5, 0.2, 0.7), (0.9, 0.2, 1), (0.1, -0.2, 0)])
def test_k_is_kept_between_0_and_1(start, balance, end):
    gan = energy_gan(BEGAN, k_rate=1.0)
    assert float(gan.k.numpy()) == 0
    gan.k.assign(start)
    gan.update_k(tf.constant(balance))
    assert float(gan.k.numpy()) == pytest.approx(end)


def test_began_trains_its_discriminator_on_k_times_the_fakes():
    """At k = 0 the fakes do not enter D's update."""
    results = {}
    for k in (0.0, 0.5):
        for sign in (1, -0.3):
            gan = energy_gan(BEGAN, optimizers=(Frozen(0.1), keras.optimizers.SGD(0.1)))
            gan.k.assign(k)
            real, (fakes,) = gan.real(tiny_batches(1)[0]), gan.fake(tiny_batches(1)[0])
            gan.discriminator_step(real, [sign * fakes], 0)
            results[k, sign] = values(gan.discriminator.variables)
    assert same(results[0.0, 1], results[0.0, -0.3])
    assert not same(results[0.5, 1], results[0.5, -0.3])


@pytest.mark.parametrize("kind", slow_ones([EBGAN, BEGAN], [EBGAN]))
def test_two_replicas_train_as_one_on_the_global_batch(kind, monkeypatch, two_replicas):
    """With SGD; k, the same on both replicas, follows the mean over the global batch."""
    latents = np.random.default_rng(0).normal(size=(6, LATENT_DIM)).astype(np.float32)
    batch = {"image": tiny_batches(1)[0]["image"]}
    settings = {"gamma": 0.9, "k_rate": 0.5} if kind is BEGAN else {}
    monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: tf.constant(latents))

    def sgd():
        return keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)

    single = energy_gan(kind, optimizers=sgd(), **settings)
    single.train_step(batch)
    with two_replicas.scope():
        gan = energy_gan(kind, optimizers=sgd(), **settings)

    def halves(whole):
        parts = tf.split(tf.constant(whole), 2)
        return two_replicas.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )

    @tf.function(autograph=False)
    def step(images, latents):
        def run(images, latents):
            monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: latents)
            gan.train_step({"image": images})

        two_replicas.run(run, (images, latents))

    step(halves(batch["image"]), halves(latents))
    for one, two in zip(values(single.variables), values(gan.variables), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)
    if kind is BEGAN:
        first, second = two_replicas.experimental_local_results(gan.k.value)
        assert float(first.numpy()) == float(second.numpy()) > 0
    for name in ("d_loss", "g_loss", "energy_real"):
        one, two = (float(each.trackers[name].result()) for each in (single, gan))
        assert one == pytest.approx(two, rel=1e-5), name


@BOTH
def test_each_update_changes_its_own_network_only(kind):
    for frozen in ("generator", "discriminator"):
        pair = (Frozen(0.1), keras.optimizers.SGD(0.1))
        gan = energy_gan(kind, optimizers=pair if frozen == "generator" else pair[::-1])
        before = {name: values(getattr(gan, name).variables) for name in ("generator", "discriminator")}
        gan.train_step(tiny_batches(1)[0])
        moved = {name for name in before if not same(before[name], values(getattr(gan, name).variables))}
        assert moved == {"generator", "discriminator"} - {frozen}


@pytest.mark.parametrize("stop", slow_ones([2, 4], [4]))
def test_resumed_training_is_bit_identical(stop, tmp_path):
    """Five steps through fit against some before or at the end of pretraining, a checkpoint, the rest."""

    def trained(gan, steps, skip=0):
        gan.fit(tiny_dataset().skip(skip), steps_per_epoch=steps, verbose=0, shuffle=False)
        return gan

    settings = {"instance_noise": InstanceNoise(0.1), "replay": 12, "r1": 0.1, "pretrain_steps": 4,
                "pull_away_weight": 0.1, "compiled": {"run_eagerly": True}}  # fmt: skip
    straight = trained(energy_gan(EBGAN, **settings), stop)
    Checkpoints(tmp_path, straight).save()
    trained(straight, 5 - stop, skip=stop)
    resumed = energy_gan(EBGAN, **settings)
    assert Checkpoints(tmp_path, resumed).restore() == stop
    trained(resumed, 5 - stop, skip=stop)
    ours, theirs = straight.state(), resumed.state()
    for group in ours.keys() - {"metrics"}:  # which fit resets
        assert same(values(ours[group]), values(theirs[group])), group


@BOTH
def test_packs_are_rebuilt_as_packs(kind):
    gan = energy_gan(kind, packing=3)
    (packs,) = gan.real(tiny_batches(1)[0])
    assert packs.shape == (2, 8, 8, 3)
    logs = gan.train_step(tiny_batches(1)[0])
    assert np.isfinite(float(logs["g_loss"]))


@BOTH
def test_energy_is_of_the_samples_that_the_discriminator_sees(kind):
    """Augmented and noisy samples are compared with the reconstruction of themselves."""
    gan = energy_gan(
        kind, augmentation=DifferentiableAugmentation(["cutout"]), instance_noise=InstanceNoise(0.5)
    )
    images = tiny_batches(1)[0]["image"]
    seen = gan.perturb(images, 1)
    assert not np.allclose(seen, images)
    result = gan.discriminate([images], 1)
    power, result = (2, result[0]) if kind is EBGAN else (1, result)
    np.testing.assert_allclose(result, energies(gan, seen, power), rtol=1e-4)


@BOTH
def test_r1_penalises_the_energys_gradient(kind):
    gan = energy_gan(kind, r1=2.0)
    images = tiny_batches(1)[0]["image"]
    points = tf.Variable(images)
    with tf.GradientTape() as tape:
        reconstruction = gan.discriminator(points)[0]
        energy = losses.reconstruction_error(points, reconstruction, power=2 if kind is EBGAN else 1)
    slopes = tape.gradient(energy, points).numpy().reshape(6, -1)
    expected = 2.0 * 0.5 * np.mean(np.sum(slopes**2, axis=1))
    assert float(gan.discriminator_penalty([images], [], 0)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", FLOAT16])
@BOTH
def test_mixed_precision(kind, precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = energy_gan(kind, r1=0.1, **({"pull_away_weight": 0.1} if kind is EBGAN else {}))
    finally:
        keras.config.set_dtype_policy("float32")
    before = values(gan.generator.trainable_variables)
    for batch in tiny_batches(3):
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert not same(values(gan.generator.trainable_variables), before)
    assert gan.discriminate([batch["image"]], 0)[0].dtype == tf.float32


@pytest.mark.slow
@BOTH
def test_xla_gives_the_same_losses(kind, monkeypatch):
    # XLA draws other numbers from a seed, so the latents are given here.
    latents = tf.constant(np.random.default_rng(0).normal(size=(6, LATENT_DIM)), tf.float32)
    monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: latents)
    logs = []
    for jit in (False, True):
        gan = energy_gan(kind, r1=0.1, **({"pull_away_weight": 0.1} if kind is EBGAN else {}))
        step = tf.function(gan.train_step, jit_compile=jit, autograph=False)
        for batch in tiny_batches(2):
            result = step(batch)
        logs.append({key: float(value) for key, value in result.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-3, abs=1e-6)


@BOTH
def test_saved_and_exported_generators_draw_what_the_type_draws(kind, tmp_path):
    gan = energy_gan(kind)
    gan.train_step(tiny_batches(1)[0])
    ours = gan.generate(3, 7).numpy()
    export_generator(gan.sampling_generator, tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.sample(3, 7), (ours + 1) / 2, atol=1e-5)
    save_keras(gan.sampling_generator, tmp_path / "generator.keras")
    reloaded = keras.saving.load_model(tmp_path / "generator.keras")
    assert same(reloaded.get_weights(), gan.sampling_generator.get_weights())


@BOTH
def test_points_and_a_unet_can_be_judged(kind):
    generator = networks.point_generator(2, 2, (8,))
    own = {"margin": 1.0} if kind is EBGAN else {}
    gan = kind(generator, networks.point_autoencoder(2, (8,), 2), **own)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    logs = gan.train_step({"image": tf.random.stateless_normal((6, 2), [0, 0])})
    assert np.isfinite(float(logs["g_loss"]))
    gan = energy_gan(kind, discriminator=networks.unet((8, 8, 1), 2, 4))
    before = values(gan.discriminator.variables)
    gan.train_step(tiny_batches(1)[0])
    for old, new in zip(before, values(gan.discriminator.variables), strict=True):
        assert not np.array_equal(old, new)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (EBGAN, {"margin": 0.0}, "margin 0.0 is out of range: it must be above 0"),
        (EBGAN, {"margin": -1.0}, "margin -1.0 is out of range"),
        (EBGAN, {"pull_away_weight": -0.1}, "pull_away_weight -0.1 is out of range: at least 0"),
        (EBGAN, {"pretrain_steps": -1}, "pretrain_steps -1 is out of range: at least 0"),
        (BEGAN, {"gamma": 0.0}, "gamma 0.0 is out of range: above 0 and at most 1"),
        (BEGAN, {"gamma": 1.2}, "gamma 1.2 is out of range"),
        (BEGAN, {"k_rate": 0.0}, "k_rate 0.0 is out of range: it must be above 0"),
    ],
)
def test_settings_out_of_range_are_refused(kind, settings, message):
    with pytest.raises(InputError, match=message):
        energy_gan(kind, **settings)


def built(name, shape, **settings):
    recipe = find_recipe(name)
    return build_gan(recipe, recipe.settings(width=4, **settings), shape)


@pytest.mark.parametrize("size", [28, 32, 64])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ebgan", {}),
        ("ebgan", {"discriminator": "unet"}),
        ("began", {}),
        ("began", {"architecture": "paper"}),
    ],
)
def test_recipes_at_every_size(name, settings, size):
    gan = built(name, DataShape((size, size, 1), None), packing=2, **settings)
    images = tf.random.stateless_uniform((4, size, size, 1), [0, 0], -1, 1)
    gan.step.assign(max((0, *gan.boundaries)))
    gan.enter_phase()
    logs = gan.train_step({"image": images})
    assert np.isfinite(float(logs["g_loss"]))
    assert float(logs["g_loss"]) > 0
    assert gan.discriminator.output[0].shape == (None, size, size, 2)


@pytest.mark.parametrize(
    ("name", "shape", "settings", "message"),
    [
        ("ebgan", (50, 50, 1), {}, "image_size 50 is not built by DCGAN"),
        ("began", (50, 50, 1), {}, "image_size 50 is not built by DCGAN"),
        ("began", (50, 50, 1), {"architecture": "paper"}, "image_size 50 is not built by BEGAN"),
        ("began", (32, 28, 1), {}, "recipe began takes 32x32 images, not 28x32"),
        (
            "ebgan",
            (28, 28, 1),
            {"discriminator": "vae"},
            "discriminator 'vae' is unknown: choose one of autoencoder, unet",
        ),
        (
            "ebgan",
            (28, 28, 1),
            {"pretrain_steps": 3000},
            "pretrain_steps 3000 is out of range: from 0 to below steps, which is 3000",
        ),
    ],
)
def test_recipes_refuse_what_they_cannot_do(name, shape, settings, message):
    with pytest.raises(InputError, match=message):
        built(name, DataShape(shape, None), **settings)
