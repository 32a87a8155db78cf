"""Whether a GAN of nine digits knows the tenth for an anomaly: by D, by inversion, and by two baselines.

python benchmarks/anomaly.py --out benchmarks/results/anomaly --runs runs/anomaly

For each class left out, the other classes' pictures are split at random (seeded) into those of the training
and held-out normal ones; the class left out is the anomaly. The recipe trains with each number of latents.
Beside its scores stand the distance to the nearest training picture, and the error of the best linear
reconstruction with as many components as the generator has latents (PCA). DIR gets results.json, table.md
and extremes.png, the most anomalous and the most normal pictures of the first run. Called again, it uses the
runs that are finished, and goes on with the one that was interrupted.
"""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, check_counts, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    import numpy as np

HELD_OUT = 300


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--runs", type=Path, help="directory for data and run directories (default: --out)")
    parser.add_argument("--recipe", default="dcgan", help="of images without labels (%(default)s)")
    parser.add_argument("--classes", default="1,5,8", help="left out, one after another (%(default)s)")
    parser.add_argument("--latents", default="16,100", help="numbers of latents (%(default)s)")
    parser.add_argument("--steps", type=int, default=600, help="generator updates (%(default)s)")
    parser.add_argument("--width", type=int, default=16, help="filters (%(default)s)")
    parser.add_argument("--n", type=int, default=200, help="most pictures of either side (%(default)s)")
    parser.add_argument("--inversion-steps", type=int, default=200, help="of each picture (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of splits, training, inversion (%(default)s)")
    arguments = parser.parse_args()
    check_counts(arguments, "steps", "width", "n")
    for flag, most in (("classes", 9), ("latents", 10**6)):
        given = getattr(arguments, flag)
        numbers = [int(part) if part.isdecimal() else -1 for part in given.split(",")]
        if not all((flag == "latents") <= number <= most for number in numbers):
            raise InputError(f"--{flag} {given} is not a list of whole numbers up to {most}")
        setattr(arguments, flag, numbers)
    make_output(arguments.out)
    return arguments


def split(left_out: int, seed: int) -> dict[str, "np.ndarray"]:
    """Returns pictures of digits, uint8 (N, 28, 28, 1): to train on, held out, and of the class left out."""
    import numpy as np

    from tfgan_ref import data

    digits = data.read("digits", split="all")
    order = np.random.default_rng(seed).permutation(len(digits.images))
    images, labels = digits.images[order], digits.labels[order]
    normal = images[labels != left_out]
    return {
        "training": normal[HELD_OUT:],
        "normal": normal[:HELD_OUT],
        "anomalous": images[labels == left_out],
    }


def nearest_distances(training: "np.ndarray", images: "np.ndarray") -> "np.ndarray":
    """Returns the squared distance of each image to its nearest one of training, over pixels."""
    from tfgan_ref.metrics.distances import FAKE, Distances

    rows = (side.reshape(len(side), -1).astype(float) for side in (training, images))
    return Distances(*rows).nearest_across()[FAKE][0]


def linear_errors(training: "np.ndarray", images: "np.ndarray", components: int) -> "np.ndarray":
    """Returns the squared error of each image's projection on the principal components of training."""
    import numpy as np

    rows, others = (side.reshape(len(side), -1).astype(float) for side in (training, images))
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:components]
    centred = others - mean
    return np.sum((centred - centred @ axes.T @ axes) ** 2, axis=1)


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from dataclasses import asdict

    import numpy as np
    from runs import train_counted
    from study_common import table, write_rows

    from tfgan_ref.evaluation import chosen_rows
    from tfgan_ref.files import write_npz
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run.evaluate_anomalies import evaluate_anomalies, summary

    recipe = find_recipe(arguments.recipe)
    folder = arguments.runs or arguments.out
    rows: list[dict[str, Any]] = []

    def add(left_out: int, latents: int | None, found: list[Any], **seconds: float) -> None:
        for each in found:
            rows.append({"left_out": left_out, "latents": latents, **asdict(each), **seconds})
            print(f"without {left_out}, {latents} latents, {each.score}: AUROC {each.auroc:.3f}", flush=True)

    for left_out in arguments.classes:
        names = {}
        sides = split(left_out, arguments.seed)
        for side, images in sides.items():
            path = folder / f"without_{left_out}" / f"{side}.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_npz(path, images=images)
            names[side] = f"npz:{path.resolve()}"
        shown = [
            sides[side][chosen_rows(len(sides[side]), arguments.n, arguments.seed)]
            for side in ("normal", "anomalous")
        ]
        training = sides["training"]
        distances = [nearest_distances(training, images) for images in shown]
        add(left_out, None, [summary("nearest training picture", *distances)])
        for latents in arguments.latents:
            errors = [linear_errors(training, images, latents) for images in shown]
            add(left_out, latents, [summary("PCA", *errors)])
            settings = recipe.settings(
                data=names["training"],
                steps=arguments.steps,
                latent_dim=latents,
                width=arguments.width,
                seed=arguments.seed,
            )
            run = folder / f"without_{left_out}" / f"{arguments.recipe}_{latents}"
            seconds = train_counted(arguments.recipe, settings, run)
            start = time.process_time()
            first = (left_out, latents) == (arguments.classes[0], arguments.latents[0])
            report = evaluate_anomalies(
                run,
                names["anomalous"],
                data_name=names["normal"],
                n=arguments.n,
                steps=arguments.inversion_steps,
                seed=arguments.seed,
                picture=arguments.out / "extremes.png" if first else None,
            )
            spent = round(time.process_time() - start)
            add(left_out, latents, report.scores, training_seconds=seconds, scoring_seconds=spent)

    facts = {
        "recipe": arguments.recipe,
        "steps": arguments.steps,
        "width": arguments.width,
        "inversion_steps": arguments.inversion_steps,
        "n": arguments.n,
        "seed": arguments.seed,
        **describe_machine(),
    }
    lines = []
    for score, latents in dict.fromkeys((row["score"], row["latents"]) for row in rows):
        found = [row for row in rows if (row["score"], row["latents"]) == (score, latents)]
        areas = [f"{row['auroc']:.2f} ({row['low']:.2f} to {row['high']:.2f})" for row in found]
        means = [f"{np.mean([row[key] for row in found]):.2f}" for key in ("auroc", "average_precision")]
        lines.append([score, str(latents or ""), *areas, *means])
    headings = ["score", "latents", *(f"AUROC, {left_out} left out" for left_out in arguments.classes)]
    markdown = table([*headings, "mean", "mean average precision"], lines)
    write_rows(arguments.out, rows, facts, markdown)
    print(f"\n{markdown}\n\n{arguments.out}")


if __name__ == "__main__":
    cli.run(main)
