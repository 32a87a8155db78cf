"""The scores of a generator, each beside the score that real data get at the same number of images."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tfgan_ref import metrics
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation.features import Features

# Above these numbers of rows a metric takes a seeded choice of equal numbers from all sides.
LARGEST_ASSIGNMENT = 2000
LARGEST_NEIGHBOURHOOD = 10000
LARGEST_MIXTURE = 2000
FEWEST = 12  # rows of each side
HALVES = 20  # of the rows, behind an interval
LEVEL = 0.95

OfRows = Callable[[np.ndarray, np.ndarray], float]  # of (real, fake) features


class Sides(NamedTuple):
    """The features that an evaluation compares.

    Attributes:
        reference: of real images that the generator has not seen.
        fake: of generated images.
        real: of other real images, which the floor takes for fakes.
        training: of the images that the generator has seen, or of some of them.
    """

    reference: Features
    fake: Features
    real: Features
    training: Features

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns the features of the reference and of the generated images."""
        return self.reference.features, self.fake.features


@dataclass(frozen=True)
class Score:
    """One line of an evaluation.

    Attributes:
        metric: its name in ``--metrics``, or name.part.
        title: what the table calls it.
        value: the score of the fakes.
        floor: what ``n`` real images get in their place.
        spread: standard deviation over splits or subsets, or standard error, where the metric has one.
        interval: 95 % interval of the value by the rows that happened to be drawn, or None.
        n: number of rows on each side, of the value and of the floor.
        better: "low", "high", or a number that the ideal generator gets.
    """

    metric: str
    title: str
    value: float
    floor: float
    spread: float | None
    interval: tuple[float, float] | None
    n: int
    better: str | float

    def improves_on(self, value: float) -> bool:
        """Returns whether this score is better than ``value``."""
        if isinstance(self.better, float):
            return abs(self.value - self.better) < abs(value - self.better)
        return self.value < value if self.better == "low" else self.value > value


@dataclass(frozen=True)
class Metric:
    """A metric, computed from the features of sets of equal size.

    Attributes:
        titles: of its parts.
        compute: (sides, seed) to a value or (value, spread) for each part.
        better: see ``Score``.
        largest: most rows that it takes of each side, the training set's too; None takes all.
        intervals: for each part that has an interval, its number, the function of (real, fake) features whose
            scores of halves tell how wide it is, and the largest value that there is.
        labelled: whether it needs the labels of both sides.
    """

    titles: tuple[str, ...]
    compute: Callable[[Sides, int], Sequence[float | tuple[float, float]]]
    better: tuple[str | float, ...]
    largest: int | None = None
    intervals: tuple[tuple[int, OfRows, float], ...] = ()
    labelled: bool = False


def _all_rows(real: np.ndarray, fake: np.ndarray) -> float:
    return metrics.kernel_distance(real, fake, subsets=1, subset_size=min(len(real), len(fake)))[0]


def _kid(sides: Sides, seed: int) -> list[float | tuple[float, float]]:
    if len(sides.fake.features) <= 1000:
        # All subsets would be one and the same, and their spread 0 no error bar.
        return [_all_rows(*sides.rows)]
    return [metrics.kernel_distance(*sides.rows)]


def _inception_score(sides: Sides, seed: int) -> list[tuple[float, float]]:
    logits = sides.fake.logits
    return [metrics.inception_score(logits, splits=min(10, len(logits)), seed=seed)]


def _memorisation(sides: Sides, seed: int) -> list[float | tuple[float, float]]:
    training, reference, fake = (side.features for side in (sides.training, sides.reference, sides.fake))
    found = metrics.memorisation(training, reference, fake)
    # 0 without memorisation and 1 for copies, whatever the sizes of the sets.
    share, error = ((x / (1 - found.expected)) for x in (found.share - found.expected, found.error))
    authentic, of_reference = (metrics.authenticity(training, rows) for rows in (fake, reference))
    return [(share, error), authentic - of_reference]


