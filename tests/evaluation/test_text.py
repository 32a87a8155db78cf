"""Scores of sentences, the classifier of topics, and the trigram model."""

import numpy as np
import pytest

from tfgan_ref.data.sentences.grammar import TOPIC_SENTENCES, is_valid
from tfgan_ref.data.sentences.sentences import Sentences, encode, hold_out
from tfgan_ref.data.sentences.sources import read_sentences
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation.text import TopicClassifier, score_sentences
from tfgan_ref.evaluation.trigram import TrigramModel

WORDS = ("", "a", "b", "c", "d")


def sentences(*texts, labels=None, topics=("x",)):
    numbers = np.array(labels or [0] * len(texts), np.int32)
    return Sentences("test", encode(texts, WORDS, 4), numbers, WORDS, topics)


@pytest.fixture(scope="module")
def grammar():
    data = read_sentences(TOPIC_SENTENCES)
    return data, *hold_out(data, 0.2, seed=0)


def test_trigram_model_has_the_relative_frequencies():
    training = sentences("a b c", "a b c", "a b d", "b")
    drawn = TrigramModel(training).sample(np.zeros(8000, np.int32), seed=0)
    texts = [" ".join(WORDS[word] for word in row if word) for row in drawn]
    for text, share in (("a b c", 0.5), ("a b d", 0.25), ("b", 0.25)):
        assert texts.count(text) / 8000 == pytest.approx(share, abs=0.02)


def test_trigram_model_joins_what_shares_two_words():
    drawn = TrigramModel(sentences("a b c a", "d b c d")).sample(np.zeros(400, np.int32), seed=0)
    texts = {" ".join(WORDS[word] for word in row if word) for row in drawn}
    assert texts == {"a b c a", "a b c d", "d b c a", "d b c d"}


def test_trigram_model_keeps_topics_apart():
    training = sentences("a b", "c d", labels=[0, 1], topics=("x", "y"))
    drawn = TrigramModel(training).sample(np.array([0, 1, 1]), seed=0)
    np.testing.assert_array_equal(drawn, [[1, 2, 0, 0], [3, 4, 0, 0], [3, 4, 0, 0]])


def test_low_temperature_writes_what_is_frequent():
    training = sentences("a", "a", "b")
    drawn = TrigramModel(training, temperature=0.5).sample(np.zeros(8000, np.int32), seed=0)
    assert np.mean(drawn[:, 0] == 1) == pytest.approx(4 / 5, abs=0.02)
    with pytest.raises(InputError, match="temperature 0 is out of range: above 0"):
        TrigramModel(training, temperature=0)


def test_classifier_of_topics_judges_held_out_sentences(grammar):
    _, training, held_out = grammar
    classifier = TopicClassifier.train(training, held_out)
    assert classifier.accuracy > 0.95
    assert classifier.agreement(held_out) == classifier.accuracy
    wrong = Sentences("wrong", held_out.tokens, (held_out.labels + 1) % 3, held_out.words, held_out.topics)
    assert classifier.agreement(wrong) < 0.05


def test_real_sentences_score_as_they_must(grammar):
    _, training, held_out = grammar
    classifier = TopicClassifier.train(training, held_out)
    scores = score_sentences(held_out, training, held_out, classifier, is_valid)
    for key in ("bleu2", "bleu3", "bleu4", "valid", "distinct_sentences"):
        assert scores[key] == pytest.approx(1.0)
    assert scores["memorised"] == scores["memorised_of_valid"] == 0.0
    assert scores["distinct_valid"] == len(held_out)
    assert score_sentences(training, training, held_out, classifier)["memorised"] == 1.0


def test_scores_by_hand():
    training = sentences("a b c", "b c", labels=[0, 1], topics=("x", "y"))
    held_out = sentences("a b d", "b d", labels=[0, 1], topics=("x", "y"))
    made = sentences("a b c", "a b d", "b c", "b c", labels=[0, 0, 1, 1], topics=("x", "y"))
    classifier = TopicClassifier.train(training, held_out)
    scores = score_sentences(made, training, held_out, classifier, lambda text, topic: text.endswith("c"))
    assert scores["memorised"] == pytest.approx((1 / 2 + 1) / 2)
    assert scores["distinct_sentences"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores["distinct1"] == pytest.approx((4 / 6 + 2 / 4) / 2)
    assert scores["valid"] == 3 / 4
    assert scores["distinct_valid"] == 2
    assert scores["memorised_of_valid"] == 1.0
    # Topic x: 5 of 6 words and 3 of 4 pairs are in "a b d"; topic y: 2 of 4 words and no pair.
    assert scores["bleu2"] == pytest.approx(np.sqrt(5 / 6 * 3 / 4) / 2)


def test_no_valid_sentence_is_none_memorised(grammar):
    _, training, held_out = grammar
    classifier = TopicClassifier.train(training, held_out)
    scores = score_sentences(held_out, training, held_out, classifier, lambda text, topic: False)
    assert (scores["valid"], scores["distinct_valid"], scores["memorised_of_valid"]) == (0.0, 0, 0.0)
