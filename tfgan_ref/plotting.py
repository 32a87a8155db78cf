"""Pictures: grids of images and curves, written as PNG files, and animations."""

import functools
import io
import itertools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfgan_ref.files import write_bytes

if TYPE_CHECKING:
    import tensorflow as tf
    from PIL.ImageFont import FreeTypeFont

logger = logging.getLogger(__name__)

PADDING = 2  # pixels between the images of a grid
GREY = 40  # between and around them
NAME_SIZE, LINE = 13, 18  # pixels: of the font of names and titles, and from one of their lines to the next
NAME_WIDTH = 160  # pixels: wider names are broken into lines where their rows are high enough
LONGEST_NAME = 255  # signs, as of a file: what is longer ends in dots
CELL = 270  # pixels: about how wide each picture of strips becomes
ANIMATIONS = {".gif": "GIF", ".webp": "WEBP"}  # formats by the suffixes of their files
_NO_SIGN = "\uffff"  # which no font has


def to_uint8(images: "np.ndarray | tf.Tensor") -> np.ndarray:
    """Turns images in [-1, 1] into uint8; values outside are clipped."""
    return np.clip(np.rint((np.asarray(images, np.float32) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def grid(
    images: np.ndarray,
    columns: int,
    *,
    padding: int = PADDING,
    enlarge: int = 1,
    labels: np.ndarray | None = None,
    names: Sequence[str] | Mapping[int, str] | None = None,
) -> np.ndarray:
    """Lays images (N, H, W, C) uint8 out in rows: one uint8 picture, dark grey between and around them.

    Args:
        images: row by row; the last row may be short.
        columns: images in a row.
        padding: pixels between images.
        enlarge: whole factor by which each pixel is repeated.
        labels: (N,), where they change a new row begins; None: every row but the last is full.
        names: of the labels, written to the left of their rows in as much room as they need; see
            ``drawable_names``.
    """
    height, width, channels = images.shape[1:]
    places = _places(np.zeros(len(images)) if labels is None else labels, columns)
    rows = places[-1] // columns + 1
    picture = np.full(
        (rows * (height + padding) + padding, columns * (width + padding) + padding, channels), GREY, np.uint8
    )
    for index, image in zip(places, images, strict=True):
        top = padding + index // columns * (height + padding)
        left = padding + index % columns * (width + padding)
        picture[top : top + height, left : left + width] = image
    picture = picture.repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    if labels is None or names is None:
        return picture
    begin = [i for i in range(len(labels)) if i == 0 or labels[i] != labels[i - 1]]
    drawable = drawable_names({labels[i]: names[labels[i]] for i in begin})
    lines = {
        (padding + places[i] // columns * (height + padding)) * enlarge: drawable[labels[i]] for i in begin
    }
    return np.concatenate([_column_of_names(lines, len(picture), channels), picture], axis=1)


def picture_font(texts: Iterable[str]) -> tuple["FreeTypeFont", set[str]]:
    """Returns a font for texts in pictures, and the signs of these that it lacks: it would draw boxes.

    It is Pillow's own, or for signs that this one lacks matplotlib's DejaVu Sans, which has more alphabets.
    """
    from PIL import ImageFont

    signs = set().union(*texts)
    font = ImageFont.load_default(NAME_SIZE)
    missing = _missing_signs(signs, font)
    if missing:
        from matplotlib import get_data_path

        font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf", NAME_SIZE)
        missing = _missing_signs(signs, font)
    return font, missing


def _missing_signs(signs: Iterable[str], font: "FreeTypeFont") -> set[str]:
    box = bytes(font.getmask(_NO_SIGN))
    return {sign for sign in signs if bytes(font.getmask(sign)) == box}


def drawable_names(names: Mapping[int, str]) -> dict[int, str]:
    """Returns names by their numbers; where the font of pictures lacks signs of one, the number itself.

    That is said in one line, once for the same names.
    """
    # Names of files may hold bytes that are no text, which no font can draw.
    names = {number: name.encode("utf-8", "replace").decode() for number, name in names.items()}
    _, missing = picture_font(names.values())
    lacking = {number: str(number) for number, name in names.items() if missing & set(name)}
    if lacking:
        listed = [f"{names[number]} ({number})" for number in lacking]
        more = ", ..." if len(listed) > 5 else ""
        tell_missing(f"the names {', '.join(listed[:5])}{more}", "their numbers stand")
    return names | lacking


@functools.cache
def tell_missing(what: str, instead: str) -> None:
    """Says, once for the same words, that the font of pictures lacks signs of something."""
    logger.warning(f"the font of pictures lacks signs of {what}: {instead} in their place")


def _column_of_names(names: Mapping[int, str], height: int, channels: int) -> np.ndarray:
    """Writes names from the given rows down: uint8 (height, W, channels), light on dark grey.

    The column becomes as wide as the names need, broken into no more lines than their rows have room for.
    """
    font, _ = picture_font(names.values())
    shown = [
        name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..." for name in names.values()
    ]
    rooms = [max(1, (below - top) // LINE) for top, below in itertools.pairwise([*names, height])]
    width, texts = NAME_WIDTH, [_broken(name, font, NAME_WIDTH) for name in shown]
    while any(len(lines) > room for lines, room in zip(texts, rooms, strict=True)):
        width = width * 5 // 4
        texts = [_broken(name, font, width) for name in shown]
    longest = max(font.getlength(line) for lines in texts for line in lines)
    places = [(NAME_SIZE // 2, top, lines) for top, lines in zip(names, texts, strict=True)]
    return _written(places, font, (round(longest) + NAME_SIZE, height), channels)


def _row_of_titles(titles: Sequence[str], column: int, width: int, channels: int) -> np.ndarray:
    """Writes titles above the last columns of a picture ``width`` wide: uint8 (H, width, channels)."""
    drawable = drawable_names(dict(enumerate(titles, 1))).values()
    font, _ = picture_font(drawable)
    texts = [_broken(title, font, column - NAME_SIZE) for title in drawable]
    places = [(width - (len(texts) - i) * column, 0, lines) for i, lines in enumerate(texts)]
    return _written(places, font, (width, LINE * max(map(len, texts))), channels)


def _broken(text: str, font: "FreeTypeFont", width: int) -> list[str]:
    """Breaks a text into lines of at most ``width`` pixels, between words where these are no wider."""
    lines, length = [""], 0.0
    for word in re.findall(r"[^\s=/-]*[\s=/-]+|[^\s=/-]+", text):
        for part in [word] if font.getlength(word) <= width else word:
            more = font.getlength(part)
            if lines[-1] and length + more > width:
                lines.append("")
                length = 0.0
            lines[-1] += part
            length += more
    return lines


def _written(
    places: Iterable[tuple[int, int, list[str]]], font: "FreeTypeFont", size: tuple[int, int], channels: int
) -> np.ndarray:
    """Writes lines down from each (left, top): uint8 (*size[::-1], channels), light on dark grey."""
    from PIL import Image, ImageDraw

    picture = Image.new("L", size, GREY)
    pen = ImageDraw.Draw(picture)
    for left, top, lines in places:
        for number, line in enumerate(lines):
            pen.text((left, top + LINE * number), line, 220, font)
    return np.asarray(picture)[..., np.newaxis].repeat(channels, axis=-1)


def captions(texts: Sequence[str], width: int, channels: int) -> np.ndarray:
    """Writes each text into the middle of a strip: uint8 (N, H, width, channels), light on dark grey."""
    from PIL import Image, ImageDraw

    font, _ = picture_font(texts)
    strips = []
    for text in texts:
        strip = Image.new("L", (width, NAME_SIZE + 6), 40)
        ImageDraw.Draw(strip).text((width / 2, strip.height / 2), text, 220, font, "mm")
        strips.append(np.asarray(strip))
    return np.stack(strips)[..., np.newaxis].repeat(channels, axis=-1)


def _places(labels: np.ndarray, columns: int) -> list[int]:
    """Returns the number of each image's cell, row by row."""
    places: list[int] = []
    for i, label in enumerate(labels):
        place = places[-1] + 1 if i else 0
        changed = i > 0 and label != labels[i - 1]
        places.append(-(-place // columns) * columns if changed else place)
    return places


def save_png(path: Path, picture: np.ndarray) -> None:
    """Writes a uint8 picture (H, W, C), through a temporary file, so that no half-written one is left."""
    import tensorflow as tf  # here, since commands that only read pictures do without

    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, tf.io.encode_png(picture).numpy())


def encode_animation(frames: Iterable[np.ndarray], kind: str, milliseconds: int) -> bytes:
    """Encodes frames, each uint8 (H, W, 1 or 3), as a GIF or WebP that repeats for ever.

    A GIF has at most 256 colours in a frame; a WebP is compressed with losses.

    Args:
        frames: at least one; all of one shape.
        kind: "GIF" or "WEBP".
        milliseconds: that each is shown.
    """
    from PIL import Image

    def pictures() -> Iterator["Image.Image"]:
        for frame in frames:
            yield Image.fromarray(frame if frame.shape[-1] == 3 else frame[..., 0])

    several = pictures()
    content = io.BytesIO()
    options = {"optimize": False} if kind == "GIF" else {"quality": 90}
    next(several).save(
        content, kind, save_all=True, append_images=several, duration=milliseconds, loop=0, **options
    )
    return content.getvalue()


def save_curves(path: Path, curves: Mapping[str, Sequence[float]], steps: Sequence[int], title: str) -> None:
    """Writes a picture of named curves over training steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, values in curves.items():
        axes.plot(steps, values, label=name)
    axes.set(xlabel="generator step", title=title)
    axes.grid(alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def same_size(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Puts uint8 pictures (H, W, C) on dark grey as large as the largest: (N, H, W, C).

    Beside pictures in red, green and blue those of one channel get all three.
    """
    height, width, channels = np.max([picture.shape for picture in pictures], axis=0)
    same = np.full((len(pictures), height, width, channels), GREY, np.uint8)
    for place, picture in zip(same, pictures, strict=True):
        place[: picture.shape[0], : picture.shape[1]] = picture
    return same


def save_strips(
    path: Path, rows: Sequence[Sequence[np.ndarray]], titles: Sequence[str], names: Sequence[str]
) -> None:
    """Writes rows of uint8 pictures (H, W, 3) with a title above each column and a name beside each row."""
    cells = same_size([picture for row in rows for picture in row])
    enlarge = max(1, round(CELL / cells.shape[2]))
    labels = np.arange(1, len(rows) + 1).repeat(len(titles))
    picture = grid(cells, len(titles), enlarge=enlarge, labels=labels, names=dict(enumerate(names, 1)))
    column = (cells.shape[2] + PADDING) * enlarge
    heading = _row_of_titles(titles, column, picture.shape[1], picture.shape[2])
    save_png(path, np.concatenate([heading, picture]))
