"""The command ``list``: every recipe with a line and the defaults of its settings."""

import argparse
import dataclasses

from tfgan_ref.recipes import RECIPES


def main(arguments: argparse.Namespace) -> None:
    """Prints the recipes."""
    for recipe in RECIPES.values():
        print(f"{recipe.name:11} {recipe.summary} (articles {recipe.tutorials})")
        defaults = ", ".join(f"{k}={v}" for k, v in dataclasses.asdict(recipe.settings()).items())
        print(f"{'':11} {defaults}\n")
