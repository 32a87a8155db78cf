"""What a contestant is, and how it is found. This file imports neither the package nor TensorFlow."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equal_time_peers.clock import Clock

if TYPE_CHECKING:
    import keras

SIDE, CLASSES = 28, 10  # of the pictures: the peers' networks take no others
PEERS = {"tutorial": "tutorial_dcgan", "keras_io": "keras_io_cgan"}
OURS = ("dcgan", "cgan", "r3gan")


@dataclass(frozen=True)
class Contestant:
    """A way to train a generator of 28x28 digits.

    Attributes:
        title: what tables and pictures call it.
        epochs: for how many its authors train.
        labelled: whether its generator takes labels.
        settings: its numbers, for the results.
        train: trains from (npz file of ``images`` uint8 (N, 28, 28, 1) and ``labels``, seed, clock) until
            the clock says that time is up.
        draw: pictures uint8 (N, 28, 28, 1) from (saved generator, N, labels (N,) or None, seed).
    """

    title: str
    epochs: float
    labelled: bool
    settings: dict[str, Any]
    train: Callable[[Path, int, Clock], None]
    draw: Callable[["keras.Model", int, np.ndarray | None, int], np.ndarray]


def find(name: str, pictures: int) -> Contestant:
    """Returns a contestant by its name.

    A peer is found without importing this project's package, which switches oneDNN on.

    Args:
        name: one of ``PEERS`` or a recipe.
        pictures: number of training pictures.
    """
    if name in PEERS:
        return importlib.import_module(f"equal_time_peers.{PEERS[name]}").CONTESTANT
    return importlib.import_module("equal_time_peers.ours").of_recipe(name, pictures)


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images uint8 (N, 28, 28, 1) and the labels (N,) of the file that contestants are given."""
    with np.load(path) as arrays:
        return arrays["images"], arrays["labels"]
