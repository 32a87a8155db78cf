"""Recipes: settings, data to read, a GAN to build, and a picture of its progress."""

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_ref import data, plotting
from tfgan_ref.data import DataShape, TrainingData, training_images, training_pairs
from tfgan_ref.data.images.arrays import no_labels
from tfgan_ref.data.pairs.holes import Hole
from tfgan_ref.errors import InputError, unknown
from tfgan_ref.gans import AdaptiveAugmentation, BurnInAdam, CosineBurnIn, FusedAdam, GenerativeModel
from tfgan_ref.gans.augmentation import DifferentiableAugmentation
from tfgan_ref.gans.techniques import InstanceNoise, LabelTargets
from tfgan_ref.media.medium import PICTURES, Medium, labels_shown
from tfgan_ref.recipes.settings import (
    AdversarialSettings,
    BurnInSettings,
    CriticSettings,
    DiscriminatorSettings,
    PairedSettings,
    SamplingSettings,
    Settings,
    TargetSettings,
    has_bfloat16_units,
)
from tfgan_ref.training.distribution import refuse_clipping, synchronise_batch_norm
from tfgan_ref.training.schedules import make_schedule

logger = logging.getLogger(__name__)


def read_images(settings: SamplingSettings, *, labels_for: str | None = None) -> TrainingData:
    """Reads the images that ``settings`` name.

    Args:
        settings: the recipe's.
        labels_for: "recipe" and the name of one that needs labels, whose ``draw`` then takes the names of the
            classes; None: this one needs none.

    Raises:
        InputError: they cannot be read or used, or have no labels that are needed.
    """
    arrays = data.read(
        settings.data,
        image_size=settings.image_size,
        channels=settings.channels,
        data_dir=settings.data_dir,
        labels_for=labels_for or ("balanced=true" if settings.balanced else None),
        stream="on" if settings.crop == "random" and settings.stream == "auto" else settings.stream,
        cache=settings.cache,
    )
    held_out = None
    if arrays.whole:
        arrays, held_out = data.hold_out_images(arrays, settings.hold_out)
        if held_out is not None:
            count = len(held_out.images)
            logger.info("%s: %d images are held out of training, for scores (hold_out)", arrays.name, count)
    training = training_images(
        arrays,
        settings.seed,
        balanced=settings.balanced,
        missing=settings.missing,
        flip=settings.flip,
        crop=settings.crop,
    )
    examples = ()
    if labels_for and training.shape.names:
        examples = ({"classes": np.array(training.shape.names["classes"])},)
    return replace(training, examples=examples, held_out=held_out)


def read_training_pairs(settings: PairedSettings, hole: Hole | None = None, **form: Any) -> TrainingData:
    """Reads the pairs that ``settings`` name, without those that are held out.

    Args:
        settings: the recipe's.
        hole: the kind of holes in the sources, or masks, see ``training_pairs``.
        form: what else ``data.read_pairs`` takes: ``make``, ``scale``, ``image_size``, ``reverse``.

    Raises:
        InputError: they cannot be read or used.
    """
    form |= settings.group("channels", "data_dir", "stream")
    pairs = data.read_pairs(settings.data, **form)
    training, _ = data.split_pairs(pairs, settings.hold_out)
    return training_pairs(training, settings.crop, settings.seed, flip=settings.flip, hole=hole)


@dataclass(frozen=True)
class Recipe:
    """One of the tutorials' systems, ready to train.

    Attributes:
        name: what ``train.py`` calls it.
        summary: one line for ``train.py --list``.
        tutorials: the articles that it mirrors.
        settings: the defaults.
        build: makes the GAN for data of a shape, not yet compiled.
        draw: makes a uint8 picture of what a GAN can do by now: (gan) of samples, the same latents each time;
            (gan, examples) of what becomes of the data's examples.
        read: reads the data that the settings name.
        medium: what its generator makes.
        labelled: whether the data must have labels.
        source: ``FILE.py:NAME`` of a recipe outside the package.
    """

    name: str
    summary: str
    tutorials: str
    settings: type[Settings]
    build: Callable[[Any, DataShape], GenerativeModel]
    draw: Callable[..., np.ndarray]
    read: Callable[[Any], TrainingData] = read_images
    medium: Medium = PICTURES
    labelled: bool = False
    source: str | None = None


