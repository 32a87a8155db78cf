"""What a recipe trains on, as the runner needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import numpy as np
import tensorflow as tf

from tfgan_ref import data
from tfgan_ref.data import ImageArrays, PicturePairs

if TYPE_CHECKING:
    from tfgan_ref.recipes.settings import SamplingSettings, Settings, TranslationSettings

EXAMPLES = 6  # pictures that show a translator's progress


class DataShape(NamedTuple):
    """What the networks must know of the data."""

    sample_shape: tuple[int, ...]  # of what the generator makes in training: (H, W, C) for pictures
    num_classes: int | None = None  # None: the data have no labels
    source_channels: int | None = None  # of the pictures that a translator starts from; None: no translator
    names: dict[str, tuple[str, ...]] | None = None  # what numbers stand for: classes, words, attributes

    @classmethod
    def of(cls, arrays: ImageArrays) -> Self:
        """Returns that of images in memory."""
        return cls(tuple(arrays.images.shape[1:]), len(arrays.class_names) or None)


class TrainingData(Protocol):
    """Data in memory."""

    @property
    def shape(self) -> DataShape:
        """What the networks must know."""

    @property
    def fingerprint(self) -> str:
        """What tells them from others."""

    def batches(self, settings: Settings, n: int, start_step: int) -> tf.data.Dataset:
        """Returns the endless batches of ``n`` that come after ``start_step`` others."""

    def examples(self) -> tuple[dict[str, np.ndarray], ...]:
        """Returns what a recipe's ``draw`` takes beside the GAN."""


@dataclass(frozen=True)
class LabelledImages:
    """Images of one size, with or without labels."""

    arrays: ImageArrays

    @classmethod
    def read(cls, settings: SamplingSettings) -> Self:
        """Reads the images that ``settings`` name.

        Raises:
            InputError: they cannot be read or used.
        """
        return cls(
            data.read(
                settings.data,
                image_size=settings.image_size,
                channels=settings.channels,
                data_dir=settings.data_dir,
            )
        )

    @property
    def shape(self) -> DataShape:
        """What the networks must know."""
        return DataShape.of(self.arrays)

    @property
    def fingerprint(self) -> str:
        """What tells these images from others."""
        return self.arrays.fingerprint

    def batches(self, settings: SamplingSettings, n: int, start_step: int) -> tf.data.Dataset:
        """Returns the endless batches of ``n`` that come after ``start_step`` others."""
        arrays = self.arrays
        if settings.missing > 0:
            arrays = data.remove_pixels(arrays, settings.missing, settings.seed)
        return data.batches(
            arrays, batch_size=n, seed=settings.seed, start_step=start_step, balanced=settings.balanced
        )

    def examples(self) -> tuple[()]:
        """Returns nothing: samples come from latents."""
        return ()


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures, or two collections, from which squares are cut.

    Attributes:
        pairs: the pictures.
        crop: side of the squares, in source pixels.
        hole: how pixels are taken from the sources, see ``data.pair_batches``; None: not at all.

    Raises:
        InputError: a picture is smaller than its square, or ``hole`` is unknown.
    """

    pairs: PicturePairs
    crop: int
    hole: str | None = None

    def __post_init__(self) -> None:
        self.examples()  # what cannot be cut is told before a run begins

    @property
    def shape(self) -> DataShape:
        """What the networks must know."""
        side = self.crop * self.pairs.scale
        return DataShape((side, side, self.pairs.target_channels), source_channels=self.pairs.source_channels)

    @property
    def fingerprint(self) -> str:
        """What tells these pictures from others."""
        return self.pairs.fingerprint

    def batches(self, settings: TranslationSettings, n: int, start_step: int) -> tf.data.Dataset:
        """Returns the endless batches of ``n`` that come after ``start_step`` others."""
        return data.pair_batches(
            self.pairs,
            batch_size=n,
            seed=settings.seed,
            start_step=start_step,
            crop=self.crop,
            flip=settings.flip,
            hole=self.hole,
        )

    def examples(self) -> tuple[dict[str, np.ndarray]]:
        """Returns the same few squares each time."""
        return (data.example_pairs(self.pairs, EXAMPLES, seed=0, crop=self.crop, hole=self.hole),)
