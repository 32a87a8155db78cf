"""Metrics of sentences against closed forms and a second way to compute them."""

import itertools
import math

import numpy as np
import pytest

from tfgan_ref.errors import InputError
from tfgan_ref.metrics.text import corpus_bleu, distinct_ngrams, memorised_share, self_bleu


def random_sentences(n, seed, words=4):
    rng = np.random.default_rng(seed)
    return [[str(word) for word in rng.integers(0, words, rng.integers(3, 8))] for _ in range(n)]


def bleu_by_definition(references, candidates, order):
    """Papineni et al. 2002, sections 2.1 to 2.3, by counting; ``references`` are those of each candidate."""

    def grams(sentence, n):
        return [tuple(sentence[i : i + n]) for i in range(len(sentence) - n + 1)]

    precisions = []
    for n in range(1, order + 1):
        matches = total = 0
        for candidate, own in zip(candidates, references, strict=True):
            found = grams(candidate, n)
            total += len(found)
            for gram in set(found):
                most = max(grams(reference, n).count(gram) for reference in own)
                matches += min(found.count(gram), most)
        precisions.append(matches / total)
    c = sum(len(candidate) for candidate in candidates)
    r = 0
    for candidate, own in zip(candidates, references, strict=True):
        r += min((abs(len(ref) - len(candidate)), len(ref)) for ref in own)[1]
    penalty = 1 if c > r else math.exp(1 - r / c)
    return penalty * math.prod(precisions) ** (1 / order)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_corpus_bleu_is_what_its_definition_says(order):
    references, candidates = random_sentences(6, 0), random_sentences(9, 1)
    expected = bleu_by_definition([references] * 9, candidates, order)
    assert 0 < expected < 1
    assert corpus_bleu(references, candidates, order) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_self_bleu_is_bleu_against_all_others(order):
    sentences = [*random_sentences(8, 2), ["1", "1", "1", "2"], ["1", "1", "1", "2"]]
    others = [sentences[:i] + sentences[i + 1 :] for i in range(len(sentences))]
    expected = bleu_by_definition(others, sentences, order)
    assert self_bleu(sentences, order) == pytest.approx(expected, rel=1e-12)


def test_clipping_of_papineni_example_two():
    the = ["the"] * 7
    references = [text.split() for text in ("the cat is on the mat", "there is a cat on the mat")]
    assert corpus_bleu(references, [the], 1) == pytest.approx(2 / 7)


def test_short_candidates_are_punished():
    reference = list("abcdef")
    assert corpus_bleu([reference], [reference[:3]], 2) == pytest.approx(math.exp(1 - 6 / 3))
    assert corpus_bleu([reference], [reference], 4) == 1.0


def test_of_two_references_as_close_the_shorter_counts():
    assert corpus_bleu([list("ab"), list("abcd")], [list("abc")], 1) == 1.0


def test_nothing_in_common_is_zero():
    assert corpus_bleu([["a", "b"]], [["c", "d"]], 2) == 0.0
    assert corpus_bleu([["a", "b"]], [["a", "b"]], 3) == 0.0
    assert corpus_bleu([["a"]], [[]], 1) == 0.0


def test_equal_sentences_have_self_bleu_one_and_different_ones_zero():
    assert self_bleu([["a", "b", "c"]] * 5, 3) == 1.0
    assert self_bleu([["a", "b"], ["c", "d"], ["e", "f"]], 2) == 0.0


def test_distinct_ngrams_by_hand():
    sentences = [list("abab"), list("ab")]
    assert distinct_ngrams(sentences, 1) == pytest.approx(2 / 6)
    assert distinct_ngrams(sentences, 2) == pytest.approx(2 / 4)
    assert distinct_ngrams(sentences, 5) == 0.0


def test_memorised_sentences_are_those_of_training():
    training = [["a", "b"], ["c"]]
    assert memorised_share(training, [["a", "b"], ["b", "a"], ["a"], ["c"]]) == 0.5


def test_order_of_sentences_is_of_no_matter():
    sentences = random_sentences(5, 3)
    values = {round(self_bleu(list(order), 2), 12) for order in itertools.permutations(sentences)}
    assert len(values) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: corpus_bleu([], [["a"]], 1), "there are 0 references: at least 1"),
        (lambda: corpus_bleu([["a"]], [], 1), "there are 0 candidates: at least 1"),
        (lambda: corpus_bleu([["a"]], [["a"]], 0), "order 0 is out of range"),
        (lambda: self_bleu([["a"]], 1), "self-BLEU of 1 sentence: at least 2"),
        (lambda: distinct_ngrams([], 1), "there are 0 sentences"),
        (lambda: memorised_share([["a"]], []), "there are 0 sentences"),
    ],
)
def test_what_cannot_be_scored(call, message):
    with pytest.raises(InputError, match=message):
        call()
