"""pix2pix: its losses by hand, the limits of its two weights, what D sees, and that it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref.errors import InputError
from tfgan_ref.gans.pix2pix import Pix2Pix
from tfgan_ref.networks.translation.patchgan import patch_discriminator
from tfgan_ref.networks.translation.translators import inpainting_generator, unet_translator


def softplus(x):
    return np.logaddexp(0, x)


# (D's and G's from real and fake logits), from the papers; pix2pix halves D's.
FORMULAS = {
    "non_saturating": (
        lambda real, fake: np.mean(softplus(-real)) + np.mean(softplus(fake)),
        lambda real, fake: np.mean(softplus(-fake)),
    ),
    "least_squares": (
        lambda real, fake: 0.5 * np.mean((real - 1) ** 2) + 0.5 * np.mean(fake**2),
        lambda real, fake: 0.5 * np.mean((fake - 1) ** 2),
    ),
    "hinge": (
        lambda real, fake: np.mean(np.maximum(0, 1 - real)) + np.mean(np.maximum(0, 1 + fake)),
        lambda real, fake: -np.mean(fake),
    ),
    "relativistic": (
        lambda real, fake: np.mean(softplus(fake - real)),
        lambda real, fake: np.mean(softplus(real - fake)),
    ),
}


def paired_batch(n=2, side=16, seed=0, mask=False):
    rng = np.random.default_rng(seed)
    source = rng.uniform(-1, 1, (n, side, side, 2)).astype(np.float32)
    target = rng.uniform(-1, 1, (n, side, side, 1)).astype(np.float32)
    if not mask:
        return {"source": tf.constant(source), "target": tf.constant(target)}
    known = (rng.uniform(size=target.shape) > 0.4).astype(np.float32)
    batch = {"source": target * known, "target": target, "mask": known}
    return {name: tf.constant(value) for name, value in batch.items()}


def tiny_pix2pix(*, mask=False, dropout=0.0, rates=(0.0, 0.0), spectral_norm=False, **settings):
    """Compiled with SGD of the learning rates (G's, D's); those of 0 leave a network as it is."""
    body = {"depth": 2, "width": 4, "dropout": dropout, "initializer": "xavier"}
    if mask:
        generator, seen = inpainting_generator(1, seed=1, **body), 3
        settings["inputs"] = ("source", "mask")
    else:
        generator, seen = unet_translator(2, 1, seed=1, **body), 3
    discriminator = patch_discriminator(
        seen, 16, 4, initializer="xavier", spectral_norm=spectral_norm, seed=2
    )
    gan = Pix2Pix(generator, discriminator, stride=4, **settings)
    gan.compile(*(keras.optimizers.SGD(rate) for rate in rates))
    return gan


def judge(gan, batch, picture):
    """D's logits, from the networks as they are now."""
    conditions = [batch[name] for name in gan.inputs_taken]
    return gan.discriminator(np.concatenate([*conditions, picture], -1), training=True).numpy().astype(float)


def translate(gan, batch):
    inputs = [batch[name] for name in gan.inputs_taken]
    return gan.generator(inputs if len(inputs) > 1 else inputs[0], training=True).numpy()


def change(network, step):
    """What ``step`` adds to the trainable variables."""
    before = values(network.trainable_variables)
    step()
    return [after - b for after, b in zip(values(network.trainable_variables), before, strict=True)]


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("loss", FORMULAS)
def test_losses_of_one_step_equal_a_numpy_recomputation(loss, mask):
    gan = tiny_pix2pix(loss=loss, mask=mask, rates=(0.0, 0.1))
    batch = paired_batch(mask=mask)
    of_discriminator, of_generator = FORMULAS[loss]
    fakes = translate(gan, batch)
    real, fake = judge(gan, batch, batch["target"]), judge(gan, batch, fakes)
    logs = {name: float(value) for name, value in gan.train_step(batch).items()}
    assert tuple(logs) == gan.tracked
    assert logs["d_loss"] == pytest.approx(0.5 * of_discriminator(real, fake), rel=1e-4)
    assert logs["l1"] == pytest.approx(np.mean(np.abs(fakes - batch["target"])), rel=1e-5)
    if loss == "relativistic":  # how much more real the one is than the other, of one pair
        shares = np.mean(real > fake), np.mean(fake <= real)
    else:
        boundary = 0.5 if loss == "least_squares" else 0.0  # halfway between D's targets
        shares = np.mean(real > boundary), np.mean(fake <= boundary)
    assert (logs["d_accuracy_real"], logs["d_accuracy_fake"]) == pytest.approx(shares)
    # G is judged by the updated D, which stands in the model now, on the same fakes.
    updated = judge(gan, batch, batch["target"]), judge(gan, batch, fakes)
    assert logs["g_loss"] == pytest.approx(of_generator(*updated), rel=1e-4)
    assert logs["g_loss"] != pytest.approx(of_generator(real, fake), rel=1e-4)


