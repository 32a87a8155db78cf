"""Every type as a Keras model: fit, evaluate, predict, save and load, and Keras's callbacks."""

import itertools
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_ref.gans
from tests.conftest import same, slow_ones, tiny_batches, tiny_gan, values
from tests.gans.test_baselines import tiny_mse, tiny_vae
from tests.gans.test_cut import batch_of as cut_batch
from tests.gans.test_cut import tiny_cut
from tests.gans.test_cyclegan import cyclegan, pictures
from tests.gans.test_energy import energy_gan
from tests.gans.test_frame import one_batch
from tests.gans.test_frame import tiny as tiny_frames
from tests.gans.test_infogan import tiny_info
from tests.gans.test_pix2pix import paired_batch, tiny_pix2pix
from tests.gans.test_progressive import batch_of as growing_batch
from tests.gans.test_progressive import growing_gan
from tests.gans.test_srgan import batch_of as srgan_batch
from tests.gans.test_srgan import feature_network, small_srgan
from tests.gans.test_style_transfer import pictures as style_batch
from tests.gans.test_style_transfer import style_gan
from tests.gans.test_text import batch as text_batch
from tests.gans.test_text import tiny as tiny_text
from tests.gans.test_voice import batches as voice_batches
from tests.gans.test_voice import tiny as tiny_voice
from tfgan_ref.errors import InputError
from tfgan_ref.gans import (
    ACGAN,
    BEGAN,
    DRAGAN,
    EBGAN,
    LSGAN,
    R3GAN,
    WGAN,
    WGANGP,
    DifferentiableAugmentation,
    DiversitySensitiveGAN,
    FeatureContent,
    GenerativeModel,
    HingeGAN,
    InstanceNoise,
    LabelTargets,
    TerminateOnNaN,
)
from tfgan_ref.training.checkpoints import Checkpoints

TECHNIQUES = {
    "n_critic": 2, "r1": 0.1, "replay": 12, "instance_noise": InstanceNoise(0.1, 10),
    "feature_matching": True, "historical_averaging": 0.1,
}  # fmt: skip


def images(n):
    return tiny_batches(1, n)[0]


def frames(n):
    return {name: tf.repeat(value[:1], n, 0) for name, value in one_batch(tiny_frames()).items()}


