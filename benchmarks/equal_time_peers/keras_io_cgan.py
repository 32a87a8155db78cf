"""keras-io's example "Conditional GAN".

https://github.com/keras-team/keras-io/blob/master/examples/generative/conditional_gan.py

Restated with its networks, loss, rates, batch, noise, scaling of the data and loop: ``fit``, epoch by epoch,
with what ``compile`` chooses by itself. What differs: random numbers are seeded by the run's seed, not by
1337; it is trained on the training pictures alone, not on the test pictures as well, which judge here; it
ends when the time is up, not after 20 epochs; and pixels are rounded to whole numbers, not cut off.

Its labels reach the discriminator in a form of their own (``label_planes``), which is the published code's:
``repeat`` without an axis, then ``reshape``. The ten planes of a picture are therefore not 1 or 0 by class.
They are all alike, and 1 in a band of 2.8 of the 28 rows, the place of which stands for the class. The
discriminator learns the class from them all the same, as a test shows. If no more than a tenth of the
pictures is of its class after a short time, which is chance, the reason is that they are not yet digits: a
step takes long on a CPU, for the generator has 128 filters at 28x28.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from equal_time_peers.clock import Clock
from equal_time_peers.contestants import CLASSES, SIDE, Contestant, read
from equal_time_peers.ticks import Ticks

SETTINGS = {"batch_size": 64, "latent_dim": 128, "learning_rate": 3e-4, "shuffle": 1024}


def train(path: Path, seed: int, clock: Clock) -> None:
    """Trains until the time is up."""
    keras.utils.set_random_seed(seed)
    images, labels = read(path)
    scaled = images.astype("float32") / 255.0
    dataset = tf.data.Dataset.from_tensor_slices((scaled, keras.utils.to_categorical(labels, CLASSES)))
    dataset = dataset.shuffle(SETTINGS["shuffle"]).batch(SETTINGS["batch_size"])
    gan = ConditionalGAN(build_generator(), build_discriminator(), seed)
    gan.compile(*(keras.optimizers.Adam(SETTINGS["learning_rate"]) for _ in range(2)))
    clock.start(gan.generator.save)
    ticks = Ticks(clock, SETTINGS["batch_size"], len(images))
    gan.fit(dataset, epochs=10**9, verbose=0, callbacks=[ticks])


def build_generator() -> keras.Model:
    """Builds the network from latents and one-hot labels (N, 138) to images in [0, 1] (N, 28, 28, 1)."""
    width = SETTINGS["latent_dim"] + CLASSES
    network = keras.Sequential([keras.Input((width,))])
    network.add(layers.Dense(7 * 7 * width))
    network.add(layers.LeakyReLU(negative_slope=0.2))
    network.add(layers.Reshape((7, 7, width)))
    for _ in range(2):
        network.add(layers.Conv2DTranspose(128, 4, 2, padding="same"))
        network.add(layers.LeakyReLU(negative_slope=0.2))
    network.add(layers.Conv2D(1, 7, padding="same", activation="sigmoid"))
    return network


def build_discriminator() -> keras.Model:
    """Builds the network from images and planes of the label (N, 28, 28, 11) to logits (N, 1)."""
    network = keras.Sequential([keras.Input((SIDE, SIDE, 1 + CLASSES))])
    for filters in (64, 128):
        network.add(layers.Conv2D(filters, 3, 2, padding="same"))
        network.add(layers.LeakyReLU(negative_slope=0.2))
    network.add(layers.GlobalMaxPooling2D())
    network.add(layers.Dense(1))
    return network


def label_planes(one_hot: tf.Tensor) -> tf.Tensor:
    """Turns labels (N, 10) into planes (N, 28, 28, 10), in the order of numbers of the published code."""
    return ops.reshape(ops.repeat(one_hot, SIDE * SIDE), (-1, SIDE, SIDE, CLASSES))


class ConditionalGAN(keras.Model):
    """The two players with the example's order of work; target 1 means fake."""

    def __init__(self, generator: keras.Model, discriminator: keras.Model, seed: int) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.noise = keras.random.SeedGenerator(seed)
        self.g_mean, self.d_mean = (
            keras.metrics.Mean("generator_loss"),
            keras.metrics.Mean("discriminator_loss"),
        )

    def compile(
        self, g_optimizer: keras.optimizers.Optimizer, d_optimizer: keras.optimizers.Optimizer
    ) -> None:
        """Attaches both optimizers and the loss."""
        super().compile()
        self.g_optimizer, self.d_optimizer = g_optimizer, d_optimizer
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The two running means."""
        return [self.g_mean, self.d_mean]

    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> dict[str, Any]:
        """Updates D on fakes and real images in one batch, then G through D on new fakes."""
        images, one_hot = data
        n, planes = ops.shape(images)[0], label_planes(one_hot)

        fakes = self.generator(self.latents(n, one_hot))
        both = ops.concatenate([fakes, images]), ops.concatenate([planes, planes])
        targets = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))])
        with tf.GradientTape() as tape:
            d_loss = self.cross_entropy(targets, self.discriminator(ops.concatenate(both, axis=-1)))
        variables = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, variables), variables, strict=True))

        inputs = self.latents(n, one_hot)
        with tf.GradientTape() as tape:
            logits = self.discriminator(ops.concatenate([self.generator(inputs), planes], axis=-1))
            g_loss = self.cross_entropy(ops.zeros((n, 1)), logits)
        variables = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, variables), variables, strict=True))

        self.g_mean.update_state(g_loss)
        self.d_mean.update_state(d_loss)
        return {"g_loss": self.g_mean.result(), "d_loss": self.d_mean.result()}

    def latents(self, n: tf.Tensor, one_hot: tf.Tensor) -> tf.Tensor:
        """Draws what the generator takes: noise with the labels behind it, (N, 138)."""
        noise = keras.random.normal((n, SETTINGS["latent_dim"]), seed=self.noise)
        return ops.concatenate([noise, one_hot], axis=1)


def draw(generator: keras.Model, n: int, labels: np.ndarray | None, seed: int) -> np.ndarray:
    """Draws one picture of each of ``n`` labels."""
    latents = np.random.default_rng(seed).normal(size=(n, SETTINGS["latent_dim"]))
    inputs = np.concatenate([latents, keras.utils.to_categorical(labels, CLASSES)], axis=1).astype("float32")
    return np.rint(generator.predict(inputs, batch_size=500, verbose=0) * 255).astype(np.uint8)


CONTESTANT = Contestant(
    "keras-io's conditional GAN", epochs=20, labelled=True, settings=SETTINGS, train=train, draw=draw
)