def _accuracy(sides: Sides, seed: int) -> list[float]:
    real, fake, reference = (
        (side.features, side.labels) for side in (sides.real, sides.fake, sides.reference)
    )
    return [metrics.classification_accuracy(real, fake, reference).fake]


METRICS = {
    "fid": Metric(
        ("Frechet distance",),
        lambda sides, seed: [metrics.frechet_distance(*sides.rows)],
        ("low",),
        intervals=((0, metrics.frechet_distance, np.inf),),
    ),
    "fid_infinity": Metric(
        ("Frechet distance, infinite N",),
        lambda sides, seed: [metrics.frechet_infinity(*sides.rows, seed=seed)],
        ("low",),
    ),
    "kid": Metric(("kernel distance",), _kid, ("low",), intervals=((0, _all_rows, np.inf),)),
    "mind": Metric(
        ("MIND",),
        lambda sides, seed: [metrics.monge_distance(*sides.rows, seed=seed)],
        ("low",),
    ),
    "mmd": Metric(
        ("kernel MMD (Xu et al.)",),
        lambda sides, seed: [metrics.maximum_mean_discrepancy(*sides.rows, kernel="rbf_mean")],
        ("low",),
        LARGEST_NEIGHBOURHOOD,
    ),
    "wasserstein": Metric(
        ("Wasserstein distance",),
        lambda sides, seed: [metrics.wasserstein_distance(*sides.rows)],
        ("low",),
        LARGEST_ASSIGNMENT,
    ),
    "one_nn": Metric(
        ("1-NN accuracy", "1-NN accuracy, real", "1-NN accuracy, fake"),
        lambda sides, seed: metrics.nearest_neighbour_accuracy(*sides.rows),
        (0.5, 0.5, 0.5),
        LARGEST_NEIGHBOURHOOD,
    ),
    "precision_recall": Metric(
        ("precision", "recall"),
        lambda sides, seed: metrics.precision_recall(*sides.rows),
        ("high", "high"),
        LARGEST_NEIGHBOURHOOD,
    ),
    "density_coverage": Metric(
        ("density", "coverage"),
        lambda sides, seed: metrics.density_coverage(*sides.rows),
        ("high", "high"),
        LARGEST_NEIGHBOURHOOD,
        intervals=((1, lambda r, f: metrics.density_coverage(r, f)[1], 1.0),),
    ),
    "clipped": Metric(
        ("Clipped Density", "Clipped Coverage"),
        lambda sides, seed: metrics.clipped_density_coverage(*sides.rows),
        ("high", "high"),
        LARGEST_NEIGHBOURHOOD,
        intervals=((1, lambda r, f: metrics.clipped_density_coverage(r, f)[1], 1.0),),
    ),
    "is": Metric(("Inception Score",), _inception_score, ("high",)),
    "mode_score": Metric(
        ("Mode Score",),
        lambda sides, seed: [metrics.mode_score(sides.reference.logits, sides.fake.logits)],
        ("high",),
    ),
    "vendi": Metric(
        ("Vendi score",), lambda sides, seed: [metrics.vendi_score(sides.fake.features)], ("high",)
    ),
    "accuracy": Metric(("accuracy on real, trained on fake",), _accuracy, ("high",), labelled=True),
    "fld": Metric(
        ("FLD", "FLD gap"),
        lambda sides, seed: metrics.feature_likelihood_divergence(sides.training.features, *sides.rows, seed),
        ("low", "high"),
        LARGEST_MIXTURE,
    ),
    "memorisation": Metric(("memorised share", "authenticity difference"), _memorisation, (0.0, 0.0)),
}
OF_CLASSES = ("is", "mode_score")  # computed from the predicted classes, not from the features


