"""The Chinese README says what the English one says: the same headings, commands and figures."""

import re

from tests.conftest import ROOT

ENGLISH, CHINESE = ((ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def headings(text):
    return [line.partition(" ")[0] for line in CODE.sub("", text).splitlines() if line.startswith("#")]


def sections(text):
    """The texts under each heading, without code."""
    return re.split(r"^#+ .*$", CODE.sub("", text), flags=re.MULTILINE)


def figures(text):
    """All numbers, sorted: a translation may turn a sentence round."""
    return sorted(re.findall(r"\d+(?:[.,]\d+)*", re.sub(r"\]\([^)]*\)", "]", text)))


def test_both_have_the_same_headings_in_the_same_order():
    assert headings(ENGLISH) == headings(CHINESE)


def test_both_have_the_same_code():
    assert CODE.findall(ENGLISH) == CODE.findall(CHINESE)


def test_both_have_the_same_figures_in_each_section():
    for english, chinese in zip(sections(ENGLISH), sections(CHINESE), strict=True):
        # Names with numbers are left as they are; numbers that are words in one language are words in both.
        assert figures(english) == figures(chinese), english[:200]


def test_both_name_the_same_things():
    for english, chinese in zip(sections(ENGLISH), sections(CHINESE), strict=True):
        assert set(re.findall(r"`[^`\n]+`", english)) == set(re.findall(r"`[^`\n]+`", chinese))
