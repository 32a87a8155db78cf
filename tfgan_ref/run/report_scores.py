"""The scores that lie in a run directory, as ``tfgan evaluate RUN --out RUN/scores.json`` writes them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tfgan_ref.run.report_files import read_own

MOST_TABLES = 8
MOST_SCORES = 100  # of a table
LONGEST = 500  # signs of a note
_LARGEST = 2_000_000  # bytes of a file
# Files of a run that hold other things.
_OTHERS = ("config.json", "best.json", "starts.json")


def read_scores(run: Path) -> list[dict[str, Any]]:
    """Returns the tables of scores in the ``.json`` files of a run directory.

    Each has the ``file``, the ``features``, what its ``floor`` is of, ``notes`` and ``rows``, of which
    ``score_row`` says what they have. Files that are no report of ``tfgan evaluate`` are left out.
    """
    tables = []
    for path in sorted(run.glob("*.json")):
        content = None if path.name in _OTHERS else read_own(run, path, _LARGEST)
        try:
            report = json.loads(content) if content is not None else None
        except (ValueError, RecursionError):
            continue
        rows = [*_rows(report)][:MOST_SCORES] if isinstance(report, dict) else []
        if rows and len(tables) < MOST_TABLES:
            notes = report.get("notes")
            tables.append(
                {
                    "file": path.name,
                    "features": _line(report.get("extractor")),
                    "floor": _line(report.get("floor")),
                    "notes": [_line(note) for note in notes[:20]] if isinstance(notes, list) else [],
                    "rows": rows,
                }
            )
    return tables


def score_row(score: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a score's metric, title, value, spread, interval, floor, number and better value.

    What is missing or no number is None.
    """
    interval = score.get("interval")
    ends = [_number(end) for end in interval] if isinstance(interval, list) and len(interval) == 2 else []
    better = score.get("better")
    return {
        "metric": _line(score.get("metric")),
        "title": _line(score.get("title") or score.get("metric")),
        **{key: _number(score.get(key)) for key in ("value", "spread", "floor", "n")},
        "interval": ends if ends and None not in ends else None,
        "better": better if better in ("low", "high") else _number(better),
    }


def _rows(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yields the scores of a report of ``tfgan evaluate``: of images, anomalies, pairs or upscalers."""
    scores, means = report.get("scores"), report.get("means")
    if isinstance(scores, list):
        for score in scores:
            if isinstance(score, dict) and "auroc" in score:
                yield score_row(
                    {
                        "title": f"AUROC: {score.get('score')}",
                        "value": score["auroc"],
                        "interval": [score.get("low"), score.get("high")],
                        "floor": 0.5,
                        "better": "high",
                    }
                )
            elif isinstance(score, dict) and "value" in score:
                yield score_row(score)
        for kind in ("label", "code"):
            if _number(report.get(f"{kind}_agreement")) is not None:
                yield score_row(
                    {"title": f"{kind} agreement", "value": report[f"{kind}_agreement"], "better": "high"}
                )
    elif isinstance(means, dict):
        for name, mean in means.items():
            for metric, value in mean.items() if isinstance(mean, dict) else [("", mean)]:
                yield score_row({"title": f"{name}: {metric}" if metric else name, "value": value})


def _number(value: Any) -> float | int | None:
    sound = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if sound and abs(value) < 1e300 else None  # neither NaN nor what no browser can hold


def _line(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
