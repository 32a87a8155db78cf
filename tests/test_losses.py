"""Every loss and penalty against its formula in NumPy, and its gradient against the derivative by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_ref import losses

RNG = np.random.default_rng(0)
REAL = RNG.normal(0.5, 2, (7, 1)).astype(np.float32)
FAKE = RNG.normal(-0.5, 2, (7, 1)).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(0, x)


# Discriminator's loss, its derivative by each real and by each fake logit; generator's loss, its derivative.
FORMULAS = {
    "non_saturating": (
        lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        lambda r: -sigmoid(-r),
        sigmoid,
        lambda f: softplus(-f).mean(),
        lambda f: -sigmoid(-f),
    ),
    "minimax": (
        lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        lambda r: -sigmoid(-r),
        sigmoid,
        lambda f: -softplus(f).mean(),
        lambda f: -sigmoid(f),
    ),
    "least_squares": (
        lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * (f**2).mean(),
        lambda r: r - 1,
        lambda f: f,
        lambda f: 0.5 * ((f - 1) ** 2).mean(),
        lambda f: f - 1,
    ),
    "wasserstein": (
        lambda r, f: f.mean() - r.mean(),
        lambda r: -np.ones_like(r),
        np.ones_like,
        lambda f: -f.mean(),
        lambda f: -np.ones_like(f),
    ),
    "hinge": (
        lambda r, f: np.maximum(0, 1 - r).mean() + np.maximum(0, 1 + f).mean(),
        lambda r: -(r < 1).astype(float),
        lambda f: (f > -1).astype(float),
        lambda f: -f.mean(),
        lambda f: -np.ones_like(f),
    ),
}


def value_and_gradients(function, *arrays):
    inputs = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    return value.numpy(), [g.numpy() for g in tape.gradient(value, inputs)]


def test_every_loss_has_a_formula():
    assert tuple(FORMULAS) == losses.UNPAIRED
    assert {*losses.ADVERSARIAL_LOSSES} == {*FORMULAS, "relativistic"}
    assert not any(losses.ADVERSARIAL_LOSSES[name].paired for name in FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_adversarial_loss(name):
    loss = losses.adversarial_loss(name)
    d_value, d_real, d_fake, g_value, g_fake = FORMULAS[name]
    value, gradients = value_and_gradients(loss.discriminator, REAL, FAKE)
    assert value == pytest.approx(d_value(REAL, FAKE), rel=1e-5)
    np.testing.assert_allclose(gradients[0], d_real(REAL) / len(REAL), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(gradients[1], d_fake(FAKE) / len(FAKE), rtol=1e-4, atol=1e-7)
    value, gradients = value_and_gradients(loss.generator, FAKE)
    assert value == pytest.approx(g_value(FAKE), rel=1e-5)
    np.testing.assert_allclose(gradients[0], g_fake(FAKE) / len(FAKE), rtol=1e-4, atol=1e-7)


def test_relativistic_loss_of_pairs():
    loss = losses.adversarial_loss("relativistic")
    assert loss.paired
    for function, above, below in ((loss.discriminator, REAL, FAKE), (loss.generator, FAKE, REAL)):
        value, gradients = value_and_gradients(function, above, below)
        assert value == pytest.approx(softplus(below - above).mean(), rel=1e-5)
        slope = sigmoid(below - above) / len(REAL)
        np.testing.assert_allclose(gradients, [-slope, slope], rtol=1e-4, atol=1e-7)
        extreme = np.array([[-1e4], [1e4]], np.float32)
        value, gradients = value_and_gradients(function, extreme, -extreme)
        assert np.isfinite([value, *np.ravel(gradients)]).all()


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_are_finite_for_extreme_logits(name):
    extreme = np.array([[-1e4], [1e4]], np.float32)
    loss = losses.adversarial_loss(name)
    for function, arrays in ((loss.discriminator, (extreme, -extreme)), (loss.generator, (extreme,))):
        value, gradients = value_and_gradients(function, *arrays)
        assert np.isfinite(value)
        assert all(np.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize("name", ["non_saturating", "least_squares"])
def test_targets_enter_each_example(name):
    loss = losses.adversarial_loss(name)
    assert loss.has_targets
    real_targets = np.linspace(0.7, 1, 7, dtype=np.float32)[:, None]
    fake_targets = np.linspace(0, 0.3, 7, dtype=np.float32)[:, None]
    value = float(loss.discriminator(REAL, FAKE, real_targets, fake_targets))
    if name == "least_squares":
        expected = 0.5 * ((REAL - real_targets) ** 2).mean() + 0.5 * ((FAKE - fake_targets) ** 2).mean()
    else:
        expected = sum(
            (-t * np.log(sigmoid(x)) - (1 - t) * np.log(sigmoid(-x))).mean()
            for x, t in ((REAL, real_targets), (FAKE, fake_targets))
        )
    assert value == pytest.approx(expected, rel=1e-5)


def test_minimax_gradient_vanishes_where_the_non_saturating_one_is_largest():
    sure_fake = np.array([[-20.0]], np.float32)
    _, (minimax,) = value_and_gradients(losses.minimax_generator, sure_fake)
    _, (non_saturating,) = value_and_gradients(losses.non_saturating_generator, sure_fake)
    assert abs(minimax.item()) < 1e-8
    assert non_saturating.item() == pytest.approx(-1)


def test_the_two_gradients_differ_by_the_odds_of_a_fake():
    logits = np.array([[-20.0], [-5.0], [0.0], [3.0]], np.float32)
    _, (minimax,) = value_and_gradients(losses.minimax_generator, logits)
    _, (non_saturating,) = value_and_gradients(losses.non_saturating_generator, logits)
    # d/dl log(1 - D) = -D, d/dl (-log D) = -(1 - D), and D / (1 - D) = exp(l).
    np.testing.assert_allclose(minimax / non_saturating, np.exp(logits), rtol=1e-5)


def test_gradient_norms_and_their_derivative_at_zero():
    gradients = np.array([[3, 4], [0, 0]], np.float32)
    norms, (derivative,) = value_and_gradients(losses.gradient_norms, gradients)
    np.testing.assert_allclose(norms, [5, 0], atol=1e-5)
    np.testing.assert_allclose(derivative, [[0.6, 0.8], [0, 0]], atol=1e-6)


def test_norm_penalty_on_both_sides():
    norms = tf.constant([0.5, 1.0, 3.0])
    assert float(losses.norm_penalty(norms)) == pytest.approx((0.25 + 0 + 4) / 3)
    assert float(losses.norm_penalty(norms, one_sided=True)) == pytest.approx(4 / 3)


def test_zero_centred_penalty():
    value, (derivative,) = value_and_gradients(losses.zero_centred_penalty, np.array([[3, 4], [0, 1]], "f"))
    assert value == pytest.approx((25 + 1) / 4)
    np.testing.assert_allclose(derivative, [[1.5, 2], [0, 0.5]], rtol=1e-6)


@pytest.mark.parametrize("power", [1, 2])
def test_reconstruction_error(power):
    x, y = RNG.normal(size=(2, 3, 4, 4, 2)).astype(np.float32)
    error = losses.reconstruction_error(tf.constant(x), tf.constant(y), power=power)
    np.testing.assert_allclose(error, (np.abs(x - y) ** power).mean(axis=(1, 2, 3)), rtol=1e-5)


def test_pulling_away_is_the_mean_squared_cosine_of_pairs():
    codes = RNG.normal(size=(5, 3)).astype(np.float32)
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    pairs = [(unit[i] @ unit[j]) ** 2 for i in range(5) for j in range(5) if i != j]
    assert float(losses.pulling_away(tf.constant(codes))) == pytest.approx(np.mean(pairs), rel=1e-5)
    _, (derivative,) = value_and_gradients(losses.pulling_away, np.zeros((3, 2), np.float32))
    assert np.isfinite(derivative).all()


def test_class_cross_entropy():
    logits = RNG.normal(size=(4, 3)).astype(np.float32)
    labels = np.array([0, 2, 1, 1], np.int32)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    expected = -log_p[np.arange(4), labels].mean()
    assert float(losses.class_cross_entropy(logits, labels)) == pytest.approx(expected, rel=1e-5)


def test_feature_matching_is_the_squared_distance_of_mean_features():
    real, fake = RNG.normal(size=(5, 3)).astype(np.float32), RNG.normal(size=(7, 3)).astype(np.float32)
    expected = np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
    assert float(losses.feature_matching(real, fake)) == pytest.approx(expected, rel=1e-5)


def test_patch_nce_is_the_mean_surprise_of_the_patch_at_the_same_place():
    queries, keys = RNG.normal(size=(2, 3, 4, 5)).astype(np.float32)
    surprises = []
    for picture in range(3):
        for patch in range(4):
            cosines = keys[picture] @ queries[picture, patch]
            cosines /= np.linalg.norm(keys[picture], axis=1) * np.linalg.norm(queries[picture, patch])
            similar = np.exp(cosines / 0.5)
            surprises.append(-np.log(similar[patch] / similar.sum()))
    assert float(losses.patch_nce(queries, keys, 0.5)) == pytest.approx(np.mean(surprises), rel=1e-5)


def test_patch_nce_of_patches_that_are_told_apart_is_0_and_of_equal_ones_log_of_their_number():
    own = np.eye(6, dtype=np.float32)[None]
    # One similarity of 1 among five of 0.
    assert float(losses.patch_nce(own, own, 0.5)) == pytest.approx(np.log(1 + 5 * np.exp(-2)), rel=1e-5)
    assert float(losses.patch_nce(own, own)) == pytest.approx(np.log(1 + 5 * np.exp(-1 / 0.07)), abs=1e-6)
    same = np.ones((2, 6, 3), np.float32)
    assert float(losses.patch_nce(same, same)) == pytest.approx(np.log(6), rel=1e-5)


def test_patch_nce_has_a_gradient_where_a_head_gives_zeros():
    keys = RNG.normal(size=(1, 4, 3)).astype(np.float32)
    queries = keys * np.array([1, 0, 1, 1], np.float32)[:, None]
    _, (derivative,) = value_and_gradients(lambda q: losses.patch_nce(q, keys), queries)
    # 1 / tau, of a difference of vectors of length 1, over the root of epsilon; a quarter of the mean.
    assert 0 < np.abs(derivative[0, 1]).max() < 2 / 0.07 / 1e-3 / 4


def test_information_of_a_categorical_code_is_between_nothing_and_its_entropy():
    codes = np.arange(8, dtype=np.int32) % 4
    known = 50.0 * np.eye(4, dtype=np.float32)[codes]
    assert float(losses.categorical_information(known, codes)) == pytest.approx(np.log(4))
    assert float(losses.categorical_information(0 * known, codes)) == pytest.approx(0, abs=1e-6)


def test_information_of_uniform_codes_is_their_entropy_and_the_gaussians_mean_log_density():
    codes, mean, log_variance = RNG.normal(size=(3, 5, 2)).astype(np.float32)
    density = np.exp(-((codes - mean) ** 2) / (2 * np.exp(log_variance))) / np.sqrt(
        2 * np.pi * np.exp(log_variance)
    )
    expected = 2 * np.log(2) + np.log(density).sum(axis=1).mean()
    assert float(losses.uniform_information(codes, mean, log_variance)) == pytest.approx(expected, rel=1e-4)


def test_l2_penalty_is_of_kernels_only():
    kernel, bias = tf.Variable([[1.0, 2.0]]), tf.Variable([10.0])
    assert float(losses.l2_penalty([kernel, bias])) == pytest.approx(2.5)


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_of_bfloat16_logits_are_computed_in_float32(name):
    """In bfloat16 the mean of 300 logits near 100 would be a multiple of 0.5."""
    loss = losses.adversarial_loss(name)
    logits = tf.cast(RNG.normal(100, 1, (2, 300, 1)), tf.bfloat16)
    exact = tf.cast(logits, tf.float32)
    assert loss.discriminator(*logits).dtype == loss.generator(logits[1]).dtype == tf.float32
    assert float(loss.discriminator(*logits)) == float(loss.discriminator(*exact))
    assert float(loss.generator(logits[1])) == float(loss.generator(exact[1]))


def test_penalties_and_class_losses_of_bfloat16_are_computed_in_float32():
    values = tf.cast(RNG.normal(3, 1, (5, 200)), tf.bfloat16)
    exact = tf.cast(values, tf.float32)
    labels = np.arange(5)
    for function in (
        losses.gradient_norms,
        losses.zero_centred_penalty,
        lambda x: losses.class_cross_entropy(x, labels),
        lambda x: losses.standard_normal_divergence(x, -x),
        lambda x: losses.reconstruction_error(x, 0 * x),
        losses.pulling_away,
        lambda x: losses.feature_matching(x, 0 * x),
        lambda x: losses.patch_nce(x[None], -x[None]),
        lambda x: losses.categorical_information(x, labels),
        lambda x: losses.uniform_information(x, 0 * x, -x),
    ):
        assert function(values).dtype == tf.float32
        np.testing.assert_array_equal(function(values), function(exact))


def test_unknown_loss():
    with pytest.raises(ValueError, match="loss 'wgann' is unknown: choose one of non_saturating, minimax"):
        losses.adversarial_loss("wgann")
