"""Exports the averaged generator of a run, from its newest checkpoint, as a SavedModel.

python scripts/export.py runs/demo --out exported/digits
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run directory")
    parser.add_argument("--out", type=Path, required=True, help="a directory that does not exist")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    if arguments.out.exists():
        raise InputError(f"{arguments.out} exists: name a new directory")
    cli.quiet_tensorflow()

    from tfgan_ref.run import build

    recipe, gan, shape = build.open_run(arguments.run)
    recipe.medium.export(gan, arguments.out, shape)
    print(cli.usage(arguments.out, recipe.medium.usage))


if __name__ == "__main__":
    cli.run(main)
