"""What holds for every type: isolation of the networks, precision, XLA, export."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, tiny_batches, tiny_dataset, tiny_gan, values
from tfgan_ref import losses
from tfgan_ref.export.generator import export_generator
from tfgan_ref.gans import ACGAN, DRAGAN, LSGAN, WGAN, WGANGP, ConditionalGAN, HingeGAN, VanillaGAN
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets, pack
from tfgan_ref.training.checkpoints import Checkpoints

TYPES = {kind.__name__: kind for kind in (VanillaGAN, LSGAN, WGAN, WGANGP, HingeGAN, DRAGAN, ACGAN)}
EVERY = pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)
UNCONDITIONAL = pytest.mark.parametrize("kind", [k for k in TYPES.values() if k is not ACGAN], ids=str)


class Frozen(keras.optimizers.SGD):
    """An optimizer that changes nothing."""

    def apply(self, grads, trainable_variables=None):
        pass


def sgd():
    return keras.optimizers.SGD(0.1)


def batches_for(gan, n):
    return tiny_batches(n, batch_size=6 * gan.n_critic)


@EVERY
def test_each_update_changes_its_own_network_only(kind):
    for frozen in ("generator", "discriminator"):
        pair = (Frozen(0.1), sgd()) if frozen == "generator" else (sgd(), Frozen(0.1))
        gan = tiny_gan(kind=kind, optimizers=pair)
        before = {name: values(getattr(gan, name).variables) for name in ("generator", "discriminator")}
        gan.train_step(batches_for(gan, 1)[0])
        moved = {name for name in before if not same(before[name], values(getattr(gan, name).variables))}
        assert moved == {"generator", "discriminator"} - {frozen}


def test_resumed_training_is_bit_identical_as_a_graph(tmp_path):
    """Two steps, a checkpoint and two steps, against the checkpoint in a new object and two steps.

    For each type, with eager steps, in test_keras_model.py.
    """

    def trained(gan, steps, skip=0):
        dataset = tiny_dataset(6 * gan.n_critic).skip(skip)
        gan.fit(dataset, steps_per_epoch=steps, verbose=0, shuffle=False)
        return gan

    settings = {"dropout": 0.2, "instance_noise": InstanceNoise(0.1), "replay": 12, "r1": 0.1, "n_critic": 2,
                "compiled": {"steps_per_execution": 2}}  # fmt: skip
    straight = trained(tiny_gan(**settings), 2)
    Checkpoints(tmp_path, straight).save()
    trained(straight, 2, skip=2)
    resumed = tiny_gan(**settings)
    assert Checkpoints(tmp_path, resumed).restore() == 2
    trained(resumed, 2, skip=2)
    assert same(values(straight.variables), values(resumed.variables))
    for name, optimizer in straight.optimizers().items():
        assert same(values(optimizer.variables), values(resumed.optimizers()[name].variables))


@pytest.mark.parametrize(
    ("kind", "precision"),
    [*((kind, "mixed_bfloat16") for kind in TYPES.values()), (WGANGP, "mixed_float16")],
)
def test_mixed_precision(kind, precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = tiny_gan(kind=kind, r1=0.1)
    finally:
        keras.config.set_dtype_policy("float32")
    before = values(gan.generator.trainable_variables)
    for batch in batches_for(gan, 3):
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert not same(values(gan.generator.trainable_variables), before)


@pytest.mark.parametrize("kind", slow_ones([VanillaGAN, WGANGP], [WGANGP]))
def test_networks_that_end_in_bfloat16_have_losses_in_float32(kind, monkeypatch):
    """As a user's own may, under Keras's policy and with no float32 layer at their ends."""
    dtype = "mixed_bfloat16"
    generator = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(64, "tanh", dtype=dtype),
            keras.layers.Reshape((8, 8, 1), dtype=dtype),
        ]
    )
    discriminator = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(dtype=dtype), keras.layers.Dense(1, dtype=dtype)]
    )
    assert discriminator(generator(tf.zeros((2, 4)))).dtype == tf.bfloat16
    own = {"label_targets": LabelTargets(0.1, 0.1)} if kind is VanillaGAN else {"n_critic": 2}
    gan = kind(generator, discriminator, r1=0.1, replay=12, **own)
    gan.compile("adam", "adam")
    reported = {}
    monkeypatch.setattr(gan, "finish_step", lambda **tracked: reported.update(tracked))
    for batch in batches_for(gan, 3):
        gan.train_step(batch)
    assert len(reported) > 4
    assert {value.dtype for value in reported.values()} == {tf.float32}
    assert all(np.isfinite(value) for value in reported.values())


# And VanillaGAN in test_training_step.py.
@pytest.mark.slow
@pytest.mark.parametrize("kind", [WGANGP, ACGAN])
def test_xla_gives_the_same_first_losses(kind, monkeypatch):
    # SGD, because Adam divides by the gradient's size: where that is near 0 it magnifies the last bits.
    gans = [tiny_gan(kind=kind, r1=0.1, n_critic=2, optimizers=(sgd(), sgd())) for _ in range(2)]
    # XLA draws other numbers from a seed, so the latents and mixing weights are given here.
    latents = tf.constant(np.random.default_rng(0).normal(size=(6, 4)), tf.float32)
    monkeypatch.setattr("tfgan_ref.randomness.sample_latents", lambda n, dim, seed: latents)
    monkeypatch.setattr("tfgan_ref.randomness.uniform", lambda shape, seed: tf.fill(shape, 0.3))
    logs = []
    for gan, jit in zip(gans, (False, True), strict=True):
        step = tf.function(gan.train_step, jit_compile=jit, autograph=False)
        for batch in batches_for(gan, 2):
            result = step(batch)
        logs.append({key: float(value) for key, value in result.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-3, abs=1e-6)


@EVERY
def test_exported_generator_draws_what_the_type_draws(kind, tmp_path):
    gan = tiny_gan(kind=kind)
    gan.train_step(batches_for(gan, 1)[0])
    export_generator(gan.sampling_generator, tmp_path / "model", num_classes=gan.num_classes)
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    label = (tf.constant([0, 1, 2]),) if gan.num_classes else ()
    drawn = loaded.sample(3, 7, *label)
    ours = gan.generate(3, 7, **({"label": [0, 1, 2]} if label else {}))
    np.testing.assert_allclose(drawn, (ours.numpy() + 1) / 2, atol=1e-5)


@UNCONDITIONAL
def test_every_type_takes_labels(kind):
    """num_classes makes any type conditional when its networks take labels."""
    gan = tiny_gan(kind=kind, conditional=True)
    for batch in batches_for(gan, 2):
        logs = gan.train_step(batch)
    assert np.isfinite(float(logs["g_loss"]))
    assert not np.array_equal(gan.generate(2, 0, label=0), gan.generate(2, 0, label=1))


@EVERY
def test_labels_missing_from_the_data(kind):
    gan = tiny_gan(kind=kind, conditional=True)
    batch = batches_for(gan, 1)[0]
    del batch["label"]
    with pytest.raises(ValueError, match=f"{kind.__name__} with 3 classes needs a label in its batch"):
        gan.train_step(batch)


@UNCONDITIONAL
def test_packs_reach_the_discriminator(kind):
    gan = tiny_gan(kind=kind, packing=3)
    for batch in batches_for(gan, 2):
        logs = gan.train_step(batch)
    assert np.isfinite(float(logs["d_loss"]))
    batch = batches_for(gan, 1)[0]
    assert gan.real(batch)[0].shape == (2 * gan.n_critic, 8, 8, 3)


def test_a_pack_holds_neighbours_channel_behind_channel():
    samples = np.random.default_rng(0).normal(size=(6, 4, 5, 2)).astype(np.float32)
    packs = pack(tf.constant(samples), 3).numpy()
    assert packs.shape == (2, 4, 5, 6)
    for number in range(6):
        channels = slice(2 * (number % 3), 2 * (number % 3) + 2)
        np.testing.assert_array_equal(packs[number // 3, :, :, channels], samples[number])
    np.testing.assert_array_equal(pack(tf.reshape(tf.range(8), [4, 2]), 2), [[0, 1, 2, 3], [4, 5, 6, 7]])


def test_packing_that_does_not_divide_the_batch():
    with pytest.raises(ValueError, match="packing 4 does not divide the batch size 6"):
        tiny_gan(packing=4).train_step(tiny_batches(1)[0])


@pytest.mark.parametrize("name", losses.ADVERSARIAL_LOSSES)
def test_conditional_gan_takes_every_loss(name):
    gan = tiny_gan(conditional=True, loss=name)
    real = tiny_batches(1)[0]
    d_before = values(gan.discriminator.trainable_variables)
    logs = gan.train_step(real)
    assert np.isfinite(float(logs["d_loss"]))
    assert not same(d_before, values(gan.discriminator.trainable_variables))


def test_wgan_clips_every_weight_of_the_critic_after_every_update():
    gan = tiny_gan(kind=WGAN, clip=0.02, optimizers=(sgd(), keras.optimizers.SGD(5.0)))
    gan.train_step(batches_for(gan, 1)[0])
    for weight in values(gan.discriminator.trainable_variables):
        assert np.abs(weight).max() <= np.float32(0.02)
    kernels = np.concatenate([v.ravel() for v in values(gan.discriminator.trainable_variables)])
    assert np.mean(np.abs(kernels) == np.float32(0.02)) > 0.3
    assert max(np.abs(v).max() for v in values(gan.generator.trainable_variables)) > 0.02


def test_acgan_learns_the_classes():
    gan, [batch] = tiny_gan(kind=ACGAN), tiny_batches(1)
    step = tf.function(gan.train_step, autograph=False)
    for _ in range(60):
        step(batch)
    gan.reset_metrics()
    logs = step(batch)
    assert float(logs["class_accuracy_real"]) == 1.0


def test_acgans_discriminator_never_sees_the_label():
    gan = tiny_gan(kind=ACGAN)
    assert len(gan.discriminator.inputs) == 1


def test_masks_of_the_data_are_put_on_the_fakes():
    batch = tiny_batches(1)[0]
    mask = np.random.default_rng(0).integers(0, 2, (6, 8, 8, 1)).astype(np.float32)
    batch |= {"image": batch["image"] * mask, "mask": tf.constant(mask)}
    measured = tiny_gan().fake(batch)[0].numpy()
    whole = tiny_gan(measure_fakes=False).fake(batch)[0].numpy()
    np.testing.assert_array_equal(measured, whole * mask)
    assert np.abs(whole[mask == 0]).max() > 0
    gan = tiny_gan()
    gan.train_step(batch)
    assert np.abs(gan.generate(6, 0).numpy()[mask == 0]).max() > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": WGAN, "clip": 0.0}, "clip 0.0 is out of range"),
        ({"kind": WGANGP, "penalty_weight": -1.0}, "penalty_weight -1.0 is out of range"),
        ({"kind": DRAGAN, "spread": 0.0}, "spread 0.0 is out of range"),
        ({"kind": DRAGAN, "penalty_weight": -1.0}, "penalty_weight -1.0 is out of range"),
        ({"kind": ACGAN, "class_weight": -1.0}, "class_weight -1.0 is out of range"),
        ({"r1": -1.0}, "r1 -1.0 is out of range"),
        ({"r2": -1.0}, "r2 -1.0 is out of range"),
        ({"packing": 0}, "packing 0 is out of range"),
        ({"conditional": True, "packing": 2}, "packing 2 is for types without labels"),
        ({"loss": "hinge"}, "loss 'hinge' is unknown: choose one of non_saturating, minimax, relativistic"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        tiny_gan(**settings)


def test_targets_for_a_loss_without_them():
    with pytest.raises(ValueError, match="loss hinge has no targets to smooth or flip"):
        tiny_gan(conditional=True, kind=ConditionalGAN, loss="hinge", label_targets=LabelTargets(0.1))


def test_techniques_together():
    gan = tiny_gan(
        kind=HingeGAN, packing=2, replay=6, r1=0.1, instance_noise=InstanceNoise(0.1), l2=1e-4,
        augmentation=DifferentiableAugmentation(["colour", "translation", "cutout"]),
    )  # fmt: skip
    for batch in tiny_batches(3):
        logs = gan.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
