"""Words of a text, in any script."""

import functools
import re
import unicodedata
from collections.abc import Sequence

# One sign for each of those that print the same: apostrophes and hyphens. A soft hyphen is no sign of a word.
_SAME = str.maketrans("\u2019\u02bc\uff07\u2010\u2011", "'''--", "\u00ad")
_INNER = "'.:\u00b7\u05f3\u05f4-"  # with the Catalan dot and the signs of Hebrew abbreviations
_JOINERS = "\u200c\u200d"  # choose the form of the letters beside them
# Chinese and Japanese put no spaces between words: Han, kana with halfwidth ones, Bopomofo.
_UNSPACED = "々〇\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
_UNSPACED += "\U00020000-\U0003ffff"


@functools.cache
def _word() -> re.Pattern[str]:
    """Returns the pattern of a word, which takes a moment to make: only those who split texts wait for it."""
    # Accents and vowel signs, which follow their letters; \w has none. Above are only selectors of glyphs.
    marks = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c))[0] == "M")
    tail = f"[{marks}{_JOINERS}]*"
    letter = rf"(?:(?![{_UNSPACED}])\w{tail})"
    return re.compile(rf"{letter}+(?:[{_INNER}]{letter}+)*|(?=\w)[{_UNSPACED}]{tail}")


def split_words(text: str) -> list[str]:
    """Returns the words of a sentence in lower case, without the signs between them; "9:30" is a word.

    Each character of Chinese and Japanese is a word. A typographic apostrophe or hyphen is the plain one.
    """
    return _word().findall(unicodedata.normalize("NFC", text.lower()).translate(_SAME))


def is_unspaced(word: str) -> bool:
    """Returns whether ``word`` is of a script without spaces between words, Chinese or Japanese."""
    return _unspaced().match(word) is not None


@functools.cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


def join_words(words: Sequence[str]) -> str:
    """Returns the text of words, with a space between two of them unless one ``is_unspaced``.

    ``split_words`` gives the same words again.
    """
    text = ""
    for before, word in zip(("", *words), words, strict=False):
        text += word if not before or is_unspaced(before) or is_unspaced(word) else f" {word}"
    return text
