"""The form of a blind test: one HTML file that asks of each picture whether it is real, without a network."""

import base64
from collections.abc import Sequence
from pathlib import Path
from string import Template

ANSWERS = ("real", "generated")

PAGE = Path(__file__).with_name("blind_form.html")
_PICTURE = Template("""\
<fieldset>
<legend>Picture <span lang="zh-CN">图</span> $number</legend>
<img src="data:image/png;base64,$png" alt="Picture $number">
<label><input type="radio" name="$number" value="real"> real <span lang="zh-CN">真实</span></label>
<label><input type="radio" name="$number" value="generated"> generated <span lang="zh-CN">生成</span></label>
</fieldset>""")


def blind_form(test: str, pictures: Sequence[bytes], *, enlarged: bool) -> str:
    """Returns the page that shows pictures with two choices each, and saves the answers as JSON.

    The file of answers is ``{"test": test, "answers": {"1": "real", "2": "generated", ...}}``; what was not
    answered is missing in it.

    Args:
        test: its name, of letters, digits and hyphens.
        pictures: contents of PNG files, in the order of their numbers, which begin with 1.
        enlarged: whether they are so small that their pixels are to be seen as squares.
    """
    cards = (
        _PICTURE.substitute(number=number, png=base64.b64encode(png).decode())
        for number, png in enumerate(pictures, 1)
    )
    rendering = "image-rendering: pixelated;" if enlarged else ""
    page = Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(test=test, pictures="\n".join(cards), rendering=rendering)
