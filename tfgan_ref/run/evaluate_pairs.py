"""Scores of restored pictures against their originals, file by file."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import data, metrics
from tfgan_ref.errors import InputError, name_in_errors
from tfgan_ref.run.sr_pictures import coloured

PIXEL_METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "psnr": metrics.psnr,
    "ssim": metrics.ssim,
    "ms_ssim": metrics.ms_ssim,
    "psnr_y": lambda a, b: metrics.psnr_y(coloured(a), coloured(b), border=0),
    "ssim_y": lambda a, b: metrics.ssim_y(coloured(a), coloured(b), border=0),
}
NETWORK_METRICS = ("lpips", "perceptual")
BETTER = dict.fromkeys(PIXEL_METRICS, "high") | dict.fromkeys(NETWORK_METRICS, "low")


@dataclass(frozen=True)
class PairReport:
    """Scores of pairs of pictures.

    Attributes:
        settings: the folders, the metrics and the weights.
        scores: for each file, its value by metric.
        means: over all files, by metric.
    """

    settings: dict[str, Any]
    scores: dict[str, dict[str, float]]
    means: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as JSON values."""
        return asdict(self)

    def table(self) -> str:
        """Returns the scores as text."""
        names = list(self.means)
        lines = [f"{'file':32}" + "".join(f"{name:>12}" for name in names)]
        rows = [*self.scores.items(), (f"mean of {len(self.scores)}", self.means)]
        lines += [f"{title:32}" + "".join(f"{row[name]:>12.4f}" for name in names) for title, row in rows]
        lines.append(f"{'better':32}" + "".join(f"{BETTER[name]:>12}" for name in names))
        return "\n".join(lines)


def evaluate_pairs(
    originals: Path,
    others: Path,
    *,
    metrics: Sequence[str],
    border: int = 0,
    weights: Path | None = None,
    linear_weights: Path | None = None,
) -> PairReport:
    """Scores each picture of ``others`` against the one of the same name (less suffix) in ``originals``.

    A grey picture beside a coloured one counts as three equal channels.

    Args:
        originals: a folder of pictures.
        others: a folder of pictures.
        metrics: psnr, ssim, ms_ssim, psnr_y, ssim_y, lpips, perceptual.
        border: pixels that are cut off at each side of both: the scale, in papers on super-resolution.
        weights: of the network behind lpips or perceptual.
        linear_weights: of lpips.

    Raises:
        InputError: unknown metric, a picture without its partner, with two, of another size, too small for a
            metric or the border, or unreadable, or missing weights.
    """
    for name in metrics:
        if name not in BETTER:
            raise InputError(f"metric {name!r} of pairs is unknown: choose from {', '.join(BETTER)}")
    if len(set(metrics) & set(NETWORK_METRICS)) > 1:
        raise InputError("lpips and perceptual take different weights: ask for them one at a time")
    functions = {
        name: PIXEL_METRICS.get(name) or network_metric(name, weights, linear_weights) for name in metrics
    }
    scores = {}
    for name, (first, second) in _pairs(originals, others).items():
        original, other = data.read_picture(first), data.read_picture(second)
        if original.shape[:2] != other.shape[:2]:
            raise InputError(f"{second} is {_size(other)} where its original {first} is {_size(original)}")
        if original.shape != other.shape:
            original, other = coloured(original), coloured(other)
        if min(original.shape[:2]) <= 2 * border:
            raise InputError(f"border {border} leaves nothing of {first}, which is {_size(original)}")
        original, other = (_without_border(picture, border) for picture in (original, other))
        with name_in_errors(f"{first} and {second}"):
            scores[name] = {metric: float(score(original, other)) for metric, score in functions.items()}
    means = {metric: float(np.mean([row[metric] for row in scores.values()])) for metric in metrics}
    settings = {
        "originals": str(originals),
        "others": str(others),
        "metrics": list(metrics),
        "border": border,
        "weights": str(weights) if weights else None,
        "linear_weights": str(linear_weights) if linear_weights else None,
    }
    return PairReport(settings, scores, means)


def _without_border(picture: np.ndarray, border: int) -> np.ndarray:
    height, width = picture.shape[:2]
    return picture[border : height - border, border : width - border]


def _pairs(originals: Path, others: Path) -> dict[str, tuple[Path, Path]]:
    sides = []
    for folder in (originals, others):
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder")
        sides.append(data.by_stem(data.list_pictures(folder)))
    first, second = sides
    if not second:
        raise InputError(f"{others} holds no pictures")
    for stem in sorted(first.keys() ^ second.keys()):
        there, missing = (first, others) if stem in first else (second, originals)
        raise InputError(f"{there[stem]} has no partner in {missing}")
    return {stem: (first[stem], second[stem]) for stem in sorted(first)}


def network_metric(
    name: str, weights: Path | None, linear_weights: Path | None
) -> Callable[[np.ndarray, np.ndarray], float]:
    """Returns the distance of two uint8 pictures (H, W, C) by "lpips" or "perceptual".

    Raises:
        InputError: weights that are missing, damaged or of another network.
    """
    if name == "lpips":
        from tfgan_ref.networks.features.lpips import LPIPS

        network = LPIPS(weights=weights, linear_weights=linear_weights)
    else:
        from tfgan_ref.networks.features.perceptual import PerceptualLoss

        network = PerceptualLoss(weights=weights)

    def compare(first: np.ndarray, second: np.ndarray) -> float:
        a, b = (picture[None].astype(np.float32) / 127.5 - 1.0 for picture in (first, second))
        return float(np.mean(network(a, b)))

    return compare


def _size(picture: np.ndarray) -> str:
    height, width, channels = picture.shape
    return f"{width}x{height} with {channels} channel{'s' if channels > 1 else ''}"
