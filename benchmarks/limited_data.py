"""Few training images: what differentiable and adaptive augmentation and LeCam are worth then.

python benchmarks/limited_data.py --data npz:train.npz --test npz:test.npz --out results/limited_data
python benchmarks/limited_data.py --data npz:train.npz --test npz:test.npz --out DIR --techniques none,ada

Trains one recipe on each share of the images, a seeded choice, without and with each technique, once with
each seed, and scores it against the test images. D is without dropout, so that it can learn its images by
heart. The features of all scores are of one small classifier, trained on all of the images. DIR gets
table.md, results.json and, in a folder for each share, the tables and pictures of a comparison, curves.png
with the Frechet distance over time, and grids/NAME.png of the first seed. Called again, it uses the runs that
are finished, and goes on with the one that was interrupted.
"""

import argparse
import csv
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from arguments import Parser, check_counts, check_names, describe_machine, make_output, whole_numbers

from tfgan_ref import cli
from tfgan_ref.errors import InputError

if TYPE_CHECKING:
    from tfgan_ref.data import ImageArrays
    from tfgan_ref.run.compare_plan import Entry

SHARED = {"image_size": "28", "batch_size": "32", "dropout": "0"}
# The paper's 500,000 images in which p can go from 0 to 1 are a fiftieth of its runs; these are short.
TECHNIQUES = {
    "none": {},
    "diffaugment": {"augment": "colour,translation,cutout"},
    "ada": {"augment": "ada", "ada_images": "20000"},
    "lecam": {"lecam": "0.3"},
}
METRICS = ("fid", "kid", "precision_recall", "density_coverage", "memorisation")
EVALUATIONS = 6  # during each run


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="images with labels, of which shares are taken")
    parser.add_argument("--test", required=True, help="images that the scores are against")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--runs", type=Path, help="directory for the run directories (default: --out)")
    parser.add_argument("--shares", default="10,20", help="per cent of the images (%(default)s)")
    parser.add_argument("--techniques", default=",".join(TECHNIQUES), help="some of %(default)s")
    parser.add_argument("--recipe", default="dcgan", help="what is trained (%(default)s)")
    parser.add_argument("--seeds", default="0,1,2", help="of training, each with each (%(default)s)")
    parser.add_argument("--steps", type=int, default=4000, help="generator updates of each (%(default)s)")
    parser.add_argument("--width", default="16", help="filters nearest the image (%(default)s)")
    parser.add_argument("--n", type=int, default=5000, help="samples of each (%(default)s)")
    return parser.parse_args()


