"""Recipes of files outside the package: ``tfgan train my_recipe.py:RECIPE``."""

from dataclasses import replace

from tfgan_ref.data.outside import find_in_file, trust
from tfgan_ref.errors import InputError
from tfgan_ref.recipes.recipe import Recipe


def read_recipe(name: str, *, of_run: bool = False) -> Recipe:
    """Runs the file of ``FILE.py:NAME`` and returns its recipe.

    Args:
        name: the file and the recipe's name in it.
        of_run: whether a run names it, not the user.

    Raises:
        InputError: there is no such file or recipe, it cannot be run, or the user has never named the file.
    """
    found, path, attribute = find_in_file("recipe", name, of_run=of_run)
    if not isinstance(found, Recipe):
        raise InputError(f"recipe {name}: {path.name} has no tfgan_ref.recipes.Recipe called {attribute!r}")
    if not of_run:
        trust("recipe", name)
    return replace(found, source=f"{path}:{attribute}")
