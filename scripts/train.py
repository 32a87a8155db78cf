"""Trains a recipe in a run directory, or continues a run.

python scripts/train.py --list
python scripts/train.py dcgan --data npz:train.npz --steps 3000 --out runs/mnist
python scripts/train.py --resume runs/mnist
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError

FLAGS = ("data", "data_dir", "steps", "batch_size", "seed", "precision", "jit", "strategy")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", nargs="?", help="what to train; see --list")
    parser.add_argument("--list", action="store_true", help="list the recipes and the settings of each")
    parser.add_argument(
        "--data",
        help="digits, mnist, fashion_mnist, cifar10, folder:PATH, npz:PATH, idx:PATH, a TFDS name; for "
        "pictures to pictures photographs, pairs:DIR:DIR, sidebyside:DIR, npzpairs:PATH:SOURCE:TARGET",
    )
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
    parser.add_argument("--steps", help="generator updates; with --resume, a new end")
    parser.add_argument("--batch-size")
    parser.add_argument("--seed")
    parser.add_argument("--out", type=Path, help="the new run directory (default: runs/RECIPE-N)")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="continue the run in this directory")
    parser.add_argument("--precision", help="float32, mixed_float16 or mixed_bfloat16")
    parser.add_argument("--jit", help="compile with XLA: auto (on a GPU), on or off")
    parser.add_argument(
        "--strategy",
        help="none, mirrored (all devices of a host), multiworker or tpu: docs/distributed.md",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any other setting of the recipe"
    )
    return parser.parse_args()


def next_free(recipe: str) -> Path:
    """Returns the first of runs/RECIPE-1, -2, ... that does not exist."""
    number = 1
    while (path := Path("runs") / f"{recipe}-{number}").exists():
        number += 1
    return path


def print_recipes() -> None:
    import dataclasses

    from tfgan_ref.recipes import RECIPES

    for recipe in RECIPES.values():
        print(f"{recipe.name:11} {recipe.summary} (articles {recipe.tutorials})")
        defaults = ", ".join(f"{k}={v}" for k, v in dataclasses.asdict(recipe.settings()).items())
        print(f"{'':11} {defaults}\n")


def main() -> int:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    if arguments.list:
        print_recipes()
        return 0
    if (arguments.recipe is None) == (arguments.resume is None):
        raise InputError("name either a recipe (see --list) or a run with --resume RUN")
    given = cli.settings_given(arguments, FLAGS)

    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.recipes.settings import Settings
    from tfgan_ref.run import build, train

    if arguments.resume:
        if extra := sorted(given.keys() - {"steps", "strategy"}):
            raise InputError(
                f"--resume takes the run's own settings, but for --steps and --strategy: leave out {extra[0]}"
            )
        if arguments.out:
            raise InputError("--resume writes to the run's own directory: leave out --out")
        path = arguments.resume
        changed = Settings.from_text(given)
        finished = train.resume_run(
            path,
            steps=changed.steps if "steps" in given else None,
            strategy_name=changed.strategy if "strategy" in given else None,
        )
    else:
        recipe = find_recipe(arguments.recipe)
        path = arguments.out or next_free(recipe.name)
        finished = train.start_run(recipe, recipe.settings.from_text(given), path)
    if not finished:
        print(f"stopped; continue with: python scripts/train.py --resume {path}")
        return 130
    usage = build.recipe_of(path).medium.usage
    print(f"\nsamples      {path / 'samples.png'}\n{cli.usage(path / 'saved_model', usage)}")
    return 0


if __name__ == "__main__":
    cli.run(main)
