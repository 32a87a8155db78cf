"""The page of a report: what a browser finds in it, and that nothing in a run directory is more than text.

Its script runs in Node.js where there is one, with as much of a browser as it asks for.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.runs_on_disk import MARKUP, make_run, write_reports
from tfgan_ref.run.report import write_report
from tfgan_ref.run.report_page import FOLDER, SCRIPTS, embedded_json

NODE = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js to run the page's script")
DOM = Path(__file__).with_name("report_dom.js")


class Page(HTMLParser):
    """The tags of a page with their attributes, and the texts of its style and scripts."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.texts, self.open = [], {}, []
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and data.strip():
            self.texts.setdefault(self.open[-1], []).append(data)

    @property
    def data(self):
        return json.loads(self.texts["script"][0])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return write_reports(tmp_path_factory.mktemp("reports"))


ALL = pytest.mark.parametrize("name", ["one", "young", "two", "hostile"])


@ALL
def test_nothing_comes_from_elsewhere(pages, name):
    page = Page(pages[name])
    for tag, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")]
        assert {"src", "action", "srcset", "style"}.isdisjoint(attributes), tag
        assert attributes.get("href", "data:,") == "data:,"
    (style,), (_, script) = page.texts["style"], page.texts["script"]
    assert not re.search(r"@import|url\(", style)
    own = script.replace("http://www.w3.org/2000/svg", "")  # a name, not an address
    assert not re.search(
        r"https?:|fetch|XMLHttp|WebSocket|import\(|\beval\(|innerHTML|outerHTML|insertAdj", own
    )


