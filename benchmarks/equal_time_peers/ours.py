"""Our recipes at their own settings, as ``tfgan train`` runs their steps.

What differs from a run: no rows of metrics, sample grids and checkpoints are written, and it ends when the
time is up, not after the recipe's steps.
"""

import tfgan_ref  # noqa: F401, I001 (it sets the environment, so it comes before TensorFlow)
from dataclasses import asdict
from functools import partial
from pathlib import Path

import keras
import numpy as np
from throughput_peers.tensorflow_ours import compiled

from equal_time_peers.clock import Clock
from equal_time_peers.contestants import Contestant
from equal_time_peers.ticks import Ticks
from tfgan_ref import plotting, randomness
from tfgan_ref.export.generator import save_keras
from tfgan_ref.recipes import find_recipe


def of_recipe(name: str, pictures: int) -> Contestant:
    """Returns a recipe as a contestant, for a data set of so many training pictures."""
    recipe = find_recipe(name)
    settings = recipe.settings()
    of_run = ("data", "seed", "steps")
    return Contestant(
        f"our {name}",
        epochs=settings.steps * settings.batch_size / pictures,
        labelled=recipe.labelled,
        settings={key: value for key, value in asdict(settings).items() if key not in of_run},
        train=partial(train, name),
        draw=draw,
    )


def train(name: str, path: Path, seed: int, clock: Clock) -> None:
    """Trains a recipe until the time is up; what it saves is the averaged generator."""
    recipe = find_recipe(name)
    settings = recipe.settings(data=f"npz:{path}", seed=seed)
    gan, dataset = compiled(recipe, settings)
    clock.start(lambda path: save_keras(gan.sampling_generator, path))
    ticks = Ticks(clock, settings.batch_size)
    # Past the checks of ``GenerativeModel.fit``, as a run does: its data were checked when they were read.
    keras.Model.fit(gan, dataset, steps_per_epoch=10**9, verbose=0, shuffle=False, callbacks=[ticks])


def draw(generator: keras.Model, n: int, labels: np.ndarray | None, seed: int) -> np.ndarray:
    """Draws ``n`` pictures, of ``labels`` where it takes them."""
    latents = randomness.sample_latents(n, generator.inputs[0].shape[-1], randomness.base_seed(seed)).numpy()
    inputs = latents if labels is None else [latents, labels]
    return plotting.to_uint8(generator.predict(inputs, batch_size=500, verbose=0))
