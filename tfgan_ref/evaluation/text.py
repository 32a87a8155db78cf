"""Scoring sentences by topic: with a classifier of topics, n-grams, and what was trained on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfgan_ref.data.sentences.sentences import Sentences
from tfgan_ref.data.sentences.words import split_words
from tfgan_ref.metrics.text import Sentence, corpus_bleu, distinct_ngrams, memorised_share, self_bleu

ORDERS = (2, 3, 4)  # of BLEU
_REGULARISATION = 10.0  # inverse strength, of the logistic regression


@dataclass(frozen=True)
class TopicClassifier:
    """A judge of topics that has no part in training.

    Attributes:
        accuracy: on held-out sentences.
    """

    model: Any
    topics: tuple[str, ...]
    accuracy: float

    @classmethod
    def train(cls, training: Sentences, held_out: Sentences) -> "TopicClassifier":
        """Fits a logistic regression to which words and pairs of words are in a sentence.

        Args:
            training: to learn from.
            held_out: to measure the accuracy on.
        """
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(
            CountVectorizer(ngram_range=(1, 2), binary=True, tokenizer=split_words, token_pattern=None),
            LogisticRegression(C=_REGULARISATION, max_iter=1000),
        )
        model.fit(training.texts(), training.labels)
        accuracy = float(np.mean(model.predict(held_out.texts()) == held_out.labels))
        return cls(model, training.topics, accuracy)

    def agreement(self, sentences: Sentences) -> float:
        """Returns the share of sentences that are taken for their topic, 0 to 1."""
        return float(np.mean(self.model.predict(sentences.texts()) == sentences.labels))


def score_sentences(
    sentences: Sentences,
    training: Sentences,
    held_out: Sentences,
    classifier: TopicClassifier,
    is_valid: Callable[[str, str], bool] | None = None,
) -> dict[str, float]:
    """Scores sentences, the same number of each topic.

    BLEU against the held-out sentences, self-BLEU and distinct-n are computed within each topic and averaged
    over topics, so that a sentence of another topic gains nothing.

    Args:
        sentences: what a model wrote.
        training: what it learned from.
        held_out: what it did not.
        classifier: of topics.
        is_valid: tells whether (sentence, topic) is right, where that can be known.

    Returns:
        ``topic_agreement``, ``bleu2`` to ``bleu4``, ``self_bleu2`` to ``self_bleu4``, ``distinct1`` and
        ``distinct2``, ``memorised`` (share of training sentences), ``distinct_sentences`` (their number over
        all). With ``is_valid`` also ``valid``, the share of valid sentences, ``distinct_valid``, the number
        of different ones, and ``memorised_of_valid``, the share of training sentences among them.
    """
    scores: dict[str, list[float]] = {}
    for number in range(len(sentences.topics)):
        written, references = _words(sentences.texts(number)), _words(held_out.texts(number))
        for order in ORDERS:
            scores.setdefault(f"bleu{order}", []).append(corpus_bleu(references, written, order))
            scores.setdefault(f"self_bleu{order}", []).append(self_bleu(written, order))
        for order in (1, 2):
            scores.setdefault(f"distinct{order}", []).append(distinct_ngrams(written, order))
        scores.setdefault("memorised", []).append(memorised_share(_words(training.texts(number)), written))
        scores.setdefault("distinct_sentences", []).append(len(set(map(tuple, written))) / len(written))
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    means["topic_agreement"] = classifier.agreement(sentences)
    return means | (_validity(sentences, training, is_valid) if is_valid else {})


def _words(texts: Sequence[str]) -> list[Sentence]:
    return [split_words(text) for text in texts]


def _validity(
    sentences: Sentences, training: Sentences, is_valid: Callable[[str, str], bool]
) -> dict[str, float]:
    written = _with_topics(sentences)
    valid = [sentence for sentence in written if is_valid(*sentence)]
    known = set(_with_topics(training))
    return {
        "valid": len(valid) / len(written),
        "distinct_valid": len(set(valid)),
        "memorised_of_valid": sum(sentence in known for sentence in valid) / max(1, len(valid)),
    }


def _with_topics(sentences: Sentences) -> list[tuple[str, str]]:
    return [
        (text, sentences.topics[label])
        for text, label in zip(sentences.texts(), sentences.labels, strict=True)
    ]
