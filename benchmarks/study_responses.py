"""Which metric sees what: all metrics while one disturbance of real images grows (after Xu et al. 2018)."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from study_common import Finding, Material, save, table, with_noise

from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import Features, Sides, score

LEVELS = 6  # beyond the undisturbed one; the one in the middle decides
REPEATS = 8
MOST_IMAGES = 1000
MONOTONE, SIGNIFICANT = 0.8, 3.0
TITLES = {
    "fid": "Frechet distance",
    "kid": "KID",
    "mmd": "kernel MMD",
    "wasserstein": "Wasserstein",
    "one_nn.1-NN accuracy": "1-NN accuracy",
    "is": "Inception Score",
    "mode_score": "Mode Score",
    "precision_recall.precision": "precision",
    "precision_recall.recall": "recall",
    "density_coverage.density": "density",
    "density_coverage.coverage": "coverage",
}


@dataclass(frozen=True)
class Parts:
    """The rows of the real images as one repeat uses them, in random order.

    Attributes:
        training: the reference that a generator has seen.
        held_out: a reference that it has not seen.
        pool: what a perfect generator draws: other real images.
    """

    training: np.ndarray
    held_out: np.ndarray
    pool: np.ndarray


@dataclass(frozen=True)
class Disturbance:
    """One way of getting worse.

    Attributes:
        title: of its panel.
        label: of the level.
        levels: from none to strong.
        against_held_out: whether the reference is the held-out part instead of the training part.
    """

    title: str
    label: str
    levels: tuple[float, ...]
    against_held_out: bool = False


def responses(material: Material, seed: int, path: Path) -> Finding:
    """Computes every metric while blur, noise, missing classes or copies of training images grow.

    Raises:
        InputError: there are too few images or classes.
    """
    labels = material.arrays.labels
    classes = len(np.unique(labels))
    n = min(int(len(labels) / 4.8), MOST_IMAGES)
    if n < 100 or classes < 5:
        raise InputError(f"{material.title}: this study needs at least 480 images of 5 classes")
    disturbances = {
        "blur": Disturbance("blur", "standard deviation, pixels", _steps(2.1)),
        "noise": Disturbance("noise", "standard deviation, share of the range", _steps(0.6)),
        "dropping": Disturbance("mode dropping", f"missing classes of {classes}",
                                tuple(round(step * 0.6 * classes) for step in _steps(1))),
        "copies": Disturbance("copies of training images\nreference: training images", "share of copies",
                              _steps(1)),
        "copies_held_out": Disturbance("copies of training images\nreference: held-out images",
                                       "share of copies", _steps(1), against_held_out=True),
    }  # fmt: skip
    seen = _disturbed_features(material, disturbances, seed)
    values = {name: np.empty((LEVELS + 1, REPEATS, len(TITLES))) for name in disturbances}
    for repeat in range(REPEATS):
        order = np.random.default_rng([seed, repeat]).permutation(len(labels))
        parts = Parts(*np.split(order, [n, 2 * n]))
        for name, disturbance in disturbances.items():
            real = material.features.take(parts.held_out if disturbance.against_held_out else parts.training)
            for index, level in enumerate(disturbance.levels):
                fake = _fakes(name, level, parts, seen, labels, n)
                values[name][index, repeat] = _scores(real, fake, seed)
    rows = [
        {"disturbance": name, "level": level, "metric": metric,
         "mean": values[name][index, :, column].mean(), "std": values[name][index, :, column].std(ddof=1)}
        for name, disturbance in disturbances.items()
        for index, level in enumerate(disturbance.levels)
        for column, metric in enumerate(TITLES)
    ]  # fmt: skip
    verdicts = {
        name: [_verdict(metric, values[name][..., column]) for column, metric in enumerate(TITLES)]
        for name in disturbances
    }
    for name, found in verdicts.items():
        rows += [
            {
                "disturbance": name,
                "metric": metric,
                "verdict": verdict,
                "rank_correlation": rho,
                "change_at_middle": middle,
                "change_at_last": last,
            }
            for metric, (verdict, rho, middle, last) in zip(TITLES, found, strict=True)
        ]
    _draw(values, disturbances, f"{material.title}, {n} images against {n}", path)
    cells = [
        [title, *("{0} ({2:+.1f}, {3:+.1f})".format(*found[i]) for found in verdicts.values())]
        for i, title in enumerate(TITLES.values())
    ]
    headings = ["metric", *(disturbance.title.replace("\n", ", ") for disturbance in disturbances.values())]
    settings = {"images": n, "repeats": REPEATS, "levels": {k: d.levels for k, d in disturbances.items()},
                "monotone": MONOTONE, "significant": SIGNIFICANT}  # fmt: skip
    return Finding(rows, table(headings, cells), settings)


def _steps(largest: float) -> tuple[float, ...]:
    return tuple(round(largest * step / LEVELS, 3) for step in range(LEVELS + 1))


def _disturbed_features(
    material: Material, disturbances: dict[str, Disturbance], seed: int
) -> dict[tuple[str, float], Features]:
    """Returns the features of all images at each level of blur and noise, and undisturbed as ("", 0)."""
    images = material.arrays.images
    disturb: dict[str, Callable[[float], np.ndarray]] = {
        "blur": lambda level: gaussian_filter(images, (0, level, level, 0)),
        "noise": lambda level: with_noise(images, level, seed),
    }
    seen = {("", 0.0): material.features}
    for name, change in disturb.items():
        for level in disturbances[name].levels:
            seen[name, level] = (
                material.see(change(level), f"{name} {level:g}") if level else material.features
            )
    return seen


def _fakes(
    name: str, level: float, parts: Parts, seen: dict[tuple[str, float], Features], labels: np.ndarray, n: int
) -> Features:
    """Returns ``n`` fakes: images of the pool, disturbed."""
    if name in ("blur", "noise"):
        return seen[name, level].take(parts.pool[:n])
    chosen = parts.pool
    if name == "dropping":
        present = np.unique(labels)
        chosen = chosen[np.isin(labels[chosen], present[int(level) :])]
    else:
        copies = round(level * n)
        chosen = np.concatenate([parts.training[:copies], chosen[: n - copies]])
    if len(chosen) < n:
        raise InputError(f"only {len(chosen)} images are left without {level:g} classes, {n} are needed")
    return seen["", 0.0].take(chosen[:n])


def _scores(real: Features, fake: Features, seed: int) -> list[float]:
    names = list(dict.fromkeys(metric.split(".")[0] for metric in TITLES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = {
            s.metric: s.value for s in score(names, Sides(real, fake, real, real), seed, intervals=False)
        }
    return [found[metric] for metric in TITLES]


def _badness(metric: str, values: np.ndarray) -> np.ndarray:
    """Turns scores around so that larger is worse."""
    if metric.startswith("one_nn"):
        return np.abs(values - 0.5)
    return values if metric in ("fid", "kid", "mmd", "wasserstein") else -values


def _verdict(metric: str, values: np.ndarray) -> tuple[str, float, float, float]:
    """Says what a metric makes of a disturbance, from its scores (levels, repeats).

    A change is the difference between the means at some level and at none, in standard deviations over the
    repeats of the scores of undisturbed images. If the rank correlation of the means with the level is at
    least MONOTONE, and the change at the middle level at least SIGNIFICANT, the metric "sees" it; "late" if
    only the change at the last level is; "rewards" if the scores improve. Otherwise it is blind, "-".

    Returns:
        The verdict, the rank correlation, the changes at the middle and the last level; larger is worse.
    """
    worse = _badness(metric, values.mean(axis=1))
    rho = float(spearmanr(np.arange(len(worse)), worse).statistic) if np.ptp(worse) else 0.0
    changes = (worse - worse[0]) / (values[0].std(ddof=1) or np.inf)
    middle, last = float(changes[len(changes) // 2]), float(changes[-1])
    verdict = "-"
    if rho >= MONOTONE and last >= SIGNIFICANT:
        verdict = "sees" if middle >= SIGNIFICANT else "late"
    elif rho <= -MONOTONE and last <= -SIGNIFICANT:
        verdict = "rewards" if middle <= -SIGNIFICANT else "rewards, late"
    return verdict, rho, middle, last


def _draw(values: dict[str, np.ndarray], disturbances: dict[str, Disturbance], data: str, path: Path) -> None:
    """Draws a panel per disturbance; each metric in units of its largest move in any panel."""
    figure = Figure(figsize=(11, 7), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    worse = {
        name: np.stack(
            [_badness(metric, found.mean(axis=1)[:, i]) for i, metric in enumerate(TITLES)], axis=1
        )
        for name, found in values.items()
    }
    moves = {name: found - found[0] for name, found in worse.items()}
    largest = np.max([np.abs(move).max(axis=0) for move in moves.values()], axis=0)
    lowest = min(float(np.min(move / largest)) for move in moves.values()) - 0.1
    styles = ("o-", "s-", "^--", "v--", "D-", "o:", "s:", "x-", "+-", "x--", "+--")
    colours = (
        *("tab:blue", "tab:cyan", "navy", "tab:purple", "black", "tab:olive"),
        *("gold", "tab:red", "tab:green", "tab:pink", "limegreen"),
    )
    for axes, (name, disturbance) in zip(panels, disturbances.items(), strict=False):
        axes.axhspan(lowest, 0, color="0.95", zorder=0)
        for i, title in enumerate(TITLES.values()):
            heights = moves[name][:, i] / largest[i]
            axes.plot(disturbance.levels, heights, styles[i], color=colours[i], label=title, lw=1.6, ms=4)
        axes.set(title=disturbance.title, xlabel=disturbance.label, ylim=(lowest, 1.1))
        axes.grid(alpha=0.3)
    for axes in panels[::3]:
        axes.set_ylabel("says worse: share of its largest change\n(grey: says better)")
    panels[5].axis("off")
    panels[5].legend(*panels[0].get_legend_handles_labels(), loc="center", ncols=2, fontsize=9)
    figure.suptitle(f"Every metric while one disturbance grows ({data}, classifier features)")
    save(figure, path)
