"""The table and the picture of the results."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from study_common import table

from equal_time_peers.judge import SCORES
from tfgan_ref import plotting

MARGIN = 8  # pixels around a name in the picture
SECONDS = {"cpu": "CPU s", "wall": "s"}  # what those of a clock are called


def markdown(results: Mapping[str, Any]) -> str:
    """Returns the table of ``results.json``: means over seeds, with standard deviations from two seeds up."""
    settings = results["settings"]
    second = SECONDS[settings["clock"]]
    lines = []
    for contestant in results["contestants"]:
        for at in settings["at"]:
            rows = [
                row for row in results["rows"] if (row["contestant"], row["at"]) == (contestant["name"], at)
            ]
            epochs = statistics.mean(row["epochs"] for row in rows)
            lines.append(
                [
                    contestant["title"],
                    f"{at:g}",
                    f"{statistics.mean(row['steps'] for row in rows):,.0f}",
                    f"{epochs:.3g} of {contestant['epochs']:.3g}",
                    *_scores(rows),
                ]
            )
    lines.append(["training pictures (floor)", "", "", "", *_scores(results["floor"])])
    headings = [
        "contestant",
        f"{second} of training",
        "steps",
        "epochs, of its authors'",
        "Frechet",
        "precision",
        "recall",
        "coverage",
        "labels right",
    ]
    return "\n".join([table(headings, lines), "", *_notes(results)])


def _scores(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = [_mean(rows, key, ".3g" if key == "frechet" else ".3f") for key in SCORES]
    return [*cells, "" if rows[0]["labels_right"] is None else _mean(rows, "labels_right", ".1%")]


def _mean(rows: Sequence[Mapping[str, Any]], key: str, form: str) -> str:
    values = [row[key] for row in rows]
    mean = format(statistics.mean(values), form)
    return mean if len(values) == 1 else f"{mean} ± {statistics.stdev(values):{form}}"


def _notes(results: Mapping[str, Any]) -> list[str]:
    settings, trainings = results["settings"], results["trainings"]
    seeds = ", ".join(map(str, settings["seeds"]))
    classifier = results["classifier"]
    lines = [
        f"{settings['n']:,} pictures of each against {settings['n']:,} held-out ones; seeds {seeds}; "
        f"{settings['pictures']:,} training pictures; the features are a classifier's that is right on "
        f"{classifier['accuracy']:.1%} of {classifier['held_out']:,} training pictures held out from it.",
        f"{settings['threads']} threads each. Not counted: the first step and the first with another batch "
        "size, in which TensorFlow traces the graph. Their seconds, and the load of the machine before:",
    ]
    for contestant in results["contestants"]:
        of_it = [training for training in trainings if training["name"] == contestant["name"]]
        tracing = ", ".join(f"{training['tracing_seconds']:.1f}" for training in of_it)
        load = ", ".join(f"{training['load_before']:.1f}" for training in of_it)
        onednn = {training["facts"]["onednn"] for training in of_it}
        words = " and ".join("with" if on else "without" for on in sorted(onednn, reverse=True))
        lines.append(f"* {contestant['title']}: {tracing} s; load {load}; {words} oneDNN")
    return lines


def named_rows(rows: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
    """Lays rows of pictures uint8 (N, H, W, 1) out below each other, each with its name to the left.

    The column of names is as wide as the longest.
    """
    names = [name for name, _ in rows]
    font, _ = plotting.picture_font(names)
    width = round(max(map(font.getlength, names))) + 2 * MARGIN
    pieces = []
    for name, pictures in rows:
        strip = plotting.grid(pictures, len(pictures), enlarge=2)[..., 0]
        column = Image.new("L", (width, len(strip)), 40)
        ImageDraw.Draw(column).text((MARGIN, len(strip) // 2), name, 220, font, anchor="lm")
        pieces.append(np.concatenate([np.asarray(column), strip], axis=1))
    return np.concatenate(pieces)[..., np.newaxis]
