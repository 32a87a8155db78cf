"""Sentences as output: SavedModels, texts, and a picture of some of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref import plotting
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.data.sentences.words import is_unspaced
from tfgan_ref.errors import InputError, check_at_least, check_seed
from tfgan_ref.export.generator import (
    IN_TURN,
    SAMPLE_OF_CLASS,
    ExportedGenerator,
    labels_of,
    positive,
    read_texts,
    texts,
    write_saved_model,
)
from tfgan_ref.files import check_writable, write_text
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.media import usage
from tfgan_ref.media.medium import Drawing, Medium, class_labels, drawing, drawing_of_saved_model

_LINE, _MARGIN = 18, 8  # pixels


class ExportedText(ExportedGenerator):
    """The functions of an exported generator of sentences.

    ``sample(n, seed)`` and ``sample(n, seed, label)`` are those of ``ExportedGenerator``, of sentences:
    strings (n,). ``topics`` and ``words`` say what labels and words are.
    """

    def __init__(self, gan: GenerativeModel, shape: DataShape) -> None:
        super().__init__(gan.sampling_generator)
        self.num_classes = gan.num_classes
        self.topics = texts(shape.names["topics"])
        self.words = texts(shape.names["words"])
        self.unspaced = tf.constant([is_unspaced(word) for word in shape.names["words"]])

    def serve(self, *inputs: tf.Tensor) -> tf.Tensor:
        """Maps latents (N, latent_dim) and labels (N,) to one-hot words (N, T, V)."""
        return self.generator(list(inputs), training=False)

    def write(self, one_hot: tf.Tensor) -> tf.Tensor:
        """Turns one-hot words (N, T, V) into sentences, strings (N,)."""
        numbers = tf.argmax(one_hot, axis=-1)
        words, unspaced = tf.gather(self.words, numbers), tf.gather(self.unspaced, numbers)
        # As ``join_words``. The word of the end is empty, and nothing but ends follows one.
        together = unspaced | tf.concat([tf.ones_like(unspaced[:, :1]), unspaced[:, :-1]], axis=1)
        spaces = tf.where(together, "", " ")
        return tf.strings.strip(tf.strings.reduce_join(tf.strings.join([spaces, words]), axis=1))

    @tf.function(input_signature=SAMPLE_OF_CLASS, autograph=False)
    def sample(self, n: tf.Tensor, seed: tf.Tensor, label: tf.Tensor = IN_TURN) -> tf.Tensor:
        """Writes ``n`` sentences: of the topic ``label``, of one for each, or of every topic in turn."""
        n = positive(n)
        return self.write(self.draw(n, seed, labels_of(n, label, self.num_classes)))


def export_text(gan: GenerativeModel, path: Path, shape: DataShape) -> None:
    """Writes the averaged generator as a SavedModel with ``sample`` and ``serving_default``.

    Raises:
        InputError: ``path`` exists.
    """
    module = ExportedText(gan, shape)
    write_saved_model(module, path, {"serving_default": _served(module)})


def _served(module: ExportedText) -> Callable[..., dict[str, tf.Tensor]]:
    signature = [
        tf.TensorSpec((None, module.latent_dim), tf.float32, name="latents"),
        tf.TensorSpec((None,), tf.int32, name="label"),
    ]
    return tf.function(
        lambda latents, label: {"sentences": module.write(module.serve(latents, label))},
        input_signature=signature,
        autograph=False,
    )


@dataclass(frozen=True)
class SentenceLister:
    """Writes sentences of topics.

    Attributes:
        draw: (n, seed, labels (n,)) to n sentences in UTF-8, some at a time.
        topics: what the labels stand for.
    """

    draw: Drawing
    topics: tuple[str, ...]

    def sample(self, n: int, seed: int = 0, label: int | str | None = None) -> list[str]:
        """Draws ``n`` sentences: n texts.

        Args:
            n: number of sentences.
            seed: from 0 to 2147483647; the same sentences for the same seed.
            label: a topic by its name or number; None: every topic in turn.

        Raises:
            InputError: an argument cannot be used.
        """
        check_at_least(1, n=n)
        check_seed(seed)
        labels = np.arange(n) % len(self.topics) if label is None else class_labels(n, label, self.topics)
        return self._sentences(n, seed, labels)

    def _sentences(self, n: int, seed: int, labels: np.ndarray) -> list[str]:
        return [sentence.decode() for piece in self.draw(n, seed, labels) for sentence in piece]

    def write(self, n: int, seed: int, label: str | None, out: Path | None) -> str:
        """Draws ``n`` sentences, as lines to print or, with ``out``, as a file that ``tsv:`` reads.

        Args:
            n: number of sentences, at least 1.
            seed: from 0 to 2147483647.
            label: a topic by its name or number; None or "all": every topic in order, equally often or once
                more.
            out: a file that does not exist.

        Returns:
            The lines, of a sentence for one topic, else of topic, tab, sentence; or the file.

        Raises:
            InputError: no such topic, ``seed`` is out of range, or ``out`` exists or cannot be written.
        """
        check_seed(seed)
        labels = class_labels(n, label, self.topics)
        if out is not None:
            check_writable(out)
            if out.exists():
                raise InputError(f"{out} exists: name another file with --out")
        sentences = self._sentences(n, seed, labels)
        pairs = [f"{self.topics[k]}\t{text}" for k, text in zip(labels, sentences, strict=True)]
        if out is None:
            return "\n".join(pairs if label in (None, "all") else sentences)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_text(out, "\n".join(pairs) + "\n")
        except OSError as error:
            raise InputError(f"--out {out}: {error.strerror}") from error
        return str(out)


def sentence_sheet(sentences: Sequence[str], topics: Sequence[str]) -> np.ndarray:
    """Draws sentences behind their topics, line by line: uint8 (H, W, 1), black on white.

    Signs that the font of pictures lacks become question marks, which is said.
    """
    from PIL import Image, ImageDraw

    font, missing = plotting.picture_font([*sentences, *topics])
    if missing:
        plotting.tell_missing("these sentences", "question marks stand")
        marks = dict.fromkeys(map(ord, missing), "?")
        sentences, topics = ([text.translate(marks) for text in texts] for texts in (sentences, topics))
        font, _ = plotting.picture_font([*sentences, *topics])
    column = 2 * _MARGIN + round(max(map(font.getlength, topics)))
    width = column + _MARGIN + round(max(map(font.getlength, sentences)))
    picture = Image.new("L", (width, 2 * _MARGIN + _LINE * len(sentences)), 255)
    pen = ImageDraw.Draw(picture)
    before = None
    for line, (topic, sentence) in enumerate(zip(topics, sentences, strict=True)):
        top = _MARGIN + _LINE * line
        if topic != before:
            pen.text((_MARGIN, top), topic, 110, font)
        pen.text((column, top), sentence, 0, font)
        before = topic
    return np.asarray(picture)[..., np.newaxis]


def _writer_of_gan(gan: GenerativeModel, shape: DataShape) -> SentenceLister:
    module = ExportedText(gan, shape)
    return SentenceLister(drawing(_served(module), module.latent_dim), shape.names["topics"])


def _writer_of_saved_model(loaded: tf.Module) -> SentenceLister:
    return SentenceLister(drawing_of_saved_model(loaded), read_texts(loaded.topics))


SENTENCES = Medium(
    export_text,
    usage.SENTENCES,
    "sentences",
    _writer_of_gan,
    _writer_of_saved_model,
)
