"""Sanity checks of the metrics: synthetic cases whose answer is known, one table of pass and fail.

python benchmarks/metric_sanity.py --out benchmarks/results/metric_sanity

After Raisa et al. 2025, "All current generative fidelity and diversity metrics are flawed" (arXiv
2505.22450), with cases of our own in their spirit. The data are a mixture of four Gaussians; training set,
held-out set and fakes are drawn anew in each repeat. What a metric ought to say depends on its kind:

distance    of two distributions: sees all that is wrong
fidelity    of the fakes: sees what lies outside the data, and nothing of what is missing
diversity   of the fakes: sees what is missing, and nothing of what lies outside
copying     of training rows: sees copies, and nothing else

A metric SEES a case if it gets worse by at least 3 standard deviations of its scores of perfect fakes, and
STAYS if it moves by less than a tenth of what a shift of all fakes by three standard deviations moves it by,
or, for copying, of what copies do.
Metrics that compare pairs of pictures, sentences or sounds are not among them. Writes results.json and
table.md.
"""

import argparse
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from arguments import Parser, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

# Before NumPy is imported: on some hundred rows a second thread costs more than it helps.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from tfgan_ref import metrics

ROWS, FEW_ROWS = 500, 200  # of the training set, the held-out set and the fakes, each
DIMENSIONS, ALL_DIMENSIONS = 8, (2, 8, 64)
MODES = 4
APART = 6.0  # distance of the modes from the origin, in their standard deviations
SHIFT = 3.0  # in the same, of all fakes
FAR = 100.0
SIGNIFICANT, STEADY = 3.0, 0.1
COPIES = 1000.0  # of FLD, from which the authors' program says that fakes are copies
MOST = 999  # standard deviations in the table
TINY = 1e-12  # in place of no noise and of no effect
SHARE = 0.05  # by which a half may be off


@dataclass(frozen=True)
class Draw:
    """The sets of one repeat, features (N, d), with the modes (N,) that rows belong to or say so.

    Attributes:
        training: what a generator has seen.
        held_out: what it has not seen, and the reference of metrics that take one.
        fake: what it makes.
        labels: modes of the three.
    """

    training: np.ndarray
    held_out: np.ndarray
    fake: np.ndarray
    labels: tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Metric:
    """One score under test.

    Attributes:
        kind: distance, fidelity, diversity or copying.
        compute: of a draw, to a number.
        better: -1 if low scores are, 1 if high ones are.
        ideal: of perfect fakes and many rows; None if it depends on the data.
        share: whether it claims to be a share of good or of found samples.
        sees_copies: whether it claims that.
    """

    kind: str
    compute: Callable[[Draw], float]
    better: int = -1
    ideal: float | None = 0.0
    share: bool = False
    sees_copies: bool = False


def centres(d: int) -> np.ndarray:
    """Returns the modes (4, d): to both sides along the first two axes."""
    axes = np.eye(2, d)
    return APART * np.concatenate([axes, -axes])


