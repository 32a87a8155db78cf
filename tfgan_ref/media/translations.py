"""Strips of pictures that show what a translator makes of its examples."""

from collections.abc import Mapping, Sequence

import numpy as np

from tfgan_ref import plotting
from tfgan_ref.errors import InputError
from tfgan_ref.gans import ImageTranslator


def draw_strips(gan: ImageTranslator, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Draws a row for each example: its source, what G makes of it, and its target."""
    made = gan.translate(examples).numpy()
    return strips([_enlarged(examples["source"], made.shape[1]), made, examples["target"]])


def strips(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Lays columns of pictures (N, H, W, 1 or 3) in [-1, 1] side by side, a row for each N; uint8."""
    images = [plotting.to_uint8(np.broadcast_to(column, (*column.shape[:3], 3))) for column in columns]
    rows = np.stack(images, axis=1).reshape(-1, *images[0].shape[1:])
    return plotting.grid(rows, len(columns), enlarge=2 if rows.shape[1] < 48 else 1)


def require_crop(crop: int, multiple: int, what: str) -> None:
    """Checks that squares fit a network.

    Raises:
        InputError: ``crop`` is not a multiple of ``multiple``, which is ``what``.
    """
    if crop % multiple:
        raise InputError(f"crop {crop} is not a multiple of {what}")


def _enlarged(images: np.ndarray, side: int) -> np.ndarray:
    """Repeats pixels so that pictures have this side, a multiple of theirs."""
    factor = side // images.shape[1]
    return images.repeat(factor, axis=1).repeat(factor, axis=2)
