"""TextGAN: its phases, its three objectives, and what holds for every type."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tests.gans.test_types import Frozen, sgd
from tfgan_ref import networks
from tfgan_ref.errors import InputError
from tfgan_ref.gans.text import OBJECTIVES, TextGAN, counted, policy_loss
from tfgan_ref.networks.sequences.text import text_features, text_generator
from tfgan_ref.training.checkpoints import Checkpoints

T, V, K = 3, 5, 2
EVERY = pytest.mark.parametrize("objective", OBJECTIVES)


def tiny(objective="gumbel", *, optimizers=None, compiled=None, relaxed=None, **settings):
    relaxed = objective == "wgan_gp" if relaxed is None else relaxed
    generator = text_generator(T, V, num_classes=K, units=8, embedding_dim=4, relaxed=relaxed, seed=1)
    discriminator = networks.conditional_discriminator(
        lambda words: text_features(T, words, width=8, embedding_dim=4, seed=2),
        (T, V),
        num_classes=K,
        combine="projection",
    )
    gan = TextGAN(generator, discriminator, num_classes=K, objective=objective, **settings)
    adam = [keras.optimizers.Adam(1e-2, beta_1=0.5) for _ in range(2)]
    gan.compile(*(optimizers or adam), **(compiled or {}))
    return gan


def batch(n=6, seed=0):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(1, V, (n, T))
    tokens[np.arange(T) >= rng.integers(2, T + 1, n)[:, None]] = 0
    return {"tokens": tf.constant(tokens, tf.int32), "label": tf.constant(rng.integers(0, K, n), tf.int32)}


def dataset(n=6):
    parts = [batch(n, seed) for seed in range(5)]
    stacked = {key: tf.concat([part[key] for part in parts], 0) for key in parts[0]}
    return tf.data.Dataset.from_tensor_slices(stacked).batch(n, drop_remainder=True).repeat()


@EVERY
def test_each_update_changes_its_own_network_only(objective):
    for frozen in ("generator", "discriminator"):
        pair = (Frozen(0.1), sgd()) if frozen == "generator" else (sgd(), Frozen(0.1))
        gan = tiny(objective, optimizers=pair)
        before = {name: values(getattr(gan, name).variables) for name in ("generator", "discriminator")}
        gan.train_step(batch())
        moved = {name for name in before if not same(before[name], values(getattr(gan, name).variables))}
        assert moved == {"generator", "discriminator"} - {frozen}


@pytest.mark.slow  # tests/gans/test_keras_model.py stops and goes on, too
@EVERY
def test_resumed_training_is_bit_identical(objective, tmp_path):
    """A step, a checkpoint and two steps through both phases, against the checkpoint in a new object."""
    settings = {"pretraining_steps": 2, "likelihood_weight": 0.1, "n_critic": 2, "r1": 0.01}

    def trained(gan, steps):
        for step in steps:
            gan.enter_phase()
            gan.train_step(batch(12, seed=step))
        return gan

    straight = trained(tiny(objective, **settings), range(1))
    Checkpoints(tmp_path, straight).save()
    trained(straight, range(1, 3))
    resumed = tiny(objective, **settings)
    assert Checkpoints(tmp_path, resumed).restore() == 1
    trained(resumed, range(1, 3))
    assert int(resumed.d_optimizer.iterations.numpy()) == 2
    assert same(values(straight.variables), values(resumed.variables))
    for name, optimizer in straight.optimizers().items():
        assert same(values(optimizer.variables), values(resumed.optimizers()[name].variables))


def test_pretraining_leaves_the_discriminator_alone_and_ends_at_its_step():
    gan = tiny(pretraining_steps=3)
    before = values(gan.discriminator.variables)
    gan.fit(dataset(), steps_per_epoch=3, verbose=0, shuffle=False)
    assert same(before, values(gan.discriminator.variables))
    assert int(gan.d_optimizer.iterations.numpy()) == 0
    gan.fit(dataset(), steps_per_epoch=2, verbose=0, shuffle=False)
    assert int(gan.d_optimizer.iterations.numpy()) == 2


def test_likelihood_is_of_the_words_and_one_end():
    """Against log softmax summed by hand over each sentence's own words and its first end."""
    gan, given = tiny(), batch()
    real = gan.real(given)
    log_p = tf.nn.log_softmax(gan.sentence_layer.logits(*real)).numpy()
    expected, words = np.zeros(6), 0
    for i, row in enumerate(given["tokens"].numpy()):
        for place, word in enumerate(row):
            expected[i] += log_p[i, place, word]
            words += 1
            if word == 0:
                break
    np.testing.assert_allclose(gan.log_likelihoods(real), expected, rtol=1e-5)
    assert float(gan.likelihood_loss(real)) == pytest.approx(-expected.sum() / words, rel=1e-5)
    assert counted(tf.one_hot([[3, 0, 0, 0], [1, 2, 3, 4]], V)).numpy().tolist() == [
        [1, 1, 0, 0],
        [1, 1, 1, 1],
    ]


