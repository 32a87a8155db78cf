"""Scoring generators: from images to features to a table, with the small classifier for small pictures."""

from tfgan_ref.evaluation.anomaly import Inversion, check_discriminator, discriminator_scores, invert
from tfgan_ref.evaluation.classifier import SmallClassifier, classifier_for
from tfgan_ref.evaluation.features import Extractor, Features, extract, extract_drawn, extract_real
from tfgan_ref.evaluation.scores import METRICS, Score, check_metrics, halves, metrics_without_classes, score
from tfgan_ref.evaluation.text import TopicClassifier, score_sentences
from tfgan_ref.evaluation.trigram import TrigramModel

__all__ = [
    "METRICS",
    "Extractor",
    "Features",
    "Inversion",
    "Score",
    "SmallClassifier",
    "TopicClassifier",
    "TrigramModel",
    "check_discriminator",
    "check_metrics",
    "classifier_for",
    "discriminator_scores",
    "extract",
    "extract_drawn",
    "extract_real",
    "halves",
    "invert",
    "metrics_without_classes",
    "score",
    "score_sentences",
]
