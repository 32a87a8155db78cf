"""Checks that the measured figures in README.md and docs/ are those of the committed results.

python benchmarks/figures.py

For each file of results the modules figures_*.py write the sentences and rows of tables that the documents
must have, with the figures as they are rounded there; " ... " is anything in the same line. What a document
lacks is printed, and the exit code is 1. README.zh-CN.md has the figures of README.md: tests/test_readme.py.
docs/figures.md says where each figure is from, and lists those without a file. Nothing is trained.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import figures_images
import figures_machine
import figures_metrics
import figures_sequences

from tfgan_ref import cli

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
FIGURES: dict[str, Callable[[Any], Iterator[tuple[str, str]]]] = {
    **figures_images.FIGURES,
    **figures_metrics.FIGURES,
    **figures_sequences.FIGURES,
    **figures_machine.FIGURES,
}


def read(file: str) -> Any:
    """Returns what a file in ``RESULTS`` holds."""
    return json.loads((RESULTS / file).read_text(encoding="utf-8"))


def lacking(file: str, results: Any) -> list[str]:
    """Returns a line for each text that a document should have by ``results`` of a file, and has not."""
    return [
        f"{document} lacks, by {file}: {text}"
        for document, text in FIGURES[file](results)
        if not stands(text, (ROOT / document).read_text(encoding="utf-8"))
    ]


def stands(text: str, document: str) -> bool:
    """Returns whether a text is in a document, wherever lines end; " ... " is anything in the same line."""
    pieces = [re.escape(" ".join(piece.split())) for piece in text.split(" ... ")]
    lines = [" ".join(document.split())] if len(pieces) == 1 else document.splitlines()
    return any(re.search(".*".join(pieces), line) for line in lines)


def main() -> int:
    lines = [line for file in FIGURES for line in lacking(file, read(file))]
    print("\n".join(lines) or f"the figures of {len(FIGURES)} files stand in the documents")
    return int(bool(lines))


if __name__ == "__main__":
    cli.run(main)
