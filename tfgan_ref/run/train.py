"""The command ``train``: a recipe trained in a run directory, or a run continued."""

import argparse
import contextlib
import functools
import logging
import math
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import cli, plotting
from tfgan_ref.data.images.own import pass_data
from tfgan_ref.data.outside import trust_data
from tfgan_ref.data.pipeline import BatchLoader, TrainingData
from tfgan_ref.errors import InputError, TrainingDiverged, out_of_memory, reason
from tfgan_ref.evaluation import Score
from tfgan_ref.export.generator import save_keras
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.media.medium import PICTURES
from tfgan_ref.recipes import build_gan, find_recipe
from tfgan_ref.recipes.recipe import Recipe, optimizers
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.run import list as list_recipes
from tfgan_ref.run.arguments.train import FLAGS, run_to_continue
from tfgan_ref.run.build import VERSIONS, begin_from, parse_config, settings_of
from tfgan_ref.run.evaluate_images import generator_evaluator
from tfgan_ref.run.final_walk import write_walk
from tfgan_ref.run.report import write_report
from tfgan_ref.run.rollback import lower_rates
from tfgan_ref.run.sample import sampler_of
from tfgan_ref.training import callbacks, distribution, starts
from tfgan_ref.training.checkpoints import Checkpoints
from tfgan_ref.training.csv_table import CSVTable
from tfgan_ref.training.device_program import DeviceProgram
from tfgan_ref.training.run_directory import RunDirectory

logger = logging.getLogger(__name__)


def main(arguments: argparse.Namespace) -> int:
    """Starts or continues the run that the command line names; returns 130 if a signal stopped it."""
    if arguments.list:
        list_recipes.main(arguments)
        return 0
    resumed = run_to_continue(arguments) if arguments.resume else None
    recipe = find_recipe(arguments.recipe) if arguments.recipe else None
    kind = settings_of(resumed) if resumed else recipe.settings
    given = cli.settings_given(arguments, FLAGS)
    values = {key: kind.value_of(key, text) for key, text in given.items()}
    if arguments.dry_run:
        from tfgan_ref.run.dry_run import try_out  # which takes what it tries from this file

        print(try_out(recipe, recipe.settings(**values)))
        return 0
    if resumed:
        path = resumed
        if recipe:  # --resume auto, typed as it was for the start
            there = RunDirectory.open(path).config().get("recipe")
            if there != (recipe.source or recipe.name):
                raise InputError(f"run {path} is of recipe {there}: name that one, or another --out")
            values = {key: value for key, value in values.items() if getattr(kind, key) != value}
        finished = resume_run(path, **values)
    else:
        path = arguments.out or _next_free(recipe.name)
        finished = start_run(recipe, recipe.settings(**values), path)
    if not finished:
        with contextlib.suppress(OSError):  # the terminal may be closed
            print(f"stopped; continue with: {cli.typed('train')} --resume {shlex.quote(str(path))}")
        return 130
    recipe, _, shape, _ = parse_config(RunDirectory.open(path))
    usage = cli.usage(path / "saved_model", recipe.medium.usage, recipe.medium.example_label(shape))
    print(f"\nsamples      {path / 'samples.png'}\nreport       {path / 'report.html'}\n{usage}")
    return 0


def _next_free(recipe: str) -> Path:
    """Returns the first of runs/RECIPE-1, -2, ... that does not exist."""
    number = 1
    while (path := Path("runs") / f"{recipe}-{number}").exists():
        number += 1
    return path


