"""The command ``compare``: several recipes, or values of a setting, trained and scored alike."""

import argparse
import csv
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import cli, data
from tfgan_ref.data import DataShape, ImageArrays, TrainingData
from tfgan_ref.data.outside import trust_data
from tfgan_ref.errors import InputError, TrainingDiverged, check_at_least, name_in_errors
from tfgan_ref.evaluation import check_metrics
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.metrics import gradient_energy
from tfgan_ref.recipes import build_gan
from tfgan_ref.recipes.recipe import read_images
from tfgan_ref.run import compare_results, train
from tfgan_ref.run.arguments.compare import FLAGS
from tfgan_ref.run.build import parse_config
from tfgan_ref.run.compare_plan import Entry, plan
from tfgan_ref.run.compare_results import STRIP, Row
from tfgan_ref.run.evaluate_images import evaluate, generator_evaluator, make_extractor, usable_metrics
from tfgan_ref.run.sample import open_sampler
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.run_directory import RunDirectory

logger = logging.getLogger(__name__)
SHARPNESS_SAMPLES = 500
BLOCK = 256  # real images whose sharpness is computed together


def main(arguments: argparse.Namespace) -> int:
    """Trains and scores what the command line names, and writes the results; returns 130 after Ctrl-C."""
    cli.prepare_scoring()
    trust_data(arguments.data)
    given = cli.settings_given(arguments, FLAGS)
    sweep = None
    if arguments.sweep is not None:
        key, _, values = arguments.sweep.partition("=")
        sweep = cli.ALIASES.get(key, key), values.split(",")
    seeds = None if arguments.seeds is None else arguments.seeds.split(",")
    entries = plan(arguments.recipes, given, arguments.out, sweep=sweep, seeds=seeds)
    rows = compare(
        entries,
        metrics=arguments.metrics.split(","),
        n=arguments.n,
        # With several seeds the first one's samples and real images, so that training alone differs.
        seed=0 if arguments.seed is None and seeds is None else entries[0].settings.seed,
        features=arguments.features,
        weights=arguments.weights,
    )
    if rows is None:
        print("stopped; the same command goes on")
        return 130
    compare_results.write(rows, arguments.out, sweep and sweep[0])
    print(f"\n{compare_results.table(rows)}\n{arguments.out / 'comparison.png'}")
    return 0


def compare(
    entries: Sequence[Entry],
    *,
    metrics: Sequence[str],
    n: int = 10000,
    seed: int = 0,
    features: str = "classifier",
    weights: Path | None = None,
) -> list[Row] | None:
    """Trains every entry that is not yet finished and scores all of them with the same features.

    Everything is built and checked before the first is trained.

    Args:
        entries: what ``plan`` returned.
        metrics: names in ``evaluation.METRICS``.
        n: number of samples of each run, and the most real images that are used.
        seed: of the samples and of the real images chosen.
        features: one of ``evaluation.features.EXTRACTORS``.
        weights: the feature network's file or folder, where it needs one.

    Returns:
        A row for each entry, also for those that diverged; None after Ctrl-C: the same call goes on later.

    Raises:
        InputError: something cannot be used, or an entry's directory holds another run.
    """
    check_metrics(metrics)
    check_at_least(12, n=n)
    if not 0 <= seed < 2**31:
        raise InputError(f"seed {seed} is out of range: from 0 to 2147483647")
    kept: dict[Any, TrainingData] = {}
    prepared = _prepare_all(entries, metrics, features, weights, kept)
    rows, energies = [], {}
    for number, (entry, (parameters, progress)) in enumerate(zip(entries, prepared, strict=True), 1):
        title = f"{entry.name} ({number} of {len(entries)})"
        print(f"{title}: {'is finished' if progress == 'finished' else 'trains'}", flush=True)
        try:
            if not _train(entry, progress):
                return None
        except TrainingDiverged as error:
            logger.warning("%s diverged: %s", entry.name, error)
            rows.append(Row(entry, parameters, None, diverged=str(error)))
            continue
        report = evaluate(
            str(entry.path), metrics=metrics, n=n, seed=seed, features=features, weights=weights
        )
        seconds = _seconds(RunDirectory.open(entry.path), entry.settings.steps)
        samples = _draw(entry.path, seed)
        read = _read(entry, kept)
        if read.fingerprint not in energies:
            energies[read.fingerprint] = _real_energy(read.items)
        sharpness = gradient_energy(samples) / energies[read.fingerprint]
        row = Row(entry, parameters, seconds, report, sharpness=sharpness)
        rows.append(replace(row, samples=samples[:STRIP]))
    return rows


def _train(entry: Entry, progress: str) -> bool:
    if progress == "finished":
        return True
    if progress == "started":
        return train.resume_run(entry.path)
    return train.start_run(entry.recipe, entry.settings, entry.path)