@ALL
def test_the_policy_allows_this_script_and_this_style_alone(pages, name):
    page = Page(pages[name])
    (policy,) = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(part.split(" ", 1) for part in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == rules["media-src"] == "data:"
    for kind, text in (("style", page.texts["style"][0]), ("script", page.texts["script"][1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"


def test_a_strangers_run_adds_no_tag(pages):
    assert [tag for tag, _ in Page(pages["hostile"]).tags] == [tag for tag, _ in Page(pages["one"]).tags]
    text = pages["hostile"].read_text()
    assert "<img" not in text
    assert text.count("</script>") == 2
    assert "the user's own" not in text
    assert base64.b64encode(b"the user's own").decode() not in text


def test_a_strangers_texts_come_through_as_they_are(pages):
    (run,) = Page(pages["hostile"]).data["runs"]
    assert run["recipe"] == MARKUP
    assert run["settings"][0] == {
        "key": MARKUP, "value": MARKUP, "default": None, "changed": False, "meaning": "",
    }  # fmt: skip
    assert list(run["curves"]["columns"]) == ["step", MARKUP, "__proto__"]
    assert [file["name"] for file in run["files"]] == ["notes.txt"]
    assert [sample["step"] for sample in run["samples"]["shown"]] == [150, 200]
    assert run["samples"]["count"] == 4  # two are none that may be shown
    assert run["status"]["steps"] is None
    assert run["starts"][0]["command"].startswith("tfgan '</script>")


def test_no_sign_of_markup_is_in_the_json():
    value = {"<&>\u2028\u2029": ["</script>", "\ud800", 0.1, None, "中"]}
    text = embedded_json(value)
    assert json.loads(text) == value
    assert text.isascii()
    assert not set("<>&") & set(text)


def test_the_title_is_escaped(tmp_path):
    run = make_run(tmp_path / "<b>&amp;")
    write_report([run], run / "report.html")
    assert Page(run / "report.html").texts["title"] == ["<b>&amp;"]


def luminance(colour):
    """Relative luminance of #rgb or #rrggbb, as WCAG defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_stand_out_from_what_is_behind_them(theme):
    """WCAG's contrasts: 4.5 of texts, 3 of lines."""
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): (#\w+);", style.split(":root {")[1 + theme].partition("}")[0]))
    lines = [name for name in colours if re.fullmatch(r"c\d", name)]
    assert len(lines) == int(re.search(r"COLOURS = (\d+)", (FOLDER / "words.js").read_text()).group(1))
    for behind in ("back", "card"):
        for name, least in [("text", 4.5), ("faint", 4.5), ("accent", 4.5), *((name, 3) for name in lines)]:
            low, high = sorted(map(luminance, (colours[name], colours[behind])))
            assert (high + 0.05) / (low + 0.05) >= least, (name, behind)


def words():
    """What the page says in each language, by its keys."""
    script = (FOLDER / "words.js").read_text(encoding="utf-8")
    tables = re.findall(r"^  (en|zh): \{\n(.*?)^  \},$", script, re.MULTILINE | re.DOTALL)
    return {language: re.findall(r"^    (\w+): ", table, re.MULTILINE) for language, table in tables}


def test_both_languages_say_the_same_things():
    found = words()
    assert found["en"] == found["zh"]
    assert len(found["en"]) == len(set(found["en"])) > 80
    script = "".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    used = set(re.findall(r"""\bt\("(\w+)\"""", script))
    assert used <= set(found["en"])


def in_node(page, *steps, language="en"):
    """Runs the page's script with a document of its own, then ``steps``; returns what the last one gives."""
    found = Page(page)
    given = {"data": found.texts["script"][0], "script": found.texts["script"][1], "language": language,
             "steps": steps}  # fmt: skip
    done = subprocess.run(
        ["node", str(DOM)], input=json.dumps(given), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


TEXT = "JSON.stringify(document.getElementById('page').textContent)"


@NODE
@ALL
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_its_script_builds_the_page(pages, name, language):
    text = in_node(pages[name], TEXT, language=language)
    assert "undefined" not in text
    assert "NaN" not in text
    assert not re.search(r"\{\w+\}", text)  # all words are filled in
    assert ("训练过程" in text) == (language == "zh-CN")
    assert ("Progress" in text) == (language == "en")
    if name != "hostile":
        assert "12.25" in text or name == "young"
        assert "--set width=8" in text
    else:
        assert MARKUP in text
        assert in_node(pages[name], "JSON.stringify([globalThis.pwned ?? null, document.made])")[0] is None


@NODE
def test_a_strangers_markup_makes_no_element_of_its_own(pages):
    tags = in_node(pages["hostile"], "JSON.stringify([...document.made])")
    assert not {"script", "iframe", "object", "embed", "base", "form"} & set(tags)
    sources = in_node(pages["hostile"], "JSON.stringify(document.sources)")
    assert sources
    assert all(source.startswith("data:") for source in sources)


@NODE
def test_the_button_changes_the_language_and_back(pages):
    click = "document.getElementById('language').dispatch('click')"
    text = in_node(pages["one"], click, TEXT)
    assert "训练过程" in text
    assert "在任何装有 TensorFlow 的 Python 中使用" in text
    assert "Progress" in in_node(pages["one"], click, click, TEXT)


@NODE
def test_a_drag_enlarges_all_curves_and_a_double_click_shows_all(pages):
    first = "document.all('svg')[0]"
    moves = (("pointerdown", 60), ("pointermove", 185), ("pointerup", 185))
    drag = "".join(f"{first}.dispatch('{kind}', {{ button: 0, clientX: {x} }});" for kind, x in moves)
    zoom = "JSON.stringify(state.zoom)"
    # The axis goes from 60 to 310 of 320 pixels, and from step 10 to 200: its middle is step 105.
    assert in_node(pages["one"], drag, zoom) == pytest.approx([10, 105])
    paths = "JSON.stringify(document.all('path').map((path) => path.attributes.d))"
    before, after = in_node(pages["one"], paths), in_node(pages["one"], drag, paths)
    assert len(before) == len(after) == 3
    assert all(old != new for old, new in zip(before, after, strict=True))
    assert in_node(pages["one"], drag, f"{first}.dispatch('dblclick')", paths) == before
    keys = f"{first}.dispatch('keydown', {{ key: '+' }})"
    start, end = in_node(pages["one"], keys, zoom)
    assert (end - start, start + end) == pytest.approx((0.6 * 190, 210))


@NODE
def test_the_slider_shows_the_picture_of_its_step(pages):
    run = Page(pages["one"]).data["runs"][0]
    slider = "document.all('input').find((one) => one.attributes['aria-label'] === 'step')"
    shown = "JSON.stringify(document.all('img')[0].src)"
    assert in_node(pages["one"], shown) == run["samples"]["shown"][-1]["picture"]
    move = f"{slider}.value = 1; {slider}.dispatch('input')"
    assert in_node(pages["one"], move, shown) == run["samples"]["shown"][1]["picture"]
    assert "step 100" in in_node(pages["one"], move, TEXT)


@NODE
def test_smoothing_is_a_corrected_exponential_mean():
    """Against its definition: weights share^(n-i), divided by their sum, over the values that are there."""
    script = (FOLDER / "charts.js").read_text(encoding="utf-8").partition("// Round numbers")[0]
    values, share = [4.0, 8.0, None, 2.0], 0.75
    done = subprocess.run(
        ["node", "-e", f"{script};console.log(JSON.stringify(smoothed({json.dumps(values)}, {share})))"],
        capture_output=True, text=True,
    )  # fmt: skip
    expected, seen = [], []
    for value in values:
        if value is None:
            expected.append(None)
            continue
        seen.append(value)
        weights = [share ** (len(seen) - 1 - i) for i in range(len(seen))]
        mean = sum(w * v for w, v in zip(weights, seen, strict=True)) / sum(weights)
        expected.append(pytest.approx(mean))
    assert json.loads(done.stdout) == expected
