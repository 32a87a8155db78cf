"""From seconds per step on a GPU to rows, and tables of them."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from throughput_peers.cases import CASES, case_for
from throughput_peers.report import ENTRIES, LIMITS, ratios_to_ours
from throughput_peers.turns import Contestant

# What is to be reached, by two contestants and case: the first one's time over the second one's, at most.
AT_MOST = {
    ("ours", "ours_fast"): dict.fromkeys(CASES, 1.1),
    ("ours", "torch_graph"): {"mlp": 1.3, "dcgan28": 1.3, "sngan": 1.3, "dcgan64": 1.1, "wgan_gp": 1.1},
    ("ours_bfloat16", "torch_graph_bfloat16"): dict.fromkeys(CASES, 1.1),
    ("ours", "torch"): dict.fromkeys(CASES, 0.5),
}


def rows_of(
    name: str, batch_size: int, contestants: Mapping[str, Contestant], flops_limits: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Returns one row per contestant of a case on a GPU with a batch."""
    case, ours = case_for(name, "gpu", batch_size), contestants["ours"]
    rows = []
    for key, contestant in contestants.items():
        if key in LIMITS["gpu"]:
            continue
        entry = ENTRIES[key]
        row = {
            "case": name,
            "batch_size": batch_size,
            "contestant": entry.title,
            "skipped": contestant.failure,
        }
        rows.append(row)
        if contestant.failure:
            continue
        seconds = statistics.median(contestant.seconds_per_step)
        flops = case.step_flops(entry.generator_forwards, entry.discriminator_forwards)
        row["ms"] = 1000 * seconds
        row["images_per_second"] = batch_size / seconds
        row["seconds_per_step"] = contestant.seconds_per_step
        row["ratio_to_ours"] = None if ours.failure else statistics.median(ratios_to_ours(contestant, ours))
        row["first_step_seconds"] = contestant.first_seconds
        row["memory_mb"] = contestant.memory_mb
        row["utilisation"] = flops / seconds / flops_limits[entry.limit]
        row["steps_per_call"] = contestant.facts.get("steps_per_execution", 1)
    return rows


def markdown(results: Mapping[str, Any]) -> str:
    """Returns the tables of a GPU's results: milliseconds a step, and what else was measured of each."""
    rows = results["rows"]
    titles = list(dict.fromkeys(row["contestant"] for row in rows))
    nets = dict.fromkeys((row["case"], row["batch_size"]) for row in rows)
    lines = [f"| net, batch | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for case, batch_size in nets:
        times = {
            row["contestant"]: row["ms"]
            for row in rows
            if (row["case"], row["batch_size"]) == (case, batch_size) and row.get("ms")
        }
        cells = (_three_digits(times[title]) if title in times else "" for title in titles)
        lines.append(f"| {CASES[case].title}, {batch_size} | {' | '.join(cells)} |")
    lines += ["", "Milliseconds a step, of D and G together.", *results["notes"]]
    if any("utilisation" in row for row in rows):
        lines += ["", *_targets(rows), "", *_details(rows)]
    return "\n".join(lines)


def _targets(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    heads = [f"{ENTRIES[a].title} / {ENTRIES[b].title}" for a, b in AT_MOST]
    lines = [f"| net, batch | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for case, batch_size in dict.fromkeys((row["case"], row["batch_size"]) for row in rows):
        times = {
            row["contestant"]: row.get("ms")
            for row in rows
            if (row["case"], row["batch_size"]) == (case, batch_size)
        }
        cells = []
        for (a, b), must in AT_MOST.items():
            first, second = (times.get(ENTRIES[name].title) for name in (a, b))
            ratio = first / second if first and second else None
            cells.append("" if ratio is None else f"{ratio:.2f}{_verdict(ratio, must.get(case))}")
        lines.append(f"| {CASES[case].title}, {batch_size} | {' | '.join(cells)} |")
    return lines


def _verdict(ratio: float, at_most: float | None) -> str:
    if at_most is None:
        return ""
    return f" (at most {at_most}: {'met' if ratio <= at_most else '**missed**'})"


def _details(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| net, batch | contestant | images/s | utilisation | first step (s) | memory (MB) |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        net = f"{CASES[row['case']].title}, {row['batch_size']}"
        if row["skipped"]:
            lines.append(f"| {net} | {row['contestant']} | left out: {row['skipped']} | | | |")
            continue
        lines.append(
            f"| {net} | {row['contestant']} | {row['images_per_second']:.4g} | {row['utilisation']:.0%} "
            f"| {row['first_step_seconds']:.1f} | {row['memory_mb']:.0f} |"
        )
    return lines


def notes_of(results: Mapping[str, Any]) -> list[str]:
    """Returns what stands below the table of a GPU's results."""
    limit, machine = results["limit"], results["machine"]
    notes = [
        f"{machine['gpu']}, compute capability {machine['compute_capability']}; a large convolution reaches "
        f"{limit['convolution'] / 1000:.0f} TFLOP/s in TF32, {limit['convolution_bfloat16'] / 1000:.0f} in "
        "bf16; utilisation is of that of the contestant's precision."
    ]
    for recipe, first in results["first_step"].items():
        notes.append(
            f"Process start to the end of the first step (recipe {recipe}): {first['seconds']:.1f} s; must "
            f"{first['target_must']:.0f} s: {'met' if first['met'] else '**missed**'}."
        )
    if results["left_out"]:
        notes.append(f"Left out, since no time was left: {', '.join(results['left_out'])}.")
    return notes


def _three_digits(value: float) -> str:
    return f"{value:#.3g}".rstrip(".")
