"""What the recipes share that turn pictures into pictures: reading their pairs, and the strips they draw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tfgan_ref import data, plotting
from tfgan_ref.data import PicturePairs
from tfgan_ref.data.training_data import Pairs
from tfgan_ref.errors import InputError
from tfgan_ref.gans import ImageTranslator
from tfgan_ref.recipes.settings import PairedSettings


def pairs_reader(make: str | None = None) -> Callable[[PairedSettings], Pairs]:
    """Returns what reads a recipe's pairs.

    Args:
        make: how a source is made from a picture, see ``data.read_pairs``; None: as the settings say. Data
            that come in pairs keep theirs.
    """

    def read(settings: PairedSettings) -> Pairs:
        pairs = data.read_pairs(
            settings.data,
            make=make or settings.make,
            reverse=getattr(settings, "reverse", False),
            scale=getattr(settings, "scale", 1),
            image_size=getattr(settings, "image_size", None),
            channels=settings.channels,
            data_dir=settings.data_dir,
        )
        training, _ = split_pairs(pairs, settings.hold_out)
        return Pairs(training, settings.crop, getattr(settings, "hole", None))

    return read


def split_pairs(pairs: PicturePairs, hold_out: int) -> tuple[PicturePairs, PicturePairs | None]:
    """Takes ``hold_out`` pairs, the same ones each time, from those that are trained on.

    Raises:
        InputError: none would be left.
    """
    count = len(pairs.sources)
    if hold_out >= count:
        raise InputError(f"hold_out {hold_out} is out of range: {pairs.name} has {count} pairs")
    order = np.random.default_rng(0).permutation(count)
    chosen = (np.sort(order[hold_out:]), np.sort(order[:hold_out]))
    training, held_out = (
        replace(
            pairs,
            **{
                side: tuple(getattr(pairs, side)[i] for i in rows)
                for side in ("sources", "targets", "names")
                if getattr(pairs, side)
            },
        )
        if len(rows)
        else None
        for rows in chosen
    )
    return training, held_out


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