def mixture(
    rng: np.random.Generator, n: int, d: int, modes: int = MODES, spread: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws rows of the first ``modes`` modes, and which they are of."""
    chosen = rng.integers(0, modes, n)
    return centres(d)[chosen] + spread * rng.normal(size=(n, d)), chosen


def perfect(rng: np.random.Generator, n: int = ROWS, d: int = DIMENSIONS) -> Draw:
    """Draws all sets of one distribution."""
    sides = [mixture(rng, n, d) for _ in range(3)]
    return Draw(*(rows for rows, _ in sides), labels=tuple(labels for _, labels in sides))


def shifted(draw: Draw, length: float = SHIFT) -> Draw:
    """Moves all fakes by one vector, which leads from no mode to another."""
    return replace(draw, fake=draw.fake + length / np.sqrt(draw.fake.shape[1]))


def remade(rng: np.random.Generator, modes: int = MODES, spread: float = 1.0) -> Draw:
    """Draws fakes of some of the modes, or of another spread."""
    draw = perfect(rng)
    fake, labels = mixture(rng, ROWS, DIMENSIONS, modes, spread)
    return replace(draw, fake=fake, labels=(*draw.labels[:2], labels))


def collapsed(rng: np.random.Generator) -> Draw:
    """Draws fakes of which there is one for each mode, again and again."""
    draw = perfect(rng)
    labels = draw.labels[2]
    first = np.array([np.flatnonzero(labels == mode)[0] for mode in range(MODES)])
    return replace(draw, fake=draw.fake[first[labels]])


def invented(rng: np.random.Generator) -> Draw:
    """Draws fakes of which half are of modes between the real ones, farther from the origin."""
    draw = perfect(rng)
    fake, half = draw.fake.copy(), ROWS // 2
    corners = APART * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    fake[:half] = rng.normal(size=(half, DIMENSIONS))
    fake[:half, :2] += corners[rng.integers(0, len(corners), half)]
    return replace(draw, fake=fake)


def outliers(rng: np.random.Generator, side: str) -> Draw:
    """Draws sets of which one in a hundred rows is far away, among the fakes or in the data."""
    draw = perfect(rng)
    moved = {}
    for name in ("fake",) if side == "fake" else ("training", "held_out"):
        rows = getattr(draw, name).copy()
        few = len(rows) // 100
        directions = rng.normal(size=(few, DIMENSIONS))
        rows[:few] = FAR * directions / np.linalg.norm(directions, axis=1, keepdims=True)
        moved[name] = rows
    return replace(draw, **moved)


def behind_outlier(rng: np.random.Generator) -> Draw:
    """Draws fakes that lie all between the data and one far real row."""
    draw = perfect(rng)
    held_out = draw.held_out.copy()
    held_out[0] = FAR / np.sqrt(DIMENSIONS)
    return replace(draw, held_out=held_out, fake=draw.fake + FAR / 2 / np.sqrt(DIMENSIONS))


def copied(rng: np.random.Generator) -> Draw:
    """Takes the training rows for fakes."""
    draw = perfect(rng)
    return replace(draw, fake=draw.training[::-1].copy(), labels=(*draw.labels[:2], draw.labels[0][::-1]))


def against_training(draw: Draw) -> Draw:
    """Takes the training set for the reference."""
    return replace(draw, held_out=draw.training, labels=(draw.labels[0], *draw.labels[::2]))


def in_other_units(draw: Draw) -> Draw:
    """Multiplies all features by 1,000 and moves them."""
    changed = {name: 1000 * getattr(draw, name) + 1000 for name in ("training", "held_out", "fake")}
    return replace(draw, **changed)


CASES: dict[str, Callable[[np.random.Generator], Draw]] = {
    "perfect": perfect,
    "shift": lambda rng: shifted(perfect(rng)),
    "half shift": lambda rng: shifted(perfect(rng), SHIFT / 2),
    "wide": lambda rng: remade(rng, spread=1.5),
    "narrow": lambda rng: remade(rng, spread=0.5),
    "dropped": lambda rng: remade(rng, modes=MODES // 2),
    "collapsed": collapsed,
    "invented": invented,
    "fake outliers": lambda rng: outliers(rng, "fake"),
    "real outliers": lambda rng: outliers(rng, "real"),
    "behind outlier": behind_outlier,
    "copies": copied,
    "few": lambda rng: perfect(rng, FEW_ROWS),
    "units": lambda rng: in_other_units(shifted(perfect(rng))),
    "units, half": lambda rng: in_other_units(shifted(perfect(rng), SHIFT / 2)),
    "units, perfect": lambda rng: in_other_units(perfect(rng)),
} | {
    f"{name}, d = {d}": lambda rng, d=d, change=change: change(perfect(rng, d=d))
    for d in ALL_DIMENSIONS
    if d != DIMENSIONS
    for name, change in (("perfect", lambda draw: draw), ("shift", shifted))
}


def logits(rows: np.ndarray) -> np.ndarray:
    """Returns the logits of the best classifier of the modes."""
    return -np.sum((rows[:, None] - centres(rows.shape[1])) ** 2, axis=2) / 2


def paired(
    function: Callable[..., Any], index: int | None = None, **settings: Any
) -> Callable[[Draw], float]:
    """Makes a score of a draw from a function of (real, fake), or from one of its results."""

    def compute(draw: Draw) -> float:
        found = function(draw.held_out, draw.fake, **settings)
        return found if index is None else found[index]

    return compute


def accuracy(draw: Draw) -> float:
    sides = zip((draw.training, draw.fake, draw.held_out), (draw.labels[i] for i in (0, 2, 1)), strict=True)
    return metrics.classification_accuracy(*sides).ratio


def likelihood(index: int) -> Callable[[Draw], float]:
    """Makes a score of FLD or of its gap, cut off where it can only mean copies."""

    def compute(draw: Draw) -> float:
        found = metrics.feature_likelihood_divergence(draw.training, draw.held_out, draw.fake)[index]
        return float(np.clip(found, -COPIES, COPIES))

    return compute


METRICS = {
    "Frechet distance": Metric("distance", paired(metrics.frechet_distance)),
    "Frechet distance, infinite N": Metric("distance", paired(metrics.frechet_infinity, 0)),
    "KID": Metric("distance", paired(metrics.maximum_mean_discrepancy)),
    "kernel MMD": Metric("distance", paired(metrics.maximum_mean_discrepancy, kernel="rbf_mean")),
    "Wasserstein": Metric("distance", paired(metrics.wasserstein_distance)),
    "sliced Wasserstein": Metric("distance", paired(metrics.sliced_wasserstein_distance)),
    "MIND": Metric("distance", paired(metrics.monge_distance)),
    "1-NN accuracy": Metric(
        "distance", lambda draw: abs(paired(metrics.nearest_neighbour_accuracy, 0)(draw) - 0.5)
    ),
    "FLD": Metric("distance", likelihood(0), sees_copies=True),
    "Inception Score": Metric(
        "distance",
        lambda draw: (
            metrics.inception_score(logits(draw.fake), 1)[0]
            / metrics.inception_score(logits(draw.held_out), 1)[0]
        ),
        1,
        1.0,
    ),
    "Mode Score": Metric(
        "distance",
        lambda draw: (
            metrics.mode_score(logits(draw.held_out), logits(draw.fake))
            / metrics.inception_score(logits(draw.held_out), 1)[0]
        ),
        1,
        1.0,
    ),
    "accuracy ratio": Metric("distance", accuracy, 1, 1.0),
    "precision": Metric("fidelity", paired(metrics.precision_recall, 0), 1, 1.0, share=True),
    "density": Metric("fidelity", paired(metrics.density_coverage, 0), 1, 1.0, share=True),
    "Clipped Density": Metric("fidelity", paired(metrics.clipped_density_coverage, 0), 1, 1.0, share=True),
    "recall": Metric("diversity", paired(metrics.precision_recall, 1), 1, 1.0, share=True),
    "coverage": Metric("diversity", paired(metrics.density_coverage, 1), 1, 1.0, share=True),
    "Clipped Coverage": Metric("diversity", paired(metrics.clipped_density_coverage, 1), 1, 1.0, share=True),
    "Vendi ratio": Metric(
        "diversity", lambda draw: metrics.vendi_score(draw.fake) / metrics.vendi_score(draw.held_out), 1, 1.0
    ),
    "memorisation": Metric(
        "copying",
        lambda draw: metrics.memorisation(draw.training, draw.held_out, draw.fake).share,
        ideal=0.5,
        sees_copies=True,
    ),
    "authenticity": Metric(
        "copying", lambda draw: metrics.authenticity(draw.training, draw.fake), 1, None, sees_copies=True
    ),
    "FLD gap": Metric("copying", likelihood(1), 1, 0.0, sees_copies=True),
}
# Of each case, what a metric of some kind must say.
EXPECTED = {
    "shift": {"sees": ("distance", "fidelity", "diversity"), "stays": ("copying",)},
    "wide": {"sees": ("distance", "fidelity"), "stays": ("copying",)},
    "narrow": {"sees": ("distance", "diversity"), "stays": ("fidelity", "copying")},
    "dropped": {"sees": ("distance", "diversity"), "stays": ("fidelity", "copying")},
    "collapsed": {"sees": ("distance", "diversity"), "stays": ("fidelity",)},
    "invented": {"sees": ("distance", "fidelity"), "stays": ("diversity", "copying")},
    "fake outliers": {"stays": ("distance", "fidelity", "diversity", "copying")},
    "real outliers": {"stays": ("distance", "fidelity", "diversity", "copying")},
    "behind outlier": {"sees": ("distance", "fidelity")},
    "few": {"stays": ("distance", "fidelity", "diversity", "copying")},
}
HEADINGS = {
    "shift": "shift", "wide": "too wide", "narrow": "too narrow", "dropped": "2 of 4 modes",
    "collapsed": "one row a mode", "invented": "half in new modes", "fake outliers": "1 % fakes far",
    "real outliers": "1 % data far", "behind outlier": "fakes before an outlier",
    "few": f"N = {FEW_ROWS}", "half": "half reads 0.5", "units": "other units", "copies": "copies",
} | {f"d = {d}": f"perfect, d = {d}" for d in ALL_DIMENSIONS}  # fmt: skip
Scores = dict[str, np.ndarray]  # by case, one for each repeat


def verdicts(metric: Metric, scores: Scores) -> dict[str, tuple[bool, str, float]]:
    """Judges a metric.

    Returns:
        By check: whether it passes, what was expected, and what it did. Of what is to be seen that is in
        standard deviations of the scores of perfect fakes, worse counting up; else a share of a shift's
        effect.
    """
    worse = {case: -metric.better * values for case, values in scores.items()}
    noise = worse["perfect"].std(ddof=1) or TINY

    def change(case: str, base: str = "perfect") -> float:
        return float(worse[case].mean() - worse[base].mean())

    copying = metric.kind == "copying"
    effect = abs(change("copies" if copying else "shift")) or TINY
    found = {}
    for case, by_kind in EXPECTED.items():
        for word, kinds in by_kind.items():
            if metric.kind in kinds and word == "sees":
                found[case] = change(case) >= SIGNIFICANT * noise, word, change(case) / noise
            elif metric.kind in kinds:
                moved = abs(change(case)) / effect
                found[case] = moved <= STEADY, word, moved
    if metric.ideal is not None:
        for d in ALL_DIMENSIONS:
            ending = "" if d == DIMENSIONS else f", d = {d}"
            at = f"perfect{ending}"
            size = effect if copying else abs(change(f"shift{ending}", at)) or TINY
            off = abs(float(scores[at].mean()) - metric.ideal) / size
            found[f"d = {d}"] = off <= STEADY, f"reads {metric.ideal:g}", off
    if metric.share:
        case = "invented" if metric.kind == "fidelity" else "dropped"
        left = float(scores[case].mean() / scores["perfect"].mean())
        found["half"] = abs(left - 0.5) <= SHARE, "reads 0.5", left
    if not copying:
        here = change("shift") / (change("half shift") or TINY)
        there = change("units", "units, perfect") / (change("units, half", "units, perfect") or TINY)
        found["units"] = abs(there / here - 1) <= STEADY, "stays", abs(there / here - 1)
    word = "sees" if metric.sees_copies else "no better"
    moved = change("copies") / noise
    found["copies"] = moved >= (SIGNIFICANT if metric.sees_copies else -SIGNIFICANT), word, moved
    return found


def shown(value: float) -> str:
    """Returns two or three digits, or that there are more than are of use."""
    if abs(value) > MOST:
        return f"{'-' if value < 0 else ''}>{MOST}"
    return f"{value:.3g}" if abs(value) >= 1 else f"{value:.2f}"


def measure(repeats: int, seed: int) -> dict[str, Scores]:
    """Returns the scores of all metrics."""
    scores = {name: {case: np.empty(repeats) for case in CASES} for name in METRICS}
    for repeat in range(repeats):
        for case, draw in CASES.items():
            # The same draw for each case, but for what the case changes.
            sets = draw(np.random.default_rng([seed, repeat]))
            for name, metric in METRICS.items():
                # Copies are judged against what they copy, as is often done, by all that take one reference.
                told = case == "copies" and not metric.sees_copies
                judged = (
                    replace(sets, held_out=sets.training, labels=(sets.labels[0], *sets.labels[::2]))
                    if told
                    else sets
                )
                scores[name][case][repeat] = metric.compute(judged)
        print(f"repeat {repeat + 1} of {repeats}", flush=True)
    return scores


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--repeats", type=int, default=8, help="draws of each case (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    arguments = parser.parse_args()
    if arguments.repeats < 2:
        raise InputError(f"--repeats {arguments.repeats} is out of range: at least 2")
    make_output(arguments.out)
    return arguments


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()
    warnings.simplefilter("ignore", UserWarning)

    from study_common import table, write_rows

    scores = measure(arguments.repeats, arguments.seed)
    rows, cells = [], []
    for name, metric in METRICS.items():
        found = verdicts(metric, scores[name])
        rows += [
            {
                "metric": name,
                "kind": metric.kind,
                "check": check,
                "expected": expected,
                "passed": bool(passed),
                "measured": measured,
            }
            for check, (passed, expected, measured) in found.items()
        ]
        rows += [
            {"metric": name, "case": case, "mean": float(values.mean()), "std": float(values.std(ddof=1))}
            for case, values in scores[name].items()
        ]
        passes = sum(passed for passed, _, _ in found.values())
        marks = [
            ""
            if check not in found
            else ("pass" if found[check][0] else "**fail**") + f" {shown(found[check][2])}"
            for check in HEADINGS
        ]
        cells.append([name, metric.kind, f"{passes} of {len(found)}", *marks])
    markdown = table(["metric", "kind", "passes", *HEADINGS.values()], cells)
    facts = {"rows": ROWS, "dimensions": DIMENSIONS, "repeats": arguments.repeats, "seed": arguments.seed}
    write_rows(arguments.out, rows, facts, markdown)
    print(markdown)


if __name__ == "__main__":
    cli.run(main)
