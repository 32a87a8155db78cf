"""What the metric studies share: features of real images, tables and pictures."""

import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from tfgan_ref.data import ImageArrays
from tfgan_ref.evaluation import Features, SmallClassifier, classifier_for, extract
from tfgan_ref.files import write_bytes, write_json, write_text

BATCH = 500
LIGHT = "0.55"


@dataclass(frozen=True)
class Finding:
    """The result of a study.

    Attributes:
        rows: what was measured, one dict for each point.
        table: the same in short, as Markdown.
        settings: numbers of images and what else the rows depend on.
    """

    rows: list[dict[str, Any]]
    table: str
    settings: dict[str, Any]


class Material:
    """Real images with what their own small classifier sees in them.

    Args:
        arrays: the images with their labels.
        title: what pictures and tables call them.
    """

    def __init__(self, arrays: ImageArrays, title: str) -> None:
        self.arrays = arrays
        self.title = title

    @functools.cached_property
    def extractor(self) -> SmallClassifier:
        """The classifier of these images, trained now or kept from an earlier run."""
        return classifier_for(self.arrays)

    @functools.cached_property
    def features(self) -> Features:
        """The features of all images, in their order."""
        return self.see(self.arrays.images, f"features of {self.title}")

    def see(self, images: np.ndarray, title: str) -> Features:
        """Returns the features of uint8 images (N, H, W, C)."""
        batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
        return extract(batches, self.extractor, len(images), title)


def with_noise(images: np.ndarray, spread: float, seed: int) -> np.ndarray:
    """Adds Gaussian noise of standard deviation ``spread``, as a share of the range, to uint8 images."""
    if not spread:
        return images
    noise = np.random.default_rng(seed).normal(0, 255 * spread, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Returns a row with its floats rounded to six digits, for the file."""
    return {key: float(f"{value:.6g}") if isinstance(value, float) else value for key, value in row.items()}


def write_rows(out: Path, rows: Sequence[dict[str, Any]], facts: dict[str, Any], markdown: str) -> None:
    """Writes results.json, each row with the facts that all depend on, and the table of them."""
    write_json(out / "results.json", [rounded(row) | facts for row in rows])
    write_text(out / "table.md", markdown + "\n")


def short(value: float) -> str:
    """Returns three digits of a number, zero in front of what is far below one."""
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"


def save(figure: Figure, path: Path) -> None:
    """Writes ``figure`` as a PNG of 128 colours, which needs a third of the room."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=110)
    image = Image.open(buffer).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, "png", optimize=True)
    write_bytes(path, buffer.getvalue())
