"""The form of a blind test: what it shows, that it needs no network, and what it saves."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from tfgan_ref.run.blind_form import ANSWERS, blind_form

VOID = {"meta", "img", "input"}


class Page(HTMLParser):
    """The tags of a page with their attributes; says if one is not closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def form():
    return blind_form("blind-1", [b"one", b"two", b"three"], enlarged=True)


def test_each_picture_has_two_labelled_choices(form):
    tags = Page(form).tags
    radios = [(a["name"], a["value"]) for tag, a in tags if tag == "input"]
    assert radios == [(number, answer) for number in "123" for answer in ANSWERS]
    assert [tag for tag, _ in tags if tag in ("fieldset", "legend", "img", "label", "input")] == [
        "fieldset", "legend", "img", "label", "input", "label", "input",
    ] * 3 + ["label"]  # fmt: skip
    assert [a["alt"] for tag, a in tags if tag == "img"] == ["Picture 1", "Picture 2", "Picture 3"]
    assert {a["lang"] for _, a in tags if "lang" in a} == {"en", "zh-CN"}


def test_nothing_comes_from_elsewhere(form):
    tags = Page(form).tags
    assert not [tag for tag, a in tags if {"href", "action", "srcset"} & a.keys() or tag == "link"]
    assert all(a["src"].startswith("data:image/png;base64,") for _, a in tags if "src" in a)
    assert not re.search(r"https?:|@import|url\(|fetch|XMLHttp", form)
    assert "default-src 'none'" in form


def test_small_pictures_show_their_pixels(form):
    assert "image-rendering: pixelated;" in form
    assert "pixelated" not in blind_form("blind-1", [b"one"], enlarged=False)


# As much of a browser as the script asks for. Radio buttons are the answers in `chosen`.
BROWSER = """
const chosen = CHOSEN, kept = {}, saved = [], listeners = {};
const element = () => ({ addEventListener(kind, call) { listeners[kind] = call; }, scrollIntoView() {} });
const elements = { form: element(), output: element(), button: element(), textarea: element(),
  section: element() };
Object.assign(elements.form, { id: "blind-1", querySelectorAll: () => [1, 2, 3], elements: { namedItem:
  number => ({ set value(answer) { chosen[number] = answer; } }) } });
globalThis.document = { querySelector: name => elements[name],
  createElement: () => ({ click() { saved.push(this.download); } }) };
globalThis.FormData = class { constructor() { return Object.entries(chosen); } };
globalThis.sessionStorage = { getItem: () => KEPT, setItem: (name, text) => { kept[name] = text; } };
URL.createObjectURL = () => "blob:";
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js to run the form's script")
@pytest.mark.parametrize(("chosen", "kept"), [({}, '{"1": "real", "3": "generated"}'), ({"2": "real"}, None)])
def test_its_script_saves_the_answers_and_keeps_them_over_a_reload(form, chosen, kept):
    script = form.partition("<script>")[2].partition("</script>")[0].replace('"use strict";', "")
    browser = BROWSER.replace("CHOSEN", json.dumps(chosen)).replace("KEPT", json.dumps(kept))
    end = """listeners.click();
    console.log(JSON.stringify([elements.textarea.value, elements.output.textContent, saved, kept]));"""
    done = subprocess.run(
        ["node", "-e", f"'use strict';{browser}{script}{end}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    text, status, saved, kept_now = json.loads(done.stdout)
    expected = chosen or json.loads(kept)
    assert json.loads(text) == {"test": "blind-1", "answers": expected}
    assert json.loads(kept_now["blind-1"]) == expected
    assert status.startswith(f"{len(expected)} of 3 answered")
    assert saved == ["answers.json"]
