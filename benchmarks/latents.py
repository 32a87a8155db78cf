"""What truncation trades, and how near a generator comes to pictures that it never saw.

python benchmarks/latents.py --out benchmarks/results/latents

Trains a recipe once for each seed. Truncation: latents times each share are scored against the held-out
pictures, in the features of the classifier that evaluation uses, and by whether it names the class that was
asked for. Projection: held-out pictures, pictures of the training, and the held-out ones turned by a quarter,
as no digit is, each beside what the generator makes of its projection and beside the nearest other picture of
the training. DIR gets results.json with a row for each measurement, table.md, truncation.png and
projections.png; these are of the first seed. Runs in --runs that are finished are used again.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arguments import Parser, check_counts, describe_machine, make_output, whole_numbers

from tfgan_ref import cli

if TYPE_CHECKING:
    from tfgan_ref.data import ImageArrays
    from tfgan_ref.run.sample import Sampler

SHARES = (0.25, 0.5, 0.75, 1.0, 1.25)
SETS = ("held out", "of the training", "held out, turned")
SHOWN = 12


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="cgan", help="of pictures with classes (%(default)s)")
    parser.add_argument("--seeds", default="1,2,3", help="a list with commas (%(default)s)")
    parser.add_argument("--steps", help="generator updates (the recipe's)")
    parser.add_argument("--n", type=int, default=30, help="pictures of each set (%(default)s)")
    parser.add_argument("--search", type=int, default=200, help="updates of a projection (%(default)s)")
    parser.add_argument("--runs", type=Path, help="directory of the run directories (default: --out)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    arguments = parser.parse_args()
    check_counts(arguments, "n", "search")
    arguments.seeds = whole_numbers("seeds", arguments.seeds)
    make_output(arguments.out)
    return arguments


def truncations(
    sampler: "Sampler", held_out: "ImageArrays", seed: int, picture: Path | None
) -> Iterator[dict[str, Any]]:
    """Yields a row for each share; the first latents times each share are drawn to ``picture``."""
    import numpy as np
    from study_common import Material

    from tfgan_ref import data, plotting
    from tfgan_ref.metrics import precision_recall

    judge = Material(data.read("digits", split="all"), "digits")
    real = judge.see(held_out.images, "held-out pictures").features
    latents, labels = sampler.latents(len(real), seed), held_out.labels
    for share in SHARES:
        seen = judge.see(sampler.draw(np.float32(share) * latents, labels), f"latents times {share}")
        precision, recall = precision_recall(real, seen.features)
        agreement = float(np.mean(seen.logits.argmax(axis=1) == labels))
        yield {"share": share, "precision": precision, "recall": recall, "agreement": agreement}
    if picture is not None:
        shown = np.concatenate([np.float32(share) * latents[:SHOWN] for share in SHARES])
        rows = np.arange(len(SHARES)).repeat(SHOWN)
        drawn = sampler.draw(shown, np.tile(np.arange(SHOWN) % sampler.num_classes, len(SHARES)))
        names = [f"times {share:g}" for share in SHARES]
        plotting.save_png(picture, plotting.grid(drawn, SHOWN, enlarge=2, labels=rows, names=names))


def projections(
    sampler: "Sampler",
    training: "ImageArrays",
    held_out: "ImageArrays",
    arguments: argparse.Namespace,
    seed: int,
    picture: Path | None,
) -> Iterator[dict[str, Any]]:
    """Yields a row for each set of pictures; the first held-out ones are drawn to ``picture``."""
    import numpy as np
    from scipy.spatial.distance import cdist

    from tfgan_ref import plotting
    from tfgan_ref.evaluation.projection import project
    from tfgan_ref.metrics import psnr

    known = training.images.reshape(len(training.images), -1).astype(float)
    turned = np.rot90(held_out.images, axes=(1, 2))
    pictures = (held_out.images, training.images, turned)
    for name, images, labels in zip(SETS, pictures, (held_out.labels, training.labels, None), strict=True):
        wanted = images[: arguments.n]
        found = project(
            sampler.serve,
            wanted,
            sampler.latent_dim,
            np.arange(sampler.num_classes),
            steps=arguments.search,
            seed=seed,
            title=f"projections, {name}",
        )
        distances = cdist(wanted.reshape(len(wanted), -1).astype(float), known, "sqeuclidean")
        distances[distances == 0] = np.inf  # the picture itself
        beside = training.images[distances.argmin(axis=1)]
        row = {
            "set": name,
            "pictures": len(wanted),
            "search": arguments.search,
            "psnr": float(np.median(found.psnr)),
            "nearest_psnr": float(np.median([psnr(*pair) for pair in zip(wanted, beside, strict=True)])),
        }
        if labels is not None:
            row["right_class"] = float(np.mean(found.labels == labels[: len(wanted)]))
        yield row
        if picture is not None and images is held_out.images:
            columns = np.concatenate([part[:SHOWN] for part in (wanted, found.images, beside)])
            rows = np.arange(3).repeat(len(columns) // 3)
            names = ["held out", "projection", "nearest"]
            plotting.save_png(picture, plotting.grid(columns, SHOWN, enlarge=2, labels=rows, names=names))


def over_seeds(rows: list[dict[str, Any]], key: str, value: Any, measure: str, digits: int) -> str:
    """Returns mean and spread of a measure over the rows whose ``key`` is ``value``; "" if they lack it."""
    from mode_table import with_spread

    values = [row[measure] for row in rows if row.get(key) == value and measure in row]
    return with_spread(values, digits) if values else ""


def main() -> None:
    arguments = parse_arguments()
    cli.prepare_scoring()

    from runs import train_counted
    from study_common import table, write_rows

    from tfgan_ref import data
    from tfgan_ref.recipes import find_recipe
    from tfgan_ref.run.sample import open_sampler

    recipe = find_recipe(arguments.recipe)
    own = {} if arguments.steps is None else {"steps": arguments.steps}
    training, held_out = (data.read("digits", split=split) for split in ("train", "test"))
    rows: list[dict[str, Any]] = []
    for seed in arguments.seeds:
        settings = recipe.settings.from_text(own | {"data": "digits", "seed": str(seed)})
        path = (arguments.runs or arguments.out) / f"{recipe.name}-{seed}"
        facts = {"seed": seed, "cpu_seconds": train_counted(recipe.name, settings, path)}
        facts["steps"] = settings.steps
        sampler = open_sampler(path)
        first = seed == arguments.seeds[0]
        truncation = truncations(sampler, held_out, seed, arguments.out / "truncation.png" if first else None)
        projection = projections(
            sampler, training, held_out, arguments, seed, arguments.out / "projections.png" if first else None
        )
        rows += [facts | row for part in (truncation, projection) for row in part]

    headings = ["latents", "precision", "recall", "class as asked for"]
    measures = {"precision": 2, "recall": 2, "agreement": 3}
    text = table(
        headings,
        [
            [f"times {share:g}", *(over_seeds(rows, "share", share, *pair) for pair in measures.items())]
            for share in SHARES
        ],
    )
    headings = ["pictures", "projection, PSNR (dB)", "nearest training picture (dB)", "class found"]
    measures = {"psnr": 1, "nearest_psnr": 1, "right_class": 2}
    text += "\n\n" + table(
        headings,
        [[name, *(over_seeds(rows, "set", name, *pair) for pair in measures.items())] for name in SETS],
    )
    facts = {"recipe": recipe.name, "data": "digits", "machine": describe_machine()}
    write_rows(arguments.out, rows, facts, text)
    print(f"\n{text}")


if __name__ == "__main__":
    cli.run(main)
