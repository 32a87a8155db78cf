"""The averaged generator, generation, optimizers and what Keras sees of a GAN."""

import keras
import numpy as np
import pytest

from tests.conftest import same, tiny_batches, tiny_dataset, tiny_gan, values
from tfgan_ref.errors import InputError


def test_average_follows_its_formula_and_includes_batch_norm_statistics():
    gan = tiny_gan(batch_norm=True, ema_decay=0.9)
    expected = values(gan.generator.weights)
    moving = [i for i, w in enumerate(gan.generator.weights) if "moving" in w.path]
    assert moving
    for step, batch in enumerate(tiny_batches(12)):
        gan.train_step(batch)
        decay = min(0.9, (1 + step) / (10 + step))
        current = values(gan.generator.weights)
        expected = [decay * a + (1 - decay) * c for a, c in zip(expected, current, strict=True)]
    for average, value in zip(values(gan.ema_generator.weights), expected, strict=True):
        np.testing.assert_allclose(average, value, rtol=1e-5, atol=1e-6)
    for i in moving:
        assert not np.array_equal(values(gan.generator.weights)[i], values(gan.ema_generator.weights)[i])


def test_without_average_the_generator_itself_is_used():
    gan = tiny_gan(ema_decay=None)
    assert gan.ema_generator is gan.generator


def test_average_is_never_trained_by_the_optimizer():
    gan = tiny_gan()
    assert not gan.ema_generator.trainable_variables
    assert len(gan.trainable_variables) == len(gan.generator.trainable_variables) + len(
        gan.discriminator.trainable_variables
    )


def test_generation_is_a_function_of_the_seed():
    gan = tiny_gan()
    first = gan.generate(5, seed=1).numpy()
    np.testing.assert_array_equal(first, gan.generate(5, seed=1).numpy())
    np.testing.assert_allclose(first[:2], gan.generate(2, seed=1).numpy(), atol=1e-6)
    assert not np.allclose(first, gan.generate(5, seed=2).numpy())
    assert first.shape == (5, 8, 8, 1)


def test_samples_do_not_depend_on_the_others_drawn_with_them():
    gan = tiny_gan(batch_norm=True, ema_decay=None)  # an average is frozen in any case
    for batch in tiny_batches(2):
        gan.train_step(batch)
    np.testing.assert_allclose(gan.generate(1, 3), gan.generate(5, 3)[:1], atol=1e-6)


def test_labels_of_generation():
    gan = tiny_gan(conditional=True)
    in_turn = gan.generate(4, 0).numpy()
    np.testing.assert_array_equal(in_turn, gan.generate(4, 0, label=[0, 1, 2, 0]).numpy())
    np.testing.assert_array_equal(gan.generate(4, 0, label=2), gan.generate(4, 0, label=[2] * 4))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (3, "label 3 is out of range: from 0 to 2"),
        (-1, "label -1"),
        ([0, 1], "nor 4 integers"),
        (0.5, "label 0.5"),
    ],
)
def test_bad_labels_are_refused(label, message):
    with pytest.raises(InputError, match=message):
        tiny_gan(conditional=True).generate(4, 0, label=label)


def test_bad_generation_is_refused():
    with pytest.raises(InputError, match="n 0 is out of range"):
        tiny_gan().generate(0, 0)
    with pytest.raises(InputError, match="VanillaGAN takes no label"):
        tiny_gan().generate(1, 0, label=1)


def test_fit_reports_the_running_means_and_no_stray_loss():
    gan = tiny_gan()
    history = gan.fit(tiny_dataset(), steps_per_epoch=3, epochs=1, verbose=0, shuffle=False).history
    assert set(history) == {
        "d_loss", "g_loss", "d_accuracy_real", "d_accuracy_fake", "d_gradient_norm", "g_gradient_norm",
    }  # fmt: skip
    assert gan.optimizer is None


def test_running_means_are_those_of_the_steps():
    together, alone, losses = tiny_gan(), tiny_gan(), []
    for batch in tiny_batches(3):
        means = together.train_step(batch)
        alone.reset_metrics()
        losses.append(float(alone.train_step(batch)["d_loss"]))
    assert len(set(losses)) == 3
    assert float(means["d_loss"]) == pytest.approx(np.mean(losses), rel=1e-5)


def test_optimizers_are_built_for_their_own_variables():
    gan = tiny_gan(optimizers=(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)))
    for optimizer, network in ((gan.g_optimizer, gan.generator), (gan.d_optimizer, gan.discriminator)):
        assert optimizer.built
        with pytest.raises(ValueError, match="nknown variable"):
            optimizer.apply([np.zeros((1,), "f")], [keras.Variable([1.0], name="stranger")])
        assert network.built


def test_gradients_are_divided_by_the_number_of_replicas(monkeypatch):
    """Under tf.distribute gradients are summed; each replica must enter with its share."""
    deltas = []
    for replicas in (1, 2):
        gan = tiny_gan(optimizers=(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)))
        strategy = type("Strategy", (), {"num_replicas_in_sync": replicas})
        before = values(gan.discriminator.variables)
        with monkeypatch.context() as patch:
            patch.setattr("tfgan_ref.gans.base.tf.distribute.get_strategy", lambda s=strategy: s)
            gan.train_step(tiny_batches(1)[0])
        deltas.append([a - b for a, b in zip(values(gan.discriminator.variables), before, strict=True)])
    assert not same(*deltas)
    for one, two in zip(*deltas, strict=True):
        np.testing.assert_allclose(one, 2 * two, rtol=1e-3, atol=1e-7)


def test_a_gan_begins_with_the_networks_of_another():
    other, gan = tiny_gan(batch_norm=True), tiny_gan(batch_norm=True)
    for number, weight in enumerate((*other.variables, *gan.variables)):
        weight.assign(np.full(weight.shape, number))
    other.step.assign(5)
    gan.step.assign(0)
    gan.begin_from(other)
    for network in (gan.generator, gan.ema_generator):
        assert same(values(network.weights), values(other.ema_generator.weights))
    assert same(values(gan.discriminator.weights), values(other.discriminator.weights))
    assert int(gan.step.numpy()) == 0
    without_average = tiny_gan(batch_norm=True, ema_decay=None)
    without_average.begin_from(other)
    gan.begin_from(without_average)
    assert same(values(gan.generator.weights), values(other.ema_generator.weights))


@pytest.mark.parametrize(
    ("other", "network"), [({"batch_norm": True}, "generator"), ({"packing": 2}, "discriminator")]
)
def test_a_gan_does_not_begin_with_other_networks(other, network):
    gan = tiny_gan()
    before = values(gan.variables)
    with pytest.raises(InputError, match=f"it has another {network}: the weights differ"):
        gan.begin_from(tiny_gan(**other))
    assert same(values(gan.variables), before)
