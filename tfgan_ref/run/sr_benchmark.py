"""Super-resolution as its papers measure it: luma PSNR and SSIM of enlarged pictures against originals."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from tfgan_ref import data, metrics, plotting
from tfgan_ref.errors import InputError, check_at_least, name_in_errors
from tfgan_ref.run.evaluate_pairs import NETWORK_METRICS, network_metric
from tfgan_ref.run.sr_pictures import coloured, read_benchmark, rounded
from tfgan_ref.run.translator import Translator, open_translator

METRICS = ("psnr_y", "ssim_y", "gradient_energy")
BETTER = {
    "psnr_y": "high",
    "ssim_y": "high",
    "gradient_energy": "near 1",
    "lpips": "low",
    "perceptual": "low",
}
CROP = 96  # side of the details in the strips, in pixels of the original

Metric = Callable[[np.ndarray, np.ndarray], float]  # of an original and what stands for it


@dataclass(frozen=True)
class BenchmarkReport:
    """Scores of several ways to enlarge pictures, against the originals.

    Attributes:
        settings: the folder, the scale, the metrics, the weights and where the small pictures are from.
        scores: for each way, for each picture, its value by metric.
        means: for each way, over all pictures, by metric.
    """

    settings: dict[str, Any]
    scores: dict[str, dict[str, dict[str, float]]]
    means: dict[str, dict[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as JSON values."""
        return asdict(self)

    def table(self) -> str:
        """Returns the means as text."""
        names = self.settings["metrics"]
        width = max(32, *(len(way) + 2 for way in self.means))
        count = len(next(iter(self.scores.values())))
        lines = [
            f"{count} pictures, enlarged {self.settings['scale']} times; {self.settings['small_pictures']}",
            "",
            f"{'':{width}}" + "".join(f"{name:>17}" for name in names),
        ]
        for way, row in self.means.items():
            lines.append(f"{way:{width}}" + "".join(f"{row[name]:>17.4f}" for name in names))
        lines.append(f"{'better':{width}}" + "".join(f"{BETTER[name]:>17}" for name in names))
        return "\n".join(lines)


def evaluate_super_resolution(
    models: Sequence[Path],
    folder: Path,
    *,
    scale: int | None = None,
    metrics: Sequence[str] = METRICS,
    weights: Path | None = None,
    linear_weights: Path | None = None,
    picture: Path | None = None,
    rows: int = 8,
) -> BenchmarkReport:
    """Enlarges the pictures of a benchmark by repeating pixels, bicubically and with models, and scores them.

    PSNR and SSIM are of luma (ITU-R 601) without a border of ``scale`` pixels. The gradient energy is that of
    the enlarged picture by that of the original, below 1 for blurred ones.

    Args:
        models: run directories or SavedModels.
        folder: pairs NAME_HR and NAME_LR, or originals alone: they are then cropped at the lower and right
            borders to multiples of the scale and made small by MATLAB's bicubic ``imresize``.
        scale: how many times larger the originals are; None: what the models say.
        metrics: psnr_y, ssim_y, gradient_energy, lpips, perceptual.
        weights: of the network behind lpips or perceptual.
        linear_weights: of lpips.
        picture: where to draw the most detailed part of each picture, enlarged in each way; None: nowhere.
        rows: pictures in it, the first ones.

    Raises:
        InputError: a model, a metric, a picture or the scale cannot be used, or weights are missing.
    """
    _check(models, metrics, scale, rows)
    translators = {str(path): open_translator(path) for path in models}
    scale = _common_scale(translators, scale)
    functions = {name: _metric(name, scale, weights, linear_weights) for name in metrics}
    pictures, origin = read_benchmark(folder, scale)
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "nearest": lambda small: small.repeat(scale, axis=0).repeat(scale, axis=1),
        "bicubic": lambda small: rounded(data.bicubic_resize(small, scale)),
        **{name: translator.apply for name, translator in translators.items()},
    }
    scores, strips = {way: {} for way in ways}, []
    for each in tqdm(pictures, unit="picture", leave=False, disable=None):
        made = {way: coloured(enlarge(each.small)) for way, enlarge in ways.items()}
        with name_in_errors(each.name):
            for way, enlarged in made.items():
                scores[way][each.name] = {
                    name: float(function(each.original, enlarged)) for name, function in functions.items()
                }
        if len(strips) < rows:
            detail = most_detailed(each.original, CROP)
            strips.append([shown[detail] for shown in (*made.values(), each.original)])
    if picture is not None:
        titles = [*_shortest(list(ways)), "original"]
        plotting.save_strips(picture, strips, titles, [each.name for each in pictures[: len(strips)]])
    settings = {
        "folder": str(folder),
        "scale": scale,
        "models": list(translators),
        "metrics": list(metrics),
        "small_pictures": origin,
        "weights": str(weights) if weights else None,
        "linear_weights": str(linear_weights) if linear_weights else None,
    }
    return BenchmarkReport(settings, scores, {way: _means(found) for way, found in scores.items()})


def _shortest(paths: Sequence[str]) -> list[str]:
    """Returns the ends of paths that differ with the fewest parts: of one name, with their folders."""
    tails = ([str(Path(*Path(path).parts[-count:])) for path in paths] for count in itertools.count(1))
    return next(found for found in tails if len(set(found)) == len(found))


def most_detailed(picture: np.ndarray, side: int) -> tuple[slice, slice]:
    """Returns the rows and columns of the square with the greatest gradient energy, on a grid.

    Args:
        picture: (H, W, C), at least 2x2.
        side: of the square, if the picture is as large.
    """
    height, width = (min(side, length) for length in picture.shape[:2])
    squares = [
        (slice(top, top + height), slice(left, left + width))
        for top in range(0, picture.shape[0] - height + 1, max(1, height // 2))
        for left in range(0, picture.shape[1] - width + 1, max(1, width // 2))
    ]
    return max(squares, key=lambda square: metrics.gradient_energy(picture[square][np.newaxis]))


def _check(models: Sequence[Path], names: Sequence[str], scale: int | None, rows: int) -> None:
    for name in names:
        if name not in BETTER:
            raise InputError(f"metric {name!r} of --benchmark is unknown: choose from {', '.join(BETTER)}")
    if set(NETWORK_METRICS) <= set(names):
        raise InputError("lpips and perceptual take different weights: ask for them one at a time")
    if len(set(models)) < len(models):
        raise InputError("a model is named twice")
    if scale is not None:
        check_at_least(2, scale=scale)
    check_at_least(1, strip=rows)


def _common_scale(translators: dict[str, Translator], scale: int | None) -> int:
    for path, translator in translators.items():
        if translator.second_input is not None:
            raise InputError(f"{path} takes a {translator.second_input} too: no model for super-resolution")
        if translator.scale < 2:
            raise InputError(f"{path} has scale {translator.scale}: no model for super-resolution")
        if scale not in (None, translator.scale):
            raise InputError(f"{path} has scale {translator.scale}, not {scale}")
        scale = translator.scale
    if scale is None:
        raise InputError("scale is missing: name it with --scale, or a model")
    return scale


def _metric(name: str, scale: int, weights: Path | None, linear_weights: Path | None) -> Metric:
    if name == "psnr_y":
        return lambda original, made: metrics.psnr_y(original, made, border=scale)
    if name == "ssim_y":
        return lambda original, made: metrics.ssim_y(original, made, border=scale)
    if name == "gradient_energy":
        return lambda original, made: (
            metrics.gradient_energy(made[np.newaxis]) / metrics.gradient_energy(original[np.newaxis])
        )
    return network_metric(name, weights, linear_weights)


def _means(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    rows = list(scores.values())
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
