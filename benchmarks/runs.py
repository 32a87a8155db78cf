"""What the benchmarks share that train: a run goes on, or is used again, where it is there already."""

import csv
import time
from dataclasses import asdict, replace
from pathlib import Path

from tfgan_ref.errors import InputError
from tfgan_ref.files import write_text
from tfgan_ref.recipes import find_recipe
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.run import train as runner
from tfgan_ref.run.build import settings_of
from tfgan_ref.training.run_directory import RunDirectory


def train(recipe_name: str, settings: Settings, path: Path) -> float:
    """Trains a recipe in ``path``, on from what is there; returns the seconds of training.

    Raises:
        InputError: ``path`` holds another run.
        KeyboardInterrupt: training was stopped; the same call goes on.
    """
    recipe = find_recipe(recipe_name)
    # At least one row of metrics.csv, from which the seconds are read.
    settings = replace(settings, log_every=min(settings.log_every, settings.steps))
    if path.exists():
        theirs = asdict(settings_of(path))
        for key, value in asdict(settings).items():
            if key != "steps" and theirs.get(key) != value and (key, value) != ("stream", "auto"):
                raise InputError(
                    f"{path} holds a run with {key} {theirs.get(key)}, not {value}: name another directory"
                )
        finished = runner.resume_run(path, steps=settings.steps)
    else:
        finished = runner.start_run(recipe, settings, path)
    if not finished:
        raise KeyboardInterrupt
    with RunDirectory.open(path).metrics.open(encoding="utf-8", newline="") as file:
        *_, last = csv.DictReader(file)
    return float(last["seconds"])


def train_counted(recipe_name: str, settings: Settings, path: Path) -> float:
    """Trains a recipe as ``train`` does; returns the CPU seconds of all calls that trained in ``path``.

    They are kept beside it, in a file of its name, also when a call breaks off.
    """
    counted = path.with_name(f"{path.name}.cpu_seconds")
    finished = (path / "saved_model").exists()
    seconds = float(counted.read_text()) if counted.exists() else 0.0
    start = time.process_time()
    try:
        train(recipe_name, settings, path)
    finally:
        if not finished and path.exists():
            seconds += time.process_time() - start
            write_text(counted, f"{seconds:.0f}\n")
    return round(seconds, 1)
