"""The modes that a generator covers: Gaussian mixtures (ring, grid) and stacked digits."""

from typing import NamedTuple

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import as_array, positive, real_array, row_pair, whole_number


class ModeStatistics(NamedTuple):
    """Coverage of a Gaussian mixture; divergences in nats, NaN when no sample is of high quality."""

    modes: int  # with at least one high-quality sample
    high_quality: float  # share of the samples, 0 to 1
    reverse_kl: float  # KL(histogram of the high-quality samples || uniform)
    jsd: float  # Jensen-Shannon divergence of the two, 0 to log 2
    counts: np.ndarray  # high-quality samples of each mode, shape (modes of the mixture,)


class StackedModeStatistics(NamedTuple):
    """Coverage of stacked digits; divergences in nats."""

    modes: int  # classes that occur
    reverse_kl: float  # KL(histogram of the labels || uniform)
    jsd: float  # Jensen-Shannon divergence of the two, 0 to log 2
    counts: np.ndarray  # samples of each class, shape (classes,)


def mode_statistics(
    samples: np.ndarray, centres: np.ndarray, std: float | np.ndarray, threshold: float = 3.0
) -> ModeStatistics:
    """Assigns samples of a mixture of equal Gaussians to their nearest modes and counts.

    Srivastava et al. 2017 (VEEGAN), section 4.1, and Lin et al. 2018 (PacGAN), section 4.1: a sample is of
    high quality if it lies strictly within ``threshold`` standard deviations of the nearest mode; a mode
    counts as found if it has one such sample.

    Args:
        samples: generated points, shape (N, d).
        centres: the modes, shape (M, d) with M >= 2.
        std: standard deviation of the modes, one for all axes or one per axis (d,).
        threshold: in standard deviations.

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, unequal d, or a std or threshold not above 0.
    """
    samples, centres = row_pair(samples, centres, ("samples", "centres"))
    std = real_array(std, "std").astype(np.float64)
    if std.shape not in ((), (1,), (samples.shape[1],)) or not (np.isfinite(std).all() and (std > 0).all()):
        raise InputError(
            f"std must be above 0, one number or one per axis ({samples.shape[1]}), not {std.tolist()}"
        )
    threshold = positive(threshold, "threshold")
    distances = np.stack(
        [np.linalg.norm((samples - centre) / std, axis=1) for centre in centres.astype(np.float64)], axis=1
    )
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) < threshold
    counts = np.bincount(nearest[good], minlength=len(centres))
    return ModeStatistics(int(np.count_nonzero(counts)), float(good.mean()), *_divergences(counts), counts)


def stacked_mode_statistics(labels: np.ndarray, classes: int = 1000) -> StackedModeStatistics:
    """Counts the classes among the labels of stacked digits (Metz et al. 2017, section 3.3.1).

    The usual protocol takes 26,000 samples; even a perfect generator then has a KL of about 0.02, not 0.

    Args:
        labels: whole numbers in [0, classes) of shape (N,); or digits (N, 3), read as 100 a + 10 b + c.
        classes: number of classes.

    Raises:
        InputError: for labels that are not whole, out of range, of another shape or fewer than 2.
    """
    labels = as_array(labels, "labels")
    classes = whole_number(classes, "classes", 2)
    if labels.dtype.kind not in "iu":
        raise InputError(f"labels must be whole numbers, not {labels.dtype}")
    if labels.ndim == 2 and labels.shape[1] == 3:
        if labels.size and not (labels.min() >= 0 and labels.max() <= 9):
            raise InputError(f"digits must be from 0 to 9, found {labels.min()} to {labels.max()}")
        labels = labels.astype(np.int64) @ [100, 10, 1]
    if labels.ndim != 1 or len(labels) < 2:
        raise InputError(f"labels must be of shape (N,) or (N, 3) with N of at least 2, not {labels.shape}")
    if labels.min() < 0 or labels.max() >= classes:
        raise InputError(f"labels must be from 0 to {classes - 1}, found {labels.min()} to {labels.max()}")
    counts = np.bincount(labels.astype(np.int64), minlength=classes)
    return StackedModeStatistics(int(np.count_nonzero(counts)), *_divergences(counts), counts)


def _divergences(counts: np.ndarray) -> tuple[float, float]:
    """Returns KL(p || uniform) and JSD(p, uniform) of a histogram's p, in nats."""
    if counts.sum() == 0:
        return float("nan"), float("nan")
    share, uniform = counts / counts.sum(), np.full(len(counts), 1 / len(counts))
    middle = (share + uniform) / 2
    jsd = (_kl(share, middle) + _kl(uniform, middle)) / 2
    return _kl(share, uniform), jsd


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    found = p > 0  # 0 log 0 = 0
    return max(0.0, float(np.sum(p[found] * np.log(p[found] / q[found]))))