def find_recipe(name: str, *, of_run: bool = False) -> Recipe:
    """Returns the recipe of that name, or the one of a file: ``my_recipe.py:RECIPE``.

    Args:
        name: the recipe.
        of_run: whether a run names it, not the user: see ``recipes.outside``.

    Raises:
        InputError: there is none.
    """
    from tfgan_ref.recipes import RECIPES  # here, since every recipe imports this module

    if ".py:" in name:
        from tfgan_ref.recipes.outside import read_recipe

        return read_recipe(name, of_run=of_run)
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]


def build_gan(recipe: Recipe, settings: Settings, shape: DataShape) -> GenerativeModel:
    """Builds and compiles the recipe's GAN for data of ``shape``, in the scope of the strategy there is.

    Raises:
        InputError: the data do not fit the recipe, or a setting cannot be used.
    """
    if recipe.labelled and shape.num_classes is None:
        raise no_labels(settings.data, f"recipe {recipe.name}")
    gpu = bool(tf.config.list_physical_devices("GPU"))
    if settings.precision == "mixed_bfloat16" and not gpu and not has_bfloat16_units():
        logger.warning(
            "this CPU has no bfloat16 units: mixed_bfloat16 is many times slower than float32 here"
        )
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(settings.precision)
    try:
        gan = recipe.build(settings, shape)
    finally:
        keras.config.set_dtype_policy(before)
    if settings.sync_batch_norm:
        synchronise_batch_norm(gan.generator, getattr(gan, "discriminator", None))
    auto = gpu and not settings.deterministic and settings.strategy == "none"
    jit = {"on": True, "off": False, "auto": auto}[settings.jit]
    with warnings.catch_warnings():
        # Keras has no XLA with deterministic operations; ``run/train.py`` compiles the step itself.
        warnings.filterwarnings("ignore", "Model doesn't support `jit_compile=True`")
        gan.compile(*optimizers(settings), jit_compile=jit)
    if tf.distribute.has_strategy():
        refuse_clipping(gan.optimizers(), tf.distribute.get_strategy())
    return gan


def optimizers(settings: Settings) -> list[keras.optimizers.Optimizer]:
    """Returns the generator's optimizer, then the discriminator's if there is one, with their schedules."""
    rates = [(settings.learning_rate, 1)]
    if isinstance(settings, DiscriminatorSettings):
        d_rate = settings.learning_rate if settings.d_learning_rate is None else settings.d_learning_rate
        rates.append((d_rate, getattr(settings, "n_critic", 1)))
    if isinstance(settings, BurnInSettings):
        return burn_in_optimizers(settings, rates)
    if settings.schedule == "constant" and not settings.warmup_steps:
        schedules = [float(rate) for rate, _ in rates]
    else:
        shape = settings.group("decay", "cycles", "warmup_steps") | {"total_steps": settings.steps}
        schedules = [
            make_schedule(settings.schedule, rate, updates_per_step=updates, **shape)
            for rate, updates in rates
        ]
    numbers = {"beta_1": settings.beta_1, "beta_2": settings.beta_2, "epsilon": settings.epsilon}
    kind = FusedAdam
    if settings.optimizer == "rmsprop":
        kind = keras.optimizers.RMSprop
        numbers = {"momentum": settings.beta_1, "rho": settings.beta_2, "epsilon": settings.epsilon}
    elif settings.optimizer == "sgd":
        kind, numbers = keras.optimizers.SGD, {"momentum": settings.beta_1}
    return [kind(schedule, global_clipnorm=settings.clip_norm, **numbers) for schedule in schedules]


