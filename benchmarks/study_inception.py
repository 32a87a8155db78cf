"""What the Inception Score does not see: distributions that are far too wide, classes of one image each."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from study_common import LIGHT, Finding, Material, save, short, table

from tfgan_ref import metrics
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import Sides, score

MEAN, SPREAD = 2.0, 1.5  # of the two components: N(-2, 1.5^2) and N(2, 1.5^2)
SAMPLES, REPEATS = 2000, 10
IMAGES_PER_CLASS = (1, 2, 5, 20, 100)
MOST_IMAGES = 5000


def _true(generator: np.random.Generator, n: int) -> np.ndarray:
    return generator.choice([-MEAN, MEAN], n) + generator.normal(0, SPREAD, n)


DISTRIBUTIONS = {
    "the truth": _true,
    "N(0, std 20)": lambda generator, n: generator.normal(0, 20, n),
    "N(0, variance 20)": lambda generator, n: generator.normal(0, np.sqrt(20), n),
    "U(-100, 100)": lambda generator, n: generator.uniform(-100, 100, n),
}
SCORES = ("Inception Score", "Frechet distance", "kernel MMD", "Wasserstein distance", "1-NN accuracy")
BETTER = ("higher is better", "0 is ideal", "0 is ideal", "0 is ideal", "0.5 is ideal")


def inception_score(seed: int, path: Path) -> Finding:
    """Scores four distributions on the line against a mixture of two normals.

    The classifier is the best there can be between the two components: the logit of the right one is its log
    likelihood ratio, 2 MEAN x / SPREAD^2.
    """
    generator = np.random.default_rng(seed)
    values = {name: np.array([_line(draw, generator) for _ in range(REPEATS)])
              for name, draw in DISTRIBUTIONS.items()}  # fmt: skip
    rows = [
        {"distribution": name, "metric": metric, "mean": column.mean(), "std": column.std()}
        for name, found in values.items()
        for metric, column in zip(SCORES, found.T, strict=True)
    ]
    cells = [
        [name, *(f"{short(m)} ± {s:.1g}" for m, s in zip(found.mean(0), found.std(0), strict=True))]
        for name, found in values.items()
    ]
    _draw_line(values, path)
    settings = {"samples": SAMPLES, "repeats": REPEATS, "components": f"N(±{MEAN:g}, std {SPREAD:g})"}
    return Finding(rows, table(["samples of", *SCORES], cells), settings)


def _line(draw: object, generator: np.random.Generator) -> list[float]:
    real, fake = _true(generator, SAMPLES)[:, None], draw(generator, SAMPLES)[:, None]
    logits = np.concatenate([np.zeros_like(fake), 2 * MEAN * fake / SPREAD**2], axis=1)
    return [
        metrics.inception_score(logits, splits=1)[0],
        metrics.frechet_distance(real, fake),
        metrics.maximum_mean_discrepancy(real, fake, kernel="rbf_mean"),
        metrics.wasserstein_distance(real, fake),
        metrics.nearest_neighbour_accuracy(real, fake)[0],
    ]


def _draw_line(values: dict[str, np.ndarray], path: Path) -> None:
    figure = Figure(figsize=(9.5, 5.6), layout="constrained")
    grid = figure.add_gridspec(2, len(SCORES), height_ratios=(1.15, 1))
    axes = figure.add_subplot(grid[0, :])
    x = np.linspace(-30, 30, 1201)

    def normal(mean: float, spread: float) -> np.ndarray:
        return np.exp(-(((x - mean) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))

    densities = (
        (normal(-MEAN, SPREAD) + normal(MEAN, SPREAD)) / 2,
        normal(0, 20),
        normal(0, np.sqrt(20)),
        np.full_like(x, 1 / 200),
    )
    colours = ("black", "tab:orange", "tab:green", "tab:red")
    for name, density, colour in zip(values, densities, colours, strict=True):
        axes.plot(x, density, color=colour, label=name, lw=2)
    axes.set(xlabel="x", ylabel="density", xlim=(-30, 30), ylim=(0, 0.16))
    axes.set_title("Two normals, three wrong distributions, and the best classifier between the two normals")
    other = axes.twinx()
    other.plot(x, 1 / (1 + np.exp(-2 * MEAN * x / SPREAD**2)), color=LIGHT, ls="--", lw=1.5)
    other.set_ylabel("p(right component | x), dashed", color="0.4")
    other.set_ylim(0, 1.05)
    axes.legend(loc="upper left", title="samples of")
    for index, (metric, better) in enumerate(zip(SCORES, BETTER, strict=True)):
        axes = figure.add_subplot(grid[1, index])
        means = [found[:, index].mean() for found in values.values()]
        bars = axes.bar(range(len(means)), means, color=colours)
        axes.bar_label(bars, [_figure(mean) for mean in means], fontsize=7.5)
        axes.set_title(f"{metric}\n{better}", fontsize=9)
        axes.set_xticks([])
        axes.margins(0.12, 0.15)  # room for figures wider than their bars
        if min(means) > 0 and max(means) / min(means) > 50:
            axes.set_yscale("log")
            axes.set_ylim(min(means) / 3, max(means) * 8)
    save(figure, path)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def within_class_collapse(material: Material, seed: int, path: Path) -> Finding:
    """Scores a generator that draws every class equally often, but of each only k different images.

    Half of the real images are the reference; of the other half come the k images of each class. Each fake is
    one of them: a random class, then a random image of it. "All" is the other half itself.

    Raises:
        InputError: a class has too few images.
    """
    labels = material.arrays.labels
    classes = np.unique(labels)
    repeats = 5
    found: dict[int, list[dict[str, float]]] = {}
    for repeat in range(repeats):
        generator = np.random.default_rng([seed, repeat])
        order = generator.permutation(len(labels))
        half = min(len(order) // 2, MOST_IMAGES)
        reference, pool = order[:half], order[half : 2 * half]
        of_class = [pool[labels[pool] == number] for number in classes]
        fewest = min(map(len, of_class))
        if fewest < IMAGES_PER_CLASS[2]:
            raise InputError(f"{material.title}: a class has {fewest} images, too few for this study")
        drawn = generator.integers(len(classes), size=half)  # the classes of the fakes
        for k in (*(k for k in IMAGES_PER_CLASS if k < fewest), 0):
            some = [generator.choice(of_class[number][:k]) for number in drawn] if k else pool
            real, fake = (material.features.take(rows) for rows in (reference, np.asarray(some)))
            names = ("is", "mode_score", "fid", "kid", "one_nn", "precision_recall", "density_coverage")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                sides = Sides(real, fake, real, real)
                scores = {s.metric: s.value for s in score(names, sides, seed, intervals=False)}
            found.setdefault(k, []).append(scores)
    rows = [
        {
            "images_per_class": k or "all",
            "metric": metric,
            "mean": float(np.mean([scores[metric] for scores in repeated])),
            "std": float(np.std([scores[metric] for scores in repeated])),
        }
        for k, repeated in found.items()
        for metric in repeated[0]
    ]
    value = {(row["images_per_class"], row["metric"]): row for row in rows}
    counts = [k or "all" for k in found]
    cells = [[str(k), *(_cell(value[k, name]) for name in COLLAPSE)] for k in counts]
    largest = round(half / len(classes))
    _draw_collapse(value, counts, largest, material.title, path)
    settings = {"reference": half, "fakes": half, "repeats": repeats,
                "all": f"about {largest} images of each class"}  # fmt: skip
    return Finding(rows, table(["images per class", *COLLAPSE.values()], cells), settings)


COLLAPSE = {
    "is": "Inception Score",
    "mode_score": "Mode Score",
    "fid": "Frechet distance",
    "kid": "KID",
    "one_nn.1-NN accuracy": "1-NN accuracy",
    "precision_recall.precision": "precision",
    "precision_recall.recall": "recall",
    "density_coverage.coverage": "coverage",
}


def _cell(row: dict[str, float]) -> str:
    return f"{short(row['mean'])} ± {row['std']:.1g}"


def _draw_collapse(value: dict, counts: list, largest: int, data: str, path: Path) -> None:
    figure = Figure(figsize=(10, 3.9), layout="constrained")
    panels = figure.subplots(1, 3)
    groups = (("is", "mode_score"), ("fid", "kid"), tuple(COLLAPSE)[4:])
    titles = ("blind: Inception and Mode Score", "see it: distances", "see it: neighbours (but precision)")
    positions = [largest if k == "all" else k for k in counts]
    for axes, group, title in zip(panels, groups, titles, strict=True):
        for name, colour in zip(group, ("tab:blue", "tab:orange", "tab:green", "tab:red"), strict=False):
            means = [value[k, name]["mean"] for k in counts]
            spreads = [value[k, name]["std"] for k in counts]
            axes.errorbar(
                positions, means, spreads, marker="o", color=colour, label=COLLAPSE[name], capsize=3
            )
        axes.set_xscale("log")
        axes.set_xticks(positions, [str(k) for k in counts])
        axes.minorticks_off()
        axes.set(title=title, xlabel="different images of each class")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8, loc="center left" if axes is panels[2] else "best")
    panels[0].set_ylim(0, None)
    # Linear where KID is only noise around 0, logarithmic above.
    linear = abs(value["all", "kid"]["mean"]) + value["all", "kid"]["std"]
    panels[1].set_yscale("symlog", linthresh=10 ** np.ceil(np.log10(linear)))
    panels[1].axhline(0, color=LIGHT, lw=1)
    panels[2].set_ylim(-0.03, 1.08)
    panels[2].axhline(0.5, color=LIGHT, ls=":", lw=1)
    figure.suptitle(f"A generator with all classes but few images of each ({data}, classifier features)")
    save(figure, path)
