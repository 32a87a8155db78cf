"""Training several recipes, or one with several values of a setting, and scoring all of them alike."""

import csv
import difflib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref import data
from tfgan_ref.data import ImageArrays
from tfgan_ref.data.training_data import DataShape, LabelledImages
from tfgan_ref.errors import InputError, TrainingDiverged, check_at_least
from tfgan_ref.evaluation import check_metrics
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.metrics import gradient_energy
from tfgan_ref.recipes import build_gan, find_recipe
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import SamplingSettings, Settings
from tfgan_ref.run import train
from tfgan_ref.run.build import parse_config
from tfgan_ref.run.evaluate import Report, evaluate, generator_evaluator, make_extractor
from tfgan_ref.run.sample import open_sampler
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.run_directory import RunDirectory

logger = logging.getLogger(__name__)
STRIP = 12  # samples of each run in the picture
SHARPNESS_SAMPLES = 500


@dataclass(frozen=True)
class Entry:
    """One run of a comparison.

    Attributes:
        name: of its directory and its row.
        recipe: what it trains.
        settings: how.
        path: its run directory.
        value: that of the swept setting; None without a sweep.
    """

    name: str
    recipe: Recipe
    settings: Settings
    path: Path
    value: Any = None


@dataclass(frozen=True)
class Row:
    """What came of one run.

    Attributes:
        entry: the run.
        parameters: numbers that training changes in ``generator`` and ``discriminator``; None: it has none.
        seconds: of training: its first step's tracing, its grids and checkpoints are in it; reading data,
            building the networks and writing the results are not.
        report: the scores; None if training diverged.
        diverged: how training diverged, or None.
        sharpness: gradient energy of ``SHARPNESS_SAMPLES`` samples over that of the real images, or None.
        samples: uint8 (``STRIP``, H, W, C), or None.
    """

    entry: Entry
    parameters: dict[str, int | None]
    seconds: float | None
    report: Report | None = None
    diverged: str | None = None
    sharpness: float | None = None
    samples: np.ndarray | None = None

    def _evaluation(self) -> dict[str, Any] | None:
        if self.report is None:
            return None
        evaluation = self.report.to_dict()
        # Where the run lies on this machine is nobody's business elsewhere.
        return evaluation | {"settings": evaluation["settings"] | {"model": self.entry.name}}

    def to_dict(self) -> dict[str, Any]:
        """Returns all of it but the samples as JSON values."""
        return {
            "name": self.entry.name,
            "recipe": self.entry.recipe.name,
            "value": self.entry.value,
            "settings": asdict(self.entry.settings),
            "steps": self.entry.settings.steps,
            "seconds": self.seconds,
            "parameters": self.parameters,
            "sharpness": self.sharpness,
            "evaluation": self._evaluation(),
            "diverged": self.diverged,
        }


def plan(
    names: Sequence[str],
    given: Mapping[str, str],
    out: Path,
    *,
    sweep: tuple[str, Sequence[str]] | None = None,
    own: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Entry]:
    """Lists the runs of a comparison, in the order of ``names`` and of the swept values.

    Args:
        names: of recipes.
        given: texts of settings for all recipes that have them.
        out: directory of the run directories.
        sweep: a setting that all recipes have, and the texts of its values.
        own: more settings of single recipes, by recipe; they override ``given``.

    Raises:
        InputError: a recipe is unknown or named twice, a setting is known to no recipe or swept beside being
            given, or a value cannot be used.
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
    entries = []
    for recipe in recipes:
        texts = {key: text for key, text in given.items() if key in keys[recipe.name]}
        texts |= (own or {}).get(recipe.name, {})
        with _named(recipe.name):
            if sweep is None:
                entries.append(_entry(recipe.name, recipe, texts, out))
            else:
                entries += _swept(recipe, texts, out, *sweep)
    return entries


def _check_known(key: str, keys: Mapping[str, Sequence[str]]) -> None:
    lacking = [name for name in keys if key not in keys[name]]
    if len(lacking) == len(keys):
        known = list(dict.fromkeys(key for names in keys.values() for key in names))
        near = difflib.get_close_matches(key, known, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(
            f"setting {key!r} is unknown to {', '.join(keys)}{meant}: choose one of {', '.join(known)}"
        )
    if lacking:
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


def _swept(
    recipe: Recipe, texts: Mapping[str, str], out: Path, key: str, values: Sequence[str]
) -> Iterator[Entry]:
    seen = []
    for text in values:
        with_value = {**texts, key: text}
        value = getattr(recipe.settings.from_text(with_value), key)
        if value in seen:
            raise InputError(f"sweep {key}: value {text} is given twice")
        seen.append(value)
        name = f"{recipe.name}-{key}={value}".replace("/", "_")
        yield _entry(name, recipe, with_value, out, value)


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
        features: one of ``evaluation.EXTRACTORS``.
        weights: the feature network's file, where it needs one.

    Returns:
        A row for each entry, also for those that diverged; None after Ctrl-C: the same call goes on later.

    Raises:
        InputError: something cannot be used, or an entry's directory holds another run.
    """
    check_metrics(metrics)
    check_at_least(12, n=n)
    if not 0 <= seed < 2**31:
        raise InputError(f"seed {seed} is out of range: from 0 to 2147483647")
    kept: dict[tuple, ImageArrays] = {}
    prepared = _prepare_all(entries, features, weights, kept)
    rows = []
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
        real = gradient_energy(_read(entry.settings, kept).images)
        row = Row(entry, parameters, seconds, report, sharpness=gradient_energy(samples) / real)
        rows.append(replace(row, samples=samples[:STRIP]))
    return rows