def test_an_update_of_the_discriminator_is_half_the_gradient_of_its_cross_entropy():
    """By D's last bias, where it is a closed form: the mean of sigma(fake) less that of sigma(-real)."""
    gan = tiny_pix2pix(rates=(0.0, 1.0))
    batch = paired_batch()
    real, fake = judge(gan, batch, batch["target"]), judge(gan, batch, translate(gan, batch))
    by_bias = np.mean(1 / (1 + np.exp(-fake))) - np.mean(1 / (1 + np.exp(real)))
    moved = change(gan.discriminator, lambda: gan.train_step(batch))
    assert moved[-1].shape == (1,)
    assert float(moved[-1][0]) == pytest.approx(-0.5 * by_bias, rel=1e-3)


def test_r1_adds_the_squared_gradient_of_the_mean_logit_at_the_target():
    """Of a linear D of single pixels: the gradient of its mean logit is w / P at each of P pixels."""
    gan = tiny_pix2pix(rates=(0.0, 1.0), r1=0.8)
    seen = keras.Input((None, None, 3))
    linear = keras.layers.Conv2D(1, 1, kernel_initializer="ones")
    gan.discriminator = keras.Model(seen, linear(seen))
    gan.compile(*(keras.optimizers.SGD(rate) for rate in (0.0, 1.0)))
    batch = paired_batch()
    pixels = 16 * 16
    kernel = np.array([0.5, -1.5, 2.0])
    gradients = []
    for r1 in (0.8, 0.0):
        linear.set_weights([kernel.reshape(1, 1, 3, 1), np.zeros(1)])
        gan.r1 = r1
        gan.train_step(batch)
        gradients.append(kernel - linear.get_weights()[0].ravel())
    # 1/2 gamma |w / P|^2 over P pixels, by the weight of the target's channel, the last one.
    expected = [0.0, 0.0, 0.8 * kernel[-1] / pixels]
    np.testing.assert_allclose(gradients[0] - gradients[1], expected, atol=1e-6)


def test_an_update_of_the_generator_is_the_gradient_of_equation_4():
    """Finite differences by G's last bias, which moves every pixel."""
    gan = tiny_pix2pix(rates=(1.0, 0.0), l1_weight=3.0, adversarial_weight=5.0)
    batch = paired_batch()
    bias = gan.generator.trainable_variables[-1]
    before = bias.numpy()

    def objective(value):
        bias.assign(value)
        fakes = translate(gan, batch)
        distance = np.mean(np.abs(batch["target"] - fakes), dtype=float)
        return 3.0 * distance + 5.0 * np.mean(softplus(-judge(gan, batch, fakes)))

    slope = (objective(before + 1e-3) - objective(before - 1e-3)) / 2e-3
    bias.assign(before)
    moved = change(gan.generator, lambda: gan.train_step(batch))
    assert float(moved[-1][0]) == pytest.approx(-slope, rel=2e-2)


