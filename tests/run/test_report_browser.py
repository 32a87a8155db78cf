"""Reports in a real browser, where there is one: Chromium on PATH, or what TFGAN_BROWSER names."""

import pytest

from tests.browser import browser, find_browser
from tests.runs_on_disk import write_reports

pytestmark = pytest.mark.skipif(
    find_browser() is None, reason="there is no Chromium on PATH, and TFGAN_BROWSER names none"
)
NAMES = ["one", "young", "two", "hostile"]


@pytest.fixture(scope="module")
def tab():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return write_reports(tmp_path_factory.mktemp("browser"))


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("name", NAMES)
def test_it_opens_without_an_error_and_without_a_request(tab, pages, name, width, language):
    tab.open(pages[name], width=width, language=language, dark=width == 400, phone=width == 400, still=False)
    text = tab.value("document.body.innerText")
    assert ("训练过程" in text) == (language == "zh-CN")
    assert ("Progress" in text) == (language == "en-US")
    assert tab.value("document.documentElement.lang") == {"en-US": "en", "zh-CN": "zh-CN"}[language]
    # Nothing is wider than the screen; wide tables scroll in themselves.
    assert tab.value("document.documentElement.scrollWidth") <= width
    tab.value("new Promise((done) => setTimeout(done, 100))")
    assert tab.said == []
    assert tab.asked == [pages[name].absolute().as_uri()]
    assert tab.value("[...document.images].every((one) => one.complete)")


def test_a_strangers_markup_runs_nothing(tab, pages):
    tab.open(pages["hostile"])
    assert "globalThis.pwned" in tab.value("document.body.innerText")  # as text
    assert tab.value("typeof pwned") == "undefined"
    assert tab.value("document.querySelectorAll('script').length") == 2
    assert tab.value("document.querySelectorAll('[onerror], iframe, form, object, embed').length") == 0


def test_what_is_put_into_the_page_later_is_refused_by_its_policy(tab, pages):
    """The policy would hold even if some text became markup."""
    tab.open(pages["one"])
    tab.value("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned = 1\">')")
    tab.value(
        "document.body.append(Object.assign(document.createElement('script'), { text: 'window.pwned = 1' }))"
    )
    tab.value("new Promise((done) => setTimeout(done, 200))")
    assert tab.value("typeof pwned") == "undefined"
    assert any("Content Security Policy" in said for said in tab.said)


def test_curves_are_enlarged_by_mouse_and_by_keyboard(tab, pages):
    tab.open(pages["one"], height=3000)
    left, top, width, height = tab.value(
        "(() => { const box = document.querySelector('svg').getBoundingClientRect();"
        " return [box.left, box.top, box.width, box.height]; })()"
    )
    before = tab.value("[...document.querySelectorAll('.curve')].map((curve) => curve.getAttribute('d'))")
    tab.drag((left + 0.4 * width, top + height / 2), (left + 0.7 * width, top + height / 2))
    start, end = tab.value("state.zoom")
    assert 10 < start < end < 200
    after = tab.value("[...document.querySelectorAll('.curve')].map((curve) => curve.getAttribute('d'))")
    assert len(after) == len(before) == 3
    assert all(old != new for old, new in zip(before, after, strict=True))
    tab.value("document.querySelector('svg').focus()")
    tab.press("ArrowLeft")
    assert "d_loss" in tab.value("document.querySelector('[aria-live]').textContent")
    tab.press("0")
    assert tab.value("state.zoom") is None


def test_everything_is_reached_by_keyboard(tab, pages):
    """A button, a link, a box and a curve each take the focus, and show it."""
    tab.open(pages["one"])
    wanted = {"button", "a", "input", "select", "svg"}
    reached = set()
    for _ in range(40):
        tab.press("Tab")
        reached.add(tab.value("document.activeElement.localName"))
    assert wanted <= reached


def test_the_language_button_and_the_slider(tab, pages):
    tab.open(pages["one"])
    tab.value("document.getElementById('language').click()")
    assert "训练过程" in tab.value("document.body.innerText")
    assert tab.value("document.activeElement.id") == "language"
    shown = "document.querySelector('#samples img').src"
    last = tab.value(shown)
    tab.value("document.querySelector('.slider input').focus()")
    tab.press("ArrowLeft")
    assert tab.value(shown) != last
    assert "150" in tab.value("document.querySelector('.slider output').textContent")
