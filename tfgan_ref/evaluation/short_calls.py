"""Training of the networks behind the scores, a few steps at a time."""

import logging
import sys
from collections.abc import Callable

import tensorflow as tf
from tqdm import tqdm

logger = logging.getLogger(__name__)
STEPS_PER_CALL = 10  # Ctrl-C waits for the end of a call
LINES = 5  # of progress where there is no terminal


def train_in_short_calls(
    step: Callable[[dict[str, tf.Tensor]], None], dataset: tf.data.Dataset, steps: int, title: str
) -> None:
    """Calls ``step(batch)`` for the first ``steps`` batches, in graphs of a few steps."""
    iterator = iter(dataset)
    # AutoGraph, which turns the loop below into one of TensorFlow's, would rewrite the networks for nothing.
    step = tf.autograph.experimental.do_not_convert(step)

    @tf.function
    def run(count: tf.Tensor) -> None:
        for _ in tf.range(count):
            step(next(iterator))

    run_in_short_calls(run, steps, title)


def run_in_short_calls(run: Callable[[tf.Tensor], None], steps: int, title: str) -> None:
    """Calls ``run(count)`` until ``steps`` are done, and shows progress: a bar on a terminal, else lines.

    Args:
        run: does ``count`` more steps, an int32 scalar.
        steps: in all.
        title: what is trained.
    """
    with tqdm(total=steps, desc=title, unit="step", file=sys.stderr, disable=None) as bar:
        for done in range(0, steps, STEPS_PER_CALL):
            count = min(STEPS_PER_CALL, steps - done)
            run(tf.constant(count))
            bar.update(count)
            if bar.disable and done * LINES // steps < (done + count) * LINES // steps < LINES:
                logger.info("%s: %d of %d steps", title, done + count, steps)
