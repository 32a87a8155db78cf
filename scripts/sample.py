"""Draws a picture of samples from a run directory or an exported SavedModel.

python scripts/sample.py runs/demo --n 64 --seed 0 --out samples.png
python scripts/sample.py runs/demo --label 7 --out sevens.png
python scripts/sample.py runs/demo --interpolate --out walks.png
python scripts/sample.py runs/demo --neighbours digits --n 8 --out copies.png
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError, check_at_least

STEPS = 10  # pictures in a walk
NEIGHBOURS = 7


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="a run directory or a SavedModel")
    parser.add_argument("--n", type=int, default=64, help="number of samples (default 64)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--label", help="a class number, or all (the default): one row for each class")
    parser.add_argument("--out", type=Path, help="a PNG file (samples.png), not overwritten")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument(
        "--interpolate", action="store_true", help=f"rows of {STEPS} pictures between two random latents"
    )
    kinds.add_argument(
        "--neighbours", metavar="DATA", help=f"beside each sample its {NEIGHBOURS} nearest images of DATA"
    )
    parser.add_argument("--data-dir", help="where tensorflow-datasets keeps DATA")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    cli.quiet_tensorflow()

    from tfgan_ref.run.sample import open_writer

    writer = open_writer(arguments.model)
    if writer is None:
        draw_pictures(arguments)
        return
    for flag in ("interpolate", "neighbours"):
        if getattr(arguments, flag):
            raise InputError(f"--{flag} is for pictures: {arguments.model} makes none")
    check_at_least(1, n=arguments.n)
    print(writer.write(arguments.n, arguments.seed, arguments.label, arguments.out))


def draw_pictures(arguments: argparse.Namespace) -> None:
    arguments.out = arguments.out or Path("samples.png")
    if arguments.out.suffix.lower() != ".png":
        raise InputError(f"--out {arguments.out} is not a .png file")
    if arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name another file with --out")

    import numpy as np

    from tfgan_ref import data, plotting
    from tfgan_ref.run.sample import interpolate, nearest_neighbours, open_sampler

    sampler = open_sampler(arguments.model)
    labels = sampler.labels(arguments.n, arguments.label)
    n = arguments.n if labels is None else len(labels)
    columns = max(1, min(n, round(n**0.5)))
    if labels is not None and arguments.label in (None, "all"):
        columns = n // sampler.num_classes
    if arguments.interpolate:
        rows = -(-n // STEPS)
        latents = interpolate(sampler.latents(2 * rows, arguments.seed), STEPS)
        if labels is not None:
            one_row_each = arguments.label in (None, "all")
            of_rows = np.arange(rows) % sampler.num_classes if one_row_each else labels[:1].repeat(rows)
            labels = of_rows.repeat(STEPS)
        images, columns = sampler.draw(latents, labels), STEPS
    else:
        images = sampler.draw(sampler.latents(n, arguments.seed), labels)
    if arguments.neighbours:
        size, channels = images.shape[1], images.shape[3]
        arrays = data.read(
            arguments.neighbours, image_size=size, channels=channels, data_dir=arguments.data_dir
        )
        nearest = arrays.images[nearest_neighbours(images, arrays.images, NEIGHBOURS)]
        images = np.concatenate([images[:, None], nearest], axis=1).reshape(-1, *images.shape[1:])
        columns = NEIGHBOURS + 1
    plotting.save_png(arguments.out, plotting.grid(images, columns, enlarge=2 if images.shape[1] < 48 else 1))
    print(arguments.out)


if __name__ == "__main__":
    cli.run(main)
