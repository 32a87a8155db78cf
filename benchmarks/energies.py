"""What the papers on energies claim of their settings: BEGAN's gamma, and EBGAN with a pretrained D.

python benchmarks/energies.py --out benchmarks/results/energies --runs runs/energies

Trains ``began`` with each gamma, which should trade diversity (recall) for quality (precision), and ``ebgan``
with and without steps in which D learns alone to rebuild real images, which should make G learn faster, with
every seed. DIR gets what ``tfgan compare`` writes (table.md, results.json, seeds.json, seeds.png and
comparison.png), curves.json with EBGAN's Frechet distances in training, and energies.png. Called again, it
uses the runs that are finished, and goes on with the one that was interrupted.
"""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, check_counts, make_output, whole_numbers

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tfgan_ref.run.compare_results import Row

METRICS = ("fid", "precision_recall", "density_coverage")
SHOWN = {"precision_recall.precision": "precision: quality", "precision_recall.recall": "recall: diversity"}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--runs", type=Path, help="directory for the run directories (default: --out)")
    parser.add_argument("--data", default="digits", help="real images with labels (%(default)s)")
    parser.add_argument("--steps", default="1500", help="generator updates of each (%(default)s)")
    parser.add_argument("--width", default="16", help="filters nearest the image (%(default)s)")
    parser.add_argument("--gammas", default="0.3,0.5,0.7,0.9,1", help="of began (%(default)s)")
    parser.add_argument("--pretrain", type=int, default=200, help="steps of ebgan's D alone (%(default)s)")
    parser.add_argument("--every", type=int, default=100, help="steps between ebgan's scores (%(default)s)")
    parser.add_argument("--seeds", default="0,1,2", help="of training, at least two (%(default)s)")
    parser.add_argument("--n", type=int, default=2000, help="samples of each (%(default)s)")
    arguments = parser.parse_args()
    check_counts(arguments, "pretrain", "every", "n")
    whole_numbers("seeds", arguments.seeds)
    if arguments.pretrain % arguments.every:
        raise InputError(f"--pretrain {arguments.pretrain} is out of range: a multiple of {arguments.every}")
    make_output(arguments.out)
    return arguments


def curve(row: "Row") -> dict[str, Any]:
    """Returns the steps at which a run of EBGAN was scored in training, and its Frechet distances there."""
    from tfgan_ref.training.run_directory import RunDirectory

    with RunDirectory.open(row.entry.path).evaluations.open(encoding="utf-8", newline="") as file:
        scored = list(csv.DictReader(file))
    return {
        "name": row.entry.name,
        "pretrain_steps": row.entry.value,
        "seed": row.entry.settings.seed,
        "step": [int(each["step"]) for each in scored],
        "fid": [float(each["fid"]) for each in scored],
    }


def score(row: "Row", metric: str) -> float:
    """Returns one score of a run that did not diverge."""
    return next(found.value for found in row.report.scores if found.metric == metric)


def plot_gammas(panels: Sequence["Axes"], rows: Sequence["Row"]) -> None:
    """Draws BEGAN's scores over gamma: each run a point, a line through the means."""
    gammas = sorted({row.entry.value for row in rows})
    for axes, metrics in zip(panels, ({"fid": "Frechet distance"}, SHOWN), strict=True):
        for number, (metric, title) in enumerate(metrics.items()):
            values = [[score(row, metric) for row in rows if row.entry.value == gamma] for gamma in gammas]
            means = [sum(points) / len(points) for points in values]
            axes.plot(gammas, means, color=f"C{number}", label=title)
            for gamma, points in zip(gammas, values, strict=True):
                axes.plot([gamma] * len(points), points, "o", color=f"C{number}", alpha=0.4)
        axes.set_xlabel("gamma")
        axes.set_title("began")
        axes.legend()


def plot_curves(axes: "Axes", curves: Sequence[dict[str, Any]]) -> None:
    """Draws EBGAN's Frechet distances over all steps; thin lines count G's updates alone."""
    for found in curves:
        waiting = found["pretrain_steps"]
        color = "C1" if waiting else "C0"
        label = f"{waiting} steps of D alone, seed {found['seed']}"
        axes.plot(found["step"], found["fid"], color=color, label=label)
        if waiting:
            scores = zip(found["step"], found["fid"], strict=True)
            after = [(step - waiting, score) for step, score in scores if step > waiting]
            axes.plot(*zip(*after, strict=True), color=color, linewidth=0.7, linestyle="--")
    axes.set_yscale("log")
    axes.set_xlabel("step; dashed: update of G")
    axes.set_title("ebgan: Frechet distance")
    axes.legend(fontsize=7)


def save_figure(path: Path, rows: Sequence["Row"], curves: Sequence[dict[str, Any]]) -> None:
    """Writes a picture of three panels: two of BEGAN's gammas, one of EBGAN in training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4), layout="constrained")
    panels = figure.subplots(1, 3)
    plot_gammas(panels[:2], [row for row in rows if row.report and row.entry.recipe.name == "began"])
    plot_curves(panels[2], curves)
    for axes in panels:
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)


def main() -> int:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from tfgan_ref.files import write_json
    from tfgan_ref.run import compare, compare_results

    given = {key: getattr(arguments, key) for key in ("data", "steps", "width")} | {
        "image_size": "28",
        "batch_size": "32",
    }
    scored = {"evaluate_every": str(arguments.every), "evaluate_n": str(arguments.n)}
    out, seeds = arguments.runs or arguments.out, arguments.seeds.split(",")
    gammas = ("gamma", arguments.gammas.split(","))
    waits = ("pretrain_steps", ["0", str(arguments.pretrain)])
    entries = compare.plan(["began"], given, out, sweep=gammas, seeds=seeds)
    entries += compare.plan(["ebgan"], given | scored, out, sweep=waits, seeds=seeds)
    rows = compare.compare(entries, metrics=METRICS, n=arguments.n)
    if rows is None:
        print("stopped; the same command goes on")
        return 130
    curves = [curve(row) for row in rows if row.report and row.entry.recipe.name == "ebgan"]
    compare_results.write(rows, arguments.out)
    write_json(arguments.out / "curves.json", curves)
    save_figure(arguments.out / "energies.png", rows, curves)
    print(f"\n{compare_results.table(rows)}\n{arguments.out / 'energies.png'}")
    return 0


if __name__ == "__main__":
    cli.run(main)