def test_likelihood_of_all_sentences_is_one():
    """Words that follow an end have no part in it, so the sentences of at most T words share all of it."""
    gan = tiny()
    rows = {tuple(row) for row in np.stack(np.meshgrid(*[np.arange(V)] * T), -1).reshape(-1, T).tolist()}
    rows = [row for row in rows if all(b == 0 for a, b in itertools.pairwise(row) if a == 0)]
    sentences = tf.one_hot(rows, V)
    log_p = gan.log_likelihoods([sentences, tf.zeros([len(rows)], tf.int32)])
    assert float(tf.reduce_sum(tf.exp(log_p))) == pytest.approx(1.0, abs=1e-4)


def test_pretraining_learns_its_sentences():
    gan = tiny(pretraining_steps=60, ema_decay=None)
    start = float(gan.likelihood_loss(gan.real(batch())))
    gan.fit(dataset(), steps_per_epoch=60, verbose=0, shuffle=False)
    assert float(gan.likelihood_loss(gan.real(batch()))) < 0.8 * start


def test_policy_gradient_is_reinforce():
    """Against - mean of (reward - mean of the others' rewards) * gradient of log p, sentence by sentence."""
    gan = tiny("policy_gradient")
    fakes = gan.fake(batch())
    variable = gan.sentence_layer.output_layer.kernel.value
    rewards = gan.discriminator(fakes)[:, 0].numpy()
    expected = 0.0
    for i in range(6):
        with tf.GradientTape() as tape:
            log_p = gan.log_likelihoods([part[i : i + 1] for part in fakes])[0]
        baseline = np.delete(rewards, i).mean()
        expected -= (rewards[i] - baseline) * tape.gradient(log_p, variable).numpy() / 6
    with tf.GradientTape() as tape:
        loss = gan.generator_loss(gan.fake(batch()))
    np.testing.assert_allclose(tape.gradient(loss, variable), expected, rtol=1e-3, atol=1e-7)


def test_policy_makes_rewarded_sentences_likelier():
    logits = tf.Variable([0.0, 0.0])
    for step in range(200):
        drawn = tf.random.stateless_categorical(logits[None], 16, [0, step])[0]
        with tf.GradientTape() as tape:
            loss = policy_loss(tf.gather(tf.nn.log_softmax(logits), drawn), tf.cast(drawn, tf.float32) + 5.0)
        logits.assign_sub(0.5 * tape.gradient(loss, logits))
    assert float(tf.nn.softmax(logits)[1]) > 0.95


def test_real_sentences_are_one_hot():
    gan, given = tiny(), batch()
    one_hot, label = gan.real(given)
    np.testing.assert_array_equal(np.argmax(one_hot, -1), given["tokens"])
    np.testing.assert_array_equal(np.sum(one_hot, -1), np.ones((6, T)))
    np.testing.assert_array_equal(label, given["label"])


@pytest.mark.parametrize("n", [5, None])
def test_policy_gradient_has_no_float64(n):
    """Python's and TensorFlow's integers divide to float64, which a GPU computes many times slower."""
    rows = tf.TensorSpec((n,), tf.float32)
    graph = tf.function(policy_loss, autograph=False).get_concrete_function(rows, rows).graph
    assert {o.dtype for operation in graph.get_operations() for o in operation.outputs} <= {
        tf.float32, tf.int32,
    }  # fmt: skip


@pytest.mark.slow  # every recipe trains in bfloat16: tests/recipes/test_every_step.py
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@EVERY
def test_mixed_precision(objective, precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = tiny(objective, r1=0.01, pretraining_steps=2)
    finally:
        keras.config.set_dtype_policy("float32")
    assert gan.sentence_layer.cell.compute_dtype == precision.removeprefix("mixed_")
    gan.train_step(batch())
    gan.phase = 1
    logs = gan.train_step(batch())
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert gan.generate(3, 0).dtype == tf.float32


def test_topic_reaches_the_sentences():
    gan = tiny()
    gan.sentence_layer.topic.embeddings.assign(5.0 * gan.sentence_layer.topic.embeddings)
    gan.ema_generator.set_weights(gan.generator.get_weights())
    assert not np.array_equal(gan.generate(20, 0, label=0), gan.generate(20, 0, label=1))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"objective": "reinforce"}, "objective 'reinforce' is unknown: choose one of gumbel, wgan_gp"),
        ({"pretraining_steps": -1}, "pretraining_steps -1 is out of range: at least 0"),
        ({"likelihood_weight": -0.1}, "likelihood_weight -0.1 is out of range: at least 0"),
        ({"penalty_weight": -1.0}, "penalty_weight -1.0 is out of range: at least 0"),
        ({"relaxed": True}, "objective gumbel does not go with a generator of relaxed words"),
        ({"objective": "wgan_gp", "relaxed": False}, "wgan_gp does not go with a generator of one-hot words"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(InputError, match=message):
        tiny(**settings)