# A compiled model, and a function from a number of samples to a batch.
MODELS = {
    "VanillaGAN": (
        lambda: tiny_gan(dropout=0.2, batch_norm=True, label_targets=LabelTargets(0.1, 0.1), **TECHNIQUES),
        images,
    ),
    "ConditionalGAN": (
        lambda: tiny_gan(
            True, augmentation=DifferentiableAugmentation(["cutout"]), loss="hinge", **TECHNIQUES
        ),
        images,
    ),
    "DiversitySensitiveGAN": (
        lambda: tiny_gan(True, DiversitySensitiveGAN, diversity=1.0, bound=0.5, n_critic=2),
        images,
    ),
    "LSGAN": (lambda: tiny_gan(kind=LSGAN, packing=2), images),
    "HingeGAN": (lambda: tiny_gan(kind=HingeGAN, ema_decay=None), images),
    "WGAN": (lambda: tiny_gan(kind=WGAN, n_critic=2), images),
    "WGANGP": (lambda: tiny_gan(kind=WGANGP, n_critic=2), images),
    "DRAGAN": (lambda: tiny_gan(kind=DRAGAN), images),
    "R3GAN": (lambda: tiny_gan(kind=R3GAN, burn_in_steps=3, lecam=0.1), images),
    "ACGAN": (lambda: tiny_gan(kind=ACGAN, replay=12), images),
    "InfoGAN": (lambda: tiny_info(n_critic=2), images),
    "EBGAN": (lambda: energy_gan(EBGAN, pull_away_weight=0.1, pretrain_steps=1), images),
    "BEGAN": (lambda: energy_gan(BEGAN), images),
    "ProgressiveGAN": (
        lambda: growing_gan(size=8, stage_steps=1, fade_steps=3, optimizers=schedules()),
        lambda n: growing_batch(n, 8),
    ),
    "TextGAN": (lambda: tiny_text("policy_gradient", pretraining_steps=1, n_critic=2), text_batch),
    "FrameGAN": (tiny_frames, frames),
    "VAE": (tiny_vae, images),
    "MSEGenerator": (tiny_mse, images),
    "Pix2Pix": (lambda: tiny_pix2pix(dropout=0.3, rates=(0.1, 0.1)), paired_batch),
    "CycleGAN": (lambda: cyclegan(spectral_norm=True, replay=12), pictures),
    "CUT": (lambda: tiny_cut(patches=5, flip_equivariance=True), cut_batch),
    "CycleGAN of voices": (lambda: tiny_voice(replay=12), lambda n: voice_batches(1, n)[0]),
    "StyleTransferGAN": (style_gan, style_batch),
    "SRGAN": (
        lambda: small_srgan(pretrain_steps=1, content=FeatureContent(feature_network(), "second")),
        srgan_batch,
    ),
}
AS_GRAPHS = {"VanillaGAN", "WGANGP", "Pix2Pix"}
OBSERVED = "CycleGAN of voices"
# Their state is that of VanillaGAN, and of CycleGAN.
REPEATS = [OBSERVED, "LSGAN", "HingeGAN", "WGAN", "DRAGAN", "ACGAN", "InfoGAN", "DiversitySensitiveGAN"]
LONG = [
    "CUT",
    "FrameGAN",
    "ProgressiveGAN",
    "SRGAN",
    "StyleTransferGAN",
    "TextGAN",
]  # their files train them too
EVERY = pytest.mark.parametrize("name", slow_ones(MODELS, [*REPEATS, "CUT", "FrameGAN", "StyleTransferGAN"]))


def schedules():
    return [keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-2, 2, 0.5)) for _ in "gd"]


@cache  # frames come from a pipeline, which takes longer than a step
def arrays(name, n):
    return {key: value.numpy() for key, value in MODELS[name][1](n).items()}


def dataset(name, n=24, batch_size=8, start=0):
    """Batches of a static size, the same ones from any start."""
    whole = tf.data.Dataset.from_tensor_slices(arrays(name, n)).batch(batch_size, drop_remainder=True)
    return whole.repeat().skip(start)


def state(gan):
    return {group: values(variables) for group, variables in gan.state().items() if group != "metrics"}


def same_state(first, second):
    first, second = state(first), state(second)
    return first.keys() == second.keys() and all(same(first[group], second[group]) for group in first)


def eager(gan):
    gan.run_eagerly = True
    return gan


def train(gan, data, steps):
    # One step is faster so than its graph, which other tests run.
    eager(gan).fit(data, steps_per_epoch=steps, verbose=0, shuffle=False)
    return gan


def test_every_public_type_is_here():
    kinds = [getattr(tfgan_ref.gans, name) for name in tfgan_ref.gans.__all__]
    types = {k.__name__ for k in kinds if issubclass(k, GenerativeModel)}
    assert types - {"GenerativeModel", "GAN", "ImageTranslator"} == set(MODELS) - {OBSERVED}


@EVERY
def test_saved_training_goes_on_bit_for_bit(name, tmp_path):
    """A step, and one after it: from a ``.keras`` file, and from a checkpoint restored into a new model.

    Networks, averages, optimizers, buffers, statistics and phases are those of training without a stop.
    """
    straight = train(MODELS[name][0](), dataset(name), 1)
    straight.save(tmp_path / "model.keras")
    Checkpoints(tmp_path, straight).save()
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(straight)
    assert same_state(straight, loaded)
    assert loaded.phase == straight.current_phase()
    tensors = straight.sampling_generator.inputs
    inputs = [tf.ones([2, *(side or 8 for side in tensor.shape[1:])], tensor.dtype) for tensor in tensors]
    inputs = inputs if len(inputs) > 1 else inputs[0]
    np.testing.assert_array_equal(straight(inputs), loaded(inputs))
    saved = state(loaded)
    for gan in (straight, loaded):
        train(gan, dataset(name, start=1), 1)
    assert same_state(straight, loaded)
    # A checkpoint of step 1, restored over everything that step 2 has changed.
    assert Checkpoints(tmp_path, loaded).restore() == 1
    restored = state(loaded)
    assert all(same(saved[group], restored[group]) for group in saved)


