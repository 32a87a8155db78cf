"""The processor time of a training step of CUT and FastCUT, beside that of CycleGAN with the same networks.

python benchmarks/cut_speed.py --out benchmarks/results/cut_speed
python benchmarks/cut_speed.py --sizes 256 --batch-size 1 --rounds 3 --out DIR

The networks are those of the recipes cyclegan and cut at their defaults: one generator and one discriminator
of CUT are as large as each of CycleGAN's two. "cut, paper's heads" has heads as wide as the paper's. The
batches are random pictures in memory. The ways take turns in one process, in each round one turn of about a
second each. Times are seconds of the processors, in which the pauses that other programs cause do not count;
a ratio is that of the times of one round. Writes DIR/results.json, a row for each size and way, and
DIR/table.md.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from arguments import Parser, check_counts, describe_machine, make_output, whole_numbers

from tfgan_ref import cli
from tfgan_ref.errors import InputError

FAST = {"contrastive_weight": 10.0, "identity_weight": 0.0, "flip_equivariance": True}
# A recipe, and the settings in which it differs from its defaults; the first is what the others stand beside.
WAYS = {
    "cyclegan": ("cyclegan", {}),
    "cut": ("cut", {}),
    "cut, paper's heads": ("cut", {"units": 256}),
    "fastcut": ("cut", FAST),
}
TURN_SECONDS = 1.0


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="32,64", help="sides of the pictures (%(default)s)")
    parser.add_argument("--batch-size", type=int, default=4, help="pictures of each domain (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each way (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    check_counts(arguments, "batch_size", "rounds")
    arguments.sizes = whole_numbers("sizes", arguments.sizes)
    for size in arguments.sizes:
        if size < 8 or size % 4:
            raise InputError(f"--sizes {size} is out of range: multiples of 4 from 8 up")
    make_output(arguments.out)
    return arguments


def training_step(way: str, size: int, batch_size: int) -> Callable[[int], float]:
    """Returns a function from a number of steps to the seconds that one of them takes."""
    import numpy as np
    import tensorflow as tf

    from tfgan_ref.data import DataShape
    from tfgan_ref.recipes import build_gan, find_recipe

    name, own = WAYS[way]
    recipe = find_recipe(name)
    settings = recipe.settings(crop=size, batch_size=batch_size, **own)
    gan = build_gan(recipe, settings, DataShape((size, size, 3), source_channels=3))
    rng = np.random.default_rng(0)
    shape = (batch_size, size, size, 3)
    batch = {part: tf.constant(rng.uniform(-1, 1, shape), tf.float32) for part in ("source", "target")}
    step = tf.function(gan.train_step, autograph=False)

    def run(steps: int) -> float:
        start = time.process_time()
        for _ in range(steps):
            logs = step(batch)
        float(logs["d_loss"])  # waits for the last one
        return (time.process_time() - start) / steps

    return run


def measure(size: int, batch_size: int, rounds: int) -> dict[str, list[float]]:
    """Returns the seconds of a step in each round, by way."""
    runs = {way: training_step(way, size, batch_size) for way in WAYS}
    counts = {}
    for way, run in runs.items():
        run(1)  # which traces
        counts[way] = max(1, round(TURN_SECONDS / run(1)))
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(rounds):
        for way in list(WAYS)[:: -1 if turn % 2 else 1]:
            seconds[way].append(runs[way](counts[way]))
    return seconds


def quartiles(values: list[float]) -> list[float]:
    """Returns the quartiles, the median in the middle, of one value or more."""
    return statistics.quantiles(values * 2 if len(values) == 1 else values, n=4, method="inclusive")


def shown(row: dict[str, Any]) -> list[str]:
    """Returns the cells of a row of the table."""
    spread = f"{row['ratio_low']:.2f} to {row['ratio_high']:.2f}"
    return [str(row["size"]), row["way"], f"{1000 * row['seconds']:.0f}", f"{row['ratio']:.2f}", spread]


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from study_common import table, write_rows

    facts = {
        "batch_size": arguments.batch_size,
        "rounds": arguments.rounds,
        "machine": describe_machine(),
    }
    heads = ["size", "way", "ms per step", "of cyclegan's", "quartiles"]
    rows, cells = [], []
    for size in arguments.sizes:
        seconds = measure(size, arguments.batch_size, arguments.rounds)
        for way in WAYS:
            ratios = [ours / theirs for ours, theirs in zip(seconds[way], seconds["cyclegan"], strict=True)]
            row = {"size": size, "way": way, "seconds": statistics.median(seconds[way])}
            row |= dict(zip(("ratio_low", "ratio", "ratio_high"), quartiles(ratios), strict=True))
            rows.append(row)
            cells.append(shown(row))
        write_rows(arguments.out, rows, facts, table(heads, cells))
        print(f"{size} pixels: done", flush=True)
    print(f"\n{table(heads, cells)}")


if __name__ == "__main__":
    cli.run(main)
