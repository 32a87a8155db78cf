"""Schedules against their formulas, counted in generator steps."""

import math

import keras
import numpy as np
import pytest

from tests.conftest import tiny_dataset, tiny_gan
from tfgan_ref.errors import InputError
from tfgan_ref.training.schedules import SCHEDULES, make_schedule

T, LR = 200, 0.4
FORMULAS = {
    "inverse_time": lambda t: LR / (1 + 3 * t / T),
    "exponential": lambda t: LR * math.exp(-3 * t / T),
    "cosine": lambda t: LR * (1 + math.cos(math.pi * t / T)) / 2,
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("t", [0, 1, 57, 200])
def test_formulas(name, t):
    schedule = make_schedule(name, LR, total_steps=T, decay=3.0)
    assert float(schedule(t)) == pytest.approx(FORMULAS[name](t), rel=1e-5, abs=1e-7)


def test_cyclical_is_triangles_between_a_tenth_and_the_rate():
    schedule = make_schedule("cyclical", LR, total_steps=T, cycles=4)
    # Each cycle has 50 steps: bottom, quarter, top, bottom.
    for t, expected in ((0, 0.04), (12.5, 0.22), (25, 0.4), (50, 0.04), (75, 0.4), (150, 0.04)):
        assert np.isclose(float(schedule(np.float32(t))), expected, atol=0.01)


def test_constant_is_a_plain_number():
    assert make_schedule("constant", LR, total_steps=T) == LR


@pytest.mark.parametrize("name", SCHEDULES)
def test_warm_up_rises_linearly_and_then_leaves_the_schedule_alone(name):
    plain = make_schedule(name, LR, total_steps=T)
    warm = make_schedule(name, LR, total_steps=T, warmup_steps=10)
    for t in (0, 4, 9, 10, 60):
        base = plain if name == "constant" else float(plain(t))
        assert float(warm(t)) == pytest.approx(base * min(1, (t + 1) / 10), rel=1e-5)


def test_past_the_end_the_last_value_stays():
    schedule = make_schedule("cosine", LR, total_steps=T)
    for step in (T, 4 * T, 5 * T):
        assert float(schedule(step)) == pytest.approx(0, abs=1e-7)


def test_discriminators_schedule_counts_generator_steps():
    """With n_critic = 3, both optimizers have the same rate at the same generator step."""
    rates = [make_schedule("cosine", LR, total_steps=T, updates_per_step=updates) for updates in (1, 3)]
    optimizers = [keras.optimizers.SGD(rate) for rate in rates]
    gan = tiny_gan(n_critic=3, optimizers=optimizers)
    gan.fit(tiny_dataset(9), steps_per_epoch=5, verbose=0, shuffle=False)
    assert [int(o.iterations.numpy()) for o in optimizers] == [5, 15]
    assert float(optimizers[0].learning_rate) == pytest.approx(float(optimizers[1].learning_rate))
    assert float(optimizers[0].learning_rate) == pytest.approx(FORMULAS["cosine"](5), rel=1e-5)


def test_config_round_trip():
    schedule = make_schedule("cyclical", LR, total_steps=T, cycles=3, warmup_steps=5)
    again = type(schedule).from_config(schedule.get_config())
    assert float(again(33)) == float(schedule(33))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "linear"}, "schedule 'linear' is unknown: choose one of constant, inverse_time"),
        ({"learning_rate": 0.0}, "learning rate 0.0 is out of range"),
        ({"decay": -1.0}, "decay -1.0"),
        ({"cycles": 0}, "cycles 0"),
        ({"warmup_steps": -1}, "warmup_steps -1"),
    ],
)
def test_out_of_range(settings, message):
    with pytest.raises(InputError, match=message):
        make_schedule(**{"name": "cosine", "learning_rate": LR, "total_steps": T, **settings})