@pytest.mark.parametrize(
    ("name", "eagerly"),
    slow_ones(
        itertools.product(MODELS, (True, False)),
        [
            *((name, True) for name in (*REPEATS, *AS_GRAPHS, *LONG)),
            *((name, False) for name in MODELS if name not in AS_GRAPHS),
        ],
    ),
)
def test_fit_and_evaluate_on_a_dict_with_a_smaller_last_batch(name, eagerly):
    """8 samples in batches of 6: the last has 2, and no size is known when a graph is made."""
    gan, data = MODELS[name][0](), arrays(name, 8)
    gan.run_eagerly = eagerly
    start = max(gan.boundaries, default=0)  # of the last phase: one graph
    gan.step.assign(start)
    tf.random.set_seed(0)  # of Keras's shuffling
    history = gan.fit(data, batch_size=6, verbose=0).history
    assert int(gan.step.numpy()) == start + 2
    assert set(gan.trackers) == set(history)
    assert all(np.isfinite(values).all() for values in history.values())
    before = state(gan)
    first = eager(gan).evaluate(data, batch_size=8, verbose=0, return_dict=True)
    assert set(first) == {name for name in gan.trackers if "gradient" not in name}
    assert gan.evaluate(data, batch_size=8, verbose=0, return_dict=True) == pytest.approx(first, rel=1e-6)
    assert all(same(before[group], found) for group, found in state(gan).items())


def test_fit_on_an_array_and_on_pairs():
    x, y = np.random.default_rng(0).uniform(-1, 1, (14, 8, 8, 1)), np.arange(14).reshape(14, 1) % 3
    tf.random.set_seed(0)
    assert eager(tiny_gan()).fit(x, batch_size=8, verbose=0).history["d_loss"]
    gan = eager(tiny_gan(True))
    ended = []
    counting = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ended.append(epoch))
    given = {"batch_size": 8, "verbose": 0, "callbacks": [counting]}
    history = gan.fit(x, y, epochs=2, validation_data=(x, y), **given).history
    assert ended == [0, 1]
    found = gan.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
    assert {f"val_{name}" for name in found} == {name for name in history if name.startswith("val_")}
    gan.train_on_batch(x, y)
    assert int(gan.step.numpy()) == 5
    translator = eager(cyclegan())
    pair = pictures(3)
    translator.fit(pair["source"], pair["target"], verbose=0)
    # Of unknown size, in a tuple.
    data = tf.data.Dataset.from_tensor_slices((x.astype("f"), y[:, 0])).batch(5)
    gan.fit(data, verbose=0, validation_data=data)
    assert int(gan.step.numpy()) == 8


def test_a_tuple_gives_what_a_dict_gives():
    batch = images(6)
    logs = [tiny_gan(True).train_step(data) for data in (batch, (batch["image"], batch["label"]))]
    logs.append(tiny_gan(True).train_step((batch["image"].numpy().astype("d"), batch["label"][:, None])))
    for other in logs[1:]:
        assert {k: float(v) for k, v in logs[0].items()} == {k: float(v) for k, v in other.items()}


def test_parts_have_their_usual_types():
    batch = tiny_gan(True).as_batch((np.zeros((6, 8, 8, 1)), np.zeros(6, np.int64)))
    assert {name: part.dtype for name, part in batch.items()} == {"image": tf.float32, "label": tf.int32}


