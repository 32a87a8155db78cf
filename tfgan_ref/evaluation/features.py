"""Features and logits of images in one pass, with those of real data kept between evaluations."""

import logging
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from tqdm import tqdm

from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.files import cache_directory, keep, write_npz

logger = logging.getLogger(__name__)
BATCH = 250
# By the names that commands take.
EXTRACTORS = ("classifier", "random-conv", "saved-model", "inception-fid", "inception-keras")


class Extractor(Protocol):
    """A fixed network that scores are computed from.

    Attributes:
        name: how its scores are labelled.
        label: what the Frechet distance of its features is called; "FID" means one network and resize only.
        key: what tells it from every other extractor, weights and resizing included; a file name. None: none
            does, and no features are kept.
    """

    name: str
    label: str
    key: str | None

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps uint8 images (N, H, W, C) to features (N, d) and logits (N, k), k = 0 without classes."""


class Features(NamedTuple):
    """Features and logits of a set of images, and their labels where they are known."""

    features: np.ndarray  # float32 (N, d)
    logits: np.ndarray  # float32 (N, k)
    labels: np.ndarray | None = None  # whole numbers (N,)

    def take(self, rows: np.ndarray | slice) -> "Features":
        """Returns some rows."""
        return Features(*(None if values is None else values[rows] for values in self))


def extract(batches: Iterable[np.ndarray], extractor: Extractor, total: int, title: str | None) -> Features:
    """Runs ``extractor`` once over batches of uint8 images; with a ``title``, under a progress bar.

    Raises:
        InputError: the extractor gave NaN or infinite features.
    """
    features, logits = [], []
    with tqdm(total=total, desc=title, unit="image", file=sys.stderr, disable=None if title else True) as bar:
        for images in batches:
            if not len(images):  # all of them are damaged
                continue
            outputs = extractor(images)
            features.append(np.asarray(outputs[0], np.float32))
            logits.append(np.asarray(outputs[1], np.float32))
            if not np.isfinite(features[-1]).all():
                raise InputError(
                    f"{extractor.name} gave NaN or infinite features of {title or 'the samples'}"
                )
            bar.update(len(images))
    return Features(np.concatenate(features), np.concatenate(logits))


def extract_drawn(
    draw: Callable[[int, int], np.ndarray], n: int, extractor: Extractor, title: str | None
) -> Features:
    """Runs ``extractor`` over ``n`` generated images, ``draw(start, stop)`` at a time."""
    pieces = (draw(start, min(start + BATCH, n)) for start in range(0, n, BATCH))
    return extract(pieces, extractor, n, title)


def chosen_rows(count: int, n: int, seed: int) -> np.ndarray:
    """Returns the numbers of all ``count`` rows, or of a seeded choice of ``n`` in their order if fewer."""
    if n >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, n, replace=False))


def extract_images(
    arrays: ImageArrays,
    chosen: np.ndarray,
    extractor: Extractor,
    title: str | None,
    channels: int | None = None,
) -> tuple[Features, np.ndarray]:
    """Runs ``extractor`` over images of a data set, which are in memory ``BATCH`` at a time.

    Damaged images on disk are left out, as they are where a data set is read into memory.

    Args:
        arrays: the data set.
        chosen: numbers of its images, (N,).
        extractor: the network.
        title: of a progress bar; None: there is none.
        channels: in how many grey images are shown to it; None: as they are.

    Returns:
        The features, without labels, and the numbers of the images that they are of, up to (N,).
    """
    taken = []

    def pieces() -> Iterator[np.ndarray]:
        for start in range(0, len(chosen), BATCH):
            images, numbers = arrays.read(chosen[start : start + BATCH])
            taken.append(numbers)
            yield images if channels is None else np.broadcast_to(images, (*images.shape[:3], channels))

    return extract(pieces(), extractor, len(chosen), title), np.concatenate(taken)


def extract_real(
    arrays: ImageArrays, n: int, extractor: Extractor, seed: int, cache: Path | None = None
) -> Features:
    """Runs ``extractor`` over ``n`` images of a data set, or reads what an earlier evaluation kept.

    The labels are the data set's. What is kept is of these very images, see ``ImageArrays.version``; images
    on disk that are damaged are left out.

    Args:
        arrays: the data set.
        n: number of images; all in their order, or a seeded choice if that is fewer.
        extractor: the network.
        seed: of the choice.
        cache: where features are kept; None is the user's cache directory.
    """
    chosen = chosen_rows(len(arrays.images), n, seed)
    choice = "all" if n >= len(arrays.images) else f"{n}-seed{seed}"
    path = (cache or cache_directory()) / "features" / f"{arrays.version}-{choice}-{extractor.key}.npz"
    named = None not in (arrays.version, extractor.key)
    if named and os.path.isfile(path):  # False, unlike Path's method, where nothing may be looked at
        try:
            with np.load(path, allow_pickle=False) as kept:
                found, numbers = Features(kept["features"], kept["logits"]), kept["numbers"]
                return found._replace(labels=None if arrays.labels is None else arrays.labels[numbers])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("kept features %s cannot be read (%s): computing them again", path, error)
    found, numbers = extract_images(arrays, chosen, extractor, f"features of {arrays.name}")
    if named:
        kept_arrays = {"features": found.features, "logits": found.logits, "numbers": numbers}
        keep(path, lambda path: write_npz(path, **kept_arrays))
    return found._replace(labels=None if arrays.labels is None else arrays.labels[numbers])
