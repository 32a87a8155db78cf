"""Labelled sentences in memory, words as numbers, and the batches that training reads from them."""

import functools
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfgan_ref.data.images.arrays import check_range
from tfgan_ref.data.order import balanced_order
from tfgan_ref.data.pipeline import BatchLoader, DataShape, Tensors, TrainingData
from tfgan_ref.data.sentences.words import join_words, split_words
from tfgan_ref.errors import InputError, whole_number

END = 0  # the word after the last one, and all that follow
NAMED_COLUMNS = "tsv:PATH:TOPIC_COLUMN:TEXT_COLUMN"  # how a file is named with its columns


@dataclass(frozen=True)
class Sentences:
    """Sentences of at most T words with their topics.

    Attributes:
        name: what to call the data set in messages.
        tokens: int32 (N, T), word numbers; after a sentence's last word they are ``END``.
        labels: int32 (N,), topic numbers.
        words: what word numbers stand for; the one of ``END`` is empty.
        topics: what topic numbers stand for.

    Raises:
        InputError: the arrays are not as described, or a number has no name.
    """

    name: str
    tokens: np.ndarray
    labels: np.ndarray
    words: tuple[str, ...]
    topics: tuple[str, ...]

    def __post_init__(self) -> None:
        tokens, labels = self.tokens, self.labels
        if tokens.dtype != np.int32 or tokens.ndim != 2 or 0 in tokens.shape:
            raise InputError(
                f"{self.name}: tokens are {tokens.dtype} of shape {tokens.shape}, "
                "they must be int32 of shape (N, T) with at least one word"
            )
        if labels.dtype != np.int32 or labels.shape != (len(tokens),):
            raise InputError(
                f"{self.name}: labels are {labels.dtype} of shape {labels.shape}, "
                f"they must be int32 of shape ({len(tokens)},)"
            )
        if tokens.min() < 0 or tokens.max() >= len(self.words):
            raise InputError(
                f"{self.name}: tokens lie in [{tokens.min()}, {tokens.max()}], "
                f"allowed are 0 to {len(self.words) - 1}"
            )
        check_range(self.name, labels, len(self.topics))

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def length(self) -> int:
        """Returns the most words that a sentence can have, T."""
        return self.tokens.shape[1]

    @property
    def fingerprint(self) -> str:
        """Returns the shape, the number of words and a checksum, as a file name."""
        checksum = zlib.crc32(np.ascontiguousarray(self.tokens))
        checksum = zlib.crc32(np.ascontiguousarray(self.labels), checksum)
        checksum = zlib.crc32("\n".join((*self.words, *self.topics)).encode(), checksum)
        return "x".join(map(str, (*self.tokens.shape, len(self.words)))) + f"-{checksum:08x}"

    def take(self, chosen: np.ndarray) -> "Sentences":
        """Returns some of the sentences: ``chosen`` is an index array or a mask, (N,) of bool."""
        return Sentences(self.name, self.tokens[chosen], self.labels[chosen], self.words, self.topics)

    def texts(self, topic: int | None = None) -> list[str]:
        """Returns the sentences as texts; with ``topic`` those of that number only."""
        chosen = self.tokens if topic is None else self.tokens[self.labels == topic]
        return decode(chosen, self.words)


def training_sentences(sentences: Sentences, held_out: Sentences, seed: int = 0) -> TrainingData:
    """Returns sentences with their topics to train on.

    Args:
        sentences: the sentences of the batches.
        held_out: others, to score with.
        seed: chooses the order.
    """
    names = {"topics": sentences.topics, "words": sentences.words}
    return TrainingData(
        sentences,
        DataShape((sentences.length, len(sentences.words)), len(sentences.topics), names=names),
        sentences.fingerprint,
        functools.partial(sentence_loader, sentences, seed=seed),
        len(sentences.tokens),
        sentences.tokens.nbytes,
        ({name: np.array(values) for name, values in names.items()},),
        held_out,
    )


