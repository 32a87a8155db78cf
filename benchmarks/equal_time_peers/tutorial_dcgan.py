"""TensorFlow's tutorial "Deep Convolutional Generative Adversarial Network".

https://github.com/tensorflow/docs/blob/master/site/en/tutorials/generative/dcgan.ipynb

Restated with its networks, losses, rates, batch, noise, scaling of the data and loop: one ``tf.function``
called from Python for each batch, the last of an epoch smaller, latents for a whole batch all the same. What
differs: random numbers are seeded, no picture is drawn and no checkpoint saved after an epoch, and it ends
when the time is up, not after 50 epochs.
"""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from throughput_peers.tensorflow_tutorial import make_step

from equal_time_peers.clock import Clock
from equal_time_peers.contestants import Contestant, read

SETTINGS = {"batch_size": 256, "latent_dim": 100, "learning_rate": 1e-4, "shuffle": 60000, "dropout": 0.3}


def train(path: Path, seed: int, clock: Clock) -> None:
    """Trains until the time is up."""
    keras.utils.set_random_seed(seed)
    images, _ = read(path)
    scaled = (images.astype("float32") - 127.5) / 127.5
    batch_size = SETTINGS["batch_size"]
    dataset = tf.data.Dataset.from_tensor_slices(scaled).shuffle(SETTINGS["shuffle"]).batch(batch_size)
    generator, discriminator = build_generator(), build_discriminator()
    optimizers = [keras.optimizers.Adam(SETTINGS["learning_rate"]) for _ in range(2)]
    step = make_step(generator, discriminator, *optimizers, (batch_size, SETTINGS["latent_dim"]))
    clock.start(generator.save)
    while True:
        for batch in dataset:
            step(batch)
            if not clock.tick(len(batch)):
                return


def build_generator() -> keras.Model:
    """Builds the network from latents (N, 100) to images in [-1, 1] (N, 28, 28, 1)."""
    network = keras.Sequential([keras.Input((SETTINGS["latent_dim"],))])
    network.add(layers.Dense(7 * 7 * 256, use_bias=False))
    network.add(layers.BatchNormalization())
    network.add(layers.LeakyReLU())
    network.add(layers.Reshape((7, 7, 256)))
    for filters, strides in ((128, 1), (64, 2)):
        network.add(layers.Conv2DTranspose(filters, 5, strides, padding="same", use_bias=False))
        network.add(layers.BatchNormalization())
        network.add(layers.LeakyReLU())
    network.add(layers.Conv2DTranspose(1, 5, 2, padding="same", use_bias=False, activation="tanh"))
    return network


def build_discriminator() -> keras.Model:
    """Builds the network from images (N, 28, 28, 1) to logits (N, 1)."""
    network = keras.Sequential([keras.Input((28, 28, 1))])
    for filters in (64, 128):
        network.add(layers.Conv2D(filters, 5, 2, padding="same"))
        network.add(layers.LeakyReLU())
        network.add(layers.Dropout(SETTINGS["dropout"]))
    network.add(layers.Flatten())
    network.add(layers.Dense(1))
    return network


def draw(generator: keras.Model, n: int, labels: np.ndarray | None, seed: int) -> np.ndarray:
    """Draws ``n`` pictures, batch norm in inference mode."""
    latents = np.random.default_rng(seed).normal(size=(n, SETTINGS["latent_dim"])).astype("float32")
    images = generator.predict(latents, batch_size=500, verbose=0)
    return np.rint(images * 127.5 + 127.5).astype(np.uint8)


CONTESTANT = Contestant(
    "TensorFlow's tutorial", epochs=50, labelled=False, settings=SETTINGS, train=train, draw=draw
)
