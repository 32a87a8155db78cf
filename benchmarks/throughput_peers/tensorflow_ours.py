"""Our step as the recipes run it: VanillaGAN under ``fit``, with the settings of the case's recipe.

It keeps six running means, two of them gradient norms, and its operations are deterministic, which no peer's
are. The averaged generator is left out, since no peer has one.
"""

import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
import tensorflow as tf

from tfgan_ref.data import ImageArrays, batches
from tfgan_ref.gans import VanillaGAN
from tfgan_ref.recipes import find_recipe
from tfgan_ref.recipes.recipe import adam_pair, gan_settings
from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.set_threads(threads)
    settings = find_recipe(case.recipe).settings(ema_decay=None)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    gan = VanillaGAN(
        common.build(case.generator),
        common.build(case.discriminator),
        loss=settings.loss,
        **gan_settings(settings),
    )
    gan.compile(*adam_pair(settings), jit_compile=False, steps_per_execution=settings.steps_per_execution)
    images = ImageArrays("noise", common.random_images(case))
    common.fit(gan, batches(images, batch_size=case.batch_size, seed=0), requests)
