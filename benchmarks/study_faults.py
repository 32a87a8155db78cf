"""Which figure of the default table names which fault: sets of images in place of a generator's samples."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter
from study_common import Finding, Material, save, short, table

from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import METRICS, Score, Sides, score

REPEATS = 8
SIGNIFICANT = 3.0  # standard deviations of held-out images' figures
BLUR = 1.0  # standard deviation, pixels
CASES = {
    "held out": "held-out images",
    "copies": "the training set itself",
    "collapsed": "one image of each class",
    "missing": "a class missing",
    "blurred": "blurred",
}


def faults(material: Material, seed: int, path: Path) -> Finding:
    """Computes the default table of ``tfgan evaluate`` for five sets in place of a generator's samples.

    Two thirds of the images are the training set, from which the classifier is trained, too. The rest is
    split anew in each repeat: into the reference and what the sets are made of, but for copies of the
    training set. A figure names a fault if its mean over the repeats is worse than that of held-out images,
    by at least ``SIGNIFICANT`` standard deviations of theirs.

    Raises:
        InputError: there are too few images or classes.
    """
    arrays = material.arrays
    training, rest = np.split(np.arange(len(arrays.images)), [2 * len(arrays.images) // 3])
    if len(rest) < 500 or len(np.unique(arrays.labels)) < 5:
        raise InputError(f"{material.title}: this study needs at least 1500 images of 5 classes")
    known = replace(arrays, images=arrays.images[training], labels=arrays.labels[training])
    judge = Material(known, f"training part of {material.title}")
    seen, blurred = (
        judge.see(images, title)._replace(labels=arrays.labels)
        for title, images in (
            (f"features of {material.title}", arrays.images),
            ("the same, blurred", gaussian_filter(arrays.images, (0, BLUR, BLUR, 0))),
        )
    )
    found: dict[str, list[list[Score]]] = {name: [] for name in CASES}
    n = int(0.4 * len(rest))
    for repeat in range(REPEATS):
        generator = np.random.default_rng([seed, repeat])
        reference, pool = np.array_split(generator.permutation(rest), 2)
        one_each = [pool[arrays.labels[pool] == number][0] for number in np.unique(arrays.labels)]
        fakes = {
            "held out": seen.take(pool[:n]),
            "copies": seen.take(generator.permutation(training)[:n]),
            "collapsed": seen.take(generator.choice(one_each, n)),
            "missing": seen.take(pool[arrays.labels[pool] != arrays.labels[pool[0]]][:n]),
            "blurred": blurred.take(pool[:n]),
        }
        for name, fake in fakes.items():
            sides = Sides(seen.take(reference), fake, seen.take(training), seen.take(training))
            found[name].append(score(tuple(METRICS), sides, repeat, intervals=False))
    return _finding(found, n, f"{material.title}, classifier of its training part", path)


def _finding(found: dict[str, list[list[Score]]], n: int, title: str, path: Path) -> Finding:
    figures = found["held out"][0]
    rows: list[dict[str, Any]] = []
    cells = []
    changes = np.zeros((len(figures), len(CASES)))
    for index, figure in enumerate(figures):
        values = {name: np.array([s[index].value for s in scores]) for name, scores in found.items()}
        usual = values["held out"]
        line = [figure.title]
        for column, (name, of_case) in enumerate(values.items()):
            change = _worse(figure.better, of_case).mean() - _worse(figure.better, usual).mean()
            changes[index, column] = change / usual.std(ddof=1)
            named = bool(changes[index, column] >= SIGNIFICANT)
            mean = float(of_case.mean())
            rows.append(
                {
                    "set": name,
                    "figure": figure.metric,
                    "mean": mean,
                    "std": of_case.std(ddof=1),
                    "n": n,
                    "worse_by": float(changes[index, column]),
                    "named": named,
                }
            )
            line.append(f"**{short(mean)}**" if named else short(mean))
        cells.append(line)
    count = [sum(row["named"] for row in rows if row["set"] == name) for name in CASES]
    cells.append(["named by", *map(str, count)])
    _draw(changes, [figure.title for figure in figures], title, path)
    settings = {"n": n, "repeats": REPEATS, "blur": BLUR, "significant": SIGNIFICANT}
    return Finding(rows, table(["figure", *CASES.values()], cells), settings)


def _worse(better: str | float, values: np.ndarray) -> np.ndarray:
    """Turns scores around so that larger is worse."""
    if isinstance(better, float):
        return np.abs(values - better)
    return values if better == "low" else -values


def _draw(changes: np.ndarray, titles: list[str], title: str, path: Path) -> None:
    figure = Figure(figsize=(9.5, 0.33 * len(titles) + 1.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(np.clip(changes, -6, 6), cmap="RdBu_r", vmin=-8, vmax=8, aspect="auto")
    for row, line in enumerate(changes):
        for column, change in enumerate(line):
            strong = change >= SIGNIFICANT
            text = f"{change:+.0f}" if abs(change) < 1000 else "over 1,000"
            axes.text(column, row, text, ha="center", va="center", weight="bold" if strong else "normal")
    axes.set_xticks(range(len(CASES)), [name.replace(" ", "\n", 1) for name in CASES.values()])
    axes.set_yticks(range(len(titles)), titles)
    axes.tick_params(length=0)
    axes.set_title(
        f"Worse than held-out images by how many standard deviations ({title})\n"
        f"bold: named, at least {SIGNIFICANT:g}",
        fontsize=10,
    )
    save(figure, path)
