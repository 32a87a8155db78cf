"""The diversity of one set of features, without a reference: the Vendi score."""

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import positive, rows


def vendi_score(features: np.ndarray, order: float = 1.0) -> float:
    """Computes the Vendi score, the effective number of different rows.

    Friedman and Dieng 2022 (arXiv 2210.02410): exp of the entropy of the eigenvalues e of K / N,
    where K holds the similarities. Pasarkar and Dieng 2023 (arXiv 2310.12952) of order q:
    (sum of e^q)^(1 / (1 - q)); an infinite order gives 1 / max e. High orders ignore rare rows.

    The similarity is the cosine x'y / (|x| |y|), the usual choice for features of networks. The eigenvalues
    are those of the d x d matrix X'X / N of rows of length 1, too: more than min(N, d) is never reached.

    Args:
        features: of shape (N, d), no row all zeros. Compare sets of equal N only.
        order: q, above 0 or infinite.

    Returns:
        The score, from 1 for rows of one direction to min(N, d).

    Raises:
        InputError: for NaN or infinity, fewer than 2 rows, another rank, a row of zeros, or a bad order.
    """
    features = rows(features, "features").astype(np.float64)
    order = np.inf if order == np.inf else positive(order, "order")
    largest = np.abs(features).max(axis=1, keepdims=True)
    if not largest.all():
        raise InputError("features have a row of zeros, which has no cosine with others")
    units = features / largest  # so that no square leaves the range of a float
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    eigenvalues = np.linalg.svd(units, compute_uv=False) ** 2 / len(units)
    eigenvalues = eigenvalues[eigenvalues > 0]
    if order == 1:
        return float(np.exp(-(eigenvalues @ np.log(eigenvalues))))
    if order == np.inf:
        return float(1 / eigenvalues.max())
    return float(np.sum(eigenvalues**order) ** (1 / (1 - order)))