def sentence_batches(
    sentences: Sentences, batch_size: int, start_step: int = 0, *, seed: int
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches in which every topic comes equally often.

    Args:
        sentences: the data.
        batch_size: sentences per batch; may be more than there are.
        start_step: the number of batches to leave out, of a run that is resumed.
        seed: chooses the order, any whole number from 0 up.

    Returns:
        Dicts of ``tokens``, int32 (batch_size, T), and ``label``, int32 (batch_size,).

    Raises:
        InputError: if a number is out of its range.
    """
    return sentence_loader(sentences, batch_size, seed=seed).dataset(start_step)


def sentence_loader(sentences: Sentences, batch_size: int, *, seed: int) -> BatchLoader:
    """Returns the loader of ``sentence_batches``; arguments and errors are the same."""
    # Captured as they are, on the CPU, as in ``image_loader``.
    with tf.device("CPU:0"):
        order = balanced_order(sentences.labels, seed)
        tokens, labels = tf.constant(sentences.tokens), tf.constant(sentences.labels)

    def choose(positions: tf.Tensor, step: tf.Tensor) -> Tensors:
        indices = tf.ensure_shape(order(positions), (batch_size,))
        return {"tokens": tf.gather(tokens, indices), "label": tf.gather(labels, indices)}

    # Sentences are small: they are chosen as they are.
    return BatchLoader(batch_size, choose, lambda chosen, arrays: chosen, lambda values: values, {})


def encode(texts: Sequence[str], words: Sequence[str], length: int) -> np.ndarray:
    """Encodes sentences as word numbers, int32 (N, length), ``END`` after the last word.

    Args:
        texts: the sentences.
        words: the vocabulary, the word of ``END`` included.
        length: the most words that a sentence may have.

    Raises:
        InputError: a sentence is empty, too long, or has a word that is not in ``words``.
    """
    numbers = {word: number for number, word in enumerate(words)}
    tokens = np.full((len(texts), length), END, np.int32)
    for row, text in zip(tokens, texts, strict=True):
        found = split_words(text)
        if not found:
            raise InputError(f"sentence {text!r} has no words")
        if len(found) > length:
            raise InputError(f"sentence {text!r} has {len(found)} words: at most {length}")
        for word in found:
            if word not in numbers:
                raise InputError(f"word {word!r} is unknown: the vocabulary has {len(words) - 1} other words")
        row[: len(found)] = [numbers[word] for word in found]
    return tokens


def decode(tokens: np.ndarray, words: Sequence[str]) -> list[str]:
    """Decodes word numbers (N, T) to sentences; what follows the first ``END`` of a row is not read."""
    names = np.asarray(words, object)
    ended = np.cumsum(tokens == END, axis=1) > 0
    return [join_words(names[row[~after]].tolist()) for row, after in zip(tokens, ended, strict=True)]


def frequent_words(sentences: Sequence[Sequence[str]], n: int | None) -> tuple[str, ...]:
    """Returns a vocabulary: the empty word of ``END``, then the ``n`` most frequent words, or all of them.

    Of equally frequent words the alphabet chooses.
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return ("", *ordered[:n])


def hold_out(sentences: Sentences, share: float, seed: int) -> tuple[Sentences, Sentences]:
    """Splits sentences: (to train on, held out). Of every topic the same share is held out, at random.

    Args:
        sentences: the data.
        share: above 0 and below 1; rounded, but at least 1 sentence of a topic goes to each side.
        seed: of the choice, any whole number from 0 up.

    Raises:
        InputError: ``share`` is out of range, or a topic has a single sentence.
    """
    if not 0 < share < 1:
        raise InputError(f"hold_out {share} is out of range: above 0 and below 1")
    rng = np.random.default_rng(whole_number("seed", seed, 0))
    kept_back = np.zeros(len(sentences), bool)
    for number, topic in enumerate(sentences.topics):
        members = rng.permutation(np.flatnonzero(sentences.labels == number))
        if len(members) < 2:
            raise InputError(
                f"{sentences.name}: topic {topic!r} has {len(members)} sentences: at least 2; if it is of a "
                f"heading, name the columns: {NAMED_COLUMNS}"
            )
        n = min(max(1, round(share * len(members))), len(members) - 1)
        kept_back[members[:n]] = True
    return sentences.take(~kept_back), sentences.take(kept_back)
