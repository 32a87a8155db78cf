"""One classifier for the pictures of all, and what it says of them."""

import numpy as np

from tfgan_ref import metrics
from tfgan_ref.data import ImageArrays
from tfgan_ref.evaluation import Features, classifier_for, extract

BATCH = 500
SCORES = ("frechet", "precision", "recall", "coverage")


class Judge:
    """Scores pictures against as many held-out ones.

    Args:
        training: pictures with labels, on which the classifier is trained, from a fixed seed.
        held_out: pictures that no contestant was trained on; a seeded choice of ``n`` is the reference.
        n: number of pictures on either side.
    """

    def __init__(self, training: ImageArrays, held_out: ImageArrays, n: int) -> None:
        self.training, self.n = training, n
        self.classifier = classifier_for(training)
        self.real = self._see(_choose(held_out.images, n, 0))

    def _see(self, images: np.ndarray) -> Features:
        batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
        return extract(batches, self.classifier, len(images), None)

    def score(self, images: np.ndarray, labels: np.ndarray | None = None) -> dict[str, float | None]:
        """Returns ``SCORES`` of ``n`` pictures uint8 (n, H, W, C), and the share of ``labels`` that is right.

        Args:
            images: the pictures.
            labels: (n,), the classes that were asked for; None: none were.
        """
        fakes = self._see(images)
        sides = self.real.features, fakes.features
        precision, recall = metrics.precision_recall(*sides)
        _, coverage = metrics.density_coverage(*sides)
        values = metrics.frechet_distance(*sides), precision, recall, coverage
        right = None if labels is None else float(np.mean(fakes.logits.argmax(axis=1) == labels))
        return dict(zip(SCORES, map(float, values), strict=True)) | {"labels_right": right}

    def floor(self, seed: int) -> dict[str, float | None]:
        """Returns the scores of ``n`` training pictures: no generator can be better but by chance."""
        return self.score(_choose(self.training.images, self.n, seed))

    def labels(self, seed: int) -> np.ndarray:
        """Returns ``n`` labels (n,), as frequent as in the training data."""
        return np.random.default_rng(seed).choice(self.training.labels, self.n)


def _choose(images: np.ndarray, n: int, seed: int) -> np.ndarray:
    return images[np.sort(np.random.default_rng(seed).choice(len(images), n, replace=False))]
