"""How well a score tells anomalous samples from normal ones, over all thresholds: high means anomalous."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.uncertainty import Interval
from tfgan_ref.metrics.validation import check_finite, positive, real_array


def auroc(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """Computes the area under the receiver operating characteristic.

    It is the chance that an anomalous sample has a higher score than a normal one, equal scores counting
    half: the Mann-Whitney statistic over N M. It does not depend on how many samples there are of each kind.

    Args:
        normal: scores (N,).
        anomalous: scores (M,).

    Returns:
        The area, in [0, 1]; 0.5 for a score that knows nothing.

    Raises:
        InputError: for NaN or infinity, another rank than 1, or no score.
    """
    normal, anomalous = _scores(normal, "normal"), _scores(anomalous, "anomalous")
    return float(_shares_below(np.sort(normal), anomalous).mean())


def auroc_interval(normal: np.ndarray, anomalous: np.ndarray, level: float = 0.95) -> Interval:
    """Computes the same area with a confidence interval (DeLong, DeLong and Clarke-Pearson 1988).

    Each anomalous sample has the share of normal ones below it, each normal one the share of anomalous ones
    above it. Both average to the area; the variances of these shares over M and over N add up to that of the
    area, whose limit is normal. The interval is cut off at 0 and 1. Where the score separates the samples
    without a fault it has no width, which is too little: the limit is not reached there.

    Args:
        normal: scores (N,).
        anomalous: scores (M,).
        level: chance of the interval, above 0 and below 1.

    Raises:
        InputError: for NaN or infinity, another rank than 1, fewer than 2 scores of a kind, or a bad level.
    """
    from scipy.special import ndtri  # imported here: SciPy is slow to load

    normal, anomalous = _scores(normal, "normal", 2), _scores(anomalous, "anomalous", 2)
    if not positive(level, "level") < 1:
        raise InputError(f"level must be above 0 and below 1, not {level!r}")
    of_anomalous = _shares_below(np.sort(normal), anomalous)
    of_normal = 1 - _shares_below(np.sort(anomalous), normal)
    variance = of_anomalous.var(ddof=1) / len(anomalous) + of_normal.var(ddof=1) / len(normal)
    value, width = float(of_anomalous.mean()), float(ndtri((1 + level) / 2) * np.sqrt(variance))
    return Interval(value, max(0.0, value - width), min(1.0, value + width))


def average_precision(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """Computes the mean, over the anomalous samples, of the precision at the threshold that just finds them.

    Precision at a threshold is the share of anomalous samples among those with at least that score. Unlike
    the area above it depends on how rare anomalous samples are: a score that knows nothing has about their
    share of all samples, M / (N + M).

    Args:
        normal: scores (N,).
        anomalous: scores (M,).

    Returns:
        The average precision, in (0, 1].

    Raises:
        InputError: for NaN or infinity, another rank than 1, or no score.
    """
    normal, anomalous = np.sort(_scores(normal, "normal")), np.sort(_scores(anomalous, "anomalous"))
    found = len(anomalous) - np.searchsorted(anomalous, anomalous)
    mistaken = len(normal) - np.searchsorted(normal, anomalous)
    return float(np.mean(found / (found + mistaken)))


def _scores(values: object, name: str, minimum: int = 1) -> np.ndarray:
    array = real_array(values, name)
    if array.ndim != 1:
        raise InputError(f"{name} must be of shape (N,), one score per sample, not {array.shape}")
    if len(array) < minimum:
        raise InputError(f"{name} has {len(array)} scores, at least {minimum} are needed")
    check_finite(array, name)
    return array


def _shares_below(ordered: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns for each of ``scores`` the share of the ``ordered`` ones below it; equal ones count half."""
    places = sum(np.searchsorted(ordered, scores, side) for side in ("left", "right"))
    return places / (2 * len(ordered))
