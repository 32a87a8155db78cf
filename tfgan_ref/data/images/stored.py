"""Pictures of a store of files: decoded into memory, or opened on disk."""

import io
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from multiprocessing.pool import ThreadPool
from typing import NamedTuple

import numpy as np

from tfgan_ref.data.images.arrays import ImageArrays, present_classes
from tfgan_ref.data.images.decoding import Collection, ImageSize, damage, decode_first, fit, to_pixels
from tfgan_ref.data.images.listing import tell_several
from tfgan_ref.data.images.options import ReadOptions
from tfgan_ref.data.streams.cache import stored_pictures
from tfgan_ref.data.streams.faults import LARGEST_BAD_SHARE
from tfgan_ref.data.streams.stores import Store
from tfgan_ref.errors import InputError

logger = logging.getLogger(__name__)

_NAMED_BAD_FILES = 10
_FILES_WORTH_A_PROGRESS_BAR = 3000

# Number of the file, uint8 (H, W, 1 or 3) after fitting, and (width, height) before it.
Decoded = tuple[int, np.ndarray, tuple[int, int]]
# Pixels, size before fitting, what is wrong with the file ("" if nothing), and its frames or pages.
_Read = tuple[np.ndarray | None, tuple[int, int], str, int]


class Listed(NamedTuple):
    """Picture files with their classes, none of them decoded yet.

    Attributes:
        store: the files.
        labels: whole numbers from 0 up, (N,); None: they have none.
        class_names: of the classes by their numbers, see ``present_classes``.
    """

    store: Store
    labels: np.ndarray | None
    class_names: Sequence[str] | None


def read_stored(name: str, listed: Listed, options: ReadOptions, *, whole: bool = True) -> ImageArrays:
    """Returns pictures of files, with their classes.

    In memory a damaged file is named in a warning and left out; on disk, when it is met.

    Args:
        name: the data set's name for messages.
        listed: the files.
        options: what is asked of them.
        whole: whether they are all images of a source that has no test split.

    Raises:
        InputError: if images have different sizes without ``image_size``, a label is no class number, or more
            than 1 % of the files are damaged.
    """
    store, labels, class_names = listed
    if opened := stored_pictures(name, store, options):
        images, kept = opened
    else:
        size, count = options.image_size, len(store.names)
        collection = Collection(name, size, capacity=count, channels=options.channels, named=True)
        kept = []
        with closing(decode_stored(name, store, size)) as decoded:  # an error stops the threads
            for number, pixels, size_before in decoded:
                collection.add(pixels, size_before, store.names[number])
                kept.append(number)
        images = collection.to_array()
    classes = () if labels is None else present_classes(name, labels[kept], class_names)
    return ImageArrays(name, images, *classes, whole=whole)


def decode_stored(name: str, store: Store, image_size: ImageSize | None) -> Iterator[Decoded]:
    """Decodes all picture files of a store; a damaged one is named in a warning and left out.

    Args:
        name: the data set's name for messages.
        store: the files.
        image_size: side of the squares, or (height, width), to scale and crop to; None keeps the sizes.

    Yields:
        The number of a file, uint8 (H, W, 1 or 3) after fitting, and (width, height) before it.

    Raises:
        InputError: at the end, if more than 1 % of the files are damaged.
    """
    bad, several = [], []
    with closing(_decode_all(store, image_size)) as decoded:
        for number, (pixels, size, error, frames) in enumerate(decoded):
            if frames > 1:
                several.append(store.names[number])
            if pixels is None:
                bad.append(f"{store.names[number]} ({error})")
            else:
                yield number, pixels, size
    judge(name, bad, len(store.names))
    tell_several(name, several, len(store.names))


def _decode_all(store: Store, image_size: ImageSize | None) -> Iterator[_Read]:
    """Yields what is read of each file."""
    from tqdm import tqdm

    def decode_one(number: int) -> _Read:
        try:
            image, frames = decode_first(io.BytesIO(store.read(number)))
            return to_pixels(fit(image, image_size)), image.size, "", frames
        except Exception as error:  # damaged files make Pillow's decoders raise almost anything
            return None, (0, 0), damage(error), 0

    # Filters belong to the process, so they are set here and not in each thread. Pillow warns of oddities in
    # files that it reads well, and of sizes that `decode` refuses.
    with warnings.catch_warnings(), ThreadPool(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")
        count = len(store.names)
        # None shows the bar on terminals only.
        quiet = None if count >= _FILES_WORTH_A_PROGRESS_BAR else True
        yield from tqdm(
            pool.imap(decode_one, range(count)), desc="reading images", total=count, unit="", disable=quiet
        )


def judge(name: str, bad: Sequence[str], n: int) -> None:
    """Names damaged files, which are left out, in warnings.

    Args:
        name: the data set's name for messages.
        bad: the damaged ones, each with what is wrong with it.
        n: the number of all.

    Raises:
        InputError: more than 1 % are damaged.
    """
    if len(bad) > LARGEST_BAD_SHARE * n:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise InputError(
            f"{name}: {len(bad)} of {n} images cannot be read, more than 1 %: {', '.join(bad[:3])}{more}"
        )
    for file in bad[:_NAMED_BAD_FILES]:
        logger.warning(f"{name}: left out, cannot be read: {file}")
    if bad:
        logger.warning(f"{name}: {len(bad)} of {n} images cannot be read and are left out")
