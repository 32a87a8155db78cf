"""Scoring generators: from images to features to a table, with the small classifier for small pictures."""

from tfgan_ref.evaluation.anomaly import Inversion, check_discriminator, discriminator_scores, invert
from tfgan_ref.evaluation.classifier import SmallClassifier, classifier_for
from tfgan_ref.evaluation.features import (
    Extractor,
    Features,
    chosen_rows,
    extract,
    extract_drawn,
    extract_images,
    extract_real,
)
from tfgan_ref.evaluation.scores import (
    METRICS,
    OF_CLASSES,
    Score,
    Sides,
    check_metrics,
    metrics_without,
    score,
)
from tfgan_ref.evaluation.text import TopicClassifier, score_sentences
from tfgan_ref.evaluation.trigram import TrigramModel

__all__ = [
    "METRICS",
    "OF_CLASSES",
    "Extractor",
    "Features",
    "Inversion",
    "Score",
    "Sides",
    "SmallClassifier",
    "TopicClassifier",
    "TrigramModel",
    "check_discriminator",
    "check_metrics",
    "chosen_rows",
    "classifier_for",
    "discriminator_scores",
    "extract",
    "extract_drawn",
    "extract_images",
    "extract_real",
    "invert",
    "metrics_without",
    "score",
    "score_sentences",
]
