"""What memory it takes to apply translators to a picture: in tiles, or whole.

python benchmarks/apply_memory.py --out benchmarks/results/apply_memory
python benchmarks/apply_memory.py --rows "srresnet 256" --enlarged 640x480 --out DIR

The recipe srresnet's generator (scale 4) enlarges a picture in tiles of several sides, and whole. Generators
that cannot be cut, since each pixel of their result depends on the whole picture, translate a larger one.
Networks are untrained: the arithmetic is the same. Each row is measured once, in a process of its own; what
this takes for a picture of 64x64 is in "memory" and left out of "bytes per pixel". Writes DIR/results.json
and DIR/table.md.
"""

import argparse
import json
import re
import resource
from pathlib import Path
from typing import Any

from apart import measure_apart
from arguments import Parser, check_names, describe_machine, make_output

from tfgan_ref import cli
from tfgan_ref.errors import InputError

TILED = ("srresnet 256", "srresnet 384", "srresnet whole")
WHOLE = ("cyclegan", "edges2image", "inpaint", "style")
SMALL = 64  # side of the picture that everything is traced with


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join((*TILED, *WHOLE)), help="some of %(default)s")
    parser.add_argument("--enlarged", default="481x321", help="WIDTHxHEIGHT for srresnet (%(default)s)")
    parser.add_argument("--translated", default="2000x1500", help="the same for others (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="directory for the results")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.rows = arguments.rows.split(",")
    check_names("row", arguments.rows, (*TILED, *WHOLE))
    for flag in ("enlarged", "translated"):
        if not re.fullmatch(r"[1-9]\d{1,3}x[1-9]\d{1,3}", getattr(arguments, flag)):
            raise InputError(f"--{flag} {getattr(arguments, flag)} is no WIDTHxHEIGHT of 10 to 9999 pixels")
    make_output(arguments.out)
    return arguments


def largest_megabytes() -> float:
    """Returns the largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(row: str, size: str) -> dict[str, Any]:
    """Returns one row of the table."""
    import numpy as np

    from tfgan_ref.data.pipeline import DataShape
    from tfgan_ref.recipes import build_gan, find_recipe
    from tfgan_ref.run.translator import translator_of

    name, _, tile = row.partition(" ")
    width, height = map(int, size.split("x"))
    recipe = find_recipe(name)
    channels = 1 if name == "edges2image" else 3
    gan = build_gan(recipe, recipe.settings(), DataShape((96, 96, 3), source_channels=channels))
    tiles = {"": None, "whole": max(width, height)}
    translator = translator_of(gan, tile=tiles[tile] if tile in tiles else int(tile))
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    other = {"mask": pixels[..., 0] > 127, "style": pixels, None: None}[translator.second_input]
    translator.apply(pixels[:SMALL, :SMALL], None if other is None else other[:SMALL, :SMALL])
    before = largest_megabytes()
    translator.apply(pixels, other)
    memory = largest_megabytes()
    grown = (memory - before) * 2**20 / (width * height)
    return {"row": row, "picture": size, "memory_mb": round(memory), "bytes_per_pixel": round(grown)}


def main() -> None:
    arguments = parse_arguments()
    sizes = dict.fromkeys(TILED, arguments.enlarged) | dict.fromkeys(WHOLE, arguments.translated)
    if arguments.worker:
        cli.quiet_tensorflow()
        print(json.dumps(measure(arguments.worker, sizes[arguments.worker])))
        return
    flags = {"out": arguments.out, "enlarged": arguments.enlarged, "translated": arguments.translated}
    rows = []
    for name in arguments.rows:
        rows.append(measure_apart(__file__, name, **flags))
        print(f"{name}: {rows[-1]['memory_mb']} MB", flush=True)

    cli.quiet_tensorflow()
    from study_common import table, write_rows

    keys = ("row", "picture", "memory_mb", "bytes_per_pixel")
    cells = [[str(row[key]) for key in keys] for row in rows]
    text = table(["what", "picture", "memory (MB)", "bytes per pixel"], cells)
    write_rows(arguments.out, rows, {"machine": describe_machine()}, text)
    print(f"\n{text}")


if __name__ == "__main__":
    cli.run(main)