def _train(entry: Entry, progress: str) -> bool:
    if progress == "finished":
        return True
    if progress == "started":
        return train.resume_run(entry.path)
    return train.start_run(entry.recipe, entry.settings, entry.path)


def _prepare_all(
    entries: Sequence[Entry], features: str, weights: Path | None, kept: dict[tuple, ImageArrays]
) -> list[tuple[dict[str, int | None], str]]:
    """Builds and checks all that training and scoring will need, since they take long.

    The data that are read are left in ``kept``.

    Returns:
        For each entry the numbers of parameters, and whether its run is new, started or finished.
    """
    prepared = []
    for entry in entries:
        with _named(entry.name):
            prepared.append(_prepare(entry, _read(entry.settings, kept)))
    # The networks first: where there is no classifier of these data yet, it is trained here.
    for arrays in {arrays.fingerprint: arrays for arrays in kept.values()}.values():
        make_extractor(features, arrays, weights)
    for out in {entry.path.parent for entry in entries}:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--out {out} cannot be written: {error.strerror}") from error
    return prepared


def _prepare(entry: Entry, arrays: ImageArrays) -> tuple[dict[str, int | None], str]:
    settings = entry.settings
    shape = DataShape.of(arrays)
    gan = build_gan(entry.recipe, settings, shape)
    if settings.balanced:  # which not all data can be
        data.batches(arrays, batch_size=settings.batch_size, seed=settings.seed, balanced=True)
    if settings.evaluate_every is not None:
        generator_evaluator(gan, arrays, settings)
    parameters = {player: _parameters(gan, player) for player in ("generator", "discriminator")}
    return parameters, _progress(entry, gan, shape, arrays.fingerprint)


def _read(settings: Settings, kept: dict[tuple, ImageArrays]) -> ImageArrays:
    key = (settings.image_size, settings.channels)
    if key not in kept:
        kept[key] = LabelledImages.read(settings).arrays
    return kept[key]


def _parameters(gan: GenerativeModel, player: str) -> int | None:
    network = getattr(gan, player, None)
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
        if theirs.get(key) != value:
            raise InputError(
                f"{entry.path} holds a run with another {key}, {theirs.get(key)} instead of {value}: "
                "name another --out"
            )
    if shape_and_fingerprint != [shape, fingerprint]:
        raise InputError(f"{entry.path} holds a run on other data than {settings.data}: name another --out")
    checkpoints = Checkpoints(run.checkpoints, gan).paths()
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


def _draw(path: Path, seed: int) -> np.ndarray:
    sampler = open_sampler(path)
    labels = None if sampler.num_classes is None else np.arange(SHARPNESS_SAMPLES) % sampler.num_classes
    return sampler.draw(sampler.latents(SHARPNESS_SAMPLES, seed), labels)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Puts the name of the run before a complaint: a setting may suit all runs but one."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
