"""A step of the Keras-GAN pattern: ``predict`` and three ``train_on_batch`` on two compiled models.

Keras 3 reads what is trainable when a training function is traced, that is at its first call. So D trains
once before it is frozen for the combined model: its own training function then goes on to train it.
"""

import keras
import numpy as np

from throughput_peers import tensorflow_common as common
from throughput_peers.cases import Case
from throughput_peers.requests import Requests


def run(case: Case, threads: int, requests: Requests) -> None:
    """Trains for as long as steps are asked for."""
    common.begin(threads, requests)
    images = common.scaled_images(case)
    n = case.batch_size
    ones, zeros = np.ones((n, 1), "float32"), np.zeros((n, 1), "float32")
    random = np.random.default_rng(0)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    generator, discriminator = common.build(case.generator), common.build(case.discriminator)

    discriminator.compile(common.adam(), loss, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
    discriminator.train_on_batch(images[:n], ones)
    discriminator.trainable = False
    latents = keras.Input((case.latent_dim,))
    combined = keras.Model(latents, discriminator(generator(latents)))
    combined.compile(common.adam(), loss)

    def train_step() -> None:
        real = images[random.integers(len(images), size=n)]
        fakes = generator.predict(random.standard_normal((n, case.latent_dim), "float32"), verbose=0)
        discriminator.train_on_batch(real, ones)
        discriminator.train_on_batch(fakes, zeros)
        combined.train_on_batch(random.standard_normal((n, case.latent_dim), "float32"), ones)

    _check(train_step, generator, discriminator)
    requests.start(**common.facts())
    train_step()
    while requests.go_on():
        train_step()


def _check(train_step, generator: keras.Model, discriminator: keras.Model) -> None:  # noqa: ANN001
    """Fails unless a step changes both players."""
    players = (generator, discriminator)
    before = [[w.copy() for w in player.get_weights()] for player in players]
    train_step()
    for player, weights in zip(players, before, strict=True):
        if all(np.array_equal(a, b) for a, b in zip(player.get_weights(), weights, strict=True)):
            raise RuntimeError(f"{player.name} is not trained")
