"""The runs of a comparison: several recipes, or several values of a setting, with one seed or several."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from tfgan_ref.errors import InputError, name_in_errors
from tfgan_ref.recipes import find_recipe
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import SamplingSettings, Settings
from tfgan_ref.run import declared

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One run of a comparison.

    Attributes:
        name: of its directory and its row.
        recipe: what it trains.
        settings: how.
        path: its run directory.
        value: that of the swept setting; None without a sweep.
        group: what its runs with other seeds are called together; None if there is one seed.
    """

    name: str
    recipe: Recipe
    settings: Settings
    path: Path
    value: Any = None
    group: str | None = None


def plan(
    names: Sequence[str],
    given: Mapping[str, str],
    out: Path,
    *,
    sweep: tuple[str, Sequence[str]] | None = None,
    own: Mapping[str, Mapping[str, str]] | None = None,
    seeds: Sequence[str] | None = None,
) -> list[Entry]:
    """Lists the runs of a comparison, in the order of ``names``, of the swept values and of the seeds.

    Args:
        names: of recipes.
        given: texts of settings for all recipes that have them.
        out: directory of the run directories.
        sweep: a setting that all recipes have, and the texts of its values.
        own: more settings of single recipes, by recipe; they override ``given``.
        seeds: texts of at least two seeds, with each of which everything is trained.

    Raises:
        InputError: a recipe is unknown or named twice, a setting is known to no recipe or swept beside being
            given, a value cannot be used, ``seeds`` are fewer than two or one twice, or a seed is given too.
    """
    if not names:
        raise InputError("no recipe is named: name at least one")
    recipes = [find_recipe(name) for name in names]
    for recipe in recipes:
        if not issubclass(recipe.settings, SamplingSettings):
            raise InputError(f"recipe {recipe.name} draws no samples to compare: leave it out")
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"recipe {name} is named twice")
    keys = {recipe.name: [field.name for field in fields(recipe.settings)] for recipe in recipes}
    for key in given:
        _check_known(key, keys)
    if sweep:
        _check_sweep(*sweep, given, keys)
    if seeds is not None:
        keys_elsewhere = {
            *given,
            *(sweep or ())[:1],
            *(key for texts in (own or {}).values() for key in texts),
        }
        if "seed" in keys_elsewhere:
            raise InputError("seed and seeds are both given: leave one out")
        if len(seeds) < 2:
            raise InputError(f"seeds {','.join(seeds)}: name at least two, such as 0,1,2, or one with --seed")
    entries = []
    for recipe in recipes:
        texts = {key: text for key, text in given.items() if key in keys[recipe.name]}
        texts |= (own or {}).get(recipe.name, {})
        with name_in_errors(recipe.name):
            named = [(recipe.name, texts, None)] if sweep is None else _swept(recipe, texts, *sweep)
            for name, texts, value in named:
                entry = _entry(name, recipe, texts, out, value)
                entries += [entry] if seeds is None else _seeded(entry, texts, out, seeds)
    return entries


def _check_known(key: str, keys: Mapping[str, Sequence[str]]) -> None:
    declared.check_known(key, keys)
    if lacking := [name for name in keys if key not in keys[name]]:
        logger.info("%s is left out for %s: no such setting there", key, ", ".join(lacking))


def _check_sweep(
    key: str, values: Sequence[str], given: Mapping[str, str], keys: Mapping[str, Sequence[str]]
) -> None:
    if not key or not values or not all(values):
        raise InputError(f"sweep {key}={','.join(values)} lacks a key or a value: write KEY=VALUE,VALUE,...")
    if key in given:
        raise InputError(f"setting {key!r} is both given and swept: leave one out")
    if key in ("data", "data_dir"):
        raise InputError(f"sweep {key}: scores compare only on the same data")
    known = {name: names for name, names in keys.items() if key in names}
    if known and (lacking := sorted(keys.keys() - known.keys())):
        raise InputError(f"sweep {key}: recipe {lacking[0]} has no such setting, leave it out")
    _check_known(key, keys)


def _entry(name: str, recipe: Recipe, texts: Mapping[str, str], out: Path, value: Any = None) -> Entry:
    settings = recipe.settings.from_text(texts)
    # At least one row of metrics.csv, from which the seconds are read.
    settings = replace(settings, log_every=min(settings.log_every, settings.steps))
    return Entry(name, recipe, settings, out / name, value)


def _seeded(entry: Entry, texts: Mapping[str, str], out: Path, seeds: Sequence[str]) -> Iterator[Entry]:
    seen = []
    for text in seeds:
        with_seed = {**texts, "seed": text}
        seed = entry.recipe.settings.from_text(with_seed).seed
        if seed in seen:
            raise InputError(f"seeds: {text} is given twice")
        seen.append(seed)
        run = _entry(f"{entry.name}-seed={seed}", entry.recipe, with_seed, out, entry.value)
        yield replace(run, group=entry.name)


def _swept(
    recipe: Recipe, texts: Mapping[str, str], key: str, values: Sequence[str]
) -> Iterator[tuple[str, dict[str, str], Any]]:
    """Yields for each value the name of its run, the texts of all its settings, and the value."""
    seen = []
    for text in values:
        with_value = {**texts, key: text}
        value = getattr(recipe.settings.from_text(with_value), key)
        if value in seen:
            raise InputError(f"sweep {key}: value {text} is given twice")
        seen.append(value)
        yield f"{recipe.name}-{key}={value}".replace("/", "_"), with_value, value
