"""The writer of sentences and its judge."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref.errors import InputError
from tfgan_ref.networks.sequences.text import SentenceGenerator, gumbel, text_features, text_generator

T, V, K = 5, 7, 3


def latents(n, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=(n, T * V)), tf.float32)


def labels(n):
    return tf.range(n) % K


def loud(generator):
    """Gives the generator logits that matter beside the noise."""
    writer = generator.get_layer("sentences")
    writer.output_layer.kernel.assign(3.0 * writer.output_layer.kernel)
    return writer


def test_noise_is_gumbel():
    """Its distribution function is exp(-exp(-g)), whose mean is Euler's constant."""
    noise = np.sort(gumbel(np.random.default_rng(0).normal(size=20_000).astype(np.float32)))
    expected = np.exp(-np.exp(-noise.astype(float)))
    np.testing.assert_allclose(expected, np.arange(20_000) / 20_000, atol=0.02)
    assert np.mean(noise) == pytest.approx(0.5772, abs=0.03)
    assert np.isfinite(gumbel(np.array([-40.0, 40.0], np.float32))).all()


@pytest.mark.parametrize("training", [False, True])
def test_sentences_are_one_hot_and_stay_ended(training):
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4)
    sentences = generator([latents(60), labels(60)], training=training).numpy()
    assert sentences.shape == (60, T, V)
    np.testing.assert_allclose(
        np.sort(sentences, axis=-1), np.eye(V)[[V - 1] * T][None].repeat(60, 0), atol=1e-6
    )
    ended = np.argmax(sentences, axis=-1) == 0
    assert ended.any()
    assert (np.diff(ended.astype(int), axis=1) >= 0).all()


def test_relaxed_sentences_are_mixtures_in_training_only():
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4, relaxed=True)
    mixed = generator([latents(20), labels(20)], training=True).numpy()
    np.testing.assert_allclose(mixed.sum(axis=-1), 1.0, atol=1e-5)
    assert (mixed.max(axis=-1) < 0.99).mean() > 0.5
    written = generator([latents(20), labels(20)], training=False).numpy()
    assert set(np.unique(written)) == {0.0, 1.0}


def test_first_word_has_the_frequencies_of_its_logits():
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4)
    writer = loud(generator)
    n = 6000
    topics = tf.fill([n], 1)
    drawn = generator([latents(n), topics], training=False).numpy()[:, 0].mean(axis=0)
    expected = tf.nn.softmax(writer.logits(tf.zeros([1, T, V]), tf.constant([1])))[0, 0].numpy()
    assert expected.max() > 2 * expected.min()
    np.testing.assert_allclose(drawn, expected, atol=4 * np.sqrt(0.25 / n))


def test_sentences_are_drawn_from_the_logits_of_their_own_words():
    """The logits given a sentence are those it was drawn from: with its noise their largest are its words."""
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4)
    writer = loud(generator)
    noise, topics = latents(40), labels(40)
    sentences = generator([noise, topics], training=False)
    scores = writer.logits(sentences, topics) + tf.reshape(gumbel(noise), [40, T, V])
    drawn, words = np.argmax(scores, axis=-1), np.argmax(sentences, axis=-1)
    before_end = np.cumsum(words == 0, axis=1) - (words == 0) < 1
    assert before_end.sum() > 100
    np.testing.assert_array_equal(drawn[before_end], words[before_end])


def test_logits_of_a_word_know_only_the_words_before_it():
    writer = loud(text_generator(T, V, num_classes=K, units=8, embedding_dim=4))
    sentence = tf.one_hot([[1, 2, 3, 4, 5]], V)
    changed = tf.one_hot([[1, 2, 6, 4, 5]], V)
    label = tf.constant([0])
    moved = np.abs(writer.logits(sentence, label) - writer.logits(changed, label)).max(axis=-1)[0]
    assert (moved[:3] == 0).all()
    assert (moved[3:] > 0).all()
    other = np.abs(writer.logits(sentence, label) - writer.logits(sentence, tf.constant([1])))
    assert other.max(axis=-1).min() > 0


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_gradient_of_a_choice_is_that_of_the_softmax(temperature):
    writer = SentenceGenerator(1, V, K, units=8, embedding_dim=4, temperature=temperature)
    scores = tf.constant(np.random.default_rng(0).normal(size=(4, V)), tf.float32)
    weights = tf.constant(np.random.default_rng(1).normal(size=(4, V)), tf.float32)
    gradients = []
    for choose in (lambda s: writer._draw(s, True), lambda s: tf.nn.softmax(s / temperature)):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value = tf.reduce_sum(weights * choose(scores))
        gradients.append(tape.gradient(value, scores))
    np.testing.assert_allclose(*gradients, rtol=1e-5, atol=1e-7)


def test_every_part_is_reached_by_gradients():
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4)
    weights = tf.constant(np.random.default_rng(1).normal(size=(T, V)), tf.float32)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(weights * generator([latents(30), labels(30)], training=True))
    gradients = tape.gradient(value, [v.value for v in generator.trainable_variables])
    assert len(gradients) == 7
    assert all(np.abs(tf.convert_to_tensor(gradient)).max() > 0 for gradient in gradients)


def test_saved_generator_writes_the_same(tmp_path):
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4, temperature=0.7, relaxed=True)
    generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", safe_mode=True)
    given = [latents(10), labels(10)]
    np.testing.assert_array_equal(generator(given), loaded(given))
    writer = loaded.get_layer("sentences")
    assert (writer.temperature, writer.relaxed) == (0.7, True)


def test_seed_makes_the_weights():
    first, again, other = (
        values(text_generator(T, V, num_classes=K, units=8, embedding_dim=4, seed=seed).variables)
        for seed in (1, 1, 2)
    )
    assert same(first, again)
    assert not same(first, other)


def test_judge_sees_words_far_apart():
    """The mixed difference by the first and the last word is not zero."""
    features = text_features(T, V, width=8, embedding_dim=4)
    assert features.output_shape == (None, 16)

    def seen(first, last):
        return features(tf.one_hot([[first, 1, 1, 1, last]], V)).numpy()

    mixed = seen(2, 2) - seen(2, 3) - seen(3, 2) + seen(3, 3)
    assert np.abs(mixed).max() > 1e-4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"units": 0}, "units 0 is out of range: at least 1"),
        ({"embedding_dim": 0}, "embedding_dim 0 is out of range: at least 1"),
        ({"temperature": 0.0}, "temperature 0.0 is out of range: above 0"),
        ({"initializer": "zeros"}, "initializer 'zeros' is unknown"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(InputError, match=message):
        text_generator(T, V, num_classes=K, **settings)
