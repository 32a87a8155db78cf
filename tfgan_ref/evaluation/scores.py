"""The scores of a generator, each beside the score that real data get against real data."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tfgan_ref import metrics
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation.features import Features

# Above these numbers of rows a metric takes a seeded choice of equal numbers from both sides.
LARGEST_ASSIGNMENT = 2000
LARGEST_NEIGHBOURHOOD = 10000


@dataclass(frozen=True)
class Score:
    """One line of an evaluation.

    Attributes:
        metric: its name in ``--metrics``, or name.part.
        title: what the table calls it.
        value: the score of the fakes.
        floor: the score of one half of the real data as fakes against the other half; for scores without a
            real side, the score of the real data.
        spread: standard deviation over splits or subsets, where the metric has more than one.
        rows: numbers of rows (real, fake) that the value was computed from.
        floor_rows: the same of the floor.
        better: "low", "high", or a number that the ideal generator gets.
    """

    metric: str
    title: str
    value: float
    floor: float
    spread: float | None
    rows: tuple[int, int]
    floor_rows: tuple[int, int]
    better: str | float

    def improves_on(self, value: float) -> bool:
        """Returns whether this score is better than ``value``."""
        if isinstance(self.better, float):
            return abs(self.value - self.better) < abs(value - self.better)
        return self.value < value if self.better == "low" else self.value > value


@dataclass(frozen=True)
class Metric:
    """A metric, computed from the features of two sets.

    Attributes:
        titles: of its parts.
        compute: (real, fake, seed) to a value or (value, spread) for each part.
        better: see ``Score``.
        largest: most rows that it takes of each side, in equal numbers; None takes all.
    """

    titles: tuple[str, ...]
    compute: Callable[[Features, Features, int], Sequence[float | tuple[float, float]]]
    better: tuple[str | float, ...]
    largest: int | None = None


def _kid(real: Features, fake: Features, seed: int) -> list[float | tuple[float, float]]:
    size = min(1000, len(real.features), len(fake.features))
    if size == len(real.features) == len(fake.features):
        # All subsets would be one and the same, and their spread 0 no error bar.
        return [metrics.kernel_distance(real.features, fake.features, subsets=1, subset_size=size)[0]]
    return [metrics.kernel_distance(real.features, fake.features, subset_size=size)]


def _inception_score(real: Features, fake: Features, seed: int) -> list[tuple[float, float]]:
    return [metrics.inception_score(fake.logits, splits=min(10, len(fake.logits)), seed=seed)]


METRICS = {
    "fid": Metric(
        ("Frechet distance",), lambda r, f, s: [metrics.frechet_distance(r.features, f.features)], ("low",)
    ),
    "kid": Metric(("kernel distance",), _kid, ("low",)),
    "is": Metric(("Inception Score",), _inception_score, ("high",)),
    "mode_score": Metric(
        ("Mode Score",), lambda r, f, s: [metrics.mode_score(r.logits, f.logits)], ("high",)
    ),
    "mmd": Metric(
        ("kernel MMD (Xu et al.)",),
        lambda r, f, s: [metrics.maximum_mean_discrepancy(r.features, f.features, kernel="rbf_mean")],
        ("low",),
        LARGEST_NEIGHBOURHOOD,
    ),
    "wasserstein": Metric(
        ("Wasserstein distance",),
        lambda r, f, s: [metrics.wasserstein_distance(r.features, f.features)],
        ("low",),
        LARGEST_ASSIGNMENT,
    ),
    "one_nn": Metric(
        ("1-NN accuracy", "1-NN accuracy, real", "1-NN accuracy, fake"),
        lambda r, f, s: metrics.nearest_neighbour_accuracy(r.features, f.features),
        (0.5, 0.5, 0.5),
        LARGEST_NEIGHBOURHOOD,
    ),
    "precision_recall": Metric(
        ("precision", "recall"),
        lambda r, f, s: metrics.precision_recall(r.features, f.features),
        ("high", "high"),
        LARGEST_NEIGHBOURHOOD,
    ),
    "density_coverage": Metric(
        ("density", "coverage"),
        lambda r, f, s: metrics.density_coverage(r.features, f.features),
        ("high", "high"),
        LARGEST_NEIGHBOURHOOD,
    ),
}  # fmt: skip
OF_CLASSES = ("is", "mode_score")  # computed from the predicted classes, not from the features


def check_metrics(names: Sequence[str]) -> None:
    """Raises InputError unless each of ``names`` is a metric."""
    for name in names:
        if name not in METRICS:
            raise InputError(f"metric {name!r} is unknown: choose from {', '.join(METRICS)}")


def metrics_without_classes(names: Sequence[str], why: str) -> tuple[list[str], list[str]]:
    """Returns the metrics that take features alone, and a line that names those left out, if any are.

    Args:
        names: of metrics.
        why: there are no predicted classes.

    Raises:
        InputError: none is left.
    """
    left = [name for name in names if name not in OF_CLASSES]
    lacking = ", ".join(name for name in names if name in OF_CLASSES)
    if not left:
        raise InputError(
            f"metrics {lacking}: they need predicted classes, and {why}; choose from "
            f"{', '.join(name for name in METRICS if name not in OF_CLASSES)}"
        )
    return left, [f"left out, since {why}: {lacking}"] if lacking else []


def score(names: Sequence[str], real: Features, fake: Features, seed: int = 0) -> list[Score]:
    """Computes the metrics of that names, and for each its floor.

    Args:
        names: keys of ``METRICS``.
        real: features of real images.
        fake: features of generated images.
        seed: of the halves of the floor and of the choice of rows where a metric takes fewer.

    Raises:
        InputError: unknown metric, features that are not finite, or fewer than 12 rows on a side.
    """
    check_metrics(names)
    for side, rows in (("real", real), ("fake", fake)):
        if len(rows.features) < 12:
            raise InputError(f"{len(rows.features)} {side} images are too few to score: at least 12")
    half, other = halves(real, seed)
    found = []
    for name in names:
        metric = METRICS[name]
        values, rows = _run(metric, real, fake, seed)
        # Scores of one side alone have no distance: their floor is what the real data get.
        one_sided = name == "is"
        floors, floor_rows = _run(metric, real, real, seed) if one_sided else _run(metric, half, other, seed)
        for index, title in enumerate(metric.titles):
            (value, spread), (floor, _) = _pair(values[index]), _pair(floors[index])
            part = name if len(metric.titles) == 1 else f"{name}.{title.replace(', ', '_')}"
            found.append(Score(part, title, value, floor, spread, rows, floor_rows, metric.better[index]))
    return found


def halves(real: Features, seed: int) -> tuple[Features, Features]:
    """Splits ``real`` into two random halves, of which the floor is computed."""
    order = np.random.default_rng(seed).permutation(len(real.features))
    middle = len(order) // 2
    return _take(real, order[:middle]), _take(real, order[middle : 2 * middle])


def _run(
    metric: Metric, real: Features, fake: Features, seed: int
) -> tuple[Sequence[float | tuple[float, float]], tuple[int, int]]:
    if metric.largest is not None:
        count = min(len(real.features), len(fake.features), metric.largest)
        generator = np.random.default_rng(seed + 1)
        real, fake = (_take(side, generator.permutation(len(side.features))[:count]) for side in (real, fake))
    with warnings.catch_warnings():
        # Fewer rows than dimensions: the report says so once, with the numbers.
        warnings.simplefilter("ignore", UserWarning)
        values = metric.compute(real, fake, seed)
    return values, (len(real.features), len(fake.features))


def _take(side: Features, chosen: np.ndarray) -> Features:
    return Features(side.features[chosen], side.logits[chosen])


def _pair(value: float | tuple[float, float]) -> tuple[float, float | None]:
    return value if isinstance(value, tuple) else (float(value), None)