def _prepare_all(
    entries: Sequence[Entry],
    metrics: Sequence[str],
    features: str,
    weights: Path | None,
    kept: dict[Any, TrainingData],
) -> list[tuple[dict[str, int | None], str]]:
    """Builds and checks all that training and scoring will need, since they take long.

    The data that are read are left in ``kept``.

    Returns:
        For each entry the numbers of parameters, and whether its run is new, started or finished.
    """
    prepared = []
    for entry in sorted(entries, key=lambda entry: not entry.recipe.labelled):  # which need labels, first
        with name_in_errors(entry.name):
            _read(entry, kept)
    for entry in entries:
        with name_in_errors(entry.name):
            prepared.append(_prepare(entry, _read(entry, kept)))
    # The networks first: where there is no classifier of these data yet, it is trained here.
    for read in {read.fingerprint: read for read in kept.values()}.values():
        usable_metrics(metrics, make_extractor(features, read.items, weights))
    for out in {entry.path.parent for entry in entries}:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--out {out} cannot be written: {error.strerror}") from error
    return prepared


def _prepare(entry: Entry, read: TrainingData) -> tuple[dict[str, int | None], str]:
    settings = entry.settings
    gan = build_gan(entry.recipe, settings, read.shape)
    if settings.balanced:  # which not all data can be
        data.batches(read.items, batch_size=settings.batch_size, seed=settings.seed, balanced=True)
    if settings.evaluate_every is not None:
        generator_evaluator(gan, read, settings)
    parameters = {name: _parameters(gan, name) for name in ("generator", "discriminator")}
    return parameters, _progress(entry, gan, read.shape, read.fingerprint)


def _read(entry: Entry, kept: dict[Any, TrainingData]) -> TrainingData:
    """Returns the data of an entry; entries of one form share the images, whatever their order is.

    A recipe that reads in a way of its own shares them with its other seeds alone.
    """
    key: Any = replace(entry.settings, seed=0)
    if entry.recipe.read is read_images:
        key = (*entry.settings.group("image_size", "channels", "hold_out", "stream").values(),)
    if key not in kept:
        kept[key] = entry.recipe.read(entry.settings)
    return kept[key]


def _parameters(gan: GenerativeModel, name: str) -> int | None:
    network = getattr(gan, name, None)
    return None if network is None else sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def _progress(entry: Entry, gan: GenerativeModel, shape: DataShape, fingerprint: str) -> str:
    """Returns whether the entry's run is new, started or finished.

    Raises:
        InputError: its directory holds something else.
    """
    if not entry.path.exists() or (entry.path.is_dir() and not any(entry.path.iterdir())):
        return "new"
    run = RunDirectory.open(entry.path)
    recipe, settings, *shape_and_fingerprint = parse_config(run)
    theirs = {"recipe": recipe.name, **asdict(settings)}
    for key, value in {"recipe": entry.recipe.name, **asdict(entry.settings)}.items():
        # The run keeps what ``stream=auto`` came to.
        if theirs.get(key) != value and (key, value) != ("stream", "auto"):
            raise InputError(
                f"{entry.path} holds a run with another {key}, {theirs.get(key)} instead of {value}: "
                "name another --out"
            )
    if shape_and_fingerprint != [shape, fingerprint]:
        raise InputError(f"{entry.path} holds a run on other data than {settings.data}: name another --out")
    checkpoints = Checkpoints(run.checkpoints, gan).paths()
    if not checkpoints and not run.has_begun():
        return "started"
    if not checkpoints:
        raise InputError(f"{entry.path} holds a run without checkpoints to go on from: remove it")
    step = int(checkpoints[-1].name.removeprefix("step_"))
    if step > settings.steps:
        raise InputError(
            f"{entry.path} holds a run at step {step}, past {settings.steps}: name another --out"
        )
    return "finished" if step == settings.steps and run.saved_model.exists() else "started"


def _seconds(run: RunDirectory, steps: int) -> float:
    """Returns the seconds of training from ``metrics.csv``, where those before a resume are counted too."""
    with run.metrics.open(encoding="utf-8", newline="") as file:
        *_, last = csv.DictReader(file)
    # Steps after the last row took as long as those before it.
    return float(last["seconds"]) * steps / int(last["step"])


def _real_energy(arrays: ImageArrays) -> float:
    """Returns the gradient energy of all images of a data set, of which a block is in memory at a time."""
    energies, counts = [], []
    for start in range(0, len(arrays.images), BLOCK):
        images, numbers = arrays.read(np.arange(start, min(start + BLOCK, len(arrays.images))))
        if len(numbers):  # not all of them are damaged
            energies.append(gradient_energy(images))
            counts.append(len(numbers))
    return float(np.average(energies, weights=counts))


def _draw(path: Path, seed: int) -> np.ndarray:
    sampler = open_sampler(path)
    labels = None if sampler.num_classes is None else np.arange(SHARPNESS_SAMPLES) % sampler.num_classes
    return sampler.draw(sampler.latents(SHARPNESS_SAMPLES, seed), labels)
