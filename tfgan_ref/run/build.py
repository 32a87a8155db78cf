"""Opens run directories: their recipe, settings and GAN."""

import dataclasses
from pathlib import Path

import keras
import tensorflow as tf

import tfgan_ref
from tfgan_ref.data.pipeline import DataShape
from tfgan_ref.errors import InputError, name_in_errors
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.recipes import Recipe, build_gan, find_recipe
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.run_directory import RunDirectory

READABLE = ("0.2",)  # versions whose run directories this one reads
VERSIONS = {  # which results depend on
    "tfgan_ref": tfgan_ref.__version__,
    "tensorflow": tf.__version__,
    "keras": keras.__version__,
}


def restore_gan(path: Path) -> GenerativeModel:
    """Rebuilds the GAN of the run in ``path`` with the weights of its newest sound checkpoint.

    Raises:
        InputError: ``path`` holds no run or no usable checkpoint.
    """
    return open_run(path)[1]


def begin_from(gan: GenerativeModel, path: str) -> None:
    """Gives the networks of ``gan`` the weights of the run in ``path``.

    Raises:
        InputError: ``path`` holds no run or no usable checkpoint, or a network has other weights.
    """
    with name_in_errors(f"start_from {path}"):
        gan.begin_from(restore_gan(Path(path)))


def recipe_of(path: Path) -> Recipe:
    """Returns the recipe of the run in ``path``.

    Raises:
        InputError: ``path`` holds no run.
    """
    return parse_config(RunDirectory.open(path))[0]


def settings_of(path: Path) -> Settings:
    """Returns the settings of the run in ``path``.

    Raises:
        InputError: ``path`` holds no run.
    """
    return parse_config(RunDirectory.open(path))[1]


def open_run(path: Path) -> tuple[Recipe, GenerativeModel, DataShape]:
    """Returns the recipe, the GAN as its newest sound checkpoint has it, and the data shape of a run.

    Raises:
        InputError: ``path`` holds no run or no usable checkpoint.
    """
    run = RunDirectory.open(path)
    recipe, settings, shape, _ = parse_config(run)
    # It is to be used, not trained, and scoring makes operations deterministic, which Keras does not compile.
    gan = build_gan(recipe, dataclasses.replace(settings, jit="off"), shape)
    Checkpoints(run.checkpoints, gan).restore()
    return recipe, gan, shape


def parse_config(run: RunDirectory) -> tuple[Recipe, Settings, DataShape, str]:
    """Returns a run's recipe, settings, data shape and data fingerprint from its ``config.json``.

    Raises:
        InputError: it is incomplete, or holds what no run of this package writes.
    """
    config = run.config()
    try:
        version = config["versions"]["tfgan_ref"]
        if version.rpartition(".")[0] not in READABLE:
            raise InputError(
                f"run {run.path} was made by tfgan_ref {version}: this version reads runs of "
                f"{', '.join(READABLE)}, train it again or use that version"
            )
        recipe = find_recipe(config["recipe"], of_run=True)
        before = {"stream": "off"} if hasattr(recipe.settings, "stream") else {}  # of runs that do not say it
        settings = recipe.settings.from_config(before | config["settings"])
        shape = config["data"]["sample_shape"]
        counts = [config["data"]["num_classes"], config["data"].get("source_channels")]
        names = config["data"].get("names")
        fingerprint = config["data"]["fingerprint"]
        sound = 0 < len(shape) <= 4 and all(type(side) is int and 0 < side <= 10**6 for side in shape)
        sound = sound and all(n is None or (type(n) is int and 0 < n <= 10**6) for n in counts)
        if names is not None:
            sound = sound and all(type(name) is str for given in names.values() for name in given)
            names = {key: tuple(given) for key, given in names.items()}
            sound = sound and len(names.get("classes", ())) in (0, counts[0])
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{run.path / 'config.json'} is incomplete: {error}") from error
    if not sound:
        raise InputError(f"{run.path / 'config.json'}: data {config['data']} has no usable shape")
    return recipe, settings, DataShape(tuple(shape), *counts, names), fingerprint
