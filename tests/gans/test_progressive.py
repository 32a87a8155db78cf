"""Progressive growing: what each stage sees and trains, and that a run can stop anywhere."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref import losses
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import export_generator, save_keras
from tfgan_ref.gans import ProgressiveGAN
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise
from tfgan_ref.networks.images.progressive import (
    downsample,
    progressive_discriminator,
    progressive_generator,
    upsample,
)
from tfgan_ref.recipes import RECIPES, build_gan
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.loop import train

STAGE, FADE = 6, 4  # steps: stages start at 0, 6 and 12


def growing_gan(*, size=16, optimizers=None, compiled=None, **settings):
    """A compiled ProgressiveGAN of three narrow stages."""
    settings = {"stage_steps": STAGE, "fade_steps": FADE, **settings}
    gan = ProgressiveGAN(
        progressive_generator(4, size, 1, width=2, max_width=8, seed=1),
        progressive_discriminator(size, 1, width=2, max_width=8, seed=2),
        **settings,
    )
    rates = optimizers or [keras.optimizers.Adam(1e-2, beta_1=0.5) for _ in range(2)]
    gan.compile(*rates, **(compiled or {}))
    return gan


def test_stages_of_28_pixels():
    """The first stage is of 7x7: alike for real images, fakes and what is reported."""
    gan, batch = growing_gan(size=28), batch_of(size=28)
    for step, size in ((0, 7), (7, 14), (14, 28)):
        at(gan, step)
        assert gan.real(batch)[0].shape == gan.fake(batch)[0].shape == (4, size, size, 1)
    assert float(gan.train_step(batch)["resolution"]) == 28


def batch_of(n=4, size=16, seed=0):
    images = np.random.default_rng(seed).uniform(-1, 1, (n, size, size, 1))
    return {"image": tf.constant(images, tf.float32)}


def dataset(start=0, size=16):
    """Batch number t for step t, so that a resumed run finds its place."""
    images = tf.concat([batch_of(size=size, seed=seed)["image"] for seed in range(20)], 0)
    batches = tf.data.Dataset.from_tensor_slices({"image": images}).batch(4, drop_remainder=True)
    return batches.repeat().skip(start)


def at(gan, step):
    gan.step.assign(step)
    gan.enter_phase()
    return gan


def everything(gan, *, metrics=True):
    return values(v for name, group in gan.state().items() if metrics or name != "metrics" for v in group)


def test_alpha_and_stage_by_step():
    gan = growing_gan()
    assert gan.stage_starts == (6, 12)
    assert gan.boundaries == (6, 10, 12, 16)  # with the ends of the fades
    alphas, phases = zip(
        *((float(at(gan, step).alpha()), gan.phase) for step in (0, 5, 6, 7, 9, 10, 11, 12, 14, 16, 90)),
        strict=True,
    )
    assert alphas == (1, 1, 0, 0.25, 0.75, 1, 1, 0, 0.5, 1, 1)
    assert phases == (0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2)
    assert growing_gan(stage_steps=[3, 7]).stage_starts == (3, 10)
    assert growing_gan(size=8, fade_steps=6).boundaries == (6, 12)
    assert growing_gan(size=4).boundaries == ()


def test_reals_and_fakes_of_a_stage():
    gan, batch = growing_gan(), batch_of()
    images, alpha = at(gan, 0).real(batch)
    np.testing.assert_allclose(images, downsample(batch["image"], 4), atol=1e-6)
    np.testing.assert_array_equal(alpha, np.ones((4, 1)))
    sharp = downsample(batch["image"], 2)
    blurred = upsample(downsample(sharp))
    for step, share in ((6, 0.0), (7, 0.25), (11, 1.0)):
        images, alpha = at(gan, step).real(batch)
        np.testing.assert_allclose(images, (1 - share) * blurred + share * sharp, atol=1e-6)
        np.testing.assert_array_equal(alpha, np.full((4, 1), share, np.float32))
        small, middle, _ = gan.generator(gan.latents(4))
        fakes, _ = gan.fake(batch)
        np.testing.assert_allclose(fakes, (1 - share) * upsample(small) + share * middle, atol=1e-6)
        # Both are of the size that D's stage judges.
        assert fakes.shape == images.shape == (4, 8, 8, 1)


def test_missing_pixels_are_taken_from_fakes_at_their_size():
    """An image of 8x8 enlarged to 16x16, its pixels removed there, and reduced again."""
    batch = batch_of()
    plain, _ = at(growing_gan(), 10).fake(batch)
    batch["mask"] = tf.cast(batch["image"] > 0, tf.float32)
    measured, _ = at(growing_gan(), 10).fake(batch)
    np.testing.assert_allclose(measured, downsample(upsample(plain) * batch["mask"]), atol=1e-6)


def test_losses_of_a_stage_are_those_of_the_paper():
    gan, batch = growing_gan(), batch_of()
    for step in (0, 8, 14):
        discriminator = at(gan, step).discriminator.stages[gan.phase]
        real, fake = gan.real(batch), gan.fake(batch)
        difference = tf.reduce_mean(discriminator(fake)) - tf.reduce_mean(discriminator(real))
        gan.reset_metrics()
        logs = gan.train_step(batch)
        assert float(logs["d_loss"]) == pytest.approx(float(difference), rel=1e-5)
        # G plays against the updated D, on the same fakes.
        g_loss = -tf.reduce_mean(discriminator(fake))
        assert float(logs["g_loss"]) == pytest.approx(float(g_loss), rel=1e-5)
        assert float(logs["resolution"]) == 4 * 2**gan.phase
        assert list(logs) == [
            "d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm", "interpolate_norm", "alpha",
            "resolution",
        ]  # fmt: skip


WASSERSTEIN = {"penalty_weight": 3.0, "drift": 0.2}
R1 = {"loss": "non_saturating", "r1": 3.0}


@pytest.mark.parametrize("settings", [WASSERSTEIN, R1], ids=["wasserstein", "r1"])
def test_penalties_enter_the_discriminators_gradient(settings):
    """SGD's change of D against the gradient of the paper's whole objective (appendix A.1), or with R1."""
    optimizers = [keras.optimizers.SGD(0.0), keras.optimizers.SGD(1.0)]
    gan, batch = at(growing_gan(optimizers=optimizers, **settings), 8), batch_of()
    discriminator = gan.discriminator.stages[1]
    (real, alpha), (fake, _) = gan.real(batch), gan.fake(batch)
    mixing = tf.random.stateless_uniform([4, 1, 1, 1], gan.step_seed(5, 0))
    with tf.GradientTape() as tape:
        scores, fake_scores = discriminator([real, alpha]), discriminator([fake, alpha])
        points = real if settings is R1 else mixing * real + (1 - mixing) * fake
        with tf.GradientTape() as inner:
            inner.watch(points)
            critic = tf.reduce_sum(discriminator([points, alpha]))
        norms = tf.norm(tf.reshape(inner.gradient(critic, points), [4, -1]), axis=1)
        if settings is R1:
            objective = tf.reduce_mean(tf.nn.softplus(fake_scores) + tf.nn.softplus(-scores))
            objective += 3.0 / 2 * tf.reduce_mean(norms**2)
        else:
            objective = tf.reduce_mean(fake_scores) - tf.reduce_mean(scores)
            objective += 3.0 * tf.reduce_mean((norms - 1) ** 2)
            objective += 0.2 * tf.reduce_mean(scores**2)
    variables = discriminator.trainable_variables
    expected = tape.gradient(objective, [v.value for v in variables])
    before = values(variables)
    gan.train_step(batch)
    for old, new, gradient in zip(before, values(variables), expected, strict=True):
        np.testing.assert_allclose(old - new, gradient, rtol=1e-3, atol=1e-4)


def test_non_saturating_loss_and_its_accuracies():
    gan, batch = at(growing_gan(loss="non_saturating", r1=1.0), 8), batch_of()
    real, fake = (gan.discriminator(inputs) for inputs in (gan.real(batch), gan.fake(batch)))
    logs = gan.train_step(batch)
    expected = losses.discriminator_cross_entropy(real, fake)
    assert float(logs["d_loss"]) == pytest.approx(float(expected), rel=1e-5)
    assert float(logs["d_accuracy_real"]) == pytest.approx(np.mean(real > 0))
    assert "interpolate_norm" not in logs


def test_a_step_trains_its_stage_and_no_other():
    gan = growing_gan(ema_decay=None)
    for stage, step in enumerate((0, 8, 14)):
        before = {id(v): np.array(v) for v in gan.generator.variables + gan.discriminator.variables}
        at(gan, step).train_step(batch_of())
        inside = gan.generator_stages[stage].trainable_variables
        inside = inside + gan.discriminator.stages[stage].trainable_variables
        for v in gan.generator.variables + gan.discriminator.variables:
            changed = not np.array_equal(before[id(v)], v)
            if not any(v is one for one in inside):
                assert not changed, v.path
            elif len(v.shape) > 1:
                assert changed, v.path


class Frozen(keras.optimizers.SGD):
    """Makes no update."""

    def apply(self, grads, trainable_variables=None):
        pass


@pytest.mark.parametrize(
    ("frozen", "moved"), [("generator", "discriminator"), ("discriminator", "generator")]
)
def test_each_network_is_updated_by_its_own_optimizer_alone(frozen, moved):
    pair = [Frozen(0.1) if frozen.startswith(name) else keras.optimizers.SGD(0.1) for name in "gd"]
    gan = growing_gan(optimizers=pair)
    for step in (0, 8, 14):
        before = {name: values(getattr(gan, name).variables) for name in (frozen, moved)}
        at(gan, step).train_step(batch_of())
        assert same(before[frozen], values(getattr(gan, frozen).variables))
        assert not same(before[moved], values(getattr(gan, moved).variables))


def test_moments_and_counts_start_anew_with_each_fade_and_after_it():
    gan, batch = growing_gan(), batch_of()
    at(gan, 5).train_step(batch)
    moments = [v for o in gan.optimizers().values() for v in o.variables if "velocity" in v.path]
    assert any(np.any(v) for v in moments)
    rates = [float(o.learning_rate) for o in gan.optimizers().values()]
    gan.enter_phase()
    assert gan.phase == 1
    assert not any(np.any(v) for v in moments)
    assert [int(o.iterations.numpy()) for o in gan.optimizers().values()] == [0, 0]
    assert [float(o.learning_rate) for o in gan.optimizers().values()] == rates
    # Adam's first step is one of the full rate for each weight, as only a new optimizer's is. (At alpha = 0
    # only the layers of before have a gradient.)
    bias = gan.generator_stages[0].trainable_variables[-1]
    start = bias.numpy()
    gan.train_step(batch)
    np.testing.assert_allclose(np.abs(bias.numpy() - start), 1e-2, rtol=1e-2)
    # While it fades in they stay, up to the first step at alpha = 1.
    for step, kept in ((7, True), (9, True), (10, False)):
        at(gan, step)
        assert any(np.any(v) for v in moments) == kept
    assert [int(o.iterations.numpy()) for o in gan.optimizers().values()] == [0, 0]


def test_learning_rate_schedules_go_on_over_all_stages():
    settings = {"schedule": "cosine", "steps": 40, "stage_steps": 6, "fade_steps": 4, "n_critic": 2,
                "image_size": 16, "width": 2}  # fmt: skip
    recipe = RECIPES["progressive"]
    gan = build_gan(recipe, recipe.settings(**settings), DataShape((16, 16, 1), None))
    rates = []
    for step in (4, 5, 6, 7):
        at(gan, step)
        rates.append([float(o.learning_rate) for o in gan.optimizers().values()])
        gan.train_step(batch_of(8))
    expected = [3e-3 * (1 + np.cos(np.pi * step / 40)) / 2 for step in (4, 5, 6, 7)]
    np.testing.assert_allclose(rates, np.repeat(expected, 2).reshape(4, 2), rtol=1e-5)


def fit(gan, steps, start=0, callbacks=()):
    size = gan.generator.outputs[-1].shape[1]
    gan.fit(dataset(start, size), steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=list(callbacks))


SHORT_STAGES = {"stage_steps": 4, "fade_steps": 2, "compiled": {"run_eagerly": True}}
STOPS = (4, 5, 9)  # the first boundary, and half way through both fades


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """A run of 10 steps, and its checkpoints on a boundary and in the middle of both fades."""
    gan = growing_gan(**SHORT_STAGES)
    directory = tmp_path_factory.mktemp("growing")

    class Save(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if (step := int(gan.step.numpy())) in STOPS:
                Checkpoints(directory / str(step), gan).save()

    fit(gan, 10, callbacks=[Save()])
    return gan, directory


@pytest.mark.slow  # tests/gans/test_keras_model.py resumes after one step
@pytest.mark.parametrize("stop", STOPS)
def test_stopped_and_resumed_run_is_bit_identical(stop, uninterrupted):
    straight, directory = uninterrupted
    resumed = growing_gan(**SHORT_STAGES)
    assert Checkpoints(directory / str(stop), resumed).restore() == stop
    fit(resumed, 10 - stop, stop)
    assert same(everything(straight, metrics=False), everything(resumed, metrics=False))
    np.testing.assert_array_equal(straight.generate(3, 0), resumed.generate(3, 0))


@pytest.mark.slow  # tests/gans/test_energy.py has it for another type of two phases
def test_loop_and_fit_give_the_same_weights():
    stages = {"size": 8, "stage_steps": 6, "fade_steps": 4}
    by_loop, by_fit = growing_gan(**stages), growing_gan(**stages, compiled={"run_eagerly": True})
    train(by_loop, dataset(size=8), 9, steps_per_call=4)
    fit(by_fit, 9)
    assert int(by_loop.step.numpy()) == 9
    assert by_loop.phase == by_fit.phase == 1
    assert same(everything(by_loop, metrics=False), everything(by_fit, metrics=False))


@pytest.mark.slow
def test_two_replicas_train_through_a_boundary(two_replicas):
    with two_replicas.scope():
        gan = growing_gan(size=8)
    fit(gan, 9)
    assert gan.phase == 1
    assert [int(o.iterations.numpy()) for o in gan.optimizers().values()] == [3, 3]
    np.testing.assert_allclose(gan.sampler.get_layer("images").shares.numpy(), [0.5, 0.5])
    assert np.isfinite(gan.generate(2, 0)).all()


@pytest.mark.parametrize("settings", [
    pytest.param({"instance_noise": InstanceNoise(0.1), "l2": 1e-4, "n_critic": 2}, marks=pytest.mark.slow),
    {"augmentation": DifferentiableAugmentation(["colour", "translation", "cutout"]), "r1": 0.1},
])  # fmt: skip
def test_techniques_work_at_every_size(settings):
    gan = growing_gan(**settings)
    for step in (0, 8, 14):
        logs = at(gan, step).train_step(batch_of(4 * gan.n_critic))
        assert all(np.isfinite(float(value)) for value in logs.values())


@pytest.mark.slow  # every recipe trains in bfloat16: tests/recipes/test_every_step.py
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = growing_gan()
    finally:
        keras.config.set_dtype_policy("float32")
    for step in (0, 8, 12):
        before = values(gan.generator_stages[step // 6].trainable_variables)
        logs = at(gan, step).train_step(batch_of())
        assert all(np.isfinite(float(value)) for value in logs.values())
        assert not same(before, values(gan.generator_stages[step // 6].trainable_variables))
    assert gan.generate(2, 0).dtype == tf.float32


@pytest.mark.slow  # to compile
def test_xla_gives_the_same_losses(monkeypatch):
    # XLA draws other numbers from a seed, so the latents and the points of the penalty are given here.
    latents = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: tf.constant(latents))
    monkeypatch.setattr(
        "tfgan_ref.gans.penalties.tf.random.stateless_uniform", lambda *_, **__: tf.constant(0.3)
    )
    logs = []
    for jit in (False, True):
        gan = at(growing_gan(size=8), 8)
        result = tf.function(gan.train_step, jit_compile=jit, autograph=False)(batch_of(size=8))
        logs.append({name: float(value) for name, value in result.items()})
    assert all(np.isfinite(value) for value in logs[1].values())
    assert logs[0] == pytest.approx(logs[1], rel=1e-3)


def test_generate_shows_the_stage_that_exists():
    gan = growing_gan(ema_decay=None)
    latents = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    at(gan, 4).train_step(batch_of())
    small, _, _ = gan.generator(latents)
    images = gan.sampling_generator(latents)
    assert images.shape == (3, 16, 16, 1)
    np.testing.assert_allclose(images, np.clip(upsample(upsample(small)), -1, 1), atol=1e-6)
    at(gan, 19).train_step(batch_of())
    *_, large = gan.generator(latents)
    np.testing.assert_allclose(gan.sampling_generator(latents), np.clip(large, -1, 1), atol=1e-6)
    images = gan.generate(5, seed=3)
    assert np.abs(images).max() <= 1
    np.testing.assert_array_equal(images, gan.generate(5, seed=3))


@pytest.mark.slow
def test_exports_are_of_the_last_stage(tmp_path):
    gan = at(growing_gan(), 19)
    gan.train_step(batch_of())
    latents = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    *_, large = gan.ema_generator(latents)
    expected = np.clip(large, -1, 1)
    save_keras(gan.sampling_generator, tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(loaded(latents), expected, atol=1e-6)
    export_generator(gan.sampling_generator, tmp_path / "saved")
    module = tf.saved_model.load(str(tmp_path / "saved"))
    images = module.signatures["serving_default"](latents=tf.constant(latents))["images"]
    np.testing.assert_allclose(images, expected / 2 + 0.5, atol=1e-6)
    np.testing.assert_allclose(module.sample(4, 7), gan.generate(4, 7) / 2 + 0.5, atol=1e-6)


@pytest.fixture(scope="module")
def networks():
    """A generator and a discriminator of three stages."""
    return progressive_generator(4, 16, 1, width=2), progressive_discriminator(16, 1, width=2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "hinge"}, "loss 'hinge' is unknown: choose one of wasserstein, non_saturating"),
        ({"loss": "non_saturating", "drift": 0.1}, "drift 0.1 is for loss wasserstein, not non_saturating"),
        ({"loss": "non_saturating", "penalty_weight": 1.0}, "penalty_weight 1.0 is for loss wasserstein"),
        ({"penalty_weight": -1.0}, "penalty_weight -1.0 is out of range: at least 0"),
        ({"drift": -1.0}, "drift -1.0 is out of range: at least 0"),
        ({"replay": 8}, "replay 8 is not for ProgressiveGAN"),
        ({"packing": 2}, "packing 2 is not for ProgressiveGAN"),
        ({"num_classes": 3}, "num_classes 3 is not for ProgressiveGAN"),
        ({"fade_steps": 7}, "fade_steps 7 is above stage_steps 6"),
        ({"fade_steps": 0}, "fade_steps 0 is out of range: at least 1"),
        ({"stage_steps": 0}, "stage_steps 0 is out of range: at least 1"),
        ({"stage_steps": [6, 6, 6]}, "has 3 numbers: one for each of the 2 stages before the last"),
    ],
)
def test_bad_settings(settings, message, networks):
    with pytest.raises(InputError, match=message):
        ProgressiveGAN(*networks, **{"stage_steps": STAGE, "fade_steps": FADE, **settings})


def test_bad_networks_and_images(networks):
    generator, _ = networks
    with pytest.raises(InputError, match="use one size"):
        ProgressiveGAN(generator, progressive_discriminator(8, 1, width=2), stage_steps=6, fade_steps=4)
    with pytest.raises(InputError, match=r"images of shape \(8, 8, 1\) are not 16x16"):
        growing_gan().train_step(batch_of(size=8))


def test_recipe_plans_its_stages():
    settings = RECIPES["progressive"].settings
    planned = settings()
    assert (planned.steps, planned.stage_steps, planned.fade_steps) == (3000, 500, 250)
    # More steps leave the stages of a run as they are.
    longer = settings.from_config({**vars(planned), "steps": 9000})
    assert (longer.stage_steps, longer.fade_steps) == (500, 250)
    for channels in (1, 3):
        small = settings(image_size=8, steps=10, width=2)
        shape = DataShape((8, 8, channels), 10)
        gan = build_gan(RECIPES["progressive"], small, shape)
        assert (gan.stage_starts, gan.fade_steps) == ((5,), 2)
        assert gan.generate(2, 0).shape == (2, *shape.sample_shape)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 30}, "image_size 30 is not 4, 5, 6 or 7 doubled, at most 1024: set image_size=32"),
        ({"initializer": "he"}, "initializer 'he' is unknown: choose one of normal"),
        ({"steps": 3}, "steps 3 is too low for image_size 32 to fade in with stage_steps 1 and fade_steps 1"),
        ({"steps": 300, "stage_steps": 100}, "fade_steps 50: at least 351"),
        ({"stage_steps": 100, "fade_steps": 101}, "fade_steps 101 is out of range: from 1 to stage_steps"),
    ],
)
def test_bad_recipe_settings(changes, message):
    with pytest.raises(InputError, match=message):
        RECIPES["progressive"].settings(**changes)


def test_recipe_refuses_images_that_do_not_fit():
    recipe = RECIPES["progressive"]
    for shape, message in (((30, 30, 1), "image_size 30"), ((32, 48, 3), "takes 32x32 images, not 48x32")):
        with pytest.raises(InputError, match=message):
            build_gan(recipe, recipe.settings(), DataShape(shape, None))
