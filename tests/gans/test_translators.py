"""What holds for every type that turns pictures into pictures: precision, XLA, saving, replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, values
from tfgan_ref import networks
from tfgan_ref.gans import CUT, SRGAN, CycleGAN, Pix2Pix, StyleTransferGAN

SIDE = 8


def g_variables(gan):
    """What the generator's optimizer trains."""
    return [variable for name in gan.g_networks for variable in getattr(gan, name).trainable_variables]


def patches(channels, seed=2):
    return networks.patch_discriminator(channels, 16, 4, seed=seed)


def pix2pix():
    return Pix2Pix(networks.unet_translator(1, 3, 2, 4, seed=1), patches(4), stride=4)


def inpainting():
    generator = networks.inpainting_generator(1, 2, 4, seed=1)
    return Pix2Pix(generator, patches(3), inputs=("source", "mask"), stride=4)


def srgan():
    generator = networks.srresnet(2, 1, 4, global_skip=True, seed=1)
    discriminator = networks.sr_discriminator(16, width=2, dense=4, seed=2)
    return SRGAN(generator, discriminator, pretrain_steps=2, adversarial_weight=0.1)


def cyclegan():
    there, back = (networks.resnet_translator(3, 3, 1, 4, seed=seed) for seed in (1, 2))
    return CycleGAN(
        there, back, patches(3), patches(3, seed=3), stride=4, replay=8, replay_shape=(SIDE, SIDE)
    )


def cut():
    generator = networks.resnet_translator(3, 3, 1, 4, seed=1)
    return CUT(generator, patches(3), networks.patch_heads(generator, 4, seed=3), patches=8, stride=4)


def style():
    return StyleTransferGAN(networks.adain_generator(3, 4, 1, 1, 4, seed=1), patches(3), stride=2)


# How each is built, the channels of its source, and how much larger its target is.
TYPES = {"pix2pix": (pix2pix, 1, 1), "inpainting": (inpainting, 1, 1), "srgan": (srgan, 3, 2),
         "cyclegan": (cyclegan, 3, 1), "cut": (cut, 3, 1), "style": (style, 3, 1)}  # fmt: skip
EVERY = pytest.mark.parametrize("kind", slow_ones(TYPES, ["cut"]))  # its generator is that of cyclegan


def build(kind, optimizer=keras.optimizers.Adam, rate=1e-3, **compiled):
    gan = TYPES[kind][0]()
    gan.compile(optimizer(rate), optimizer(rate), **compiled)
    return gan


def batch_of(kind, n=4, seed=0):
    _, channels, scale = TYPES[kind]
    target_channels = 1 if kind == "inpainting" else 3
    rng = np.random.default_rng(seed)
    mask = (rng.random((n, SIDE, SIDE, 1)) < 0.7).astype(np.float32)
    source = rng.uniform(-1, 1, (n, SIDE, SIDE, channels)).astype(np.float32)
    target = rng.uniform(-1, 1, (n, scale * SIDE, scale * SIDE, target_channels)).astype(np.float32)
    parts = {"source": source, "target": target, "mask": mask}
    return {name: tf.constant(part) for name, part in parts.items()}


def dataset(kind, skip=0):
    batches = [batch_of(kind, seed=seed) for seed in range(8)]
    return tf.data.Dataset.from_generator(
        lambda: batches, output_signature={k: tf.TensorSpec(v.shape, v.dtype) for k, v in batches[0].items()}
    ).skip(skip)


def trained(gan, kind, steps, skip=0):
    gan.fit(dataset(kind, skip), steps_per_epoch=steps, verbose=0, shuffle=False)
    return gan


@EVERY
def test_a_translation_does_not_depend_on_the_pictures_beside_it(kind):
    gan, batch = build(kind), batch_of(kind)
    gan.train_step(batch)
    alone = gan.translate({name: part[:1] for name, part in batch.items()})
    np.testing.assert_allclose(gan.translate(batch)[:1], alone, atol=1e-5)


def scaled(optimizer, precision):
    """For float16 with a loss scale at which gradients fit, which else is found by halving."""
    half = precision == "mixed_float16"
    return keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=16.0) if half else optimizer


@pytest.mark.slow  # every recipe trains in bfloat16: tests/recipes/test_every_step.py
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@EVERY
def test_mixed_precision(kind, precision):
    keras.config.set_dtype_policy(precision)
    try:
        gan = build(kind, lambda rate: scaled(keras.optimizers.Adam(rate), precision))
    finally:
        keras.config.set_dtype_policy("float32")
    before = values(g_variables(gan))
    gan.step.assign(2)  # SRGAN's second phase
    gan.enter_phase()
    for seed in range(2):
        logs = gan.train_step(batch_of(kind, seed=seed))
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert not same(values(g_variables(gan)), before)
    assert gan.translate(batch_of(kind)).dtype == tf.float32


@pytest.mark.slow  # to compile; the others take half a minute
@pytest.mark.parametrize("kind", ["pix2pix", "srgan"])
def test_xla_gives_the_same_losses(kind):
    logs = []
    for jit in (False, True):
        # SGD, because Adam magnifies the last bits where a gradient is near 0.
        gan = build(kind, keras.optimizers.SGD, 1e-4)
        gan.step.assign(2)  # SRGAN's second phase
        gan.enter_phase()
        for layer in gan.generator.layers:  # XLA draws other numbers from a seed
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
        step = tf.function(gan.train_step, jit_compile=jit, autograph=False)
        step(batch_of(kind))
        logs.append({name: float(value) for name, value in step(batch_of(kind, seed=1)).items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-3, abs=1e-6)


@EVERY
def test_saved_generator_gives_the_same_pictures(kind, tmp_path):
    gan = build(kind)
    gan.train_step(batch_of(kind))
    gan.sampling_generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", compile=False, safe_mode=True)
    batch = batch_of(kind)
    inputs = gan.generator_inputs(batch)
    pictures = loaded(inputs if len(inputs) > 1 else inputs[0], training=False)
    np.testing.assert_array_equal(pictures, gan.translate(batch))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pix2pix"])
def test_two_replicas_stay_alike(kind, two_replicas):
    with two_replicas.scope():
        gan = build(kind)
    gan.step.assign(2)
    gan.fit(dataset(kind), steps_per_epoch=2, verbose=0, shuffle=False)
    for variable in g_variables(gan):
        first, second = two_replicas.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second)


@EVERY
def test_a_missing_part_is_named(kind):
    batch = batch_of(kind)
    del batch["source"]
    with pytest.raises(ValueError, match="needs a source in its batch"):
        build(kind).train_step(batch)
