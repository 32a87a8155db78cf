"""Training of the networks behind the scores, a few steps at a time."""

import logging
import sys
from collections.abc import Callable

import tensorflow as tf
from tqdm import tqdm

logger = logging.getLogger(__name__)
STEPS_PER_CALL = 10  # Ctrl-C waits for the end of a call
LINES = 5  # of progress where there is no terminal


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
