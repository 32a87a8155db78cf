"""The files of a run directory that a report shows: which ones, and how they become part of its page.

A run directory may come from a stranger. What a link in it leads to elsewhere is not read, a picture or a
sound is known by its first bytes, and all that is read has a limit.
"""

import base64
import functools
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MOST_SAMPLES = 24  # pictures over time
MOST_BYTES = 4_000_000  # of the pictures over time together, of all other files together, and of any one
LARGEST = 64_000_000  # bytes of a sample picture that is read, to be shown smaller
SIDE, QUALITY = 1200, 85  # pixels of the longer side of a picture that is shown smaller, and its quality
MOST_SHOWN = 12  # other files
MOST_TEXT = 20_000  # signs of a text file
# The folders that a run writes: what else lies in the directory the user put there.
OWN_FOLDERS = ("checkpoints", "logs", "samples", "saved_model")
OWN_PICTURES = ("samples.png", "walk.webp", "walk.gif")
_SHOWN = {".wav": "sound", ".gif": "picture", ".webp": "picture", ".png": "picture", ".txt": "text"}
_STARTS = {
    ".png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    ".gif": (b"GIF8", "image/gif"),
    ".webp": (b"RIFF", "image/webp"),
    ".wav": (b"RIFF", "audio/wav"),
}
_SAMPLE = re.compile(r"step_(\d{1,15})\.png")


def read_own(run: Path, path: Path, most: int = MOST_BYTES) -> bytes | None:
    """Returns what a file of the run directory ``run`` holds; None if it is none, or larger than ``most``."""
    try:
        whole = path.resolve()
        if not whole.is_relative_to(run.resolve()) or not whole.is_file() or whole.stat().st_size > most:
            return None
        return whole.read_bytes()
    except OSError:
        return None


def data_url(run: Path, path: Path) -> str | None:
    """Returns a picture or a sound as the ``data:`` URL that a page shows; None for what is neither."""
    start, kind = _STARTS.get(path.suffix.lower(), (None, None))
    content = None if kind is None else read_own(run, path)
    if content is None or not content.startswith(start):
        return None
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def sample_url(run: Path, path: Path, *, smaller: bool) -> str | None:
    """Returns a sample picture as a ``data:`` URL; None for what is no picture.

    Args:
        run: the run directory.
        path: the picture.
        smaller: whether to show it with at most ``SIDE`` pixels, compressed with losses.
    """
    if not smaller:
        return data_url(run, path)
    try:
        return _smaller(run, path, path.stat().st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(2 * MOST_SAMPLES)  # a run in training shows most of them again and again
def _smaller(run: Path, path: Path, _: int) -> str | None:
    content = read_own(run, path, LARGEST)
    if content is None:
        return None
    from PIL import Image

    encoded = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            small = picture.convert("RGB")
        small.thumbnail((SIDE, SIDE))
        small.save(encoded, "WEBP", quality=QUALITY, method=2)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
    return f"data:image/webp;base64,{base64.b64encode(encoded.getvalue()).decode()}"


def sample_pictures(run: Path) -> list[tuple[int, Path]]:
    """Returns the pictures in ``samples/`` with their steps, in order."""
    found = [(_SAMPLE.fullmatch(path.name), path) for path in _parts(run / "samples")]
    return sorted((int(match.group(1)), path) for match, path in found if match)


def evenly(items: Sequence[Any], most: int) -> list[Any]:
    """Chooses at most ``most`` items, which is above 1, in even distances, the first and the last too."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def chosen_samples(run: Path) -> dict[str, Any]:
    """Returns the pictures over time that the page shows, how many there are, and whether they are smaller.

    There are at most ``MOST_SAMPLES``. Where these would have more than ``MOST_BYTES`` together, they are
    shown smaller, and if that is too much still, there are fewer.
    """
    every = sample_pictures(run)
    chosen = evenly(every, MOST_SAMPLES)
    smaller = sum(path.stat().st_size for _, path in chosen if path.is_file()) > MOST_BYTES
    shown = [(step, sample_url(run, path, smaller=smaller)) for step, path in chosen]
    found = [{"step": step, "picture": url} for step, url in shown if url]
    size = sum(len(sample["picture"]) for sample in found) * 3 // 4  # base64 has four signs for three bytes
    if size > MOST_BYTES:
        found = evenly(found, max(2, len(found) * MOST_BYTES // size))
    return {"shown": found, "count": len(every), "smaller": smaller}


def newest_walk(run: Path) -> dict[str, str] | None:
    """Returns the animation through latents: ``walk.webp`` of the end of training, or a later one."""
    found = [path for path in (run / "walk.webp", run / "walk.gif") if path.is_file()]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        if url := data_url(run, path):
            return {"name": path.name, "picture": url}
    return None


def other_files(run: Path) -> list[dict[str, str]]:
    """Returns the sounds, animations, pictures and texts that the user put into the run directory.

    They lie in it or in a folder of it that is not the run's own, such as ``tfgan sample`` writes. At most
    ``MOST_SHOWN`` of ``MOST_BYTES`` together are shown, sounds first.
    """
    folders = [path for path in _parts(run) if path.is_dir() and path.name not in OWN_FOLDERS]
    places = [path for folder in (run, *folders) for path in _parts(folder)]
    places = [path for path in places if path.suffix.lower() in _SHOWN and path.name not in OWN_PICTURES]
    found: list[dict[str, str]] = []
    left = MOST_BYTES
    for path in sorted(places, key=lambda path: list(_SHOWN).index(path.suffix.lower())):
        kind = _SHOWN[path.suffix.lower()]
        content = _text(run, path) if kind == "text" else data_url(run, path)
        if content is not None and len(content) <= left and len(found) < MOST_SHOWN:
            found.append({"name": str(path.relative_to(run)), kind: content})
            left -= len(content)
    return found


def _text(run: Path, path: Path) -> str | None:
    content = read_own(run, path)
    return None if content is None else content.decode("utf-8", "replace")[:MOST_TEXT]


def _parts(folder: Path) -> list[Path]:
    """Returns what is in a folder, by name; nothing of what is no folder."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