def start_run(recipe: Recipe, settings: Settings, out: Path, data: Any = None) -> bool:
    """Trains ``recipe`` in the new run directory ``out``.

    Args:
        recipe: what to train.
        settings: its settings.
        out: the run directory, which must not exist.
        data: images in place of those that ``settings`` name, see ``data.images.own.read_value``.

    Returns:
        Whether all steps were done; False after a signal, with a checkpoint to resume from.

    Raises:
        InputError: a setting, the data or ``out`` cannot be used; nothing has been written then.
        TrainingDiverged: a loss or a weight became NaN or infinite, and ``on_divergence`` is "stop", or the
            run was rolled back too often.
        WorkerLost: another process of strategy multiworker ended.
    """
    strategy, chief = tf.distribute.get_strategy(), True
    if settings.strategy != "none":
        strategy, chief = join(settings)
    if chief:
        RunDirectory.refuse_existing(out)
    if data is not None:
        settings = replace(settings, data=pass_data(data))
    if ".py:" in settings.data:
        trust_data(settings.data)
    data = recipe.read(settings)
    with strategy.scope():
        gan = build_gan(recipe, settings, data.shape)
    if settings.start_from is not None:
        begin_from(gan, settings.start_from)
    scored = chief and getattr(settings, "evaluate_every", None)
    evaluate = generator_evaluator(gan, data, settings) if scored else None  # which checks the settings
    kept = asdict(settings)
    if "stream" in kept:  # what was decided: a run that is resumed must not depend on the memory of the day
        kept["stream"] = "off" if data.faults is None else "on"
    config = {
        "recipe": recipe.source or recipe.name,
        "settings": kept,
        "data": {"fingerprint": data.fingerprint, **data.shape._asdict()},
        "versions": VERSIONS,
    }
    there = out.exists()
    run = RunDirectory.create(out, config) if chief else RunDirectory(out)
    try:
        return train_gan(recipe, settings, data, gan, run, evaluate)
    except TrainingDiverged as error:
        rates = lower_rates(run, settings, error)
    except Exception as error:
        if chief and out_of_memory(error):
            run.discard(folder=not there)
        raise
    del gan, data, evaluate  # their memory is wanted
    return resume_run(out, **rates)


def resume_run(path: Path, **changes: Any) -> bool:
    """Continues the run in ``path`` from its newest sound checkpoint to its planned end.

    Args:
        path: the run directory.
        changes: settings that change from there on, such as ``steps`` for another end; the run keeps them.
            ``data`` may be an object as ``start_run`` takes it.

    Returns:
        Whether all steps were done.

    Raises:
        InputError: ``path`` holds no run, no usable checkpoint, the data are not those of its start, or a
            setting cannot change. Nothing has changed then.
        TrainingDiverged: as ``start_run``.
        WorkerLost: another process of strategy multiworker ended.
    """
    run = RunDirectory.open(path)
    recipe, before, shape, fingerprint = parse_config(run)
    if not isinstance(changes.get("data", ""), str):
        changes["data"] = pass_data(changes["data"])
    settings = before.resumed(**changes)
    trust_data(changes.get("data"))
    strategy, chief = tf.distribute.get_strategy(), True
    if settings.strategy != "none":
        strategy, chief = join(settings)
    data = recipe.read(settings)
    if data.fingerprint != fingerprint:
        masks = getattr(settings, "masks", None)
        named = f"data {settings.data}" + (f" with masks {masks}" if masks else "")
        raise InputError(
            f"{named} is not what run {path} was started with: put it back, or name with --data where it is"
        )
    with strategy.scope():
        gan = build_gan(recipe, settings, shape)
    step = 0
    if run.has_begun():
        step = Checkpoints(run.checkpoints, gan).restore()
    elif settings.start_from is not None:  # a run that was stopped before its first checkpoint starts again
        begin_from(gan, settings.start_from)
    if "steps" in changes and step > settings.steps:
        raise InputError(f"steps {settings.steps} is below the run's step {step}: at least that")
    for table in (run.metrics, run.evaluations):
        if table.exists():
            CSVTable(table, up_to_step=step)  # which says before training starts that it is damaged
    if run.best.exists():
        callbacks.read_best(run.best)
    scored = chief and getattr(settings, "evaluate_every", None)
    evaluate = generator_evaluator(gan, data, settings) if scored else None  # which checks the settings
    if settings != before and chief:
        run.change_settings(asdict(settings))
    logger.info("resuming %s from step %d", path, step)
    planned = optimizers(before)[0]
    planned.iterations.assign(step)
    rate, planned_rate = (float(tf.convert_to_tensor(o.learning_rate)) for o in (gan.g_optimizer, planned))
    if not math.isclose(rate, planned_rate, rel_tol=1e-5):
        logger.info(
            "the learning rate goes on at %.3g, not at %.3g: schedule %s to step %d, not %s to step %d",
            rate, planned_rate, settings.schedule, settings.steps, before.schedule, before.steps,
        )  # fmt: skip
    try:
        return train_gan(recipe, settings, data, gan, run, evaluate)
    except TrainingDiverged as error:
        rates = lower_rates(run, settings, error)
    del gan, data, evaluate  # their memory is wanted
    return resume_run(path, **rates)


