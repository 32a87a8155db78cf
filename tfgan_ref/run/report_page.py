"""The page of a report: one HTML file with its style, its scripts and all that it shows.

A browser needs nothing else and is allowed nothing else: the page's policy names its own style and script by
their checksums. What a run holds is JSON, which the script puts in as text.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

FOLDER = Path(__file__).with_suffix("")
SCRIPTS = ("words.js", "charts.js", "sections.js", "page.js")  # in this order
MARK = '<meta name="generator" content="tfgan_ref report">'  # by which a file is known as a report


def report_page(title: str, data: Mapping[str, Any]) -> str:
    """Returns the page that shows ``data``, JSON values as ``report.report_of`` makes them."""
    style, script = _own("style.css"), "\n".join(map(_own, SCRIPTS))
    policy = {
        "default-src": "'none'",
        "img-src": "data:",
        "media-src": "data:",
        "style-src": _checksum(style),
        "script-src": _checksum(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return Template(_own("page.html")).substitute(
        policy="; ".join(f"{key} {value}" for key, value in policy.items()),
        title=html.escape(title.encode("utf-8", "replace").decode()),
        style=style,
        script=script,
        data=embedded_json(data),
    )


def embedded_json(value: Any) -> str:
    """Returns JSON in which no sign can end a script element or begin markup; it is ASCII."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":  # these are in strings alone
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def _own(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _checksum(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
