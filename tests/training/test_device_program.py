"""Many steps in one XLA program: what it runs, that bits do not depend on the calls, and when it fails."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import same, slow_ones, tiny_gan, values
from tests.data.test_pipeline import TRAINING
from tfgan_ref.data.images.arrays import ImageArrays, image_loader
from tfgan_ref.errors import InputError
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import train
from tfgan_ref.training import device_program
from tfgan_ref.training.device_program import DeviceProgram

RNG = np.random.default_rng(0)
IMAGES = ImageArrays(
    "images",
    RNG.integers(256, size=(20, 8, 8, 1), dtype=np.uint8),
    RNG.integers(3, size=20, dtype=np.int32),
    ("a", "b", "c"),
)
LOADER = image_loader(IMAGES, 12, seed=0)
# All that changes variables of its own, for the slow tests.
SETTINGS = {"dropout": 0.3, "batch_norm": True, "n_critic": 2}


def plain_gan(**settings):
    """One that compiles fast."""
    return tiny_gan(optimizers=(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)), **settings)


def state(gan):
    return values(variable for group in gan.state().values() for variable in group)


def restore(gan, kept):
    for variable, value in zip((v for group in gan.state().values() for v in group), kept, strict=True):
        variable.assign(value)


def run(program, together, steps, start=0):
    """Trains from ``start`` on in calls of ``together`` steps; returns the state and the last logs."""
    gan = program.gan
    program.start_step, program.steps, gan.steps_per_execution = start, together, together
    seen = []
    watching = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append((batch, logs))
    )
    keras.Model.fit(
        gan, program.elements(together), steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[watching]
    )
    assert [batch for batch, _ in seen] == list(range(together - 1, steps, together))
    return state(gan), seen[-1][1]


@pytest.fixture(scope="module")
def program():
    made = DeviceProgram(plain_gan(), LOADER, 0)
    made.install()
    return made


@pytest.fixture
def fresh(program):
    """The program, whose GAN is as it was before the first step when the test ends."""
    initial = state(program.gan)
    yield program
    restore(program.gan, initial)


def test_a_call_reads_one_element_and_runs_one_program(program):
    graph = program.call.get_concrete_function(iter(program.elements(4)), tf.constant(1)).graph
    kinds = [op.type for op in graph.get_operations()]
    assert kinds.count("IteratorGetNext") == 1
    programs = [op for op in graph.get_operations() if op.type.endswith("PartitionedCall")]
    assert [op.get_attr("_XlaMustCompile") for op in programs] == [True]
    assert {*kinds} <= {"Placeholder", "IteratorGetNext", programs[0].type, "Identity", "NoOp"}


def test_the_bits_do_not_depend_on_the_steps_in_a_call(fresh):
    initial = state(fresh.gan)
    alone, logs = run(fresh, 1, 4)
    assert int(fresh.gan.step.numpy()) == 4
    assert not same(alone, initial)
    restore(fresh.gan, initial)
    together, others = run(fresh, 4, 4)
    assert same(together, alone)
    assert others == logs
    restore(fresh.gan, initial)
    run(fresh, 2, 2)
    means = [(v, v.numpy()) for metric in fresh.gan.metrics for v in metric.variables]
    # Keras's ``fit`` starts new means, which a run continues by a callback of its own.
    fresh.gan.reset_metrics = lambda: [v.assign(value) for v, value in means]
    try:
        assert same(run(fresh, 2, 2, start=2)[0], alone)
    finally:
        del fresh.gan.reset_metrics


def test_measuring_changes_nothing(fresh):
    initial = state(fresh.gan)
    assert 1 <= fresh.affordable_steps() <= fresh.capacity
    assert same(state(fresh.gan), initial)


@pytest.mark.parametrize("kind", slow_ones(TRAINING, TRAINING.keys() - {"pairs"}))
@pytest.mark.parametrize("resident", slow_ones([True, False], [False]))
def test_a_call_is_given_what_its_steps_take(monkeypatch, kind, resident):
    loader = TRAINING[kind](1).loader(2)
    monkeypatch.setattr(device_program, "MOST_STEPS", 3)
    monkeypatch.setattr(device_program, "RESIDENT", 2**30 if resident else -1)
    made = DeviceProgram(None, loader, 5)
    assert made.arrays.keys() == (loader.arrays.keys() if resident else set())
    expected = list(loader.dataset(5, "choose" if resident else "gather").take(4).as_numpy_iterator())
    for number, element in enumerate(made.elements(2).take(2).as_numpy_iterator()):
        assert element.keys() == expected[0].keys()
        for name, stack in element.items():
            assert len(stack) == made.capacity == 3
            for step in (0, 1):
                np.testing.assert_array_equal(stack[step], expected[2 * number + step][name])


@pytest.mark.slow
def test_steps_compiled_one_by_one_do_the_same():
    """They are another program, which may round in another way."""
    ours, gan = DeviceProgram(tiny_gan(True, **SETTINGS), LOADER, 0), tiny_gan(True, **SETTINGS)
    ours.install()
    run(ours, 4, 8)
    step = tf.function(gan.train_step, jit_compile=True, autograph=False)
    for batch in LOADER.dataset().take(8):
        step(batch)
    for own, other in zip(state(ours.gan), state(gan), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_large_data_come_batch_by_batch(fresh, monkeypatch):
    resident = run(fresh, 4, 4)[0]
    monkeypatch.setattr(device_program, "RESIDENT", IMAGES.images.nbytes - 1)
    made = DeviceProgram(plain_gan(), LOADER, 0)
    assert made.arrays == {}
    spec = made.elements(2).element_spec
    assert spec["image"] == tf.TensorSpec((made.capacity, 12, 8, 8, 1), tf.uint8)
    made.install()
    assert same(run(made, 4, 4)[0], resident)
    monkeypatch.setattr(device_program, "MOST_HANDED_OVER", 3 * 12 * (64 + 4))
    assert DeviceProgram(made.gan, LOADER, 0).capacity == 3
    monkeypatch.setattr(device_program, "MOST_HANDED_OVER", 1)
    assert DeviceProgram(made.gan, LOADER, 0).capacity == 1


class Phased(VanillaGAN):
    """A type that turns its images round at first."""

    boundaries = (4,)

    def train_step(self, data):
        batch = self.as_batch(data)
        return super().train_step(batch if self.phase else batch | {"image": -batch["image"]})


@pytest.mark.slow
def test_each_phase_has_a_program():
    states = []
    for together in (1, 4):
        made = DeviceProgram(plain_gan(kind=Phased), LOADER, 0)
        made.install()
        calls = made.call
        states.append(run(made, together, 8)[0])
        assert made.gan.phase == 1
        assert made.call is not calls
    assert same(*states)
    made.gan.step.assign(0)
    with pytest.raises(InputError, match="steps_per_execution 3 does not divide the 4 steps"):
        run(made, 3, 3)


class Written(VanillaGAN):
    """A type whose step XLA cannot compile: it has a text."""

    def train_step(self, data):
        batch = self.as_batch(data)
        text = tf.strings.as_string(batch["image"][:, :1, :1])
        return super().train_step(batch | {"image": batch["image"] + tf.strings.to_number(text)})


@pytest.mark.parametrize("jit", slow_ones(["auto", "on"], ["on"]))
def test_a_step_that_xla_cannot_compile(jit, caplog):
    gan = plain_gan(kind=Written)
    initial = state(gan)
    settings = RECIPES["gan"].settings(steps=4, jit=jit)
    if jit == "on":
        with pytest.raises(InputError, match="jit on: XLA cannot compile this step") as raised:
            train._compile_steps(settings, gan, LOADER, 0)
        assert "\n" not in str(raised.value)
        return
    assert train._compile_steps(settings, gan, LOADER, 0) is None
    (record,) = caplog.records
    assert "going on without XLA, which cannot compile this step" in record.message
    assert "AsString" in record.message
    assert "\n" not in record.message
    assert same(state(gan), initial)
    assert gan.train_function is None  # ``fit`` makes Keras's own
