"""Our step as the recipes run it: VanillaGAN or WGANGP under ``fit``, with the settings of the case's recipe.

It keeps six running means, two of them gradient norms, and its operations are deterministic, which no peer's
are. The averaged generator is left out, since no peer has one.
"""

import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
from typing import Any

import tensorflow as tf

from tfgan_ref.data import ImageArrays, batches
from tfgan_ref.gans import GAN, WGANGP, VanillaGAN
from tfgan_ref.recipes import find_recipe
from tfgan_ref.recipes.recipe import gan_settings, optimizers
from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests


def prepare(case: Case, **changes: Any) -> tuple[GAN, tf.data.Dataset]:
    """Returns the compiled model of a case and its data; ``changes`` are of its recipe's settings."""
    settings = find_recipe(case.recipe).settings(ema_decay=None, n_critic=case.n_critic, **changes)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    players = common.build(case.generator), common.build(case.discriminator)
    if case.penalty:
        gan = WGANGP(*players, penalty_weight=settings.penalty_weight, **gan_settings(settings))
    else:
        gan = VanillaGAN(*players, loss=settings.loss, **gan_settings(settings))
    gan.compile(*optimizers(settings), jit_compile=False, steps_per_execution=settings.steps_per_execution)
    images = ImageArrays("noise", common.random_images(case))
    return gan, batches(images, batch_size=case.n_critic * case.batch_size, seed=0)


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.set_threads(threads)
    common.fit(*prepare(case), requests)


def run_simultaneous(case: Case, threads: int, requests: Requests) -> None:
    """Trains likewise, by the simultaneous step of TensorFlow's tutorial."""
    common.set_threads(threads)
    common.fit(*prepare(case, simultaneous=True), requests)