def join(settings: Settings) -> tuple[tf.distribute.Strategy, bool]:
    """Returns the strategy of a distributed run, and whether this process writes the run directory."""
    strategy = distribution.make_strategy(settings.strategy)
    distribution.check_batch_size(settings.batch_size, getattr(settings, "packing", 1), strategy)
    return strategy, distribution.is_chief(strategy)


def train_gan(
    recipe: Recipe,
    settings: Settings,
    data: TrainingData,
    gan: GenerativeModel,
    run: RunDirectory | None,
    evaluate: Callable[[], list[Score]] | None = None,
    watching: Sequence[keras.callbacks.Callback] = (),
) -> bool:
    """Trains from the step of ``gan`` to the end, and writes the results there.

    Args:
        recipe: of the GAN.
        settings: of the recipe.
        data: what it is trained on.
        gan: the compiled GAN.
        run: where everything is written; None: nothing is.
        evaluate: scores the averaged generator; None: it is not scored.
        watching: the callbacks, where nothing is written.

    Returns:
        Whether it came to the end; False if a signal stopped it.
    """
    strategy = gan.distribute_strategy
    distributed = settings.strategy != "none"
    chief = not distributed or distribution.is_chief(strategy)
    report = None
    gpus = tf.config.list_physical_devices("GPU")
    deterministic = not gpus if settings.deterministic is None else settings.deterministic
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    xla = gan.compile_config["jit_compile"]  # Keras's own attribute is False with deterministic operations
    with contextlib.ExitStack() as stack:
        if chief:
            if run is not None:
                stack.enter_context(run.in_use())
            unused = "CPU, no GPU found"
            if shutil.which("nvidia-smi"):
                unused = "CPU: TensorFlow does not see the NVIDIA card, docs/gpu.md says why"
            networks = [  # averages are not trainable
                f"{name} of {part.count_params():,} parameters"
                for name, part in vars(gan).items()
                if isinstance(part, keras.Model) and part.trainable_variables
            ]
            print(
                f"{run.path if run else 'dry run'}: "
                f"{data.count:,} x {'x'.join(map(str, data.shape.sample_shape))}{data.class_counts()}"
                f" ({data.memory / 1e6:,.1f} MB{' on disk' if data.faults is not None else ''}), "
                f"{', '.join(names) or unused}, "
                f"{settings.precision}, {'' if deterministic else 'not '}deterministic, "
                f"{'with' if xla else 'without'} XLA, {', '.join(networks)}",
                flush=True,
            )
        if distributed:
            stack.enter_context(distribution.watch_workers(strategy))
        if data.faults is not None:
            data.faults.report = run.path / "damaged.txt" if chief and run else None
            data.faults.then = "go on with --resume"
            stack.enter_context(data.faults.raised())
        if deterministic:
            tf.config.experimental.enable_op_determinism()
        draw = functools.partial(recipe.draw, gan, *data.examples)
        step = int(gan.step.numpy())
        facts = {
            "from_step": step,
            "devices": ", ".join(names) or "CPU",
            "deterministic": deterministic,
            "xla": bool(xla),
            "replicas": strategy.num_replicas_in_sync,
        }
        if chief and run is not None:
            report = callbacks.WriteReport(
                settings.log_every,
                run,
                functools.partial(_record, run, facts),
                functools.partial(write_report, [run.path], run.report),
            )
        if step < settings.steps:
            loader = data.loader(settings.batch_size * gan.batches_per_step)
            batches = None
            if xla and not distributed:
                batches = _compile_steps(settings, gan, loader, step)
                facts["xla"] = batches is not None
            if batches is None and strategy.num_replicas_in_sync > 1:
                batches = distribution.shard_batch(loader, step, gan.batches_per_step, strategy)
            elif batches is None:  # Keras's loop of several steps fails with several replicas
                batches = loader.dataset(step)
                at_most = settings.steps_per_execution or settings.steps_without_xla
                gan.steps_per_execution = _steps_per_execution(settings, step, gan.boundaries, at_most)
            if chief:
                together = gan.steps_per_execution
                print(f"{together} step{'s' if together > 1 else ''} in each call", flush=True)
            if run is not None:
                watching = _callbacks(settings, gan, run, draw, evaluate, report)
            stop = callbacks.StopOnSignal()
            if settings.strategy != "multiworker":  # whose processes would stop at different steps
                watching = [*watching, stop]
            try:
                # Past the checks of ``gan.fit``: these data were checked when they were read.
                keras.Model.fit(
                    gan,
                    batches,
                    steps_per_epoch=settings.steps - step,
                    verbose=0,
                    shuffle=False,
                    callbacks=list(watching),
                )
            finally:
                stop.restore_handlers()
            if stop.received and int(gan.step.numpy()) < settings.steps:
                if report:
                    report.attempt(report.write, run.report)
                return False
        if report:
            _write_results(draw(), run, gan, functools.partial(recipe.medium.export, gan, shape=data.shape))
            if recipe.medium is PICTURES:
                report.attempt(lambda: write_walk(sampler_of(gan), run.walk), run.walk)
            report.attempt(report.write, run.report)
        if distributed:
            distribution.wait_for_all(strategy)
    return True


