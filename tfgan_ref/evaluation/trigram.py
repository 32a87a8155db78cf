"""A language model without a network: it draws words by the two words before them."""

from collections import Counter, defaultdict

import numpy as np

from tfgan_ref.data.sentences.sentences import END, Sentences
from tfgan_ref.errors import InputError


class TrigramModel:
    """p(word | topic, the two words before), the relative frequencies of the training sentences.

    Without smoothing: it writes no three words in a row that it has not read (Jurafsky and Martin, "Speech
    and Language Processing", chapter 3, equation 3.12 for n = 3).

    Args:
        sentences: to learn from.
        temperature: every probability is taken to the power 1 / temperature, and they are normalised again:
            below 1 it writes more of what is frequent.

    Raises:
        InputError: ``temperature`` is not above 0.
    """

    def __init__(self, sentences: Sentences, temperature: float = 1.0) -> None:
        if temperature <= 0:
            raise InputError(f"temperature {temperature} is out of range: above 0")
        self.length = sentences.length
        counts = defaultdict(Counter)
        for label, row in zip(sentences.labels.tolist(), sentences.tokens.tolist(), strict=True):
            before = (label, END, END)
            for word in (*row, END):
                counts[before][word] += 1
                if word == END:
                    break
                before = (label, before[2], word)
        self._next = {
            before: (np.array(list(found)), _probabilities(list(found.values()), temperature))
            for before, found in counts.items()
        }

    def sample(self, labels: np.ndarray, seed: int) -> np.ndarray:
        """Writes a sentence for each topic number (N,): int32 (N, T), cut at the training sentences' T."""
        rng = np.random.default_rng(seed)
        tokens = np.full((len(labels), self.length), END, np.int32)
        for label, row in zip(np.asarray(labels).tolist(), tokens, strict=True):
            before = (label, END, END)
            for place in range(self.length):
                words, probabilities = self._next[before]
                row[place] = rng.choice(words, p=probabilities)
                if row[place] == END:
                    break
                before = (label, before[2], int(row[place]))
        return tokens


def _probabilities(counts: list[int], temperature: float) -> np.ndarray:
    powers = (np.array(counts, float) / max(counts)) ** (1.0 / temperature)
    return powers / powers.sum()
