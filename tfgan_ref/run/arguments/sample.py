"""Draws samples from a run directory or an exported SavedModel: a picture of them, or single files.

tfgan sample runs/demo --n 64 --seed 0 --out samples.png
tfgan sample runs/demo --label 7 --out sevens.png
tfgan sample runs/demo --n 50000 --out fakes
tfgan sample runs/demo --interpolate --out walks.png
tfgan sample runs/demo --interpolate --n 30 --out walks.gif
tfgan sample runs/demo --latents projected/latents.npz --interpolate --out morph.gif
tfgan sample runs/demo --truncation 0.7 --out typical.png
tfgan sample runs/demo --beside digits --n 30 --out real_and_generated.png
tfgan sample runs/demo --neighbours digits --n 8 --out copies.png
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import MODEL, InputError, check_at_least, check_exists, check_seed

N = 64
STEPS = 10  # pictures in a walk
KEYS, FRAMES = (
    3,
    24,
)  # latents that each picture of an animation goes through, and pictures from one to the next
NEIGHBOURS = 7

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("model", type=Path, help="a run directory or a SavedModel")
PARSER.add_argument("--n", type=int, help=f"number of samples (default {N})")
PARSER.add_argument("--seed", type=int, default=0)
PARSER.add_argument(
    "--label", help="a class by its name or number, or all (the default): one row for each class"
)
PARSER.add_argument(
    "--out",
    type=Path,
    help="a PNG file (samples.png) for one sheet, a folder for single files or, with --interpolate, a GIF or "
    "WebP file for an animation; none is overwritten",
)
PARSER.add_argument(
    "--truncation",
    type=float,
    default=1.0,
    metavar="PSI",
    help="latents PSI times as far from their mean: less varied, more typical samples (default 1)",
)
PARSER.add_argument(
    "--latents", type=Path, metavar="FILE", help="in place of random latents those that tfgan project found"
)
KINDS = PARSER.add_mutually_exclusive_group()
KINDS.add_argument(
    "--interpolate",
    action="store_true",
    help=f"rows of {STEPS} pictures between two random latents, or from each of a file to the next",
)
KINDS.add_argument(
    "--beside",
    metavar="DATA",
    help="as many images of DATA, of the same classes if it has them, and the samples",
)
KINDS.add_argument(
    "--neighbours", metavar="DATA", help=f"beside each sample its {NEIGHBOURS} nearest images of DATA"
)
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps DATA")


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if there is no such model, a number is out of range, or the file to write exists."""
    check_exists(arguments.model, MODEL)
    if arguments.n is not None:
        check_at_least(1, n=arguments.n)
        if arguments.latents:
            raise InputError(f"--n does not go with --latents: all of {arguments.latents} are drawn")
    if arguments.latents:
        check_exists(arguments.latents, "a file of latents, as tfgan project writes it")
    if not 0 <= arguments.truncation <= 1:
        raise InputError(f"truncation {arguments.truncation} is out of range: from 0 to 1")
    check_seed(arguments.seed)
    if arguments.out and arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name another with --out")