def check_metrics(names: Sequence[str]) -> None:
    """Raises InputError unless each of ``names`` is a metric."""
    for name in names:
        if name not in METRICS:
            raise InputError(f"metric {name!r} is unknown: choose from {', '.join(METRICS)}")


def metrics_without(
    names: Sequence[str], left_out: Callable[[str], bool], needed: str, why: str
) -> tuple[list[str], list[str]]:
    """Returns the metrics that are not left out, and a line that names those that are, if any.

    Args:
        names: of metrics.
        left_out: whether one is.
        needed: what those need.
        why: there is none.

    Raises:
        InputError: none is left.
    """
    left = [name for name in names if not left_out(name)]
    lacking = ", ".join(name for name in names if left_out(name))
    if not left:
        raise InputError(
            f"metrics {lacking}: they need {needed}, and {why}; choose from "
            f"{', '.join(name for name in METRICS if not left_out(name))}"
        )
    return left, [f"left out, since {why}: {lacking}"] if lacking else []


def score(names: Sequence[str], sides: Sides, seed: int = 0, *, intervals: bool = True) -> list[Score]:
    """Computes the metrics of that names, and for each its floor.

    All sides have the same number of rows, that of the smallest; of larger ones it is a seeded choice.

    Args:
        names: keys of ``METRICS``.
        sides: the features.
        seed: of the choice of rows and of what a metric draws.
        intervals: whether to compute those, which takes ``HALVES`` times as long as a score of half the rows.

    Raises:
        InputError: unknown metric, features that are not finite, fewer than 12 rows on a side, or labels that
            a metric needs are missing.
    """
    check_metrics(names)
    compared = {"reference": sides.reference, "fake": sides.fake, "real": sides.real}
    for side, rows in compared.items():
        if len(rows.features) < FEWEST:
            raise InputError(f"{len(rows.features)} {side} images are too few to score: at least {FEWEST}")
        for name in names:
            if METRICS[name].labelled and rows.labels is None:
                raise InputError(f"metric {name} needs the labels of all images, {side} ones have none")
    n = min(len(rows.features) for rows in compared.values())
    generator = np.random.default_rng(seed)
    sides = Sides(
        *(rows.take(generator.permutation(len(rows.features))[:n]) for rows in compared.values()),
        sides.training.take(generator.permutation(len(sides.training.features))),
    )
    return [found for name in names for found in _scores(name, sides, seed, intervals)]


def _scores(name: str, sides: Sides, seed: int, intervals: bool) -> list[Score]:
    metric = METRICS[name]
    if metric.largest is not None:
        sides = Sides(*(rows.take(slice(metric.largest)) for rows in sides))
    found = []
    with warnings.catch_warnings():
        # Fewer rows than dimensions: the report says so once, with the numbers.
        warnings.simplefilter("ignore", UserWarning)
        values = [_pair(value) for value in metric.compute(sides, seed)]
        floors = [_pair(value) for value in metric.compute(sides._replace(fake=sides.real), seed)]
        around = {
            part: _interval(function, sides, seed, values[part][0], largest)
            for part, function, largest in metric.intervals
            if intervals
        }
    for part, title in enumerate(metric.titles):
        (value, spread), (floor, _) = values[part], floors[part]
        key = name if len(metric.titles) == 1 else f"{name}.{title.replace(', ', '_')}"
        n = len(sides.reference.features)
        found.append(Score(key, title, value, floor, spread, around.get(part), n, metric.better[part]))
    return found


def _interval(function: OfRows, sides: Sides, seed: int, value: float, largest: float) -> tuple[float, float]:
    """Returns the interval of a metric around its value at this number of rows."""
    centre, low, _ = metrics.jackknife_interval(
        function, *sides.rows, HALVES, LEVEL, corrected=False, seed=seed
    )
    return value - (centre - low), min(value + (centre - low), largest)


def _pair(value: float | tuple[float, float]) -> tuple[float, float | None]:
    return value if isinstance(value, tuple) else (float(value), None)
