"""Drawing from a trained generator, whether it is a run directory or an exported SavedModel."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import InputError, check_at_least
from tfgan_ref.export.generator import CHUNK, ExportedGenerator
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.media.medium import PICTURES, TRANSLATIONS, SampleWriter
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import build
from tfgan_ref.run.saved_models import load_saved_model


@dataclass(frozen=True)
class Sampler:
    """A generator with what is needed to draw from it.

    Attributes:
        serve: maps latents (N, latent_dim), and labels (N,) if conditional, to images in [0, 1].
        latent_dim: length of a latent vector.
        num_classes: None for an unconditional generator.
    """

    serve: Callable[..., tf.Tensor]
    latent_dim: int
    num_classes: int | None

    def draw(self, latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Maps latents, and labels if conditional, to uint8 images (N, H, W, C), in pieces."""
        inputs = [tf.constant(latents, tf.float32)]
        if labels is not None:
            inputs.append(tf.constant(labels, tf.int32))
        starts = range(0, len(latents), CHUNK)
        pieces = [self.serve(*(tensor[i : i + CHUNK] for tensor in inputs)).numpy() for i in starts]
        return np.rint(np.concatenate(pieces) * 255).astype(np.uint8)

    def latents(self, n: int, seed: int) -> np.ndarray:
        """Draws the ``n`` latents that the SavedModel's ``sample`` draws from ``seed``."""
        check_at_least(1, n=n)
        if not 0 <= seed < 2**31:
            raise InputError(f"seed {seed} is out of range: from 0 to 2147483647")
        return randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed)).numpy()

    def labels(self, n: int, label: str | None) -> np.ndarray | None:
        """Returns the labels of ``n`` samples for a class number, or "all": n / classes of each, in order.

        Raises:
            InputError: an unconditional generator was given a label, or the class does not exist.
        """
        check_at_least(1, n=n)
        if self.num_classes is None:
            if label is not None:
                raise InputError(f"label {label}: this generator is unconditional and takes none")
            return None
        if label in (None, "all"):
            return np.repeat(np.arange(self.num_classes), max(1, n // self.num_classes))
        if not (label.isdecimal() and int(label) < self.num_classes):
            raise InputError(f"label {label!r} is out of range: 0 to {self.num_classes - 1}, or all")
        return np.full(n, int(label))


def sampler_of(gan: GenerativeModel) -> Sampler:
    """Draws from the averaged generator of ``gan``, as it is at each time."""
    module = ExportedGenerator(gan.sampling_generator)
    return Sampler(tf.function(module.serve), gan.latent_dim, gan.num_classes)


def open_writer(path: Path) -> SampleWriter | None:
    """Opens a run directory or a SavedModel whose samples are no pictures; None for any other ``path``.

    Raises:
        InputError: ``path`` cannot be read.
    """
    if (path / "saved_model.pb").is_file():
        try:
            loaded = load_saved_model(path)
            served = set(loaded.signatures["serving_default"].structured_outputs)
        except (OSError, KeyError, ValueError, tf.errors.OpError):
            return None  # ``open_sampler`` says what is wrong with it
        media = (recipe.medium for recipe in RECIPES.values())
        opener = next((m.of_saved_model for m in media if m.served in served), None)
        return opener(loaded) if opener else None
    if not path.exists() or build.recipe_of(path).medium.of_gan is None:
        return None
    recipe, gan, shape = build.open_run(path)
    return recipe.medium.of_gan(gan, shape)


def open_sampler(path: Path) -> Sampler:
    """Opens a run directory (its newest checkpoint) or a SavedModel.

    Raises:
        InputError: ``path`` is neither, or cannot be read.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist: name a run directory or a SavedModel")
    if not (path / "saved_model.pb").is_file():
        recipe, gan, _ = build.open_run(path)
        if recipe.medium is TRANSLATIONS:
            raise InputError(f"{path} turns pictures into pictures and draws none: use apply.py")
        if recipe.medium is not PICTURES:
            raise InputError(f"{path} draws no pictures: recipe {recipe.name} has other samples")
        return sampler_of(gan)
    try:
        loaded = load_saved_model(path)
        latent_dim = loaded.signatures["serving_default"].structured_input_signature[1]["latents"].shape[1]
    except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
        raise InputError(f"{path} is not a generator's SavedModel: {str(error).splitlines()[0]}") from error
    num_classes = int(loaded.num_classes.numpy()) if hasattr(loaded, "num_classes") else None

    def serve(latents: tf.Tensor, label: tf.Tensor | None = None) -> tf.Tensor:
        # Through ``loaded``, which must stay alive: its functions do not keep its variables.
        given = {"latents": latents} if label is None else {"latents": latents, "label": label}
        return loaded.signatures["serving_default"](**given)["images"]

    return Sampler(serve, latent_dim, num_classes)


def interpolate(latents: np.ndarray, steps: int) -> np.ndarray:
    """Goes from each latent to the next one on a great circle, in ``steps`` pictures.

    Straight lines would pass through lengths that N(0, I) hardly ever draws (White 2016, equation 1).

    Args:
        latents: (2 * R, latent_dim): the ends of R walks.
        steps: points per walk, ends included.

    Returns:
        (R * steps, latent_dim), walk by walk.
    """
    walks = []
    for start, end in latents.reshape(-1, 2, latents.shape[-1]):
        cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
        angle = np.arccos(np.clip(cosine, -1, 1))
        for share in np.linspace(0, 1, steps):
            if np.sin(angle) < 1e-6:
                walks.append((1 - share) * start + share * end)
            else:
                weights = np.sin([(1 - share) * angle, share * angle]) / np.sin(angle)
                walks.append(weights[0] * start + weights[1] * end)
    return np.stack(walks).astype(np.float32)


def nearest_neighbours(samples: np.ndarray, images: np.ndarray, k: int) -> np.ndarray:
    """Finds the ``k`` training images nearest to each sample by Euclidean distance of pixels.

    Args:
        samples: uint8 (N, H, W, C).
        images: uint8 (M, H, W, C).
        k: neighbours of each.

    Returns:
        Indices into ``images``, (N, k), nearest first.
    """
    a = samples.reshape(len(samples), -1).astype(np.float32)
    distances = np.empty((len(samples), len(images)), np.float32)
    for start in range(0, len(images), 4096):
        b = images[start : start + 4096].reshape(-1, a.shape[1]).astype(np.float32)
        distances[:, start : start + 4096] = (b**2).sum(1) - 2 * a @ b.T
    return np.argsort(distances, axis=1, kind="stable")[:, :k]
