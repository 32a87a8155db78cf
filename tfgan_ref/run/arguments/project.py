"""Finds the latents whose pictures come nearest to given ones, to change or to morph them.

tfgan project runs/demo seven.png three.png --out projected
tfgan sample runs/demo --latents projected/latents.npz --interpolate --out morph.gif

Pictures are scaled to cover the size that the generator draws, and cropped to the middle. A conditional
generator is tried with each class, or with one (--label); of more than 10 classes with the 10 whose first
pictures are nearest. The new folder has projections.png, each picture beside what the generator makes of its
latents, and latents.npz.
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import MODEL, InputError, check_at_least, check_exists, check_seed

STEPS = 500

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("model", type=Path, help="a run directory or a SavedModel")
PARSER.add_argument("pictures", nargs="+", type=Path, help="picture files, or folders of them")
PARSER.add_argument("--label", help="a class by its name or number, or all (the default)")
PARSER.add_argument("--steps", type=int, default=STEPS, help="updates of the latents (%(default)s)")
PARSER.add_argument("--seed", type=int, default=0, help="of the first latents (%(default)s)")
PARSER.add_argument("--out", type=Path, required=True, help="a new folder")


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if an input does not exist, a number is out of range, or ``--out`` exists."""
    check_exists(arguments.model, MODEL)
    for path in arguments.pictures:
        check_exists(path, "picture files or folders")
    check_at_least(1, steps=arguments.steps)
    check_seed(arguments.seed)
    if arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name another folder with --out")