def burn_in_optimizers(
    settings: BurnInSettings, rates: Sequence[tuple[float, int]]
) -> list[keras.optimizers.Optimizer]:
    """Returns the optimizers of a GAN with a burn-in of learning rates and of beta_2.

    Args:
        settings: those of the recipe.
        rates: of each optimizer, after the burn-in, and its updates per generator step.
    """
    steps = settings.burn_in_steps
    beta_2 = CosineBurnIn(settings.burn_in_beta_2, settings.beta_2, steps)
    shape = settings.group("decay", "cycles", "warmup_steps") | {"total_steps": settings.steps}
    shape["burn_in"] = CosineBurnIn(settings.burn_in_rate, 1.0, steps)
    adam = {"beta_1": settings.beta_1, "beta_2": beta_2, "epsilon": settings.epsilon}
    return [
        BurnInAdam(
            make_schedule(settings.schedule, rate, updates_per_step=updates, **shape),
            updates_per_step=updates,
            global_clipnorm=settings.clip_norm,
            **adam,
        )
        for rate, updates in rates
    ]


def gan_settings(settings: AdversarialSettings) -> dict[str, Any]:
    """Returns the keyword arguments of a GAN type that turn on what ``settings`` ask for."""
    arguments: dict[str, Any] = {
        "seed": settings.seed,
        "n_critic": settings.n_critic,
        "simultaneous": settings.simultaneous,
        "ema_decay": settings.ema_decay,
        "replay": settings.replay,
        "packing": settings.packing,
        "l2": settings.l2,
        "r1": settings.r1,
        "r2": settings.r2,
        "historical_averaging": settings.historical_averaging,
        "lecam": settings.lecam,
        "measure_fakes": settings.measure_fakes,
    }
    if isinstance(settings, CriticSettings):
        arguments["feature_matching"] = settings.feature_matching
    if settings.instance_noise:
        arguments["instance_noise"] = InstanceNoise(settings.instance_noise, settings.instance_noise_steps)
    policies = settings.augment.split(",") if settings.augment else []
    if policies == ["ada"]:
        arguments["augmentation"] = AdaptiveAugmentation(settings.ada_target, settings.ada_images)
    elif "ada" in policies:
        raise InputError(f"augment {settings.augment}: ada changes colours and places itself, name it alone")
    elif policies:
        arguments["augmentation"] = DifferentiableAugmentation(policies)
    if isinstance(settings, TargetSettings) and (settings.label_smoothing or settings.label_noise):
        arguments["label_targets"] = LabelTargets(settings.label_smoothing, settings.label_noise)
    return arguments


def require_size(recipe: str, shape: DataShape, size: int) -> None:
    """Checks that images have the side that a recipe's networks are made for.

    Raises:
        InputError: they have another.
    """
    if shape.sample_shape[:2] != (size, size):
        height, width, _ = shape.sample_shape
        raise InputError(
            f"recipe {recipe} takes {size}x{size} images, not {width}x{height}: set image_size={size}"
        )


def draw_grid(gan: GenerativeModel) -> np.ndarray:
    """Draws 8 rows of 8 samples."""
    return _picture(gan.generate(64, seed=0), columns=8)


def draw_class_rows(gan: GenerativeModel, examples: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
    """Draws one row of 10 samples for each class, or for each of the first ones.

    Args:
        gan: a conditional one.
        examples: the names of the ``classes``, written beside their rows; None: they have no names.
    """
    labels = labels_shown(gan.num_classes, 10)
    samples = gan.generate(len(labels), seed=0, label=labels)
    return _picture(samples, columns=10, labels=labels, names=examples and examples["classes"])


def _picture(samples: Any, columns: int, **rows: Any) -> np.ndarray:
    images = plotting.to_uint8(samples)
    return plotting.grid(images, columns, enlarge=2 if images.shape[1] < 48 else 1, **rows)
