"""Scores from a classifier's logits: Inception Score and Mode Score. All sums run over log-probabilities."""

import itertools

import numpy as np

from tfgan_ref.metrics.validation import row_pair, rows, whole_number


def inception_score(logits: np.ndarray, splits: int = 10, seed: int | None = None) -> tuple[float, float]:
    """Computes the Inception Score exp(E_x KL(p(y|x) || p(y))), averaged over splits.

    Salimans et al. 2016, "Improved Techniques for Training GANs", section 4. Split i holds the rows from
    floor(i N / splits) to floor((i + 1) N / splits). Classes without any probability count as 0 log 0 = 0.

    Args:
        logits: the classifier's outputs before softmax, shape (N, classes).
        splits: number of splits, at most N.
        seed: shuffles the rows first with `RandomState(seed)` (torch-fidelity: 2020); None keeps their order.

    Returns:
        The mean over the splits, in [1, classes], and their standard deviation (1/splits).

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or a bad number of splits.
    """
    logits = rows(logits, "logits")
    splits = whole_number(splits, "splits", 1, len(logits))
    if seed is not None:
        order = np.random.RandomState(seed).permutation(len(logits))
        logits = logits[order]
    edges = [i * len(logits) // splits for i in range(splits + 1)]
    scores = [
        np.exp(_mutual_information(_log_softmax(logits[start:stop])))
        for start, stop in itertools.pairwise(edges)
    ]
    return float(np.mean(scores)), float(np.std(scores))


def mode_score(logits_real: np.ndarray, logits_fake: np.ndarray) -> float:
    """Computes the Mode Score exp(E_x KL(p(y|x) || p(y)) - KL(p(y) || p*(y))), in (0, classes].

    Che et al. 2017, "Mode Regularized GANs", as written by Xu et al. 2018: p(y|x) and its mean p(y) belong to
    the fakes, p* is the mean over the real rows. (With p* in the first term, too, it would equal the
    Inception Score.) Zero when the fakes have a class that the real data lack.

    Args:
        logits_real: the classifier's outputs on real data, shape (N, classes).
        logits_fake: the same on generated data, shape (M, classes).

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank than 2 or unequal numbers of classes.
    """
    logits_real, logits_fake = row_pair(logits_real, logits_fake, ("logits_real", "logits_fake"))
    log_fake = _log_softmax(logits_fake)
    marginal_fake = _log_mean_exp(log_fake)
    marginal_real = _log_mean_exp(_log_softmax(logits_real))
    divergence = np.sum(np.exp(marginal_fake) * (marginal_fake - marginal_real))
    return float(np.exp(_mutual_information(log_fake) - divergence))


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return shifted


def _log_mean_exp(log_probabilities: np.ndarray) -> np.ndarray:
    """Returns log p(y), finite also for classes whose probability is too small for a float."""
    largest = log_probabilities.max(axis=0)
    return largest + np.log(np.exp(log_probabilities - largest).mean(axis=0))


def _mutual_information(log_probabilities: np.ndarray) -> float:
    """Returns E_x KL(p(y|x) || p(y)) = H(y) - H(y|x) in nats; not negative."""
    marginal = _log_mean_exp(log_probabilities)
    conditional = np.einsum("nk,nk->", np.exp(log_probabilities), log_probabilities) / len(log_probabilities)
    return max(0.0, float(conditional - np.exp(marginal) @ marginal))
