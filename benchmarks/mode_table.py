"""The table of the objectives, from rows of ``modes.py``: what each seed found, mean and spread."""

import statistics
from collections.abc import Sequence
from typing import Any

HEADINGS = ("objective", "settings", "modes, by seed", "high quality", "reverse KL")


def table_cells(rows: Sequence[dict[str, Any]], total: int) -> list[list[str]]:
    """Returns the cells of a line for each objective, best coverage first.

    Args:
        rows: of results.json, of any objectives and seeds.
        total: number of modes.
    """
    lines = []
    for objective, runs in by_objective(rows).items():
        divergences = [row["reverse_kl"] for row in runs if row["reverse_kl"] is not None]
        shares = [100 * row["high_quality"] for row in runs if row["high_quality"] is not None]
        cells = [
            f"`{objective}`",
            runs[-1]["summary"],
            f"{', '.join(str(row['modes']) for row in runs)} of {total}",
            f"{with_spread(shares, 1)} %" if shares else "-",
            with_spread(divergences, 3) if divergences else "-",
        ]
        modes = statistics.fmean(row["modes"] for row in runs)
        divergence = statistics.fmean(divergences) if divergences else float("inf")
        lines.append((-modes, divergence, cells))
    return [cells for *_, cells in sorted(lines, key=lambda line: line[:2])]


def by_objective(rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Returns the rows of each objective in the order of their seeds."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["seed"]):
        found.setdefault(row["objective"], []).append(row)
    return found


def with_spread(values: Sequence[float], digits: int) -> str:
    """Returns the mean of ``values`` and, of several, their standard deviation."""
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean
