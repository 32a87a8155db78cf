"""What ``modes.py`` learns: distributions whose modes can be counted, with networks that fit them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import keras
import matplotlib
import numpy as np
import tensorflow as tf
from study_common import save

from tfgan_ref import data, networks, plotting, randomness
from tfgan_ref.data import ImageArrays
from tfgan_ref.evaluation import classifier_for
from tfgan_ref.gans import GAN
from tfgan_ref.metrics import mode_statistics, stacked_mode_statistics
from tfgan_ref.training.callbacks import PeriodicCallback

matplotlib.use("Agg")
from matplotlib import pyplot as plt

POINTS = 2500  # samples that are counted: Lin et al. 2018, section 4.1
STACKED = 26_000  # Metz et al. 2017, section 3.3.1
PANELS = (1, 3, 5, 7, 10)  # tenths of a run that its picture shows
DRAWING = 7  # seed of the latents that are counted and drawn


class Coverage(NamedTuple):
    """What is counted; divergences in nats."""

    modes: int
    high_quality: float | None  # share of the samples; None where a classifier decides
    reverse_kl: float


@dataclass(frozen=True)
class Mixture:
    """Equal Gaussians, in the units in which they are learnt.

    Attributes:
        name: of the distribution.
        centres: (M, dim).
        stddev: of every Gaussian, all axes.
    """

    name: str
    centres: np.ndarray
    stddev: float
    latent_dim: int = 2
    batch_size: int = 512

    @property
    def total(self) -> int:
        """Number of modes."""
        return len(self.centres)

    @property
    def spread(self) -> float:
        """Distance between neighbouring modes, the unit of noise that makes them one."""
        distances = np.linalg.norm(self.centres[:, None] - self.centres[None], axis=-1)
        return float(distances[distances > 0].min())

    def dataset(self, n: int, seed: int) -> tf.data.Dataset:
        """Returns endless batches of ``n`` points, a function of the seed and the step."""
        centres = tf.constant(self.centres, tf.float32)

        def batch(step: tf.Tensor) -> dict[str, tf.Tensor]:
            choice, noise = tf.unstack(tf.random.split(randomness.step_seed(seed, step), 2))
            which = tf.random.stateless_uniform([n], choice, 0, len(self.centres), tf.int32)
            points = tf.gather(centres, which)
            return {"image": points + self.stddev * tf.random.stateless_normal(tf.shape(points), noise)}

        return tf.data.Dataset.counter().map(batch).prefetch(tf.data.AUTOTUNE)

    def generator(self, seed: int, **settings: Any) -> keras.Model:
        """Builds the generator that all objectives share."""
        return networks.point_generator(self.latent_dim, self.centres.shape[1], seed=seed, **settings)

    def discriminator(
        self,
        seed: int,
        *,
        packing: int = 1,
        spectral_norm: bool = False,
        minibatch: bool = False,
        unit: float = 1.0,
        slope: float = 1.0,
        **_: Any,
    ) -> keras.Model:
        """Builds a discriminator of packs of points.

        Args:
            seed: of the initialisers.
            packing: points in a pack.
            spectral_norm: of every layer.
            minibatch: whether it sees how near the batch's points are to each other.
            unit: what the points are divided by before the first layer.
            slope: what the logits are multiplied by: with ``spectral_norm`` the Lipschitz constant.
        """
        dim = self.centres.shape[1] * packing
        features = networks.point_features(dim, spectral_norm=spectral_norm, seed=seed)
        if unit != 1:
            points = keras.Input((dim,))
            scaled = keras.layers.Rescaling(1 / unit)(points)
            features = keras.Model(points, features(scaled), name="features")
        if minibatch:
            # Few and short kernels: time and memory grow with the square of the batch, which is large.
            features = networks.minibatch_features(features, seed, kernels=4, kernel_dim=2)
        built = networks.discriminator(features, spectral_norm=spectral_norm, initializer="xavier", seed=seed)
        return multiplied(built, slope)

    def autoencoder(self, seed: int) -> keras.Model:
        """Builds an autoencoding discriminator."""
        return networks.point_autoencoder(self.centres.shape[1], seed=seed)

    def coverage(self, gan: GAN) -> Coverage:
        """Counts the modes that the averaged generator finds."""
        found = mode_statistics(gan.generate(POINTS, DRAWING).numpy(), self.centres, self.stddev)
        return Coverage(found.modes, found.high_quality, found.reverse_kl)

    def snapshot(self, gan: GAN) -> np.ndarray:
        """Returns the samples for one panel of the picture."""
        return gan.generate(1000, DRAWING).numpy()

    def draw(self, snapshots: dict[int, np.ndarray], title: str, path: Path) -> None:
        """Draws samples over time beside the modes."""
        figure, panels = plt.subplots(1, len(snapshots), figsize=(2.2 * len(snapshots), 2.6))
        limit = 1.25 * np.abs(self.centres).max() + 3 * self.stddev
        for panel, (step, points) in zip(np.atleast_1d(panels), snapshots.items(), strict=True):
            panel.set_title(f"step {step}", fontsize=8)
            if points.shape[1] == 1:
                panel.hist(points[:, 0], bins=np.linspace(-limit, limit, 81), color="tab:blue")
                for centre in self.centres[:, 0]:
                    panel.axvline(centre, color="tab:red", linewidth=0.6)
                panel.set_yticks([])
            else:
                panel.scatter(*self.centres.T, s=30, facecolors="none", edgecolors="tab:red", linewidths=0.6)
                panel.scatter(*points.T, s=1, color="tab:blue", alpha=0.5)
                panel.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
        figure.suptitle(title, fontsize=9)
        figure.tight_layout()
        save(figure, path)
        plt.close(figure)


def multiplied(model: keras.Model, factor: float) -> keras.Model:
    """Returns ``model`` with its outputs multiplied by ``factor``."""
    if factor == 1:
        return model
    return keras.Model(model.input, keras.layers.Rescaling(factor, dtype="float32")(model.output))


class StackedDigits:
    """Three digits in the channels of one image: 1,000 modes (Metz et al. 2017, section 3.3.1).

    Args:
        arrays: labelled grey digits of 28 pixels.
    """

    name = "stacked"
    total = 1000
    spread = 1.0  # of images in [-1, 1]
    latent_dim = 100
    batch_size = 64

    def __init__(self, arrays: ImageArrays, width: int = 32) -> None:
        self.arrays = arrays
        self.width = width
        self.classifier = classifier_for(arrays)

    def dataset(self, n: int, seed: int) -> tf.data.Dataset:
        """Returns endless batches of ``n`` stacks, a function of the seed and the step."""

        def stack(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return {"image": tf.concat(tf.split(batch["image"], 3), axis=3)}

        # The order is a hashed shuffle: three thirds of one batch are independent draws.
        return data.batches(self.arrays, batch_size=3 * n, seed=seed).map(stack)

    def generator(self, seed: int, **settings: Any) -> keras.Model:
        """Builds the generator that all objectives share."""
        return networks.dcgan_generator(self.latent_dim, 28, 3, width=self.width, seed=seed, **settings)

    def discriminator(
        self,
        seed: int,
        *,
        packing: int = 1,
        spectral_norm: bool = False,
        minibatch: bool = False,
        batch_norm: bool = True,
        **_: Any,
    ) -> keras.Model:
        """Builds a discriminator of packs of stacks; units and slopes are for points."""
        features = networks.dcgan_features(
            28,
            3 * packing,
            width=self.width,
            normalisation="batch" if batch_norm else "none",
            spectral_norm=spectral_norm,
            seed=seed,
        )
        if minibatch:
            features = networks.minibatch_features(features, seed)
        return networks.discriminator(features, spectral_norm=spectral_norm, seed=seed)

    def autoencoder(self, seed: int) -> keras.Model:
        """Builds an autoencoding discriminator."""
        return networks.conv_autoencoder(28, 3, width=self.width, seed=seed)

    def coverage(self, gan: GAN) -> Coverage:
        """Classifies each channel of the averaged generator's samples and counts the numbers they make."""
        labels = []
        for start in range(0, STACKED, 2000):
            stacks = plotting.to_uint8(gan.generate(2000, DRAWING + start))
            digits = np.concatenate([stacks[..., channel : channel + 1] for channel in range(3)])
            labels.append(self.classifier(digits)[1].argmax(axis=1).reshape(3, -1).T)
        found = stacked_mode_statistics(np.concatenate(labels))
        return Coverage(found.modes, None, found.reverse_kl)

    def snapshot(self, gan: GAN) -> np.ndarray:
        """Returns the samples for one panel of the picture."""
        return plotting.to_uint8(gan.generate(16, DRAWING))

    def draw(self, snapshots: dict[int, np.ndarray], title: str, path: Path) -> None:
        """Draws samples over time."""
        figure, panels = plt.subplots(1, len(snapshots), figsize=(2.2 * len(snapshots), 2.6))
        for panel, (step, images) in zip(np.atleast_1d(panels), snapshots.items(), strict=True):
            panel.imshow(plotting.grid(images, 4))
            panel.set_title(f"step {step}", fontsize=8)
            panel.axis("off")
        figure.suptitle(title, fontsize=9)
        figure.tight_layout()
        save(figure, path)
        plt.close(figure)


def ring() -> Mixture:
    """8 Gaussians of standard deviation 0.01 on the unit circle, all times 4: as wide as the grid."""
    angles = 2 * np.pi * np.arange(8) / 8
    return Mixture("ring", 4 * np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.04)


def grid() -> Mixture:
    """25 Gaussians of standard deviation 0.05 on {-4, -2, 0, 2, 4} squared."""
    axis = np.arange(-4.0, 5.0, 2.0)
    return Mixture("grid", np.array([[x, y] for x in axis for y in axis]), 0.05)


def two_modes() -> Mixture:
    """The metrics article's example of a density with two modes, of which G may learn one."""
    return Mixture("two_modes", np.array([[-2.0], [2.0]]), 0.1)


MIXTURES: dict[str, Callable[[], Mixture]] = {"ring": ring, "grid": grid, "two_modes": two_modes}
Distribution = Mixture | StackedDigits


class Snapshots(PeriodicCallback):
    """Takes samples of a run of ``steps`` steps, at five times."""

    def __init__(self, distribution: Distribution, steps: int) -> None:
        super().__init__(steps // 10)
        self.distribution = distribution
        self.steps = steps
        self.taken: dict[int, np.ndarray] = {}

    def act(self, step: int, logs: Mapping[str, float]) -> None:
        """Takes one."""
        if step * 10 // self.steps in PANELS:
            self.taken[step] = self.distribution.snapshot(self.model)
