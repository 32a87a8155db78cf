"""Trains recipes on the same data for the same number of steps, and scores them side by side.

tfgan compare dcgan wgan-gp sngan --steps 2000 --out runs/comparison --set image_size=32
tfgan compare dcgan --steps 1000 --out runs/rates --sweep lr=1e-4,5e-4,2e-3
tfgan compare dcgan sngan --steps 1000 --out runs/spread --seeds 0,1,2

DIR gets a run directory for each, table.md, results.json, comparison.png, of a sweep sweep.png, and of
several seeds their means and standard deviations in seeds.json and seeds.png. Called again, it uses the runs
that are finished, and goes on with the one that was interrupted.
"""

import argparse
from pathlib import Path

from tfgan_ref import cli
from tfgan_ref.errors import InputError, check_at_least, name_in_errors
from tfgan_ref.run import declared

METRICS = "fid,kid,precision_recall,density_coverage,memorisation"

FLAGS = ("data", "data_dir", "steps", "seed")

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("recipes", nargs="*", metavar="RECIPE", help="see train.py --list")
PARSER.add_argument("--data", default="digits", help="as train.py takes it (default %(default)s)")
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
PARSER.add_argument("--steps", help="generator updates of each")
PARSER.add_argument("--out", type=Path, metavar="DIR", help="directory for the runs and the results")
PARSER.add_argument(
    "--set", action="append", default=[], metavar="KEY=VALUE", help="for all recipes that have it"
)
PARSER.add_argument("--sweep", metavar="KEY=V1,V2,...", help="train every recipe with each of the values")
PARSER.add_argument("--metrics", default=METRICS, help="a list with commas (default %(default)s)")
PARSER.add_argument(
    "--features",
    default="classifier",
    help="classifier (default), random-conv, saved-model (any network), inception-fid or inception-keras",
)
PARSER.add_argument("--weights", type=Path, help="the feature network's file or folder")
PARSER.add_argument("--n", type=int, default=10000, help="samples of each (default %(default)s)")
PARSER.add_argument("--seed", help="of training and of the samples (default 0)")
PARSER.add_argument("--seeds", metavar="S1,S2,...", help="train with each; the table has mean ± deviation")


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if an option is missing, a recipe unknown, or a value of a setting cannot be used."""
    for flag in ("steps", "out"):
        if getattr(arguments, flag) is None:
            raise InputError(f"--{flag} is missing: it has no default")
    check_at_least(12, n=arguments.n)
    if not arguments.recipes:
        raise InputError("no recipe is named: name at least one")
    given = [*cli.settings_given(arguments, FLAGS).items()]
    key, _, values = (arguments.sweep or "").partition("=")
    given += [(cli.ALIASES.get(key, key), text) for text in values.split(",") if text]
    given += [("seed", text) for text in (arguments.seeds or "").split(",") if text]
    found = {name: declared.check_recipe(name) for name in arguments.recipes}
    settings = {name: declaration.settings for name, declaration in found.items() if declaration}
    for key, text in given:
        if len(settings) == len(found):  # else a recipe of a file may have it
            declared.check_known(key, settings)
        for name, known in settings.items():
            if key in known:
                with name_in_errors(name):
                    declared.check_settings({key: text}, known)
    declared.check_path(arguments.data)
