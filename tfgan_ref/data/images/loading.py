"""A data set by its name, as training reads it."""

from pathlib import Path

import tensorflow as tf

from tfgan_ref.data.images.batching import batches, check_order
from tfgan_ref.data.images.sources import read


def load(
    name: str,
    *,
    batch_size: int,
    image_size: int | None = None,
    seed: int,
    start_step: int = 0,
    split: str = "train",
    balanced: bool = False,
    data_dir: str | Path | None = None,
    channels: int | None = None,
) -> tf.data.Dataset:
    """Returns the endless data set of shuffled batches: ``batches`` of what ``read`` reads.

    Args:
        name: see ``read``.
        batch_size: images per batch; every batch is full.
        image_size: side of the square images; None keeps their size.
        seed: chooses the order, any whole number from 0 up.
        start_step: how many batches to leave out: ``load(..., start_step=k)`` yields what comes after k
            batches.
        split: "train" or "test" where a data set has them.
        balanced: whether all classes come equally often.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        channels: 1, 3 or None, see ``read``.

    Returns:
        Dicts of ``image``, float32 of shape (batch_size, H, W, C) in [-1, 1], and, if there are labels,
        ``label``, int32 of shape (batch_size,); and, if pixels are missing, ``mask`` (see ``batches``).

    Raises:
        InputError: if the name is unknown, an argument out of range, or the data cannot be read or used.
    """
    check_order(batch_size, seed, start_step)  # before minutes of reading
    arrays = read(name, image_size=image_size, channels=channels, split=split, data_dir=data_dir)
    return batches(arrays, batch_size=batch_size, seed=seed, start_step=start_step, balanced=balanced)
