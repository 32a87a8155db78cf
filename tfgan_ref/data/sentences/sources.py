"""Data sets of sentences by name, read into memory."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgan_ref.data.sentences.grammar import GRAMMARS, grammar_sentences
from tfgan_ref.data.sentences.sentences import NAMED_COLUMNS, Sentences, encode, frequent_words
from tfgan_ref.data.sentences.words import join_words, split_words
from tfgan_ref.errors import InputError, reason, whole_number

logger = logging.getLogger(__name__)

_FORMS = f"{', '.join(GRAMMARS)}, tsv:PATH, {NAMED_COLUMNS}"
# A first line that begins with two of these is a heading, where the data set's name names no columns.
_HEADINGS = ({"topic", "label", "intent"}, {"sentence", "text"})
_LARGEST_FILE = 2**28
_FEW_TOPICS = 10  # up to which each may have a single sentence

Row = tuple[str, str]  # topic, sentence


def read_sentences(
    name: str, *, length: int = 12, vocabulary: int | None = None, topics: str | None = None
) -> Sentences:
    """Reads a data set of sentences, each once in its topic, in lower case and without signs.

    ``split_words`` says what words are.

    Args:
        name: ``topic_sentences`` or ``topic_sentences_zh``, the embedded grammars'; ``tsv:PATH``, lines of
            topic, tab, sentence, with or without a heading; or ``tsv:PATH:TOPIC_COLUMN:TEXT_COLUMN`` for a
            file whose first line names its columns. Files are UTF-8.
        length: longer sentences are left out.
        vocabulary: sentences with a word that is not among so many most frequent ones of those that are not
            too long are left out; None: none is.
        topics: some of the topics, with commas; None: all.

    Raises:
        InputError: the name or a topic is unknown, an argument is out of range, the file cannot be read or
            used, or a topic has no sentence left.
    """
    whole_number("length", length, 1)
    if vocabulary is not None:
        whole_number("vocabulary", vocabulary, 1)
    rows = _read_rows(name)
    _check_topics(name, rows)
    if topics is not None:
        rows = _of_topics(name, rows, topics)
    split = [(topic, split_words(text)) for topic, text in rows]
    short = [(topic, words) for topic, words in split if len(words) <= length]
    words = frequent_words([found for _, found in short], vocabulary)
    known = frozenset(words)
    kept = dict.fromkeys((topic, join_words(found)) for topic, found in short if known.issuperset(found))
    names = tuple(dict.fromkeys(topic for topic, _ in rows))
    _check_rest(name, names, {topic for topic, _ in kept}, f"length {length} and vocabulary {vocabulary}")
    if len(kept) < len(rows):
        logger.warning(
            f"{name}: of {len(rows)} sentences {len(rows) - len(kept)} are left out: "
            f"{len(rows) - len(short)} of more than {length} words, others with rare words or twice there"
        )
    alone = sum(len(split_words(text)) == 1 for _, text in kept)
    if alone > len(kept) / 2:
        logger.warning(f"{name}: {alone} of {len(kept)} sentences have one word: put spaces between words")
    labels = np.array([names.index(topic) for topic, _ in kept], np.int32)
    return Sentences(name, encode([text for _, text in kept], words, length), labels, words, names)


def _read_rows(name: str) -> list[Row]:
    if name in GRAMMARS:
        return [(topic, text) for topic, texts in grammar_sentences(name).items() for text in texts]
    kind, _, place = name.partition(":")
    if kind != "tsv":
        raise InputError(f"data set {name!r} is not known; allowed are {_FORMS}")
    if not place:
        raise InputError(f"data set {name!r}: needs a path, tsv:PATH")
    try:
        path, columns = _path_and_columns(place)
        if not path.is_file():
            raise InputError(f"{name}: there is no such file")
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError(f"{name}: {path.stat().st_size} bytes, at most {_LARGEST_FILE} are read")
        # Not ``splitlines``, which also cuts at signs within a line such as U+2028.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is not UTF-8 text ({reason(error)})") from None
    except (OSError, RuntimeError) as error:  # no permission, a broken disk, "~nobody"
        raise InputError(f"{name}: cannot be read ({reason(error)})") from error
    return _parse(name, lines, columns)


def _path_and_columns(place: str) -> tuple[Path, tuple[str, str] | None]:
    path = Path(place).expanduser()
    front, *columns = place.rsplit(":", 2)
    if path.exists() or len(columns) < 2:
        return path, None
    return Path(front).expanduser(), (columns[0], columns[1])


def _parse(name: str, lines: Sequence[str], columns: tuple[str, str] | None) -> list[Row]:
    cells = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line.strip()]
    if not cells:
        raise InputError(f"{name}: is empty")
    first = [cell.strip() for cell in cells[0][1]]
    if columns is not None:
        for column in columns:
            if column not in first:
                raise InputError(f"{name}: has no column {column!r}, found {', '.join(first)}")
        places = [first.index(column) for column in columns]
        cells = cells[1:]
    else:
        places = [0, 1]
        named = zip((cell.lower() for cell in first), _HEADINGS, strict=False)
        if len(first) > 1 and all(cell in headings for cell, headings in named):
            cells = cells[1:]
    rows = []
    for number, found in cells:
        if len(found) <= max(places):
            raise InputError(f"{name}: line {number} has {len(found)} columns: at least {max(places) + 1}")
        topic, text = (found[place].strip() for place in places)
        if not topic:
            raise InputError(f"{name}: line {number} has no topic")
        if not split_words(text):
            raise InputError(f"{name}: line {number} has an empty sentence")
        rows.append((topic, text))
    if not rows:
        raise InputError(f"{name}: has a heading and no sentences")
    return rows


def _check_topics(name: str, rows: list[Row]) -> None:
    """Refuses files whose first column is another one."""
    counts = Counter(topic for topic, _ in rows)
    alone = sum(count == 1 for count in counts.values())
    if len(counts) > _FEW_TOPICS and alone > len(counts) / 2:
        raise InputError(
            f"{name}: {alone} of {len(counts)} topics have a single sentence, as if topics were sentences; "
            f"{NAMED_COLUMNS} names the columns of a file with a heading"
        )


def _of_topics(name: str, rows: list[Row], topics: str) -> list[Row]:
    wanted = [topic.strip() for topic in topics.split(",")]
    there = dict.fromkeys(topic for topic, _ in rows)
    for topic in wanted:
        if topic not in there:
            raise InputError(f"{name}: topic {topic!r} is unknown: choose some of {', '.join(there)}")
    return [row for row in rows if row[0] in wanted]


def _check_rest(name: str, topics: Sequence[str], left: set[str], limits: str) -> None:
    for topic in topics:
        if topic not in left:
            raise InputError(f"{name}: topic {topic!r} has no sentence within {limits}: raise them")
