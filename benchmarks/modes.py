"""Which objectives find all modes of a distribution whose modes can be counted, and what repairs a collapse.

python benchmarks/modes.py --distribution grid --out benchmarks/results/modes/grid
python benchmarks/modes.py --distribution grid --objectives instance_noise --seeds 1,2,3,4,5 --out DIR
python benchmarks/modes.py --distribution stacked --data npz:train.npz --steps 10000 --out DIR

ring        8 Gaussians on a circle
grid        25 Gaussians on a grid
two_modes   the tutorial's example, two Gaussians on a line
stacked     three digits in three channels, 1,000 modes; of --data, by default the embedded digits

For each objective and seed: a row in DIR/results.json (the rows of other objectives and seeds in there stay)
and a picture of samples over time, DIR/OBJECTIVE-SEED.png; DIR/table.md has means and spread over seeds.
A run whose row is there with the same settings is not run again: the same command goes on from where it was
stopped.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from arguments import Parser, check_counts, check_names, make_output, whole_numbers

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.training.starts import processor_name

DISTRIBUTIONS = ("ring", "grid", "two_modes", "stacked")
STEPS = {"ring": 10_000, "grid": 24_000, "two_modes": 3000, "stacked": 3000}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distribution", help=", ".join(DISTRIBUTIONS))
    parser.add_argument("--objectives", default="all", help="a list with commas; see --list (%(default)s)")
    parser.add_argument("--list", action="store_true", help="list the objectives")
    parser.add_argument("--seeds", default="1,2,3", help="a list with commas (%(default)s)")
    parser.add_argument("--steps", type=int, help="generator updates, a multiple of 10 (by distribution)")
    parser.add_argument("--data", default="digits", help="labelled digits for stacked (%(default)s)")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
    parser.add_argument("--width", type=int, default=32, help="filters of DCGAN for stacked (%(default)s)")
    parser.add_argument("--threads", type=int, help="of TensorFlow (1; for stacked all cores)")
    parser.add_argument("--out", type=Path, help="directory of table, pictures and results")
    arguments = parser.parse_args()
    if arguments.list:
        return arguments
    for flag in ("distribution", "out"):
        if getattr(arguments, flag) is None:
            raise InputError(f"--{flag} is missing: it has no default")
    if arguments.distribution not in DISTRIBUTIONS:
        allowed = ", ".join(DISTRIBUTIONS)
        raise InputError(f"distribution {arguments.distribution!r} is unknown: choose one of {allowed}")
    arguments.steps = STEPS[arguments.distribution] if arguments.steps is None else arguments.steps
    if arguments.steps < 10 or arguments.steps % 10:
        raise InputError(f"--steps {arguments.steps} is out of range: a multiple of 10, at least 10")
    check_counts(arguments, "width", "threads")
    arguments.seeds = whole_numbers("seeds", arguments.seeds)
    make_output(arguments.out)
    return arguments


def kept_rows(path: Path, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the rows of earlier runs."""
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [row for row in rows if [row[key] for key in keys]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no results file of modes.py: name another --out") from error


def unfinished(
    rows: Sequence[dict[str, Any]], names: Sequence[str], seeds: Sequence[int], settings: dict[str, dict]
) -> list[tuple[str, int]]:
    """Returns the runs, objective and seed, that no row is of with the same settings."""
    kept = ("objective", "seed")
    return [
        (name, seed)
        for name in names
        for seed in seeds
        if not any(
            tuple(row[key] for key in kept) == (name, seed)
            and all(row.get(key) == value for key, value in settings[name].items())
            for row in rows
        )
    ]


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    if arguments.list:
        from mode_objectives import OBJECTIVES

        for name, objective in OBJECTIVES.items():
            print(f"{name:16} {objective.kind.__name__:11} {objective.summary}")
        return
    path = arguments.out / "results.json"
    rows = kept_rows(path, ("objective", "seed", "modes", "seconds"))

    import tensorflow as tf
    from mode_objectives import OBJECTIVES, build

    names = list(OBJECTIVES) if arguments.objectives == "all" else arguments.objectives.split(",")
    check_names("objective", names, OBJECTIVES)
    # A second thread shortens the step of these small networks by little; it is worth more to another run.
    threads = arguments.threads or (0 if arguments.distribution == "stacked" else 1)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()

    from mode_distributions import MIXTURES, Snapshots, StackedDigits
    from mode_table import HEADINGS, table_cells
    from study_common import table

    from tfgan_ref import data
    from tfgan_ref.files import write_json, write_text

    if arguments.distribution in MIXTURES:
        distribution = MIXTURES[arguments.distribution]()
        facts = {}
    else:
        arrays = data.read(arguments.data, image_size=28, channels=1, data_dir=arguments.data_dir)
        distribution = StackedDigits(arrays, arguments.width)
        facts = {
            "data": arrays.name if arguments.data == "digits" else arguments.data.partition(":")[0],
            "width": arguments.width,
            "classifier_accuracy": round(distribution.classifier.accuracy, 4),
            "classifier_held_out": distribution.classifier.held_out,
        }
    facts |= {
        "distribution": arguments.distribution,
        "steps": arguments.steps,
        "batch_size": distribution.batch_size,
    }
    settings = {name: facts | {"settings": OBJECTIVES[name].describe()} for name in names}
    machine = {
        "cores": threads or os.cpu_count(),
        "processor": processor_name(),
        "tensorflow": tf.__version__,
    }
    for name, seed in unfinished(rows, names, arguments.seeds, settings):
        gan = build(OBJECTIVES[name], distribution, seed, arguments.steps)
        snapshots = Snapshots(distribution, arguments.steps)
        start, of_processor = time.monotonic(), time.process_time()
        gan.fit(
            distribution.dataset(distribution.batch_size * gan.batches_per_step, seed),
            steps_per_epoch=arguments.steps,
            verbose=0,
            shuffle=False,
            callbacks=[snapshots],
        )
        seconds, of_processor = time.monotonic() - start, time.process_time() - of_processor
        found = distribution.coverage(gan)
        row = {"objective": name, "seed": seed, **found._asdict()}
        # NaN is no JSON: a generator without one good sample has no divergence.
        row["reverse_kl"] = row["reverse_kl"] if row["reverse_kl"] == row["reverse_kl"] else None
        row |= {"seconds": round(seconds, 1), "cpu_seconds": round(of_processor, 1)}
        row |= {"summary": OBJECTIVES[name].summary, **settings[name], **machine}
        rows = [kept for kept in rows if (kept["objective"], kept["seed"]) != (name, seed)] + [row]
        write_json(path, rows)
        title = f"{name}: {found.modes} of {distribution.total} modes"
        distribution.draw(snapshots.taken, title, arguments.out / f"{name}-{seed}.png")
        quality = "" if found.high_quality is None else f", {100 * found.high_quality:.1f} % high quality"
        print(f"{title}{quality}, KL {found.reverse_kl:.3f}, seed {seed}, {seconds:.0f} s", flush=True)
    text = table(HEADINGS, table_cells(rows, distribution.total))
    write_text(arguments.out / "table.md", text + "\n")
    print(f"\n{text}\n\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)
