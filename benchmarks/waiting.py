"""Steps of one model from several data sets in turns: what waiting for the data costs."""

import statistics
import time
from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from tfgan_ref.gans import GenerativeModel

TURN_SECONDS = 0.5


class Waiting(NamedTuple):
    """What the steps took.

    Attributes:
        seconds: of a step from the data set that the others are compared with, the median over the rounds.
        ratios: of the others' steps to it, by name: the medians over the rounds of the ratios within a round.
    """

    seconds: float
    ratios: dict[str, float]


def compare(gan: GenerativeModel, datasets: Mapping[str, tf.data.Dataset], base: str, rounds: int) -> Waiting:
    """Times steps of ``gan`` from each data set, in short turns, every other round in reverse order.

    Each data set is read by one iterator from the first turn to the last, as in training, where reading
    ahead starts once.

    Args:
        gan: the compiled GAN, which learns from all of them.
        datasets: infinite, by name.
        base: the name of the one that the others are compared with.
        rounds: turns of each.
    """
    iterators = {name: iter(dataset) for name, dataset in datasets.items()}
    gan.enter_phase()
    step = tf.function(gan.train_step, autograph=False)

    def turn(name: str, steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            tracked = step(next(iterators[name]))
        for value in tracked.values():
            float(value)  # waits for the device
        return (time.perf_counter() - start) / steps

    for name in datasets:
        turn(name, 2)
    steps = max(1, round(TURN_SECONDS / turn(base, 3)))
    taken = {name: [] for name in datasets}
    for number in range(rounds):
        for name in list(datasets)[:: -1 if number % 2 else 1]:
            taken[name].append(turn(name, steps))
    ratios = {
        name: statistics.median(own / other for own, other in zip(seconds, taken[base], strict=True))
        for name, seconds in taken.items()
        if name != base
    }
    return Waiting(statistics.median(taken[base]), ratios)
