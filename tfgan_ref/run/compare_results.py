"""The results of a comparison: a Markdown table, JSON, a strip of samples per run, curves of a sweep."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import plotting
from tfgan_ref.evaluation import Score
from tfgan_ref.files import write_json, write_text
from tfgan_ref.run.compare_plan import Entry
from tfgan_ref.run.evaluate_images import Report

NONE = "-"  # where a run has no such number
STRIP = 12  # samples of each run in the picture


@dataclass(frozen=True)
class Row:
    """The result of one run.

    Attributes:
        entry: the run.
        parameters: numbers that training changes in ``generator`` and ``discriminator``; None: it has none.
        seconds: of training: its first step's tracing, its grids and checkpoints are in it; reading data,
            building the networks and writing the results are not.
        report: the scores; None if training diverged.
        diverged: how training diverged, or None.
        sharpness: gradient energy of its samples over that of the real images, or None.
        samples: uint8 (``STRIP``, H, W, C), or None.
    """

    entry: Entry
    parameters: dict[str, int | None]
    seconds: float | None
    report: Report | None = None
    diverged: str | None = None
    sharpness: float | None = None
    samples: np.ndarray | None = None

    def _evaluation(self) -> dict[str, Any] | None:
        if self.report is None:
            return None
        evaluation = self.report.to_dict()
        # Where the run lies on this machine is nobody's business elsewhere.
        return evaluation | {"settings": evaluation["settings"] | {"model": self.entry.name}}

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it but the samples as JSON values."""
        return {
            "name": self.entry.name,
            "recipe": self.entry.recipe.name,
            "value": self.entry.value,
            "settings": asdict(self.entry.settings),
            "steps": self.entry.settings.steps,
            "seconds": self.seconds,
            "parameters": self.parameters,
            "sharpness": self.sharpness,
            "evaluation": self._evaluation(),
            "diverged": self.diverged,
        }


def table(rows: Sequence[Row]) -> str:
    """Returns the comparison as a Markdown table, with what a reader must know of it below."""
    scores = [{found.metric: found for found in row.report.scores} if row.report else {} for row in rows]
    titles = {key: found.title for of_row in scores for key, found in of_row.items()}
    floored = {key: f"{title} / real vs real" if key == "fid" else title for key, title in titles.items()}
    header = [
        "name",
        *floored.values(),
        "sharpness / real",
        "label agreement",
        "seconds",
        "steps",
        "parameters of G",
        "of D",
    ]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for row, of_row in zip(rows, scores, strict=True):
        agreement = row.report.label_agreement if row.report else None
        lines.append(
            [
                row.entry.name + (" (diverged)" if row.diverged else ""),
                *(_cell(of_row.get(key)) for key in titles),
                NONE if row.sharpness is None else f"{row.sharpness:.2f}",
                NONE if agreement is None else f"{agreement:.1%}",
                NONE if row.seconds is None else f"{row.seconds:.0f}",
                f"{row.entry.settings.steps:,}",
                *(NONE if count is None else f"{count:,}" for count in row.parameters.values()),
            ]
        )
    reports = [row.report for row in rows if row.report]
    notes = [f"features: {report.extractor}" for report in reports]
    notes += [note for report in reports for note in report.notes]
    notes += [f"{row.entry.name}: {row.diverged}" for row in rows if row.diverged]
    body = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([*body, "", *(f"* {note}" for note in dict.fromkeys(notes))]) + "\n"


def _cell(found: Score | None) -> str:
    if found is None:
        return NONE
    return f"{found.value:.4g}" + (f" / {found.floor:.4g}" if found.metric == "fid" else "")


def write(rows: Sequence[Row], out: Path, swept: str | None = None) -> None:
    """Writes ``table.md``, ``results.json``, ``comparison.png`` and, for a swept setting, ``sweep.png``."""
    write_text(out / "table.md", table(rows))
    write_json(out / "results.json", [row.to_dict() for row in rows])
    _save_strips(out / "comparison.png", rows)
    if swept:
        _save_sweep(out / "sweep.png", rows, swept)


def _save_strips(path: Path, rows: Sequence[Row]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 0.9 * len(rows) + 0.1), layout="constrained")
    for row, axes in zip(rows, figure.subplots(len(rows), squeeze=False)[:, 0], strict=True):
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(row.entry.name, rotation=0, ha="right", va="center")
        if row.samples is None:
            axes.text(0.5, 0.5, "diverged", ha="center", va="center")
        else:
            axes.imshow(plotting.grid(row.samples, STRIP).squeeze(), cmap="gray", vmin=0, vmax=255)
    figure.savefig(path, dpi=100)


def _save_sweep(path: Path, rows: Sequence[Row], swept: str) -> None:
    """Writes a panel for each metric, with a line for each recipe; what diverged is left out."""
    from matplotlib.figure import Figure

    values = list(dict.fromkeys(row.entry.value for row in rows))
    numbers = all(type(value) in (int, float) for value in values)
    scored = [row for row in rows if row.report]
    metrics = {found.metric: found.title for row in scored for found in row.report.scores}
    figure = Figure(figsize=(4 * max(1, len(metrics)), 3.5), layout="constrained")
    panels = figure.subplots(1, max(1, len(metrics)), squeeze=False)[0]
    for axes in panels:
        if not numbers:
            axes.set_xticks(range(len(values)), [str(value) for value in values])
        elif min(values) > 0 and max(values) >= 4 * min(values):
            axes.set_xscale("log")
        axes.set_xlabel(swept)
        axes.grid(alpha=0.3)
    for axes, (metric, title) in zip(panels, metrics.items(), strict=False):
        for recipe in dict.fromkeys(row.entry.recipe.name for row in scored):
            points = sorted(
                (row.entry.value if numbers else values.index(row.entry.value), found.value)
                for row in scored
                for found in row.report.scores
                if row.entry.recipe.name == recipe and found.metric == metric
            )
            axes.plot(*zip(*points, strict=True), marker="o", label=recipe)
        axes.set_title(title)
        axes.legend()
    figure.savefig(path, dpi=100)
