"""Exports the averaged generator of a run, from its newest checkpoint, as a SavedModel.

tfgan export runs/demo --out exported/digits
"""

import argparse
from pathlib import Path

from tfgan_ref.errors import InputError, check_exists

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("run", type=Path, help="a run directory")
PARSER.add_argument("--out", type=Path, required=True, help="a directory that does not exist")


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if there is no such run, or the directory to write exists."""
    check_exists(arguments.run, "a run directory")
    if arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name a new directory")
