"""Metrics of sentences: BLEU, self-BLEU, distinct n-grams and memorised sentences.

Sentences are sequences of words. A high BLEU alone is no praise: one good sentence again and again has it. It
is to be read beside self-BLEU and distinct n-grams (Caccia et al. 2020, "Language GANs falling short").
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from tfgan_ref.errors import InputError, check_at_least

Sentence = Sequence[str]
NGram = tuple[str, ...]


def corpus_bleu(references: Sequence[Sentence], candidates: Sequence[Sentence], order: int) -> float:
    """BLEU of ``candidates`` as one corpus, every one against all references (Papineni et al. 2002).

    The brevity penalty times the geometric mean of the modified precisions of 1 to ``order`` words (sections
    2.1 to 2.3): matches are clipped at the most often that an n-gram is in any one reference. Without
    references of its own for each candidate, all real sentences are (Yu et al. 2017; Zhu et al. 2018). No
    smoothing.

    Args:
        references: real sentences.
        candidates: sentences to judge.
        order: longest n-gram, from 1 up.

    Returns:
        A number from 0 to 1, 1 if all n-grams match; 0 if none of some length does.

    Raises:
        InputError: there are no sentences on one side, or ``order`` is below 1.
    """
    _check(order, references=references, candidates=candidates)
    most = {n: _two_most(references, n)[0] for n in range(1, order + 1)}
    lengths = set(map(len, references))
    wanted = sum(_closest(lengths, len(candidate)) for candidate in candidates)
    return _bleu(candidates, order, lambda n, gram, own: most[n][gram], wanted)


def self_bleu(sentences: Sequence[Sentence], order: int) -> float:
    """Corpus BLEU of sentences of which each has all others as references (Zhu et al. 2018, Texygen).

    High if sentences repeat each other. It rises with their number: compare equal numbers only.

    Args:
        sentences: at least 2.
        order: longest n-gram, from 1 up.

    Returns:
        A number from 0 to 1.

    Raises:
        InputError: there are fewer than 2 sentences, or ``order`` is below 1.
    """
    _check(order, sentences=sentences)
    if len(sentences) < 2:
        raise InputError("self-BLEU of 1 sentence: at least 2")
    most = {n: _two_most(sentences, n) for n in range(1, order + 1)}

    def most_of_others(n: int, gram: NGram, own: int) -> int:
        best, second = most[n]
        return second[gram] if own == best[gram] else best[gram]

    counts = Counter(map(len, sentences))
    wanted = sum(
        number * _closest({other for other in counts if other != length or number > 1}, length)
        for length, number in counts.items()
    )
    return _bleu(sentences, order, most_of_others, wanted)


def distinct_ngrams(sentences: Sequence[Sentence], order: int) -> float:
    """Distinct-n: the number of different n-grams over that of all (Li et al. 2016, section 4.3), 0 to 1.

    It falls with the number of sentences: compare equal numbers only. 0 if no sentence has ``order`` words.

    Raises:
        InputError: there are no sentences, or ``order`` is below 1.
    """
    _check(order, sentences=sentences)
    grams = Counter()
    for sentence in sentences:
        grams.update(_ngrams(sentence, order))
    return len(grams) / max(1, grams.total())


def memorised_share(training: Iterable[Sentence], sentences: Sequence[Sentence]) -> float:
    """Share of ``sentences`` that are training sentences word for word, 0 to 1.

    Raises:
        InputError: there are no sentences.
    """
    _check(1, sentences=sentences)
    known = {tuple(sentence) for sentence in training}
    return sum(tuple(sentence) in known for sentence in sentences) / len(sentences)


def _check(order: int, **collections: Sequence[Sentence]) -> None:
    check_at_least(1, order=order)
    for name, sentences in collections.items():
        if not len(sentences):
            raise InputError(f"there are 0 {name}: at least 1")


def _ngrams(sentence: Sentence, n: int) -> Counter[NGram]:
    return Counter(tuple(sentence[i : i + n]) for i in range(len(sentence) - n + 1))


def _two_most(sentences: Sequence[Sentence], n: int) -> tuple[Counter[NGram], Counter[NGram]]:
    """Counts how often each n-gram is in the sentence that has it most often, and in the next one."""
    best, second = Counter(), Counter()
    for sentence in sentences:
        for gram, count in _ngrams(sentence, n).items():
            second[gram] = max(second[gram], min(count, best[gram]))
            best[gram] = max(best[gram], count)
    return best, second


def _closest(lengths: Iterable[int], length: int) -> int:
    """Returns the length nearest to ``length``; of two the shorter one."""
    return min(lengths, key=lambda other: (abs(other - length), other))


def _bleu(
    candidates: Sequence[Sentence], order: int, clip: Callable[[int, NGram, int], int], wanted: int
) -> float:
    """Computes BLEU: ``clip`` says how many matches of (n, n-gram, own count) are allowed."""
    logarithms = 0.0
    for n in range(1, order + 1):
        matches = total = 0
        for candidate in candidates:
            for gram, own in _ngrams(candidate, n).items():
                total += own
                matches += min(own, clip(n, gram, own))
        if not matches:
            return 0.0
        logarithms += math.log(matches / total)
    length = sum(map(len, candidates))
    return math.exp(min(0.0, 1.0 - wanted / length) + logarithms / order)
