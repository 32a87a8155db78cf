"""What mixed_bfloat16 changes: scores over seeds, and the time of a step, each beside float32.

python benchmarks/precision.py --out benchmarks/results/precision --runs runs/precision
python benchmarks/precision.py --recipes dcgan,sngan --steps 500 --seeds 0,1,2,3,4 --out DIR

Trains each recipe with each seed in both precisions, small, on data that come with the package: images are
scored by the Frechet distance to held-out ones in the small classifier's features, enlarged pictures by the
PSNR of the luma of those that were held out. Times a step of each recipe with its own batch and networks,
both precisions in turns in one process. Writes DIR/results.json with a row for each run, DIR/table.md with
means and standard deviations over the seeds. Called again, it uses the runs that are finished and goes on
with the others.
"""

import argparse
import itertools
import statistics
import time
from pathlib import Path
from typing import Any

from arguments import Parser, check_counts, check_names, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

PRECISIONS = ("float32", "mixed_bfloat16")
SMALL = {"width": "32", "batch_size": "32"}
TRAINED = {  # settings of the runs that are scored
    "dcgan": {**SMALL, "steps": "600"},
    "wgan-gp": {**SMALL, "steps": "150"},
    "sngan": {**SMALL, "steps": "600"},
    "srresnet": {"width": "24", "blocks": "4", "batch_size": "8", "steps": "60", "hold_out": "2"},
}
TURN_SECONDS = 2.0


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", default=",".join(TRAINED), help="some of %(default)s")
    parser.add_argument("--seeds", default="0,1,2", help="a list with commas (%(default)s)")
    parser.add_argument("--steps", type=int, help="generator updates of each run (by recipe)")
    parser.add_argument("--n", type=int, default=10000, help="most samples of each run (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns in which steps are timed (%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    arguments.recipes = arguments.recipes.split(",")
    check_names("recipe", arguments.recipes, TRAINED)
    check_counts(arguments, "steps", "n", "rounds")
    arguments.seeds = arguments.seeds.split(",")
    if not all(seed.isdecimal() for seed in arguments.seeds):
        raise InputError(f"--seeds {','.join(arguments.seeds)} is no list of whole numbers from 0 up")
    make_output(arguments.out)
    return arguments


def score(path: Path, n: int) -> dict[str, Any]:
    """Returns the score of the run in ``path``, and the number beside which it stands.

    For images that is the distance of as many training images, for enlarged pictures the PSNR of bicubic
    enlargement.
    """
    import numpy as np

    from tfgan_ref import data, metrics
    from tfgan_ref.recipes.settings import PairedSettings
    from tfgan_ref.run.build import settings_of
    from tfgan_ref.run.evaluate_images import evaluate
    from tfgan_ref.run.translator import open_translator

    settings = settings_of(path)
    if not isinstance(settings, PairedSettings):
        (found,) = evaluate(str(path), metrics=("fid",), n=n).scores
        return {"score": found.value, "beside": found.floor}
    scale = settings.scale
    pairs = data.read_pairs(settings.data, make="small", scale=scale, channels=settings.channels)
    _, held_out = data.split_pairs(pairs, settings.hold_out)
    enlarge = open_translator(path).apply

    def bicubic(picture: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(data.bicubic_resize(picture, scale)), 0, 255).astype(np.uint8)

    means = [
        float(
            np.mean(
                [
                    metrics.psnr_y(way(source), target, border=scale)
                    for source, target in zip(held_out.sources, held_out.targets, strict=True)
                ]
            )
        )
        for way in (enlarge, bicubic)
    ]
    return dict(zip(("score", "beside"), means, strict=True))


def step_times(name: str, rounds: int) -> dict[str, list[float]]:
    """Returns the seconds of a step of a recipe at its defaults in each round, by precision."""
    from tfgan_ref.recipes import build_gan, find_recipe

    recipe = find_recipe(name)
    data = recipe.read(recipe.settings())
    trained = {}
    for precision in PRECISIONS:
        settings = recipe.settings(precision=precision)
        gan = build_gan(recipe, settings, data.shape)
        batches = data.batches(settings.batch_size * gan.batches_per_step, 0)

        def run(steps: int, gan: Any = gan, batches: Any = batches) -> float:
            start = time.perf_counter()
            gan.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False)
            return (time.perf_counter() - start) / steps

        run(1)  # which traces
        trained[precision] = run, max(1, round(TURN_SECONDS / run(2)))
    times: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for turn in range(rounds):
        for precision in PRECISIONS[:: -1 if turn % 2 else 1]:
            run, steps = trained[precision]
            times[precision].append(run(steps))
    return times


def summary(name: str, rows: list[dict[str, Any]], times: dict[str, list[float]]) -> list[str]:
    """Returns the cells of a recipe's row in the table."""

    def spread(precision: str) -> str:
        scores = [row["score"] for row in rows if row["precision"] == precision]
        deviation = f" ± {statistics.stdev(scores):.3g}" if len(scores) > 1 else ""
        return f"{statistics.mean(scores):.4g}{deviation}"

    ratio = statistics.median(a / b for a, b in zip(*times.values(), strict=True))
    milliseconds = (f"{1000 * statistics.median(seconds):.1f}" for seconds in times.values())
    return [
        name,
        "PSNR-Y, high" if name == "srresnet" else "Frechet, low",
        f"{rows[0]['beside']:.4g}",
        *map(spread, PRECISIONS),
        *milliseconds,
        f"{ratio:.2f}",
    ]


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from runs import train
    from study_common import table, write_rows

    from tfgan_ref.recipes import find_recipe

    runs = arguments.runs or arguments.out
    facts = {"n": arguments.n, "machine": describe_machine()}
    heads = ["recipe", "score", "training images / bicubic", *PRECISIONS]
    heads += ["ms per step, float32", "bfloat16", "times as fast"]
    rows, cells = [], []
    for name in arguments.recipes:
        texts = TRAINED[name] | ({"steps": str(arguments.steps)} if arguments.steps else {})
        of_recipe = []
        for seed, precision in itertools.product(arguments.seeds, PRECISIONS):
            settings = find_recipe(name).settings.from_text(texts | {"seed": seed, "precision": precision})
            path = runs / f"{name}-{precision}-{seed}"
            seconds = train(name, settings, path)
            row = {"recipe": name, "precision": precision, "seed": seed, **score(path, arguments.n)}
            of_recipe.append(row | {"seconds": seconds, "trained": texts})
            print(f"{name}, {precision}, seed {seed}: {row['score']:.4g}", flush=True)
        times = step_times(name, arguments.rounds)
        rows += [row | {"step_seconds": times[row["precision"]]} for row in of_recipe]
        cells.append(summary(name, of_recipe, times))
        write_rows(arguments.out, rows, facts, table(heads, cells))
    print(f"\n{table(heads, cells)}")


if __name__ == "__main__":
    cli.run(main)
