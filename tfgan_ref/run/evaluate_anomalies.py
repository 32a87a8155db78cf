"""Scores of how well a run's networks tell anomalous pictures from normal ones that it has not seen."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import data, metrics, plotting
from tfgan_ref.data import ImageArrays
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError, check_at_least, name_in_errors
from tfgan_ref.evaluation import Inversion, chosen_rows, discriminator_scores, invert
from tfgan_ref.media.medium import PICTURES
from tfgan_ref.run import build
from tfgan_ref.run.evaluate_sides import Source, read_own
from tfgan_ref.run.sr_pictures import coloured
from tfgan_ref.training.run_directory import RunDirectory

SHOWN = 4  # pictures at either end of the ranking
SIDES = ("normal", "anomalous")


@dataclass(frozen=True)
class AnomalyScore:
    """One line of the table: how well one kind of score tells the two sides apart.

    Attributes:
        score: "discriminator" or "inversion".
        auroc: area under the receiver operating characteristic, with the ``low`` and ``high`` of its 95 %
            interval.
        average_precision: see ``metrics.average_precision``; without knowledge it is the anomalous share.
    """

    score: str
    auroc: float
    low: float
    high: float
    average_precision: float


@dataclass(frozen=True)
class AnomalyReport:
    """The result of an evaluation on anomalies.

    Attributes:
        settings: everything that the scores depend on.
        scores: one for each kind of score.
        seconds: how long it took.
    """

    settings: dict[str, Any]
    scores: list[AnomalyScore]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it as JSON values."""
        return asdict(self)

    def table(self) -> str:
        """Returns the scores as text, beside what chance would give."""
        normal, anomalous = self.settings["n_normal"], self.settings["n_anomalous"]
        chance = anomalous / (normal + anomalous)
        lines = [f"{normal} normal pictures, {anomalous} anomalous ones", ""]
        lines.append(f"{'score':15} {'AUROC':>7} {'95 % interval':>16} {'average precision':>19}")
        for found in self.scores:
            interval = f"{found.low:.3f} to {found.high:.3f}"
            precision = f"{found.average_precision:.3f}"
            lines.append(f"{found.score:15} {found.auroc:>7.3f} {interval:>16} {precision:>19}")
        lines.append(f"{'(chance)':15} {0.5:>7} {'':16} {chance:>19.3f}")
        return "\n".join([*lines, "", f"{self.seconds:.0f} s"])


def evaluate_anomalies(
    run: Path,
    anomalies: str,
    *,
    data_name: str | None = None,
    data_dir: str | None = None,
    split: str | None = None,
    n: int = 10000,
    steps: int = 500,
    seed: int = 0,
    picture: Path | None = None,
) -> AnomalyReport:
    """Scores normal pictures, which the run has not seen, and anomalous ones by its D and by inversion.

    Args:
        run: the run directory of a GAN of normal pictures.
        anomalies: anomalous pictures, by a name that ``data.read`` takes.
        data_name: the normal pictures; None: the test split of the run's own data, or what it held out.
        data_dir: where tensorflow-datasets keeps data; None: where it did in training.
        split: of the normal pictures; None of ``data_name``: "train".
        n: the most pictures of either side, a seeded choice of more.
        steps: of the inversion.
        seed: of the choice and of the inversion.
        picture: a PNG file of the most anomalous and the most normal pictures with their reconstructions.

    Raises:
        InputError: something cannot be used; the message says what.
    """
    start = time.monotonic()
    check_at_least(2, n=n)
    check_at_least(1, inversion_steps=steps)
    recipe, settings, shape, fingerprint = build.parse_config(RunDirectory.open(run))
    if recipe.medium is not PICTURES:
        raise InputError(
            f"{run} draws no pictures from latents, as anomaly scores need: recipe {recipe.name} does not"
        )
    *size, channels = shape.sample_shape
    form = {"image_size": tuple(size), "channels": channels, "data_dir": data_dir or settings.data_dir}
    form["stream"] = "auto"
    with name_in_errors("normal pictures, from the run's own data if not from --data"):
        if data_name is None:
            data_name = settings.data
            normal = read_own(str(run), Source(tuple(shape.sample_shape), n), data_dir, split).reference
            if normal is None:
                raise InputError(f"no images of {data_name} were held out of training")
        else:
            normal = data.read(data_name, split=split or "train", **form)
    if normal.fingerprint == fingerprint:
        raise InputError(
            f"data {data_name} are those of the training: name other normal pictures with --data"
        )
    sides = [normal, data.read(anomalies, **form)]
    for arrays in sides:
        _check(arrays)
    images = [arrays.take(chosen_rows(len(arrays.images), n, seed)).images for arrays in sides]
    gan = build.restore_gan(run)
    by_discriminator = [discriminator_scores(gan, side) for side in images]
    inversions = [
        invert(gan, side, steps=steps, seed=seed, title=f"inversion of {name} pictures")
        for name, side in zip(SIDES, images, strict=True)
    ]
    if picture:
        draw_extremes(picture, images, inversions)
    return AnomalyReport(
        settings={
            "run": str(run),
            "anomalies": anomalies,
            "data": data_name,
            "split": split,
            "n_normal": len(images[0]),
            "n_anomalous": len(images[1]),
            "image_shape": list(shape.sample_shape),
            "inversion_steps": steps,
            "seed": seed,
            "versions": build.VERSIONS,
        },
        scores=[
            summary("discriminator", *by_discriminator),
            summary("inversion", *(side.scores for side in inversions)),
        ],
        seconds=time.monotonic() - start,
    )


def summary(name: str, normal: np.ndarray, anomalous: np.ndarray) -> AnomalyScore:
    """Returns the line of one kind of score, of its values on either side."""
    interval = metrics.auroc_interval(normal, anomalous)
    return AnomalyScore(name, *interval, metrics.average_precision(normal, anomalous))


def draw_extremes(path: Path, images: Sequence[np.ndarray | Rows], inversions: Sequence[Inversion]) -> None:
    """Writes the pictures with the highest and the lowest scores of inversion, those with the highest first.

    Below each stand its reconstruction and their absolute difference, above it its side and score.

    Args:
        path: a PNG file.
        images: normal and anomalous ones, each uint8 (N, H, W, C), in memory or on disk.
        inversions: of either.
    """
    scores = np.concatenate([side.scores for side in inversions])
    ranked = np.argsort(-scores, kind="stable")
    shown = ranked if len(ranked) <= 2 * SHOWN else np.concatenate([ranked[:SHOWN], ranked[-SHOWN:]])
    places = [(side, row) for side, rows in enumerate(images) for row in range(len(rows))]
    found = [places[i] for i in shown]
    originals = np.stack([images[side][row] for side, row in found])
    made = plotting.to_uint8(np.stack([inversions[side].reconstructions[row] for side, row in found]))
    differences = np.abs(originals.astype(int) - made).astype(np.uint8)
    rows = [[coloured(each) for each in row] for row in (originals, made, differences)]
    titles = [f"{SIDES[side]} {scores[i]:.4g}" for i, (side, _) in zip(shown, found, strict=True)]
    plotting.save_strips(path, rows, titles, ["picture", "reconstruction", "difference"])


def _check(arrays: ImageArrays) -> None:
    """Raises InputError if pixels are missing, or there is a single image."""
    if arrays.masks is not None:
        raise InputError(f"data {arrays.name} has missing pixels: anomalies are scored on complete images")
    if len(arrays.images) < 2:
        raise InputError(f"data {arrays.name} has 1 image: at least 2 are needed")