def _callbacks(
    settings: Settings,
    gan: GenerativeModel,
    run: RunDirectory,
    draw: Callable[[], np.ndarray],
    evaluate: Callable[[], list[Score]] | None,
    report: callbacks.WriteReport | None,
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks of a run in their order; only the chief process, which has a report, writes."""
    variables = [variable for metric in gan.metrics for variable in metric.variables]
    kept = [(variable, variable.numpy()) for variable in variables]
    means = callbacks.RunningMeans(settings.log_every, kept)
    diverged = callbacks.StopWhenDiverged(run)
    watching = [diverged, means]
    if report:
        watching = [
            diverged,
            callbacks.ProgressBar(settings.steps),
            callbacks.SaveSamples(settings.sample_every, run, draw),
            callbacks.LogMetrics(settings.log_every, run),
            means,
            callbacks.SaveCheckpoints(settings.checkpoint_every, run),
            report,
        ]
        if evaluate is not None:
            watching.insert(-3, callbacks.EvaluateGenerator(settings.evaluate_every, run, evaluate))
    step = int(gan.step.numpy())
    for callback in watching:
        callback.start = step
    return watching


def _record(run: RunDirectory, facts: dict[str, Any]) -> None:
    """Keeps which command trains the run, on which device and machine."""
    starts.add_start(run.starts, facts | {"arguments": cli.arguments_given()})


def _write_results(
    picture: np.ndarray, run: RunDirectory, gan: GenerativeModel, export: Callable[..., None]
) -> None:
    """Writes the last picture and the models, in place of those of an earlier end."""
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


def _compile_steps(
    settings: Settings, gan: GenerativeModel, loader: BatchLoader, step: int
) -> tf.data.Dataset | None:
    """Makes ``fit`` run many steps in each call, as one XLA program.

    Returns:
        What ``fit`` is given; None if XLA cannot compile the step and need not: the run goes on without it.

    Raises:
        InputError: XLA cannot compile the step, and ``jit`` is on.
    """
    program = DeviceProgram(gan, loader, step)
    print("compiling the step with XLA", flush=True)
    try:
        program.install()
    except tf.errors.OpError as error:
        if loader.rows is not None and loader.rows.faults.error:  # the first batch cannot be read
            raise
        if settings.jit == "on":
            line = f"jit on: XLA cannot compile this step ({reason(error)}): jit=off trains without it"
            raise InputError(line) from error
        logger.warning("going on without XLA, which cannot compile this step: %s", reason(error))
        gan.jit_compile = False
        return None
    at_most = min(settings.steps_per_execution or program.affordable_steps(), program.capacity)
    program.steps = _steps_per_execution(settings, step, gan.boundaries, at_most)
    gan.steps_per_execution = program.steps
    return program.elements(program.steps)


def _steps_per_execution(settings: Settings, step: int, boundaries: Sequence[int], at_most: int) -> int:
    """Returns the most steps, up to ``at_most``, that divide what is left, every interval and every phase.

    Keras runs whole executions only: with any other number it would run past the end.
    """
    intervals = [settings.log_every, settings.sample_every, settings.checkpoint_every]
    intervals += [every] if (every := getattr(settings, "evaluate_every", None)) else []
    phases = [boundary - step for boundary in boundaries if boundary > step]
    common = math.gcd(settings.steps - step, *intervals, *phases)
    return max(n for n in range(1, at_most + 1) if common % n == 0)