def write_share(path: Path, share: int, training: "ImageArrays", test: "ImageArrays") -> None:
    """Writes ``share`` per cent of the training images, chosen by a seed, and all test images."""
    from tfgan_ref.evaluation.features import chosen_rows
    from tfgan_ref.files import write_npz

    rows = chosen_rows(len(training.images), len(training.images) * share // 100, seed=0)
    write_npz(
        path,
        x_train=training.images[rows],
        y_train=training.labels[rows],
        x_test=test.images,
        y_test=test.labels,
    )


def write_features(path: Path, training: "ImageArrays") -> None:
    """Writes the features of the small classifier of all images as a network that scores take."""
    import keras

    from tfgan_ref.evaluation import classifier_for

    pixels = keras.Input(training.images.shape[1:])
    images = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    keras.Model(pixels, classifier_for(training).network(images)["features"]).save(path)


def plan(arguments: argparse.Namespace, folder: Path, data_name: str, features: Path) -> list["Entry"]:
    """Returns the runs in ``folder``, on one share of the images, by technique and seed."""
    from tfgan_ref.run import compare

    given = {"data": data_name, "steps": str(arguments.steps), "width": arguments.width, **SHARED}
    given["evaluate_every"] = str(max(1, arguments.steps // EVALUATIONS))
    given |= {"evaluate_n": str(min(2000, arguments.n)), "evaluate_features": "saved-model"}
    given["evaluate_weights"] = str(features)
    entries = []
    for technique in arguments.techniques.split(","):
        seeds = arguments.seeds.split(",")
        for entry in compare.plan(
            [arguments.recipe], {**given, **TECHNIQUES[technique]}, folder, seeds=seeds
        ):
            name = f"{technique}-seed={entry.settings.seed}"
            entries.append(replace(entry, name=name, path=folder / name, group=technique))
    return entries


def distances_over_time(entries: Sequence["Entry"]) -> tuple[list[int], dict[str, list[float]]]:
    """Returns the steps at which runs were scored, and each technique's mean Frechet distance there."""
    import numpy as np

    from tfgan_ref.training.run_directory import RunDirectory

    columns: dict[str, list[list[float]]] = {}
    steps: list[int] = []
    for entry in entries:
        with RunDirectory.open(entry.path).evaluations.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        steps = [int(row["step"]) for row in rows]
        columns.setdefault(entry.group, []).append([float(row["fid"]) for row in rows])
    means = {name: np.mean(runs, axis=0).tolist() for name, runs in columns.items()}
    return steps, means


def main() -> int:
    arguments = parse_arguments()
    check_counts(arguments, "steps", "n")
    check_names("technique", arguments.techniques.split(","), TECHNIQUES)
    shares = whole_numbers("shares", arguments.shares)
    if not all(0 < share <= 100 for share in shares):
        raise InputError(f"--shares {arguments.shares}: from 1 to 100")
    start, load = time.monotonic(), os.getloadavg()[0]
    make_output(arguments.out)
    cli.prepare_scoring()

    from tfgan_ref import data
    from tfgan_ref.files import write_json, write_text
    from tfgan_ref.plotting import save_curves
    from tfgan_ref.run import compare, compare_results

    names, size = (arguments.data, arguments.test), int(SHARED["image_size"])
    training, test = (data.read(name, image_size=size, labels_for="this benchmark") for name in names)
    runs = (arguments.runs or arguments.out).absolute()
    runs.mkdir(parents=True, exist_ok=True)
    features = runs / "classifier.keras"
    if not features.exists():
        write_features(features, training)
    tables, results = [], {}
    for share in shares:
        out = arguments.out / f"share-{share}"
        out.mkdir(exist_ok=True)
        images = runs / f"images-{share}.npz"
        if not images.exists():
            write_share(images, share, training, test)
        entries = plan(arguments, runs / f"share-{share}", f"npz:{images}", features)
        rows = compare.compare(
            entries, metrics=METRICS, n=arguments.n, features="saved-model", weights=features
        )
        if rows is None:
            print("stopped; the same command goes on")
            return 130
        compare_results.write(rows, out)
        steps, curves = distances_over_time([row.entry for row in rows if row.report])
        save_curves(out / "curves.png", curves, steps, f"Frechet distance, {share} % of the images")
        (out / "grids").mkdir(exist_ok=True)
        for row in rows:
            if row.report and str(row.entry.settings.seed) == arguments.seeds.split(",")[0]:
                shutil.copyfile(row.entry.path / "samples.png", out / "grids" / f"{row.entry.group}.png")
        tables.append(f"{share} % of the images\n\n{compare_results.table(rows)}")
        results[f"{share} %"] = {
            "distances_over_time": {"steps": steps, **curves},
            "rows": [row.to_dict() for row in rows],
        }
        given = {name: getattr(arguments, name) for name in ("recipe", "steps", "width", "seeds", "n")}
        write_json(
            arguments.out / "results.json",
            {
                "machine": describe_machine(),
                "settings": {**SHARED, **given, "techniques": TECHNIQUES, "load_before": load},
                "seconds": round(time.monotonic() - start, 1),
                "shares": results,
            },
        )
        write_text(arguments.out / "table.md", "\n".join(tables))
    print("\n" + "\n".join(tables) + f"\n{arguments.out / 'results.json'}")
    return 0


if __name__ == "__main__":
    cli.run(main)
