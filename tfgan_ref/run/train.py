"""Training a recipe in a run directory, and resuming it."""

import contextlib
import functools
import logging
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import tfgan_ref
from tfgan_ref import plotting
from tfgan_ref.data.training_data import TrainingData
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import save_keras
from tfgan_ref.gans.trainable import TrainableGenerator
from tfgan_ref.recipes import build_gan
from tfgan_ref.recipes.recipe import Recipe
from tfgan_ref.recipes.settings import SamplingSettings, Settings
from tfgan_ref.run.build import parse_config
from tfgan_ref.run.evaluate import generator_evaluator
from tfgan_ref.training import callbacks
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.distribution import (
    check_batch_size,
    is_chief,
    make_strategy,
    share_out,
    wait_for_all,
    watch_workers,
)
from tfgan_ref.training.run_directory import RunDirectory

logger = logging.getLogger(__name__)


def start_run(recipe: Recipe, settings: Settings, out: Path) -> bool:
    """Trains ``recipe`` in the new run directory ``out``.

    Returns:
        Whether all steps were done; False after Ctrl-C or SIGTERM, with a checkpoint to resume from.

    Raises:
        InputError: a setting, the data or ``out`` cannot be used; nothing has been written then.
        TrainingDiverged: a loss became NaN or infinite.
        WorkerLost: another process of strategy multiworker ended.
    """
    strategy = _strategy(settings)
    if is_chief(strategy):
        RunDirectory.refuse_existing(out)
    data = recipe.read(settings)
    with strategy.scope():
        gan = build_gan(recipe, settings, data.shape)
    config = {
        "recipe": recipe.name,
        "settings": asdict(settings),
        "data": {"fingerprint": data.fingerprint, **data.shape._asdict()},
        "versions": {
            "tfgan_ref": tfgan_ref.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }
    run = RunDirectory.create(out, config) if is_chief(strategy) else RunDirectory(out)
    with _in_use(run, strategy), watch_workers(strategy):
        return _train(recipe, settings, data, gan, run, strategy)


def resume_run(path: Path, steps: int | None = None, strategy_name: str | None = None) -> bool:
    """Continues the run in ``path`` from its newest sound checkpoint, to ``steps`` or to its planned end.

    The strategy may be another than before: the run's own is taken where none is named.

    Returns:
        Whether all steps were done.

    Raises:
        InputError: ``path`` holds no run, no usable checkpoint, or the data are not those of its start.
        TrainingDiverged: a loss became NaN or infinite.
        WorkerLost: another process of strategy multiworker ended.
    """
    run = RunDirectory.open(path)
    recipe, settings, shape, fingerprint = parse_config(run)
    if steps is not None:
        settings = replace(settings, steps=steps)
    if strategy_name is not None:
        settings = replace(settings, strategy=strategy_name)
    strategy = _strategy(settings)
    data = recipe.read(settings)
    if data.fingerprint != fingerprint:
        raise InputError(f"data {settings.data} is not what run {path} was started with: put it back")
    with strategy.scope():
        gan = build_gan(recipe, settings, shape)
    # A run that was stopped before its first checkpoint starts again.
    step = Checkpoints(run.checkpoints, gan).restore() if run.has_begun() else 0
    if steps is not None and step > steps:
        raise InputError(f"steps {steps} is below the run's step {step}: at least that")
    logger.info("resuming %s from step %d", path, step)
    with _in_use(run, strategy), watch_workers(strategy):
        return _train(recipe, settings, data, gan, run, strategy)


def _strategy(settings: Settings) -> tf.distribute.Strategy:
    strategy = make_strategy(settings.strategy)
    check_batch_size(settings.batch_size, getattr(settings, "packing", 1), strategy)
    return strategy


def _in_use(run: RunDirectory, strategy: tf.distribute.Strategy) -> contextlib.AbstractContextManager[None]:
    return run.in_use() if is_chief(strategy) else contextlib.nullcontext()


def _train(
    recipe: Recipe,
    settings: Settings,
    data: TrainingData,
    gan: TrainableGenerator,
    run: RunDirectory,
    strategy: tf.distribute.Strategy,
) -> bool:
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    step = int(gan.step.numpy())
    draw = functools.partial(recipe.draw, gan, *data.examples())
    if step < settings.steps:
        dataset = data.batches(settings, settings.batch_size * gan.n_critic, step)
        if strategy.num_replicas_in_sync == 1:  # Keras's loop of several steps fails with several replicas
            gan.steps_per_execution = _steps_per_execution(settings, step, gan.boundaries)
        checkpoints = Checkpoints(run.checkpoints, gan)
        watching: list[keras.callbacks.Callback] = [callbacks.StopWhenDiverged(checkpoints)]
        if is_chief(strategy):
            watching += [
                callbacks.ProgressBar(settings.steps),
                callbacks.SaveSamples(run, settings.sample_every, draw),
                callbacks.LogMetrics(run, settings.log_every),
            ]
            if isinstance(settings, SamplingSettings) and settings.evaluate_every is not None:
                evaluate = generator_evaluator(gan, data.arrays, settings)
                watching.append(callbacks.EvaluateGenerator(run, settings.evaluate_every, evaluate))
        watching.append(callbacks.RunningMeans(settings.log_every))
        if is_chief(strategy):
            watching.append(callbacks.SaveCheckpoints(checkpoints, settings.checkpoint_every))
        stop = callbacks.StopOnSignal()
        if settings.strategy != "multiworker":  # whose processes would stop at different steps
            watching.append(stop)
        try:
            gan.fit(
                share_out(dataset, gan.n_critic, strategy),
                steps_per_epoch=settings.steps - step,
                verbose=0,
                shuffle=False,
                callbacks=watching,
            )
        finally:
            stop.restore_handlers()
        if stop.received and int(gan.step.numpy()) < settings.steps:
            return False
    if is_chief(strategy):
        _write_results(draw(), run, gan, functools.partial(recipe.medium.export, gan, shape=data.shape))
    wait_for_all(strategy)
    return True


def _write_results(
    picture: np.ndarray, run: RunDirectory, gan: TrainableGenerator, export: Callable[..., None]
) -> None:
    """Writes the end's picture and models, in place of those of an earlier end."""
    plotting.save_png(run.final_samples, picture)
    save_keras(gan.sampling_generator, run.generator)
    new_model, old_model = run.path / ".saved_model.new", run.path / ".saved_model.old"
    for leftover in (new_model, old_model):
        shutil.rmtree(leftover, ignore_errors=True)
    export(path=new_model)
    if run.saved_model.exists():
        run.saved_model.rename(old_model)
    new_model.rename(run.saved_model)
    shutil.rmtree(old_model, ignore_errors=True)


def _steps_per_execution(settings: Settings, step: int, boundaries: Sequence[int] = ()) -> int:
    """Returns the most steps, up to the setting, that divide what is left, every interval and every phase.

    Keras runs whole executions only: with any other number it would run past the end.
    """
    intervals = [settings.log_every, settings.sample_every, settings.checkpoint_every]
    intervals += [every] if (every := getattr(settings, "evaluate_every", None)) else []
    phases = [boundary - step for boundary in boundaries if boundary > step]
    common = math.gcd(settings.steps - step, *intervals, *phases)
    return max(n for n in range(1, settings.steps_per_execution + 1) if common % n == 0)
