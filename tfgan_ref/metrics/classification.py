"""How well labelled fakes stand in for real data, and how well codes that no label taught match classes."""

from typing import NamedTuple

import numpy as np

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.validation import as_array, positive, row_pair, rows

MOST_ITERATIONS = 500


class ClassificationAccuracy(NamedTuple):
    """Shares of real test rows that are classified right, 0 to 1."""

    fake: float  # by a classifier of the fakes
    real: float  # by a classifier of the real training rows
    ratio: float  # of the two, 1 if fakes are as good as real data


def classification_accuracy(
    training: tuple[np.ndarray, np.ndarray],
    fake: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    penalty: float = 1e-3,
) -> ClassificationAccuracy:
    """Computes the accuracy on real data of a classifier that is trained on fakes.

    The Classification Accuracy Score of Ravuri and Vinyals 2019 (arXiv 1905.10887), who train a ResNet on
    pictures: fakes that miss classes, have wrong labels or too little diversity within a class teach less
    than real data. Here the classifier is multinomial logistic regression on features, scaled by mean and
    standard deviation of the rows that it learns from: the minimum of the mean cross-entropy plus
    penalty / 2 |W|^2, which is one point, so that there is nothing to seed. Copies of the training rows have
    a ratio of 1.

    Args:
        training: real features (N, d) and whole-numbered labels (N,).
        fake: generated features (M, d) and the labels that they were generated for (M,).
        test: real features (T, d) that the generator has not seen, and their labels (T,).
        penalty: of the squared weights, above 0.

    Raises:
        InputError: for bad features, labels that are not whole or not one for each row, or a single class.
    """
    penalty = positive(penalty, "penalty")
    sides = {"training": training, "fake": fake, "test": test}
    checked = {name: _labelled(side, name) for name, side in sides.items()}
    row_pair(checked["training"][0], checked["fake"][0], ("training", "fake"))
    row_pair(checked["training"][0], checked["test"][0], ("training", "test"))
    classes = np.unique(np.concatenate([labels for _, labels in checked.values()]))
    if len(classes) < 2:
        raise InputError(f"labels have 1 class, {classes[0]}: at least 2")
    by_fake, by_real = (
        _accuracy(checked[name], checked["test"], classes, penalty) for name in ("fake", "training")
    )
    return ClassificationAccuracy(by_fake, by_real, by_fake / by_real if by_real else float("inf"))


def assigned_accuracy(codes: np.ndarray, classes: np.ndarray) -> float:
    """Computes the share of rows of the class that is assigned to their code, 0 to 1.

    Each code gets one class and each class one code, so that the share is largest (the Hungarian method): the
    accuracy of a clustering. Codes without a class count as wrong. Chance is above 1 / K for K classes, since
    the assignment is chosen on the same rows.

    Args:
        codes: whole numbers from 0 up (N,), of which a row was made.
        classes: those that it was taken for (N,), whole numbers from 0 up.

    Raises:
        InputError: they are not one-dimensional whole numbers from 0 up, or not of one length.
    """
    from scipy.optimize import linear_sum_assignment  # imported here: SciPy is slow to load

    pair = {"codes": as_array(codes, "codes"), "classes": as_array(classes, "classes")}
    for name, values in pair.items():
        if values.dtype.kind not in "iu" or values.ndim != 1 or not len(values) or values.min() < 0:
            raise InputError(
                f"{name} must be whole numbers from 0 up (N,), not {values.dtype} {values.shape}"
            )
    codes, classes = pair.values()
    if len(codes) != len(classes):
        raise InputError(f"there are {len(codes)} codes and {len(classes)} classes: one of each for a row")
    counts = np.zeros((codes.max() + 1, classes.max() + 1), np.int64)
    np.add.at(counts, (codes, classes), 1)
    return float(counts[linear_sum_assignment(-counts)].sum() / len(codes))


def _labelled(side: tuple[np.ndarray, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns the features and the labels of one side, checked."""
    if len(side) != 2:
        raise InputError(f"{name} must be features and labels, not {len(side)} things")
    features, labels = rows(side[0], name), as_array(side[1], f"labels of {name}")
    if labels.dtype.kind not in "iu":
        raise InputError(f"labels of {name} must be whole numbers, not {labels.dtype}")
    if labels.shape != (len(features),):
        raise InputError(
            f"labels of {name} are of shape {labels.shape}: one for each of {len(features)} rows are needed"
        )
    return features, labels


def _accuracy(
    learnt: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    classes: np.ndarray,
    penalty: float,
) -> float:
    features, labels = learnt[0].astype(np.float64), learnt[1]
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1.0
    numbers = np.searchsorted(classes, labels)
    weights, biases = _fit((features - mean) / spread, numbers, len(classes), penalty)
    # A class that the fakes lack is never said: its bias would be minus infinity.
    biases[~np.isin(classes, labels)] = -np.inf
    said = ((test[0] - mean) / spread @ weights + biases).argmax(axis=1)
    return float(np.mean(classes[said] == test[1]))


def _fit(
    features: np.ndarray, labels: np.ndarray, classes: int, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Returns weights (d, classes) and biases (classes,) of multinomial logistic regression."""
    from scipy.optimize import minimize  # imported here: SciPy is slow to load

    count, dimensions = features.shape
    wanted = np.eye(classes)[labels]

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, biases = np.split(parameters.reshape(dimensions + 1, classes), [dimensions])
        logits = features @ weights + biases
        logits -= logits.max(axis=1, keepdims=True)
        logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
        errors = (np.exp(logits) - wanted) / count
        slopes = np.concatenate([features.T @ errors + penalty * weights, errors.sum(axis=0, keepdims=True)])
        value = -np.sum(wanted * logits) / count + penalty / 2 * np.sum(weights**2)
        return float(value), slopes.ravel()

    start = np.zeros((dimensions + 1) * classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_ITERATIONS}).x
    weights, biases = np.split(found.reshape(dimensions + 1, classes), [dimensions])
    return weights, biases[0]
