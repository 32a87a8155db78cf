"""Our step as the recipes run it, with the settings of the case's recipe.

On the nets of a case, whose dropout is the package's own as in the recipes, it is VanillaGAN or WGANGP on
noise; of a case that is a recipe's it is that recipe's GAN on that recipe's data. It keeps six running means,
two of them gradient norms, which no peer does. The averaged generator is left out, since no peer has one.
"""

import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan_ref.data import ImageArrays, TrainingData, training_images
from tfgan_ref.gans import GAN, GenerativeModel, WGANGP, VanillaGAN
from tfgan_ref.networks import Dropout
from tfgan_ref.recipes import Recipe, build_gan, find_recipe
from tfgan_ref.recipes.recipe import gan_settings
from tfgan_ref.recipes.settings import Settings
from tfgan_ref.training.device_program import DeviceProgram
from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests

# What a user can set to make a step on a GPU faster.
FAST = {"deterministic": False, "jit": "on", "steps_per_execution": 20}


def prepare(case: Case, **chosen: Any) -> tuple[GenerativeModel, tf.data.Dataset]:
    """Returns the compiled model of a case and its data, with ``chosen`` settings beside the recipe's own."""
    recipe = find_recipe(case.recipe)
    if case.n_critic > 1:
        chosen["n_critic"] = case.n_critic
    settings = recipe.settings(batch_size=case.batch_size, ema_decay=None, **chosen)
    if not case.of_recipe:
        recipe = replace(
            recipe,
            build=lambda settings, shape: on_nets(case, settings),
            read=lambda settings: noise(common.random_images(case)),
        )
    return compiled(recipe, settings)


def compiled(recipe: Recipe, settings: Settings) -> tuple[GenerativeModel, tf.data.Dataset]:
    """Returns the compiled model and the data of a recipe, with all that ``train`` decides by the device."""
    gpu = bool(tf.config.list_physical_devices("GPU"))
    if not gpu if settings.deterministic is None else settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    data = recipe.read(settings)
    gan = build_gan(recipe, settings, data.shape)
    loader = data.loader(settings.batch_size * gan.batches_per_step)
    if not gan.jit_compile:
        gan.steps_per_execution = settings.steps_per_execution or settings.steps_without_xla
        return gan, loader.dataset()
    program = DeviceProgram(gan, loader, 0)
    program.install()
    steps = settings.steps_per_execution or program.affordable_steps()
    gan.steps_per_execution = program.steps = min(steps, program.capacity)
    return gan, program.elements(program.steps)


def noise(images: np.ndarray) -> TrainingData:
    """Returns uint8 images (N, H, W, C) as data to train on."""
    return training_images(ImageArrays("noise", images), seed=0)


def on_nets(case: Case, settings: Settings) -> GAN:
    """Builds our GAN on the nets of a case."""
    players = common.build(case.generator, Dropout), common.build(case.discriminator, Dropout)
    if case.penalty:
        return WGANGP(*players, penalty_weight=settings.penalty_weight, **gan_settings(settings))
    return VanillaGAN(*players, loss=settings.loss, **gan_settings(settings))


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains with the recipe's settings for as long as steps are asked for."""
    _train(case, threads, requests)


def run_simultaneous(case: Case, threads: int, requests: Requests) -> None:
    """The same by the simultaneous step of TensorFlow's tutorial."""
    _train(case, threads, requests, simultaneous=True)


def run_fast(case: Case, threads: int, requests: Requests) -> None:
    """The same, not deterministic, by XLA, 20 steps in a call."""
    _train(case, threads, requests, **FAST)


def run_bfloat16(case: Case, threads: int, requests: Requests) -> None:
    """The same in mixed bfloat16."""
    _train(case, threads, requests, **FAST, precision="mixed_bfloat16")


def _train(case: Case, threads: int, requests: Requests, **chosen: Any) -> None:
    common.begin(threads, requests)
    gan, dataset = prepare(case, **chosen)
    common.fit(gan, dataset, requests)
