"""Trains a recipe in a run directory, or continues a run.

tfgan train --list
tfgan train dcgan --help
tfgan train dcgan --data npz:train.npz --steps 3000 --out runs/mnist
tfgan train --resume runs/mnist
tfgan train --resume runs/mnist --steps 6000 --set learning_rate=5e-5
tfgan train dcgan --out runs/mnist --resume auto
tfgan train dcgan64 --data folder:photos --dry-run
"""

import argparse
from pathlib import Path
from typing import Any

from tfgan_ref import cli
from tfgan_ref.errors import InputError
from tfgan_ref.run import declared

AUTO = "auto"
FLAGS = ("data", "data_dir", "steps", "batch_size", "seed", "precision", "jit", "strategy")


class Help(argparse.Action):
    """Shows the arguments and, behind a recipe's name, what its settings mean."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any) -> None:
        """Prints them and ends the process."""
        parser.print_help()
        if namespace.recipe:
            print(f"\n{declared.explain(namespace.recipe)}")
        parser.exit()


PARSER = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, add_help=False
)
PARSER.add_argument("recipe", nargs="?", metavar="RECIPE", help="what to train, see --list; or FILE.py:NAME")
PARSER.add_argument(
    "-h",
    "--help",
    action=Help,
    nargs=0,
    help="show this; behind RECIPE, its settings too: their meaning and defaults",
)
PARSER.add_argument("--list", action="store_true", help="list the recipes and the settings of each")
PARSER.add_argument(
    "--data",
    help="digits, mnist, fashion_mnist, cifar10, folder:PATH, zip:PATH, tfrecord:PATH, npz:PATH, "
    "npy:PATH, idx:PATH, FILE.py:FUNCTION, a TFDS name; for pictures to pictures photographs, "
    "pairs:DIR:DIR, sidebyside:DIR, npzpairs:PATH:SOURCE:TARGET",
)
PARSER.add_argument("--data-dir", help="where tensorflow-datasets keeps its data")
PARSER.add_argument("--steps", help="generator updates; with --resume, a new end")
PARSER.add_argument("--batch-size")
PARSER.add_argument("--seed")
PARSER.add_argument("--out", type=Path, help="the new run directory (default: runs/RECIPE-N)")
PARSER.add_argument(
    "--resume",
    type=lambda text: AUTO if text == AUTO else Path(text),
    metavar="RUN",
    help="continue the run in this directory, which keeps the settings that are given with it; auto: "
    "the one that --out names, if it is there, else start it",
)
PARSER.add_argument(
    "--dry-run",
    action="store_true",
    help="read the data, build the networks, time a few steps, say what training would take; write nothing",
)
PARSER.add_argument("--precision", help="float32, mixed_float16, mixed_bfloat16 or auto")
PARSER.add_argument("--jit", help="compile with XLA: auto (on a GPU), on or off")
PARSER.add_argument(
    "--strategy",
    help="none, mirrored (all devices of a host), multiworker or tpu: docs/distributed.md",
)
PARSER.add_argument(
    "--set",
    action="append",
    default=[],
    metavar="KEY=VALUE",
    help="any other setting of the recipe: RECIPE --help explains them",
)


def run_to_continue(arguments: argparse.Namespace) -> Path | None:
    """Returns the run that the command line continues; None if it starts one."""
    if arguments.resume != AUTO:
        return arguments.resume
    return arguments.out if (arguments.out / "config.json").is_file() else None


def check(arguments: argparse.Namespace) -> None:
    """Raises InputError if there is no such recipe, setting, run or file, or the run directory exists."""
    if arguments.list:
        return
    if arguments.resume == AUTO:
        if arguments.recipe is None or arguments.out is None:
            raise InputError(
                "--resume auto starts a run or continues it: name a recipe, and the run with --out"
            )
    elif (arguments.recipe is None) == (arguments.resume is None):
        raise InputError("name either a recipe (see --list) or a run with --resume RUN")
    elif arguments.resume and arguments.out:
        raise InputError("--resume writes to the run's own directory: leave out --out")
    if arguments.resume and arguments.dry_run:
        raise InputError("--dry-run is for a run that is not there yet: leave out --resume")
    given = cli.settings_given(arguments, FLAGS)
    from tfgan_ref.training.run_directory import RunDirectory  # imports NumPy, which --help does without

    resumed = run_to_continue(arguments)
    if resumed:
        recipe = str(RunDirectory.open(resumed).config().get("recipe"))
        declaration = declared.read_recipes().get(recipe)
    else:
        declaration = declared.check_recipe(arguments.recipe)
    if declaration:
        declared.check_settings(given, declaration.settings)
    declared.check_path(given.get("data", ""))
    if arguments.out and not resumed:
        RunDirectory.refuse_existing(arguments.out)
