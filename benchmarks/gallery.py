"""Puts pictures of the benchmarks side by side, for the README.

python benchmarks/gallery.py --out docs/gallery.png

Takes the pictures as the benchmarks and `make demo` left them in the repository, cuts some to their first
rows, and writes one picture with a line above each. Nothing is trained.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 560  # pixels of each column
GAP, LINE = 16, 26
BACKGROUND, INK = (255, 255, 255), (40, 40, 40)


@dataclass(frozen=True)
class Panel:
    """A picture of the repository.

    Attributes:
        file: where it is.
        share: of its height that is shown.
        text: what it shows.
        names: pixels at its left and top with names of rows and columns, too small here, that are not shown.
    """

    file: str
    share: float
    text: str
    names: tuple[int, int] = (0, 0)


COLUMNS = (
    (
        Panel("docs/demo.png", 1.0, "cgan (make demo): digits, a class in each row"),
        Panel("benchmarks/results/frames/held_out.png", 0.8, "frames: drawn; below each, a real clip"),
    ),
    (
        Panel("benchmarks/results/colourise/strips.png", 0.625, "colourise: given, L1 alone, GAN, original"),
        Panel("benchmarks/results/style/style-1.png", 0.78, "style: contents down, styles across"),
    ),
    (
        Panel(
            "benchmarks/results/super_resolution/strips.png",
            0.606,
            "Set5, 4 times: nearest, bicubic, srresnet, srgan, original",
            names=(111, 18),
        ),
        Panel(
            "benchmarks/results/inpainting/inpainting.png",
            1.0,
            "inpaint: hole, GAN, L1, biharmonic, original",
        ),
    ),
)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="the PNG file to write")
    arguments = parser.parse_args()
    if arguments.out.suffix != ".png":
        raise InputError(f"--out {arguments.out}: must end in .png")
    return arguments


def main() -> None:
    arguments = parse_arguments()
    import io

    from PIL import Image, ImageDraw, ImageFont

    from tfgan_ref.files import write_bytes

    font = ImageFont.load_default(18)
    columns = []
    for panels in COLUMNS:
        pieces = []
        for panel in panels:
            picture = Image.open(ROOT / panel.file).convert("RGB")
            shown = picture.crop((*panel.names, picture.width, round(picture.height * panel.share)))
            shown = shown.resize((WIDTH, round(shown.height * WIDTH / shown.width)), Image.Resampling.LANCZOS)
            pieces.append((panel.text, shown))
        columns.append(pieces)
    heights = [sum(LINE + shown.height + GAP for _, shown in pieces) for pieces in columns]
    sheet = Image.new("RGB", (len(columns) * (WIDTH + GAP) + GAP, max(heights) + GAP), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for number, pieces in enumerate(columns):
        x, y = GAP + number * (WIDTH + GAP), GAP
        for text, shown in pieces:
            draw.text((x, y), text, INK, font)
            sheet.paste(shown, (x, y + LINE))
            y += LINE + shown.height + GAP
    buffer = io.BytesIO()
    sheet.quantize(256, dither=Image.Dither.NONE).save(buffer, "png", optimize=True)
    write_bytes(arguments.out, buffer.getvalue())
    print(arguments.out)


if __name__ == "__main__":
    cli.run(main)
