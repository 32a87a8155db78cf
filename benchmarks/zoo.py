"""Every image recipe on one data set: the same networks where the papers allow it, the same budget.

python benchmarks/zoo.py --out benchmarks/results/zoo --runs runs/zoo
python benchmarks/zoo.py --out DIR --recipes dcgan,wgan-gp,sngan --steps 500

All train at 28 pixels, or at their own size if their networks have none of 28, with the rates of their own,
once with each seed: the table has means and standard deviations, the pictures are of the first seed.
Left out is what does not take these data. DIR gets table.md, results.json, comparison.png and grids/NAME.png.
Called again, it uses the runs that are finished, and goes on with the one that was interrupted.
"""

import argparse
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from arguments import Parser, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from tfgan_ref.data.pipeline import DataShape
    from tfgan_ref.recipes import Recipe

SIZE = 28
SHARED = {"width": "16", "batch_size": "32"}
METRICS = ("fid", "fid_infinity", "kid", "precision_recall", "density_coverage", "memorisation")
LEFT_OUT = {"dcgan64": "it is dcgan at another size, in colour"}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--runs", type=Path, help="directory for the run directories (default: --out)")
    parser.add_argument("--data", default="digits", help="real images with labels (%(default)s)")
    parser.add_argument("--steps", default="1500", help="generator updates of each (%(default)s)")
    parser.add_argument("--recipes", help="some, with commas (default: all that take the data)")
    parser.add_argument("--seeds", default="0,1,2", help="of training, each recipe with each (%(default)s)")
    parser.add_argument("--n", type=int, default=10000, help="samples of each (%(default)s)")
    return parser.parse_args()


def choose(names: list[str] | None, data_name: str) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Returns the recipes, and the image size of those that cannot have ``SIZE``.

    Args:
        names: of recipes; None chooses all that take the data.
        data_name: the data.

    Raises:
        InputError: one of ``names`` is unknown or does not take the data.
    """
    from tfgan_ref import data
    from tfgan_ref.data.pipeline import DataShape
    from tfgan_ref.recipes import RECIPES, find_recipe
    from tfgan_ref.recipes.settings import SamplingSettings

    arrays = data.read(data_name, image_size=SIZE)
    chosen, sizes = [], {}
    samplers = [recipe for recipe in RECIPES.values() if issubclass(recipe.settings, SamplingSettings)]
    for recipe in samplers if names is None else map(find_recipe, names):
        if names is None and recipe.name in LEFT_OUT:
            print(f"{recipe.name} is left out: {LEFT_OUT[recipe.name]}", flush=True)
            continue
        reason = ""
        for size in (SIZE, recipe.settings().image_size):
            if size is None:
                continue
            shape = DataShape((size, size, arrays.images.shape[-1]), len(arrays.class_names) or None)
            if reason := refusal(recipe, shape):
                continue
            chosen.append(recipe.name)
            if size != SIZE:
                sizes[recipe.name] = {"image_size": str(size)}
            break
        if reason and names is not None:
            raise InputError(reason)
        if reason:
            print(f"{recipe.name} is left out: {reason}", flush=True)
    return chosen, sizes


def refusal(recipe: "Recipe", shape: "DataShape") -> str:
    """Returns why a recipe does not take data of ``shape``, or nothing."""
    try:
        recipe.build(recipe.settings(), shape)
    except InputError as error:
        return str(error)
    return ""


def main() -> int:
    arguments = parse_arguments()
    start, load = time.monotonic(), os.getloadavg()[0]
    make_output(arguments.out)
    cli.prepare_scoring()

    from tfgan_ref.files import write_json
    from tfgan_ref.run import compare, compare_results

    names, sizes = choose(arguments.recipes.split(",") if arguments.recipes else None, arguments.data)
    given = {"data": arguments.data, "steps": arguments.steps, "image_size": str(SIZE), **SHARED}
    seeds = arguments.seeds.split(",")
    entries = compare.plan(names, given, arguments.runs or arguments.out, own=sizes, seeds=seeds)
    rows = compare.compare(entries, metrics=METRICS, n=arguments.n)
    if rows is None:
        print("stopped; the same command goes on")
        return 130
    compare_results.write(rows, arguments.out)
    for row in rows:
        if row.report and str(row.entry.settings.seed) == seeds[0]:
            grids = arguments.out / "grids"
            grids.mkdir(exist_ok=True)
            shutil.copyfile(row.entry.path / "samples.png", grids / f"{row.entry.group}.png")
    results = {
        "machine": describe_machine(),
        "settings": {**given, "image_size_of": sizes, "seeds": seeds, "n": arguments.n, "load_before": load},
        # The first is short where earlier runs were used, the second always holds all training.
        "seconds": round(time.monotonic() - start, 1),
        "training_seconds": round(sum(row.seconds or 0.0 for row in rows), 1),
        "rows": [row.to_dict() for row in rows],
    }
    write_json(arguments.out / "results.json", results)
    print(f"\n{compare_results.table(rows)}\n{results['seconds']:.0f} s\n{arguments.out / 'results.json'}")
    return 0


if __name__ == "__main__":
    cli.run(main)