def test_a_batch_of_unknown_size_gives_what_one_of_known_size_gives():
    settings = {"n_critic": 2, "packing": 2, "replay": 12, "r1": 0.1}
    logs = []
    for known in (True, False):
        gan = tiny_gan(**settings, instance_noise=InstanceNoise(0.1))
        spec = {"image": tf.TensorSpec([None, 8, 8, 1])}
        graph = tf.function(gan.train_step, input_signature=[spec], autograph=False)
        step = gan.train_step if known else graph
        for batch in tiny_batches(2, 12):
            found = step({"image": batch["image"]})
        logs.append({key: float(value) for key, value in found.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)


@pytest.mark.parametrize(("n", "sizes"), [(7, [2, 2, 3]), (6, [2, 2, 2]), (2, [1, 1, 1]), (1, [1, 1, 1])])
def test_an_uneven_batch_is_split_as_evenly_as_possible(n, sizes):
    gan, found = tiny_gan(n_critic=3), []

    @tf.function(input_signature=[tf.TensorSpec([None, 8, 8, 1])])
    def split(x):
        return [part["image"] for part in gan.split_batch({"image": x})]

    x = tf.random.stateless_normal((n, 8, 8, 1), [0, 0])
    found = split(x)
    assert [len(part) for part in found] == sizes
    if n >= 3:
        np.testing.assert_array_equal(tf.concat(found, 0), x)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((6, 8, 8, 1), np.uint8), r"image of dtype uint8: give floats in \[-1, 1\]"),
        ((np.zeros((6, 8, 8, 1)), np.zeros((6, 3), int)), r"label of shape \(6, 3\): give one integer"),
        ((np.zeros((6, 8, 8, 1)), np.zeros(6)), "label of dtype float64: give integers"),
        (
            (np.zeros((6, 8, 8, 1)), np.zeros(6, int), np.ones(6)),
            "ConditionalGAN takes image and label, not 3",
        ),
        ({"picture": np.zeros((6, 8, 8, 1))}, "ConditionalGAN needs an image in its batch"),
    ],
)
def test_other_batches_are_refused(data, message):
    with pytest.raises(InputError, match=message):
        tiny_gan(True).train_step(data)


def test_validation_uses_networks_in_inference_mode_and_draws_of_its_own():
    gan = tiny_gan(dropout=0.5, batch_norm=True)
    batch = images(6)
    gan.learning = False
    latents = gan.latents(6)
    gan.learning = True
    assert not np.allclose(latents, gan.latents(6))
    fakes = gan.generator(latents, training=False)
    logits = [gan.discriminator(samples, training=False).numpy() for samples in (batch["image"], fakes)]
    expected = np.mean(np.logaddexp(0, -logits[0])) + np.mean(np.logaddexp(0, logits[1]))
    found = gan.evaluate(batch, batch_size=6, verbose=0, return_dict=True)
    assert found["d_loss"] == pytest.approx(expected, rel=1e-5)
    assert found["g_loss"] == pytest.approx(np.mean(np.logaddexp(0, -logits[1])), rel=1e-5)
    # Each batch has its own draws.
    twice = {key: tf.concat([value, value], 0) for key, value in batch.items()}
    assert gan.evaluate(twice, batch_size=6, verbose=0, return_dict=True)["d_loss"] != found["d_loss"]


def test_calls_and_predictions_are_samples_of_the_average():
    gan = tiny_gan(True, batch_norm=True)
    gan.train_step(images(6))
    latents, label = np.random.default_rng(0).normal(size=(5, 4)).astype("f"), np.arange(5) % 3
    expected = gan.ema_generator([latents, label], training=False)
    np.testing.assert_array_equal(gan([latents, label]), expected)
    np.testing.assert_array_equal(gan([latents, label], training=True), expected)
    np.testing.assert_allclose(gan.predict([latents, label], verbose=0), expected, atol=1e-6)
    pair = pictures(3)
    translator = cyclegan()
    np.testing.assert_array_equal(translator(pair["source"]), translator.translate(pair))


