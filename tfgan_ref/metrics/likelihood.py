"""Feature likelihood divergence: how likely held-out features are under Gaussians around generated ones."""

import numpy as np

from tfgan_ref.metrics.validation import row_pair, whole_number

ITERATIONS = 50
SLACK = 1e-3  # of the first squared widths
LOWEST, HIGHEST = np.exp(-40.0), np.exp(20.0)  # of squared widths: a copy's would shrink to 0
BACKGROUND = 0.9**2  # of squared distances from the training mean
BLOCK = 1024


def feature_likelihood_divergence(
    training: np.ndarray, held_out: np.ndarray, fake: np.ndarray, seed: int = 0
) -> tuple[float, float]:
    """Computes the feature likelihood divergence (FLD) and its generalisation gap.

    Jiralerspong et al. 2023 (arXiv 2302.04440): a mixture of equal weights, one Gaussian of its own width
    around each fake, is fitted to the training features; with L(S) the mean log-likelihood of the rows of S
    in it,

        FLD = 100 / d (L*(held out) - L(held out)),    gap = 100 / d (L(held out) - L(training)),

    where L* belongs to the mixture around one half of the training set, fitted to the other half. Fakes that
    copy training rows get widths near 0, which held-out rows are most unlikely under. All features are first
    scaled by mean and standard deviation of the held-out ones.

    As in the authors' program, the fit (not the likelihood) has one more Gaussian around the training mean,
    of weight 1 against 1/M, so that far training rows do not widen the others. The program takes 50 steps of
    Adam for the widths; here it is 50 rounds of expectation and maximisation, which need no step size: values
    differ from theirs.

    Args:
        training: features that the generator has seen, (N, d) with N >= 4.
        held_out: features of the same distribution that it has not seen, (H, d).
        fake: generated features, (M, d). Compare equal M only.
        seed: of the halves.

    Returns:
        FLD, about 0 for fakes as good as half of the training set, lower is better, beyond 1,000 where they
        copy; and the gap, somewhat below 0, since the widths were fitted to the training rows, and below
        -1,000 where the fakes copy these.

    Raises:
        InputError: for NaN or infinity, too few rows, another rank than 2 or unequal d.
    """
    training, held_out = row_pair(training, held_out, ("training", "held_out"))
    training, fake = row_pair(training, fake, ("training", "fake"))
    whole_number(len(training), "the number of training rows", 4)
    mean, spread = held_out.mean(axis=0, dtype=np.float64), held_out.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0
    training, held_out, fake = ((features - mean) / spread for features in (training, held_out, fake))
    first, second = np.array_split(np.random.default_rng(seed).permutation(len(training)), 2)
    first = first[: len(fake)]
    widths, best = _fit(fake, training), _fit(training[first], training[second])
    likelihood = _log_likelihood(fake, widths, held_out)
    baseline = _log_likelihood(training[first], best, held_out)
    scale = 100 / training.shape[1]
    return (
        float(scale * (baseline - likelihood)),
        float(scale * (likelihood - _log_likelihood(fake, widths, training))),
    )


def _fit(centres: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Returns the squared widths (M,) of Gaussians at ``centres`` that make ``features`` likely."""
    from scipy.spatial.distance import cdist  # imported here: SciPy is slow to load

    dimensions = features.shape[1]
    # Subtracted one by one: a copy's distance has to come out as 0.
    squared = cdist(features, centres, "sqeuclidean")
    far = BACKGROUND * cdist(features, features.mean(axis=0, keepdims=True), "sqeuclidean")[:, 0]
    widths = np.clip((squared.min(axis=0) + SLACK) / dimensions, LOWEST, HIGHEST)
    background = 1.0
    for _ in range(ITERATIONS):
        shares = _log_densities(squared, widths, dimensions)
        rest = _log_densities(far, background, dimensions) + np.log(len(centres))
        total = np.logaddexp(_log_sum_exp(shares), rest)
        shares -= total[:, None]
        np.exp(shares, out=shares)
        rest = np.exp(rest - total)
        weights = shares.sum(axis=0)
        found = weights > 0  # a Gaussian that no row belongs to stays as it is
        spreads = np.einsum("nm,nm->m", shares, squared)[found] / (dimensions * weights[found])
        widths[found] = np.clip(spreads, LOWEST, HIGHEST)
        if rest.any():
            background = np.clip(rest @ far / (dimensions * rest.sum()), LOWEST, HIGHEST)
    return widths


def _log_likelihood(centres: np.ndarray, widths: np.ndarray, features: np.ndarray) -> float:
    """Returns the mean log-likelihood of ``features`` in the mixture, block by block."""
    from scipy.spatial.distance import cdist

    found = [
        _log_sum_exp(_log_densities(cdist(rows, centres, "sqeuclidean"), widths, features.shape[1]))
        for rows in np.array_split(features, -(-len(features) // BLOCK))
    ]
    return float(np.concatenate(found).mean() - np.log(len(centres)))


def _log_densities(squared: np.ndarray, widths: np.ndarray | float, dimensions: int) -> np.ndarray:
    """Returns the logarithms of normal densities from squared distances and squared widths."""
    return squared / (-2 * widths) - dimensions / 2 * np.log(2 * np.pi * widths)


def _log_sum_exp(values: np.ndarray) -> np.ndarray:
    largest = values.max(axis=1)
    return largest + np.log(np.exp(values - largest[:, None]).sum(axis=1))
