"""FrameGAN: clips share their latents, networks are isolated."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, values
from tfgan_ref.data.clips.clips import Clips, clip_batches
from tfgan_ref.errors import InputError
from tfgan_ref.gans import FrameGAN
from tfgan_ref.gans.frame import free_conditions
from tfgan_ref.networks import frame_discriminator, frame_generator

FACTORS = {"hat": 2, "hair": 3, "action": 2}
SIZES, PHASES = tuple(FACTORS.values()), 4


class Frozen(keras.optimizers.SGD):
    """An optimizer that changes nothing."""

    def apply(self, grads, trainable_variables=None):
        pass


def tiny(optimizers=None, compiled=None, spectral_norm=True, **settings):
    generator = frame_generator(3, SIZES, PHASES, width=2, seed=1)
    discriminator = frame_discriminator(SIZES, PHASES, 2, width=2, spectral_norm=spectral_norm, seed=2)
    gan = FrameGAN(generator, discriminator, factors=FACTORS, phases=PHASES, **settings)
    rates = optimizers or (keras.optimizers.Adam(1e-2, beta_1=0.0), keras.optimizers.Adam(1e-2, beta_1=0.0))
    gan.compile(*rates, **(compiled or {}))
    return gan


@pytest.fixture(scope="module")
def shared():
    """One for tests that do not train it."""
    return tiny()


def clips(n=12):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (n, PHASES, 32, 32, 3)).astype(np.uint8)
    conditions = np.stack([rng.integers(size, size=n) for size in SIZES], axis=1).astype(np.int32)
    names = {name: tuple(map(str, range(size))) for name, size in FACTORS.items()}
    return Clips("tiny", frames, conditions, names)


def batches(gan, start_step=0):
    return clip_batches(clips(), batch_size=4 * gan.n_critic, frames=2, seed=0, start_step=start_step)


def one_batch(gan):
    return next(iter(batches(gan)))


def test_each_update_changes_its_own_network_only():
    sgd = keras.optimizers.SGD
    for frozen in ("generator", "discriminator"):
        gan = tiny((Frozen(0.1), sgd(0.1)) if frozen == "generator" else (sgd(0.1), Frozen(0.1)))
        # The state of spectral norms belongs to D's update, which a frozen optimizer does not prevent.
        before = {
            name: values(getattr(gan, name).trainable_variables) for name in ("generator", "discriminator")
        }
        gan.train_step(one_batch(gan))
        moved = {n for n in before if not same(before[n], values(getattr(gan, n).trainable_variables))}
        assert moved == {"generator", "discriminator"} - {frozen}


def test_some_clips_are_also_drawn_under_another_clip_s_action(shared):
    batch = one_batch(shared) | {"action": tf.constant([0, 1, 1, 1])}
    both = shared.with_recombined(batch)
    for name in (*FACTORS, "phase"):
        np.testing.assert_array_equal(both[name][:4], batch[name])
        assert both[name].shape[0] == 5
        np.testing.assert_array_equal(both[name][4], batch[name][3 if name == "action" else 0])


def test_the_attribute_loss_is_the_sum_of_their_cross_entropies(shared):
    logits = np.array([[0, np.log(3), 0, 0, np.log(2)], [0, np.log(3), 0, 0, np.log(2)]], np.float32)
    loss, accuracy = shared.attribute_loss(tf.constant(logits), tf.constant([[1, 2, 0], [0, 0, 1]]))
    # hat: 3/4 and 1/4 for what is wanted; hair: 2/4 and 1/4
    wanted = -(np.log(3 / 4) + np.log(1 / 4)) / 2 - (np.log(2 / 4) + np.log(1 / 4)) / 2
    assert float(loss) == pytest.approx(wanted, rel=1e-5)
    assert float(accuracy) == 0.5


def test_of_other_actions_only_attributes_are_asked():
    """The losses of a step, by hand: whether a clip looks real is asked for the batch's own pairs."""
    gan = tiny((Frozen(0.1), Frozen(0.1)), spectral_norm=False, attribute_weight=0.7)
    batch = one_batch(gan)
    real, drawn = gan.real(batch), gan.fake(gan.with_recombined(batch))
    real_logits, real_attributes = gan.discriminator(real)
    logits, attributes = gan.discriminator(drawn)
    softplus = tf.math.softplus
    d_loss = np.mean(softplus(-real_logits)) + np.mean(softplus(logits[:4]))
    d_loss += 0.7 * gan.attribute_loss(real_attributes, real[1])[0]
    g_loss = np.mean(softplus(-logits[:4])) + 0.7 * gan.attribute_loss(attributes, drawn[1])[0]
    logs = gan.train_step(batch)
    assert float(logs["d_loss"]) == pytest.approx(float(d_loss), rel=1e-5)
    assert float(logs["g_loss"]) == pytest.approx(float(g_loss), rel=1e-5)


