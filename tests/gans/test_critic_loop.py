"""For a GPU, XLA compiles a loop of critic updates, which gives the bits of the updates one after another."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, tiny_batches, tiny_gan, values
from tests.gans.test_types import TYPES
from tfgan_ref.gans import GAN, WGANGP
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets

N = 6
EVERYTHING = {
    "dropout": 0.2, "r1": 0.1, "l2": 1e-3, "instance_noise": InstanceNoise(0.1), "replay": 12, "n_critic": 4,
    "augmentation": DifferentiableAugmentation(["translation"]),
}  # fmt: skip
WITH_TARGETS = ("VanillaGAN", "LSGAN")


def state_of(gan):
    return values([variable for group in gan.state().values() for variable in group])


def loops_in(function, batch):
    graph = function.get_concrete_function(batch).graph
    return [operation for operation in graph.get_operations() if "While" in operation.type]


def test_the_loop_for_xla_gives_the_bits_of_updates_one_after_another(monkeypatch):
    monkeypatch.setattr(GAN, "compiled_for_gpu", True)
    settings = EVERYTHING | {"n_critic": 3, "r1": 0.0}
    looped, plain = tiny_gan(**settings), tiny_gan(**settings)
    batch = tiny_batches(1, batch_size=N * looped.n_critic)[0]
    before = state_of(looped)
    updates = tf.function(looped.earlier_updates, autograph=False)
    last = updates(batch)
    assert len(loops_in(updates, batch)) == 1
    *earlier, expected = plain.split_batch(batch)
    for k, part in enumerate(earlier):
        plain.discriminator_step(plain.real(part), plain.sample_replay(plain.fake(part, k), k), k)
    assert same(values(last.values()), values(expected.values()))
    assert same(state_of(looped), state_of(plain))
    assert not same(state_of(looped), before)


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("gpus", [[], ["GPU:0"]])
def test_the_loop_is_for_xla_on_a_gpu_alone(jit, gpus, monkeypatch):
    gan = tiny_gan()
    monkeypatch.setattr(gan, "_jit_compile", jit)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert gan.compiled_for_gpu == (jit and bool(gpus))


@pytest.mark.slow
@pytest.mark.parametrize("name", TYPES)
def test_a_step_with_the_loop_gives_the_bits_of_one_without(name, monkeypatch):
    """TensorFlow's rewriting of graphs, which the tests switch off, makes other last bits of a loop."""
    own = {"label_targets": LabelTargets(0.1, 0.2)} if name in WITH_TARGETS else {}
    states = []
    for loop in (True, False):
        monkeypatch.setattr(GAN, "compiled_for_gpu", loop)
        gan = tiny_gan(kind=TYPES[name], **EVERYTHING | own)
        step = tf.function(gan.train_step, autograph=False)
        for batch in tiny_batches(2, batch_size=N * gan.n_critic):
            step(batch)
        assert bool(loops_in(step, batch)) == loop
        states.append(state_of(gan))
    assert same(*states)


@pytest.mark.slow
def test_the_graph_for_xla_does_not_grow_with_the_updates(monkeypatch):
    monkeypatch.setattr(GAN, "compiled_for_gpu", True)
    nodes = []
    for n_critic in (3, 6):
        gan = tiny_gan(kind=WGANGP, n_critic=n_critic)
        step = tf.function(gan.train_step, autograph=False)
        graph = step.get_concrete_function(tiny_batches(1, batch_size=N * n_critic)[0]).graph.as_graph_def()
        nodes.append(sum(len(called.node_def) for called in graph.library.function) + len(graph.node))
    assert nodes[1] - nodes[0] < 20  # pieces of the batch


@pytest.mark.slow
def test_batches_of_unknown_size_train_under_xla(monkeypatch):
    """As ``fit`` gives them of an array: 20 samples in parts of 6, 7 and 7, 7 in parts of 2, 2 and 3."""
    monkeypatch.setattr("keras.src.trainers.trainer.model_supports_jit", lambda model: True)
    gan = tiny_gan(kind=WGANGP, n_critic=3, compiled={"jit_compile": True})
    assert gan.jit_compile
    images = np.concatenate([batch["image"] for batch in tiny_batches(9, batch_size=3)])
    before = values(gan.discriminator.trainable_variables)
    logs = gan.fit(images, batch_size=20, shuffle=False, verbose=0).history
    assert np.isfinite(logs["d_loss"]).all()
    assert int(gan.d_optimizer.iterations.numpy()) == 6
    assert not same(before, values(gan.discriminator.trainable_variables))
