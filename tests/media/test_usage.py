"""The lines on how to use an exported generator."""

import re

import pytest

from tfgan_ref.media import usage
from tfgan_ref.run.report_page import FOLDER

TEXTS = {name: text for name, text in vars(usage).items() if name.isupper()}


@pytest.mark.parametrize("name", TEXTS)
def test_what_each_is_for_is_said_in_chinese_too(name):
    words = (FOLDER / "words.js").read_text(encoding="utf-8")
    titles = [line for line in TEXTS[name].splitlines() if not line.startswith("  ")]
    assert titles
    for title in titles:
        assert re.search(rf'^      "{re.escape(title)}": "[^"]*[\u4e00-\u9fff][^"]*",$', words, re.MULTILINE)


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ({"hat": ("no", "yes"), "action": ("walk", "jump")}, "action=walk,hat=no"),
        ({"hat": ("a,b", " c", "d e"), "action": ("walk",)}, "'action=walk,hat=d e'"),
        ({"hat": ("a,b",), "coat": ("red",), "action": ("walk",)}, "action=walk,coat=red"),
        ({"hat": ("red",), "action": ("a,b",)}, "hat=red"),
        ({"hat": ("a,b",), "action": ("c,d",)}, "all"),
    ],
)
def test_the_example_names_values_that_a_label_can_name(factors, expected):
    assert usage.example_choice(factors) == expected
