"""The only place where the parts meet: one recipe for each of the tutorials' systems."""

import difflib

from tfgan_ref.errors import InputError
from tfgan_ref.recipes import (
    baselines,
    cgan,
    cyclegan,
    dcgan,
    energy,
    frames,
    gan,
    gan_conv,
    objectives,
    pix2pix,
    progressive,
    speech,
    superres,
    text,
    voices,
)
from tfgan_ref.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        gan.RECIPE,
        gan_conv.RECIPE,
        dcgan.RECIPE,
        dcgan.RECIPE_64,
        *objectives.RECIPES,
        cgan.RECIPE,
        cgan.RECIPE_AUXILIARY,
        progressive.RECIPE,
        baselines.RECIPE_MSE,
        baselines.RECIPE_VAE,
        *energy.RECIPES,
        *pix2pix.RECIPES,
        *cyclegan.RECIPES,
        *superres.RECIPES,
        *speech.RECIPES,
        *frames.RECIPES,
        *text.RECIPES,
        *voices.RECIPES,
    )
}


def find_recipe(name: str) -> Recipe:
    """Returns the recipe of that name.

    Raises:
        InputError: there is none.
    """
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(f"recipe {name!r} is unknown{meant}: choose one of {', '.join(RECIPES)}")
    return RECIPES[name]


__all__ = ["RECIPES", "Recipe", "find_recipe"]
