"""The results of a comparison: a Markdown table, JSON, a strip of samples per run, plots of sweeps."""

from collections.abc import Iterable, Sequence
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
SLANTED = {"rotation": 45, "ha": "right", "parse_math": False}  # of names below panels


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
    """Returns the comparison as a Markdown table, with what a reader must know of it below.

    Runs that differ by the seed alone share a line, with the means and standard deviations over them. The
    code agreement has a column where a run has one. The last line has what real images get in place of
    generated ones, those of the training set if it has others.
    """
    titles = _titles(rows)
    reports = [row.report for row in rows if row.report]
    agreements = ["label"] + ["code"] * any(report.code_agreement is not None for report in reports)
    header = [
        "name",
        *titles.values(),
        "sharpness / real",
        *(f"{kind} agreement" for kind in agreements),
        "seconds",
        "steps",
        "parameters of G",
        "of D",
    ]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for name, group in _grouped(rows).items():
        diverged = sum(row.diverged is not None for row in group)
        of_all = f"{diverged} of {len(group)} " if len(group) > 1 else ""
        lines.append(
            [
                name + (f" ({of_all}diverged)" if diverged else ""),
                *(_text((found.value for found in _scores(group, key)), ".4g", ".2g") for key in titles),
                _text((row.sharpness for row in group), ".2f", ".2f"),
                *(_text(_agreements(group, kind), ".1%", ".1%") for kind in agreements),
                _text((row.seconds for row in group), ".0f", ".0f"),
                f"{group[0].entry.settings.steps:,}",
                *(NONE if count is None else f"{count:,}" for count in group[0].parameters.values()),
            ]
        )
    if reports:
        floors = [f"{found.floor:.4g}" for found in reports[0].scores]
        lines.append([f"*{reports[0].floor}*", *floors, *[NONE] * (len(header) - 1 - len(floors))])
    seeds = dict.fromkeys(str(row.entry.settings.seed) for row in rows if row.entry.group is not None)
    notes = (
        [f"mean ± standard deviation (of n - 1) of runs with the seeds {', '.join(seeds)}"] if seeds else []
    )
    notes += [f"N = {found.n:,} images on each side" for report in reports for found in report.scores[:1]]
    notes += [f"features: {report.extractor}" for report in reports]
    notes += [note for report in reports for note in report.notes]
    notes += [f"{row.entry.name}: {row.diverged}" for row in rows if row.diverged]
    body = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([*body, "", *(f"* {note}" for note in dict.fromkeys(notes))]) + "\n"


def _grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Returns the runs that differ by the seed alone, by what they are called together."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.entry.group or row.entry.name, []).append(row)
    return groups


def _titles(rows: Iterable[Row]) -> dict[str, str]:
    """Returns the titles of all metrics by their names."""
    return {found.metric: found.title for row in rows if row.report for found in row.report.scores}


def _scores(rows: Iterable[Row], metric: str) -> list[Score]:
    """Returns the scores of that metric of the runs that have one."""
    return [found for row in rows if row.report for found in row.report.scores if found.metric == metric]


def _agreements(rows: Iterable[Row], kind: str) -> list[float | None]:
    """Returns the "label" or "code" agreements of the runs that have scores, None of those without one."""
    return [getattr(row.report, f"{kind}_agreement") for row in rows if row.report]


def mean_and_spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Returns the mean of numbers and their standard deviation (of n - 1), None for a single one."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def _text(values: Iterable[float | None], form: str, spread_form: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return NONE
    mean, spread = mean_and_spread(known)
    return f"{mean:{form}}" + ("" if spread is None else f" ± {spread:{spread_form}}")


def _summary(values: Iterable[float | None]) -> dict[str, Any] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    mean, spread = mean_and_spread(known)
    return {"mean": mean, "spread": spread, "values": known}


def _over_seeds(name: str, group: Sequence[Row]) -> dict[str, Any]:
    """Returns means, standard deviations and values of the runs that did not diverge, in their order."""
    entry, titles = group[0].entry, _titles(group)
    scored = [row for row in group if row.report]
    scores = {key: _summary(found.value for found in _scores(group, key)) for key in titles}
    return {
        "name": name,
        "recipe": entry.recipe.name,
        "value": entry.value,
        "seeds": [row.entry.settings.seed for row in scored],
        "diverged": [row.entry.settings.seed for row in group if row.diverged],
        "scores": {key: {"title": titles[key], **found} for key, found in scores.items()},
        "sharpness": _summary(row.sharpness for row in scored),
        **{f"{kind}_agreement": _summary(_agreements(group, kind)) for kind in ("label", "code")},
        "seconds": _summary(row.seconds for row in scored),
    }


