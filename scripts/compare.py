"""Trains recipes on the same data for the same number of steps, and scores them side by side.

python scripts/compare.py dcgan wgan-gp sngan --steps 2000 --out runs/comparison --set image_size=32
python scripts/compare.py dcgan --steps 1000 --out runs/rates --sweep lr=1e-4,5e-4,2e-3

DIR gets a run directory for each, table.md, results.json, compare.png and, of a sweep, sweep.png. Called
again, it uses the runs that are finished, and goes on with the one that was interrupted.
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError

METRICS = "fid,kid,precision_recall,density_coverage"
ALIASES = {"lr": "learning_rate"}  # what --sweep may be told instead


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help="see train.py --list")
    parser.add_argument("--data", default="digits", help="as train.py takes it (default %(default)s)")
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
    parser.add_argument("--steps", help="generator updates of each")
    parser.add_argument("--out", type=Path, metavar="DIR", help="directory for the runs and the results")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="for all recipes that have it"
    )
    parser.add_argument("--sweep", metavar="KEY=V1,V2,...", help="train every recipe with each of the values")
    parser.add_argument("--metrics", default=METRICS, help="a list with commas (default %(default)s)")
    parser.add_argument(
        "--features", default="classifier", help="classifier (default), inception-fid or inception-keras"
    )
    parser.add_argument("--weights", type=Path, help="the file of the feature network's weights")
    parser.add_argument("--n", type=int, default=10000, help="samples of each (default %(default)s)")
    parser.add_argument("--seed", help="of training and of the samples (default 0)")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    for flag in ("steps", "out"):
        if getattr(arguments, flag) is None:
            raise InputError(f"--{flag} is missing: it has no default")
    given = cli.settings_given(arguments, ("data", "data_dir", "steps", "seed"))
    sweep = None
    if arguments.sweep is not None:
        key, _, values = arguments.sweep.partition("=")
        sweep = ALIASES.get(key, key), values.split(",")
    cli.prepare_scoring()

    from tfgan_ref.run import compare, compare_results

    entries = compare.plan(arguments.recipes, given, arguments.out, sweep=sweep)
    rows = compare.compare(
        entries,
        metrics=arguments.metrics.split(","),
        n=arguments.n,
        seed=0 if arguments.seed is None else entries[0].settings.seed,
        features=arguments.features,
        weights=arguments.weights,
    )
    if rows is None:
        print("stopped; the same command goes on")
        return 130
    compare_results.write(rows, arguments.out, sweep and sweep[0])
    print(f"\n{compare_results.table(rows)}\n{arguments.out / 'compare.png'}")
    return 0


if __name__ == "__main__":
    cli.run(main)