def test_frames_of_a_clip_share_latents_and_conditions(shared):
    gan = shared
    batch = one_batch(gan)
    twice = batch | {"phase": tf.repeat(batch["phase"][:, :1], 2, axis=1)}
    frames, conditions, phase = gan.fake(twice)
    np.testing.assert_array_equal(frames[:, 0], frames[:, 1])  # the same phase twice is the same frame
    np.testing.assert_array_equal(phase, twice["phase"])
    np.testing.assert_array_equal(conditions, np.stack([batch[name] for name in FACTORS], axis=1))
    frames = gan.fake(batch)[0].numpy()
    assert frames.shape == (4, 2, 32, 32, 3)
    assert not np.array_equal(frames[:, 0], frames[:, 1])
    assert not np.array_equal(frames[0], frames[1])


def test_a_clip_is_drawn_frame_by_frame(shared):
    gan = shared
    choices = np.array([[1, 2, 0], [0, 1, 1]])
    drawn = gan.generate(2, seed=5, choices=choices)
    assert drawn.shape == (2, PHASES, 32, 32, 3)
    latents = tf.random.stateless_normal([2, 3], [5, 0])
    for phase in range(PHASES):
        inputs = [latents, tf.constant(choices), tf.fill([2], phase)]
        frames = gan.sampling_generator(inputs, training=False)
        np.testing.assert_allclose(drawn[:, phase], frames, atol=1e-5)


def test_several_updates_of_the_discriminator():
    gan = tiny(n_critic=2)
    logs = gan.train_step(one_batch(gan))
    assert np.isfinite(float(logs["d_loss"]))
    assert int(gan.d_optimizer.iterations.numpy()) == 2
    assert int(gan.g_optimizer.iterations.numpy()) == 1


def test_conditions_left_free():
    rows = free_conditions(600, 3, tf.constant([-1, -1, -1]), SIZES).numpy()
    np.testing.assert_array_equal(rows[:, -1], np.arange(600) % 2)
    for column, size in enumerate(SIZES[:-1]):
        counts = np.bincount(rows[:, column], minlength=size)
        assert len(counts) == size
        assert counts.min() > 0.8 * 600 / size
    chosen = free_conditions(600, 3, tf.constant([1, -1, 0]), SIZES).numpy()
    assert (chosen[:, 0] == 1).all()
    assert (chosen[:, 2] == 0).all()
    np.testing.assert_array_equal(chosen[:, 1], rows[:, 1])
    np.testing.assert_array_equal(free_conditions(7, 3, tf.constant([-1, -1, -1]), SIZES), rows[:7])


def test_the_first_clips_of_a_seed_are_the_same_for_every_number(shared):
    gan = shared
    np.testing.assert_allclose(gan.generate(2, 1), gan.generate(35, 1)[:2], atol=1e-5)


@pytest.mark.slow  # every recipe trains in bfloat16: tests/recipes/test_every_step.py
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = tiny(r1=0.1)
    finally:
        keras.config.set_dtype_policy("float32")
    before = values(gan.generator.trainable_variables)
    batch = one_batch(gan)
    outputs = [*gan.discriminate(gan.real(batch), 1), gan.fake(batch)[0]]
    assert {output.dtype for output in outputs} == {tf.float32}
    for _ in range(2):
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert not same(values(gan.generator.trainable_variables), before)


@pytest.mark.slow
def test_two_replicas_train(two_replicas):
    with two_replicas.scope():
        gan = tiny()
    batch = one_batch(gan)
    halves = two_replicas.experimental_distribute_values_from_function(
        lambda context: {k: v[2 * context.replica_id_in_sync_group :][:2] for k, v in batch.items()}
    )
    logs = two_replicas.run(tf.function(gan.train_step, autograph=False), args=(halves,))
    losses = two_replicas.experimental_local_results(logs["d_loss"])
    assert all(np.isfinite(float(loss)) for loss in losses)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ([0, 3, 0], "hair is out of range: 0 to 2, or -1 for any"),
        ([0, 0, -2], "action is out of range"),
        ([0, 0], r"choices of shape \(2,\) are not \(3,\) or \(4, 3\)"),
    ],
)
def test_choices_out_of_range(shared, choices, message):
    with pytest.raises(InputError, match=message):
        shared.generate(4, 0, choices=choices)


def test_what_cannot_be_trained(shared):
    gan = shared
    batch = one_batch(gan)
    for name in ("hair", "phase"):
        with pytest.raises(InputError, match=f"FrameGAN needs {name} in its batch"):
            gan.train_step({key: value for key, value in batch.items() if key != name})
    with pytest.raises(InputError, match="loss 'cosine' is unknown"):
        tiny(loss="cosine")
    with pytest.raises(InputError, match="attribute_weight -1 is out of range: at least 0"):
        tiny(attribute_weight=-1)
    for name in ("replay", "packing", "num_classes"):
        with pytest.raises(InputError, match=f"{name} 8 is not for FrameGAN, whose D sees clips"):
            tiny(**{name: 8})
    with pytest.raises(InputError, match="frame_generator takes 3 factors, not 1"):
        FrameGAN(gan.generator, gan.discriminator, factors={"action": 2}, phases=PHASES)
    with pytest.raises(InputError, match="n 0 is out of range"):
        gan.generate(0, 0)
