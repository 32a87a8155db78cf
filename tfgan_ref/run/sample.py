"""The command ``sample``: drawing from a trained generator, of a run directory or an exported SavedModel."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref import randomness
from tfgan_ref.errors import MODEL, InputError, check_at_least, check_exists, check_seed
from tfgan_ref.export.generator import ExportedGenerator, numbers, read_texts
from tfgan_ref.gans import GenerativeModel
from tfgan_ref.media.medium import (
    PICTURES,
    TRANSLATIONS,
    SampleWriter,
    class_labels,
    class_names_of,
    in_pieces,
)
from tfgan_ref.networks.saved_models import load_saved_model
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import build
from tfgan_ref.run.arguments.sample import PARSER, N
from tfgan_ref.run.sample_pictures import draw_pictures

# Options that samples of other kinds do not take.
FOR_PICTURES = ("interpolate", "neighbours", "beside", "truncation", "latents")


def main(arguments: argparse.Namespace) -> None:
    """Draws the samples that the command line asks for and writes them."""
    writer = open_writer(arguments.model)
    if writer is None:
        draw_pictures(open_sampler(arguments.model), arguments)
        return
    for flag in FOR_PICTURES:
        if getattr(arguments, flag) != PARSER.get_default(flag):
            raise InputError(f"--{flag} is for pictures: {arguments.model} makes none")
    n = N if arguments.n is None else arguments.n
    print(writer.write(n, arguments.seed, arguments.label, arguments.out))


@dataclass(frozen=True)
class Sampler:
    """A generator with what is needed to draw from it.

    Attributes:
        serve: maps latents (N, latent_dim), and labels (N,) if conditional, to images in [0, 1].
        latent_dim: length of a latent vector.
        sample_shape: (H, W, C) of an image.
        class_names: what the labels stand for; None for an unconditional generator.
    """

    serve: Callable[..., tf.Tensor]
    latent_dim: int
    sample_shape: tuple[int, int, int]
    class_names: tuple[str, ...] | None

    @property
    def num_classes(self) -> int | None:
        """The number of classes; None for an unconditional generator."""
        return None if self.class_names is None else len(self.class_names)

    def sample(self, n: int, seed: int = 0, label: int | str | None = None) -> np.ndarray:
        """Draws ``n`` images as the exported ``sample`` does: uint8 (n, H, W, C).

        Args:
            n: number of images.
            seed: from 0 to 2147483647; the same images for the same seed.
            label: a class by its number or name, of a conditional generator; None: every class in turn.

        Raises:
            InputError: an argument cannot be used.
        """
        latents = self.latents(n, seed)
        if label is not None:
            return self.draw(latents, self.labels(n, label))
        return self.draw(latents, None if self.num_classes is None else np.arange(n) % self.num_classes)

    def draw(self, latents: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Maps latents, and labels if conditional, to uint8 images (N, H, W, C)."""
        return np.concatenate(list(self.pieces(latents, labels)))

    def pieces(self, latents: np.ndarray, labels: np.ndarray | None = None) -> Iterator[np.ndarray]:
        """Yields the images of ``draw`` in pieces, so that any number of them fits in memory."""
        inputs = [tf.constant(latents, tf.float32)]
        if labels is not None:
            inputs.append(tf.constant(labels, tf.int32))
        for images in in_pieces(self.serve, *inputs):
            yield np.rint(images * 255).astype(np.uint8)

    def latents(self, n: int, seed: int) -> np.ndarray:
        """Draws the ``n`` latents that the SavedModel's ``sample`` draws from ``seed``."""
        check_at_least(1, n=n)
        check_seed(seed)
        return randomness.sample_latents(n, self.latent_dim, randomness.base_seed(seed)).numpy()

    def labels(self, n: int, label: int | str | None) -> np.ndarray | None:
        """Returns the labels of ``n`` samples, see ``class_labels``.

        Raises:
            InputError: an unconditional generator was given a label, or the class does not exist.
        """
        check_at_least(1, n=n)
        if self.class_names is not None:
            return class_labels(n, label, self.class_names)
        if label is not None:
            raise InputError(f"label {label}: this generator is unconditional and takes none")
        return None


def sampler_of(gan: GenerativeModel, class_names: Sequence[str] | None = None) -> Sampler:
    """Returns a sampler of the averaged generator of ``gan``, which follows its weights.

    Args:
        gan: the GAN.
        class_names: what the labels of a conditional one stand for; None: numbers.
    """
    module = ExportedGenerator(gan.sampling_generator)
    names = None if gan.num_classes is None else tuple(class_names or numbers(gan.num_classes))
    shape = gan.sampling_generator.output_shape[1:]
    return Sampler(tf.function(module.serve, autograph=False), gan.latent_dim, shape, names)


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
    check_exists(path, MODEL)
    if not (path / "saved_model.pb").is_file():
        recipe, gan, shape = build.open_run(path)
        if recipe.medium is TRANSLATIONS:
            raise InputError(f"{path} turns pictures into pictures and draws none: use the command apply")
        if recipe.medium is not PICTURES:
            raise InputError(f"{path} draws no pictures: recipe {recipe.name} has other samples")
        return sampler_of(gan, class_names_of(shape))
    try:
        loaded = load_saved_model(path)
        served = loaded.signatures["serving_default"]
        latent_dim = served.structured_input_signature[1]["latents"].shape[1]
        sample_shape = tuple(served.structured_outputs["images"].shape[1:])
    except (OSError, KeyError, ValueError, tf.errors.OpError) as error:
        raise InputError(f"{path} is not a generator's SavedModel: {str(error).splitlines()[0]}") from error
    class_names = None
    if hasattr(loaded, "num_classes"):
        named = hasattr(loaded, "class_names")  # which no SavedModel of 0.1 has
        class_names = read_texts(loaded.class_names) if named else numbers(int(loaded.num_classes.numpy()))

    def serve(latents: tf.Tensor, label: tf.Tensor | None = None) -> tf.Tensor:
        # Through ``loaded``, which must stay alive: its functions do not keep its variables.
        given = {"latents": latents} if label is None else {"latents": latents, "label": label}
        return loaded.signatures["serving_default"](**given)["images"]

    return Sampler(serve, latent_dim, sample_shape, class_names)