def write(rows: Sequence[Row], out: Path, swept: str | None = None) -> None:
    """Writes ``table.md``, ``results.json`` and ``comparison.png``, which shows the first seed of several.

    For a swept setting also ``sweep.png``, and for several seeds ``seeds.json`` and ``seeds.png``.
    """
    write_text(out / "table.md", table(rows))
    write_json(out / "results.json", [row.to_dict() for row in rows])
    groups = _grouped(rows)
    _save_strips(out / "comparison.png", [group[0] for group in groups.values()])
    if swept:
        _save_sweep(out / "sweep.png", rows, swept)
    if any(row.entry.group is not None for row in rows):
        write_json(out / "seeds.json", [_over_seeds(name, group) for name, group in groups.items()])
        _save_seeds(out / "seeds.png", groups)


def _save_strips(path: Path, rows: Sequence[Row]) -> None:
    """Writes the samples of each run beside its name; of a run that diverged the name alone."""
    nothing = np.full((STRIP, 12, 12, 1), plotting.GREY, np.uint8)
    samples = [picture for row in rows for picture in (nothing if row.samples is None else row.samples)]
    names = {
        i: (row.entry.group or row.entry.name) + (" (diverged)" if row.diverged else "")
        for i, row in enumerate(rows, 1)
    }
    pictures, labels = plotting.same_size(samples), np.repeat(list(names), STRIP)
    enlarge = 2 if pictures.shape[1] < 48 else 1
    plotting.save_png(path, plotting.grid(pictures, STRIP, enlarge=enlarge, labels=labels, names=names))


def _slanted_room(names: Iterable[str]) -> float:
    """Returns the inches that the longest of some names takes below a panel and to its left."""
    from matplotlib.textpath import TextPath

    longest = max(TextPath((0, 0), name.replace("$", "S"), size=10).get_extents().width for name in names)
    return float(longest / 72 * np.sqrt(0.5))


def _save_sweep(path: Path, rows: Sequence[Row], swept: str) -> None:
    """Writes a panel for each metric, with a line for each recipe; what diverged is left out.

    With several seeds the line goes through the means, and bars show the standard deviations.
    """
    from matplotlib.figure import Figure

    values = list(dict.fromkeys(row.entry.value for row in rows))
    numbers = all(type(value) in (int, float) for value in values)
    scored = [row for row in rows if row.report]
    metrics = _titles(scored)
    room = 0 if numbers else _slanted_room(map(str, values))
    figure = Figure(figsize=((4 + room) * max(1, len(metrics)), 3.5 + room), layout="constrained")
    panels = figure.subplots(1, max(1, len(metrics)), squeeze=False)[0]
    for axes in panels:
        if not numbers:
            axes.set_xticks(range(len(values)), [str(value) for value in values], **SLANTED)
        elif min(values) > 0 and max(values) >= 4 * min(values):
            axes.set_xscale("log")
        axes.set_xlabel(swept)
        axes.grid(alpha=0.3)
    for axes, (metric, title) in zip(panels, metrics.items(), strict=False):
        for recipe in dict.fromkeys(row.entry.recipe.name for row in scored):
            points = []
            for value in sorted({row.entry.value for row in scored}) if numbers else values:
                runs = [row for row in scored if (row.entry.recipe.name, row.entry.value) == (recipe, value)]
                if found := _scores(runs, metric):
                    place = value if numbers else values.index(value)
                    points.append((place, *mean_and_spread([score.value for score in found])))
            places, means, spreads = zip(*points, strict=True)
            axes.plot(places, means, marker="o", label=recipe)
            if any(spread is not None for spread in spreads):
                color = axes.lines[-1].get_color()
                axes.errorbar(
                    places, means, [spread or 0 for spread in spreads], fmt="none", color=color, capsize=4
                )
        axes.set_title(title)
        axes.legend()
    figure.savefig(path, dpi=100)


def _save_seeds(path: Path, groups: dict[str, list[Row]]) -> None:
    """Writes a panel for each metric: of each group its runs, their mean and the standard deviation."""
    from matplotlib.figure import Figure

    metrics = _titles(row for group in groups.values() for row in group)
    room = _slanted_room(groups)
    size = ((max(4, 0.4 * len(groups)) + room) * max(1, len(metrics)), 3.5 + room)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, max(1, len(metrics)), squeeze=False)[0]
    for axes, (metric, title) in zip(panels, metrics.items(), strict=False):
        for place, group in enumerate(groups.values()):
            if values := [found.value for found in _scores(group, metric)]:
                mean, spread = mean_and_spread(values)
                axes.plot([place] * len(values), values, "o", color="C0", alpha=0.4)
                axes.errorbar([place + 0.15], [mean], [spread or 0], fmt="s", color="C1", capsize=4)
        axes.set_xticks(range(len(groups)), list(groups), **SLANTED)
        axes.set_title(title)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=100)