def test_an_update_of_the_generator_by_pairs_leaves_out_the_target():
    """Finite differences of softplus(D(target) - D(fake)) by G's last bias; D(target) is constant."""
    gan = tiny_pix2pix(rates=(1.0, 0.0), l1_weight=0.0, loss="relativistic")
    batch = paired_batch()
    real = judge(gan, batch, batch["target"])
    bias = gan.generator.trainable_variables[-1]
    before = bias.numpy()

    def objective(value):
        bias.assign(value)
        return np.mean(softplus(real - judge(gan, batch, translate(gan, batch))))

    slope = (objective(before + 1e-2) - objective(before - 1e-2)) / 2e-2
    bias.assign(before)
    moved = change(gan.generator, lambda: gan.train_step(batch))
    assert float(moved[-1][0]) == pytest.approx(-slope, rel=2e-2)


def test_generators_gradient_is_the_weighted_sum_of_both_terms():
    def update(l1_weight, adversarial_weight):
        gan = tiny_pix2pix(rates=(1.0, 0.0), l1_weight=l1_weight, adversarial_weight=adversarial_weight)
        return change(gan.generator, lambda: gan.train_step(paired_batch()))

    by_distance, by_judgement, by_both = update(1.0, 0.0), update(0.0, 1.0), update(7.0, 2.0)
    assert not np.allclose(by_distance[0], by_judgement[0], rtol=0.1)
    for distance, judgement, both in zip(by_distance, by_judgement, by_both, strict=True):
        np.testing.assert_allclose(both, 7 * distance + 2 * judgement, rtol=1e-3, atol=1e-5)


def test_without_the_adversarial_term_the_discriminator_is_neither_run_nor_updated(monkeypatch):
    gan = tiny_pix2pix(adversarial_weight=0.0, rates=(0.1, 0.1), spectral_norm=True)
    monkeypatch.setattr(gan, "discriminate", lambda *_: pytest.fail("D was run"))
    before = values(gan.discriminator.variables)
    logs = gan.train_step(paired_batch())
    assert set(logs) == {"l1", "g_gradient_norm"}
    assert [metric.name for metric in gan.metrics] == list(gan.tracked) == ["l1", "g_gradient_norm"]
    assert same(before, values(gan.discriminator.variables))
    assert int(gan.d_optimizer.iterations) == 0
    assert int(gan.g_optimizer.iterations) == int(gan.step.value) == 1
    assert len(Pix2Pix.tracked) == len(tiny_pix2pix().metrics) == 7  # others are not affected


def test_without_the_distance_the_target_reaches_the_generator_through_the_discriminator_alone():
    """With D held, two targets make one update."""
    updates = []
    for sign in (1, -1):
        gan = tiny_pix2pix(l1_weight=0.0, rates=(1.0, 0.0))
        batch = paired_batch()
        batch["target"] *= sign
        updates.append(change(gan.generator, lambda gan=gan, batch=batch: gan.train_step(batch)))
    assert same(*updates)


@pytest.mark.parametrize("mask", [False, True])
def test_the_discriminator_sees_the_generators_inputs_and_then_the_picture(mask):
    gan = tiny_pix2pix(mask=mask)
    # A D that gives back what it sees: logits may have any shape.
    seen = keras.Input((None, None, 3))
    gan.discriminator = keras.Model(seen, keras.layers.Activation("linear")(seen))
    batch = paired_batch(mask=mask)
    names = ["source", "mask", "target"] if mask else ["source", "target"]
    judged = gan.discriminate(gan.generator_inputs(batch), batch["target"])
    np.testing.assert_array_equal(judged, np.concatenate([batch[name] for name in names], -1))


def test_one_step_makes_fakes_once(monkeypatch):
    """With dropout a second pass would give others."""
    gan = tiny_pix2pix(dropout=0.5, rates=(0.1, 0.1))
    batch, judged = paired_batch(), []
    discriminate = gan.discriminate
    monkeypatch.setattr(
        gan, "discriminate", lambda inputs, picture: judged.append(picture) or discriminate(inputs, picture)
    )
    gan.train_step(batch)
    real, for_discriminator, for_generator = judged
    np.testing.assert_array_equal(real, batch["target"])
    np.testing.assert_array_equal(for_discriminator, for_generator)
    assert not np.array_equal(for_generator, translate(gan, batch))