def test_optimizers_by_name_and_config():
    gan = tiny_gan()
    gan.compile("adam", {"class_name": "SGD", "config": {"learning_rate": 0.5}})
    assert isinstance(gan.g_optimizer, keras.optimizers.Adam)
    assert float(gan.d_optimizer.learning_rate) == 0.5
    vae = tiny_vae()
    vae.compile("sgd")
    vae.train_step(images(6))
    with pytest.raises(InputError, match="optimizer 'adamm' is unknown"):
        gan.compile("adamm", "adam")
    one = keras.optimizers.SGD(0.1)
    for pair in ([one], [one, one]):
        with pytest.raises(InputError, match="VanillaGAN takes two optimizers"):
            gan.compile(*pair)


def test_what_has_no_config_is_refused_by_name(tmp_path):
    gan = small_srgan(content=object())
    with pytest.raises(InputError, match="SRGAN cannot be saved: content object has no get_config"):
        gan.get_config()


def fit(gan, *callbacks, epochs=2, batch=None, eagerly=True):
    gan.run_eagerly = eagerly
    tf.random.set_seed(0)
    batch = images(8) if batch is None else batch
    return gan.fit(batch, batch_size=4, epochs=epochs, verbose=0, callbacks=callbacks, validation_data=batch)


def test_callbacks_that_save(tmp_path):
    gan = tiny_gan()
    fit(
        gan,
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"),
        keras.callbacks.ModelCheckpoint(tmp_path / "best.weights.h5", "val_d_loss", save_best_only=True,
                                        save_weights_only=True, mode="min"),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.TensorBoard(tmp_path / "board", histogram_freq=1),
    )  # fmt: skip
    assert same_state(gan, keras.models.load_model(tmp_path / "2.keras"))
    tiny_gan().load_weights(tmp_path / "best.weights.h5")
    header, *rows = (tmp_path / "log.csv").read_text().splitlines()
    assert "val_d_loss" in header
    assert len(rows) == 2
    assert list((tmp_path / "board").rglob("events*"))
    # A type of several phases has a training function of its own.
    board = keras.callbacks.TensorBoard(tmp_path / "phases", write_graph=True)
    fit(energy_gan(EBGAN, pretrain_steps=1), board, epochs=1, eagerly=False)
    assert list((tmp_path / "phases").rglob("events*"))


def test_early_stopping_restores_the_best_weights():
    gan = tiny_gan()
    stopping = keras.callbacks.EarlyStopping(
        "val_g_loss", mode="max", baseline=1e9, patience=2, restore_best_weights=True
    )
    assert len(fit(gan, stopping, epochs=5).epoch) == 2


def test_backup_goes_on_from_an_interruption(tmp_path):
    """Two epochs, against one, an interruption, and a new model that takes the backup up."""

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    settings = {"dropout": 0.2, "replay": 12}
    batch = images(4)  # one step to an epoch, so that the order of the data is nothing
    straight = tiny_gan(**settings)
    fit(straight, batch=batch)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_gan(**settings), backup, Interrupt(), batch=batch)
    resumed = tiny_gan(**settings)
    fit(resumed, backup, batch=batch)
    assert same_state(straight, resumed)


def test_nan_stops_training():
    gan = tiny_gan()
    batch = {name: value.numpy() for name, value in images(8).items()}
    batch["image"][:] = np.nan
    fit(gan, TerminateOnNaN(), epochs=5, batch=batch)
    assert int(gan.step.numpy()) == 1


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        (keras.callbacks.LearningRateScheduler(lambda epoch: 1), "Scheduler changes the rate of one"),
        (keras.callbacks.ReduceLROnPlateau(), "ReduceLROnPlateau changes the rate of one optimizer"),
        (keras.callbacks.SwapEMAWeights(), "SwapEMAWeights swaps averages of one optimizer"),
        (keras.callbacks.TerminateOnNaN(), "TerminateOnNaN watches a log named loss alone: use"),
    ],
)  # fmt: skip
def test_callbacks_that_cannot_work_are_refused(callback, message):
    with pytest.raises(InputError, match=message) as refused:
        fit(tiny_gan(), callback)
    assert "\n" not in str(refused.value)
