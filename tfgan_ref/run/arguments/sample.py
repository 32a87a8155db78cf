"""Draws samples from a run directory or an exported SavedModel: a picture of them, or single files.

tfgan sample runs/demo --n 64 --seed 0 --out samples.png
tfgan sample runs/demo --label 7 --out sevens.png
tfgan sample runs/demo --n 50000 --out fakes
tfgan sample runs/demo --interpolate --out walks.png
tfgan sample runs/demo --neighbours digits --n 8 --out copies.png
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import MODEL, InputError, check_at_least, check_exists, check_seed

STEPS = 10  # pictures in a walk
NEIGHBOURS = 7

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("model", type=Path, help="a run directory or a SavedModel")
PARSER.add_argument("--n", type=int, default=64, help="number of samples (default 64)")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument(
    "--label", help="a class by its name or number, or all (the default): one row for each class"
)
PARSER.add_argument(
    "--out",
    type=Path,
    help="a PNG file (samples.png) for one sheet, or a folder for single files; neither is overwritten",
)
KINDS = PARSER.add_mutually_exclusive_group()
KINDS.add_argument(
    "--interpolate", action="store_true", help=f"rows of {STEPS} pictures between two random latents"
)
KINDS.add_argument(
    "--neighbours", metavar="DATA", help=f"beside each sample its {NEIGHBOURS} nearest images of DATA"
)
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps DATA")


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if there is no such model, a number is out of range, or the file to write exists."""
    check_exists(arguments.model, MODEL)
    check_at_least(1, n=arguments.n)
    check_seed(arguments.seed)
    if arguments.out and arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name another with --out")