def test_each_update_changes_its_own_network_only():
    for rates, moved in (((0.1, 0.0), "generator"), ((0.0, 0.1), "discriminator")):
        gan = tiny_pix2pix(rates=rates)
        before = {name: values(getattr(gan, name).variables) for name in ("generator", "discriminator")}
        gan.train_step(paired_batch())
        for name, weights in before.items():
            assert same(weights, values(getattr(gan, name).variables)) == (name != moved)


@pytest.mark.parametrize(("network", "rates"), [("generator", (1.0, 0.0)), ("discriminator", (0.0, 1.0))])
def test_gradient_norms_are_those_of_the_updates(network, rates):
    """With a learning rate of 1 the norm of the gradient is the norm of the change."""
    gan = tiny_pix2pix(rates=rates, l1_weight=2.0)
    logs = {}
    moved = change(getattr(gan, network), lambda: logs.update(gan.train_step(paired_batch())))
    norm = np.sqrt(sum(np.sum(c.astype(float) ** 2) for c in moved))
    assert float(logs[f"{network[0]}_gradient_norm"]) == pytest.approx(norm, rel=1e-4)


def test_known_pixels_stay_while_holes_are_learnt():
    gan = tiny_pix2pix(mask=True, rates=(0.1, 0.1), ema_decay=0.5)
    batch = paired_batch(mask=True)
    before = gan.translate(batch).numpy()
    gan.train_step(batch)
    after = gan.translate(batch).numpy()
    known = batch["mask"].numpy() == 1
    np.testing.assert_array_equal(after[known], batch["target"].numpy()[known])
    assert not np.allclose(after[~known], before[~known], atol=1e-4)


def test_scale_is_one_and_translation_takes_any_multiple_of_the_stride():
    for mask in (False, True):
        gan = tiny_pix2pix(mask=mask)
        assert gan.scale == 1
        batch = paired_batch(1, 20, mask=mask)
        assert gan.translate(batch).shape == (1, 20, 20, 1)


@pytest.mark.parametrize("settings", [{}, {"adversarial_weight": 0.0}], ids=["both terms", "l1 alone"])
def test_it_learns_to_invert_pictures(settings):
    generator = unet_translator(1, 1, 3, 8, dropout=0.0, seed=1)
    gan = Pix2Pix(generator, patch_discriminator(2, 16, 8, seed=2), stride=8, ema_decay=None, **settings)
    gan.compile(*(keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(2)))
    rng = np.random.default_rng(0)
    # Two flat halves each: smooth, as pictures are.
    colours = rng.uniform(-0.9, 0.9, (16, 1, 2, 1))
    source = tf.constant(colours.repeat(16, 1).repeat(8, 2), tf.float32)
    batch = {"source": source, "target": -source}

    def error():
        return float(np.mean(np.abs(gan.translate(batch) - batch["target"])))

    before, step = error(), tf.function(gan.train_step, autograph=False)
    for _ in range(60):
        step(batch)
    assert error() < before / 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"l1_weight": -1.0}, "l1_weight -1.0 is out of range: at least 0"),
        ({"adversarial_weight": -0.5}, "adversarial_weight -0.5 is out of range: at least 0"),
        ({"l1_weight": 0.0, "adversarial_weight": 0.0}, "l1_weight 0 and adversarial_weight 0"),
        (
            {"loss": "wasserstein"},
            "loss 'wasserstein' is unknown: choose one of non_saturating, least_squares, hinge, relativistic",
        ),
        ({"r1": -0.1}, "r1 -0.1 is out of range: at least 0"),
        ({"inputs": ("source", "mask")}, "inputs source, mask: the generator takes 1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        tiny_pix2pix(**settings)


def test_a_discriminator_of_the_picture_alone_is_refused():
    with pytest.raises(InputError, match="discriminator takes 1 channels: the generator's pictures have 3"):
        Pix2Pix(unet_translator(2, 1, 2, 4), patch_discriminator(1, 16, 4))


def test_r1_refuses_batch_norm():
    discriminator = patch_discriminator(3, 16, 4, normalisation="batch")
    with pytest.raises(InputError, match="r1 penalises the gradient by each sample"):
        Pix2Pix(unet_translator(2, 1, 2, 4), discriminator, r1=0.1)
    Pix2Pix(unet_translator(2, 1, 2, 4), discriminator)
