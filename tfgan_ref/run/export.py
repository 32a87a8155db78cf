"""The command ``export``: the averaged generator of a run, from its newest checkpoint, as a SavedModel."""

import argparse

from tfgan_ref import cli
from tfgan_ref.run import build


def main(arguments: argparse.Namespace) -> None:
    """Exports the run that the command line names."""
    recipe, gan, shape = build.open_run(arguments.run)
    recipe.medium.export(gan, arguments.out, shape)
    print(cli.usage(arguments.out, recipe.medium.usage, recipe.medium.example_label(shape)))
