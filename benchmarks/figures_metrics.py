"""What docs/ say of modes and metrics, by the results: see figures.py."""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import saturation
from mode_table import by_objective, table_cells

RECIPES, OBJECTIVES, METRICS = "docs/recipes.md", "docs/objectives.md", "docs/metrics.md"


def _short(value: float) -> str:
    """Returns a number as ``study_common.short`` does, which imports TensorFlow."""
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"


def modes(results: Any) -> Iterator[tuple[str, str]]:
    """Of the mixtures: a row for each objective, of several seeds their modes, means and spread."""
    total = {"grid": 25, "ring": 8, "two_modes": 2}[results[0]["distribution"]]
    for cells in table_cells(results, total):
        yield OBJECTIVES, f"| {' | '.join(cells)} |"
    for name, runs in by_objective(results).items():
        if total == 25 and name in ("lsgan", "hinge"):
            yield RECIPES, f"| `{name}` ... {runs[0]['modes']} of 25 modes"
        if total == 25 and name == "instance_noise":
            for row in runs:
                yield (
                    OBJECTIVES,
                    f"| {row['seed']} | {row['modes']} of 25 | {100 * row['high_quality']:.1f} % | "
                    f"{row['reverse_kl']:.3f} | {row['seconds']:.0f} |",
                )
    if total == 8:
        quality = {
            name: f"{100 * statistics.fmean(row['high_quality'] for row in runs):.1f} %"
            for name, runs in by_objective(results).items()
        }
        yield (
            OBJECTIVES,
            f"With decay {quality['non_saturating']} of the samples are of high quality, without it "
            f"{quality['constant_rate']}",
        )


def stacked(results: Any) -> Iterator[tuple[str, str]]:
    (row,) = results
    yield OBJECTIVES, f"packs of 2 finds {row['modes']} of the 1,000 modes"
    yield OBJECTIVES, f"a divergence of {row['reverse_kl']:.2f}"
    yield (
        OBJECTIVES,
        f"{100 * row['classifier_accuracy']:.1f} % of {row['classifier_held_out']:,} held-out ones",
    )


def minimax_and_non_saturating(results: Any) -> Iterator[tuple[str, str]]:
    """Of a strong discriminator: first gradients and distances, by loss and optimizer."""
    for cells in saturation.table_cells(results):
        yield OBJECTIVES, f"| {' | '.join(cells)} |"


def metric_studies(results: Any) -> Iterator[tuple[str, str]]:
    studies = {name: study["rows"] for name, study in results["studies"].items()}
    right = {(row["distribution"], row["metric"]): row["mean"] for row in studies["inception_score"]}
    score = [right[name, "Inception Score"] for name in ("N(0, std 20)", "U(-100, 100)", "the truth")]
    yield METRICS, f"({score[0]:.2f} and {score[1]:.2f} against {score[2]:.2f})"
    few = {(row["images_per_class"], row["metric"]): row["mean"] for row in studies["within_class_collapse"]}
    yield (
        METRICS,
        f"the Inception Score is still {few[1, 'is']:.2f} of {few['all', 'is']:.2f}, and precision is "
        f"{few[1, 'precision_recall.precision']:.2f}. Recall falls to "
        f"{few[1, 'precision_recall.recall']:.0f} and coverage to {few[1, 'density_coverage.coverage']:.2f}; "
        f"the 1-NN accuracy rises to {few[1, 'one_nn.1-NN accuracy']:.2f} and the Frechet distance from "
        f"{few['all', 'fid']:.0f} to {few[1, 'fid']:.0f}.",
    )
    sized = {(row["n"], row["fakes"], row["metric"]): row for row in studies["sample_size"]}
    least, most = (pick(n for n, _, _ in sized) for pick in (min, max))
    clean = {
        (n, metric): sized[n, "other real images", metric] for n in (least, most) for metric in ("fid", "kid")
    }
    noisy = sized[most, "real images with noise", "fid"]["mean"]
    yield (
        METRICS,
        f"a Frechet distance of {clean[least, 'fid']['mean']:.0f} at N = {least} and "
        f"{clean[most, 'fid']['mean']:.1f} at N = {most}",
    )
    yield METRICS, f"Real digits with noise have {noisy:.1f} at N = {most}"
    kid = {
        n: f"{clean[n, 'kid']['mean']:.2f} ± {clean[n, 'kid']['std']:.1g} at N = {n}" for n in (most, least)
    }
    yield METRICS, f"{kid[most]} and {kid[least]}"
    for line in results["studies"]["responses"]["table"][2:]:
        name, *verdicts = (cell.strip() for cell in line.strip("| ").split("|"))
        said = ["blind" if verdict.startswith("-") else verdict.partition(" (")[0] for verdict in verdicts]
        yield METRICS, f"| {name} | {' | '.join(said[:4])} |"
    of_sets = results["studies"]["faults"]["rows"]
    titles = [line.strip("| ").split(" | ")[0] for line in results["studies"]["faults"]["table"][2:-1]]
    for title, figure in zip(titles, dict.fromkeys(row["figure"] for row in of_sets), strict=True):
        rows = [row for row in of_sets if row["figure"] == figure]
        cells = [f"**{_short(row['mean'])}**" if row["named"] else _short(row["mean"]) for row in rows]
        yield METRICS, f"| {title} | {' | '.join(cells)} |"
    accuracy, _, held_out = results["studies"]["responses"]["features"].split(", ")[1].partition(" right on ")
    yield METRICS, f"the classifier is right on {accuracy.replace('%', ' %')} of {held_out}"


def metric_sanity(results: Any) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys(row["metric"] for row in results):
        passed = [row["passed"] for row in results if row["metric"] == name and "passed" in row]
        yield METRICS, f"| {name} | {sum(passed)} of {len(passed)} |"


def anomaly(results: Any) -> Iterator[tuple[str, str]]:
    titles = {
        "nearest training picture": "distance to the nearest training picture",
        "PCA": "error of a linear reconstruction (PCA)",
    }
    for score, latents in dict.fromkeys((row["score"], row["latents"]) for row in results):
        rows = [row for row in results if (row["score"], row["latents"]) == (score, latents)]
        cells = [f"{row['auroc']:.2f} ({row['low']:.2f} to {row['high']:.2f})" for row in rows]
        mean = sum(row["auroc"] for row in rows) / len(rows)
        line = [titles.get(score, score), str(latents or ""), *cells, f"{mean:.2f}"]
        yield METRICS, f"| {' | '.join(line)} |".replace("|  |", "| |")


FIGURES: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    "modes/grid/results.json": modes,
    "modes/ring/results.json": modes,
    "modes/two_modes/results.json": modes,
    "modes/stacked_mnist/results.json": stacked,
    "saturation/results.json": minimax_and_non_saturating,
    "metric_studies/results.json": metric_studies,
    "metric_sanity/results.json": metric_sanity,
    "anomaly/results.json": anomaly,
}
