"""Recipes, one for each of the tutorials' systems: its settings, data, networks and GAN."""

from tfgan_ref.recipes import (
    baselines,
    cgan,
    cyclegan,
    dcgan,
    energy,
    frames,
    gan,
    gan_conv,
    infogan,
    objectives,
    pix2pix,
    progressive,
    r3gan,
    speech,
    superres,
    text,
    voices,
)
from tfgan_ref.recipes.recipe import Recipe, build_gan, find_recipe

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
        infogan.RECIPE,
        progressive.RECIPE,
        r3gan.RECIPE,
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

__all__ = ["RECIPES", "Recipe", "build_gan", "find_recipe"]
