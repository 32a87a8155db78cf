"""Pairs of pictures by name: files in pairs, or sources that are made of targets."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tfgan_ref.data.images.arrays import check_whole
from tfgan_ref.data.images.sources import check_form
from tfgan_ref.data.pairs.degradation import Degraded
from tfgan_ref.data.pairs.files import read_arrays, read_folders, read_halves
from tfgan_ref.data.pairs.pairs import PicturePairs
from tfgan_ref.data.pairs.picture_sources import Pictures, open_pictures, read_pictures, unreadable
from tfgan_ref.data.pairs.sketches import SKETCHES, Small, small, whole_multiple
from tfgan_ref.data.pairs.stored import StoredPairs
from tfgan_ref.data.pairs.stored_pictures import (
    Source,
    StoredPictures,
    held_pictures,
    stay_on_disk,
    stored_files,
    with_sources,
)
from tfgan_ref.data.streams.headers import read_headers
from tfgan_ref.errors import InputError, whole_number

MAKES = (*SKETCHES, "small", "degraded", "same")
SMALLER = ("small", "degraded")  # those with fewer pixels than their pictures
_FORMS = {
    "pairs": (read_folders, "pairs:DIR_A:DIR_B"),
    "sidebyside": (read_halves, "sidebyside:DIR"),
    "npzpairs": (read_arrays, "npzpairs:PATH:SOURCE:TARGET"),
}


def read_pairs(
    name: str,
    *,
    make: str | None = None,
    scale: int = 1,
    channels: int | None = None,
    image_size: int | None = None,
    split: str = "train",
    data_dir: str | Path | None = None,
    reverse: bool = False,
    stream: str = "off",
) -> PicturePairs | StoredPairs:
    """Reads pairs of pictures into memory, or finds them on disk.

    Args:
        name: data that come in pairs, ``pairs:DIR_A:DIR_B`` (files of the same names but for their endings),
            ``sidebyside:DIR`` (files with the source in their left half and the target in their right one, as
            pix2pix's) or ``npzpairs:PATH:SOURCE:TARGET`` (two arrays of an npz file, uint8 of shape (N, H, W)
            or (N, H, W, C)); or a name that ``read_pictures`` takes, whose pictures are the targets.
        make: how a source is made of a picture, needed for the latter (data that come in pairs have theirs):
            "edges", "sobel", "lines" (black drawings on white), "grey", "small" (``scale`` times smaller, by
            MATLAB's bicubic; the picture loses what ``scale`` leaves over), "degraded" (as small, by
            Real-ESRGAN's degradation, which is drawn anew for each square that is cut: see ``degradation``),
            or "same" (to take holes from).
        scale: how many times higher and wider a target is than its source.
        channels: 1 or 3; None as ``read_pictures`` has it, for each side on its own.
        image_size: at least 4 and a multiple of ``scale``: targets are scaled to it and cropped to squares,
            and the sources with them. None keeps the sizes.
        split: as for ``read``.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        reverse: whether source and target change places; ``scale`` must be 1.
        stream: whether pictures in files (``pairs``, ``sidebyside``, ``folder``, ``zip``, ``tfrecord``, data
            sets of tensorflow-datasets) are decoded, and uncompressed arrays (``npzpairs``) read, each time
            that they are asked for: "on", "off" or "auto" (if the pictures would take more than a quarter of
            the free memory).

    Returns:
        The pairs. Degraded ones are ``StoredPairs`` in memory too, since they are made when they are cut.

    Raises:
        InputError: if the name is unknown, an argument out of range, a file without a partner or not of its
            size, or the data cannot be read or used.
    """
    check_form(image_size, channels)
    whole_number("scale", scale, 1)
    if image_size is not None and image_size % scale:
        raise InputError(f"image_size={image_size}: must be a multiple of scale {scale}")
    if reverse and scale != 1:
        raise InputError(f"reverse=True: source and target change places only with scale 1, not {scale}")
    kind, _, rest = name.partition(":")
    if kind in _FORMS:
        if make == "degraded":
            raise InputError(
                f"pairs {name!r} have sources of their own: leave out make 'degraded' (degradation=real)"
            )
        check_whole(name, split)
        reader, form = _FORMS[kind]
        parts = _parts(kind, rest)
        if len(parts) != form.count(":") or not all(parts):
            raise InputError(f"pairs {name!r}: must be of the form {form}")
        with unreadable(name):
            pairs = reader(name, *parts, scale=scale, channels=channels, image_size=image_size, stream=stream)
    else:
        _check_name(name, kind)
        _check_make(name, make, scale)
        form = {"image_size": image_size, "channels": channels}
        store = open_pictures(name, split, data_dir, image_size=image_size, stream=stream)
        # Of what both take, as targets. Degraded sources are not kept.
        sides = 1 + {"same": 1, "small": 1 / scale**2, "degraded": 0}.get(make, 1 / 3)
        if stay_on_disk(name, [store], stream=stream, sides=sides, **form):
            targets = stored_files(name, store, read_headers(name, store), **form)
            sources = _with_stored_sources(name, targets, make, scale)
            pairs = StoredPairs(name, sources, scale=scale, degraded=make == "degraded")
        else:
            pictures, names = read_pictures(name, split=split, data_dir=data_dir, store=store, **form)
            if make == "degraded":
                sources = _with_stored_sources(name, held_pictures(pictures, names), make, scale)
                pairs = StoredPairs(name, sources, scale=scale, degraded=True, on_disk=False)
            else:
                pairs = _made(name, pictures, names, make, scale)
    if reverse and isinstance(pairs, StoredPairs):
        return StoredPairs(name, pairs.collections[0].reversed())
    return replace(pairs, sources=pairs.targets, targets=pairs.sources) if reverse else pairs


def unpaired(
    first: str,
    second: str | tuple[str, Pictures],
    *,
    channels: int | None = None,
    image_size: int | None = None,
    split: str = "train",
    data_dir: str | Path | None = None,
    stream: str = "off",
) -> PicturePairs | StoredPairs:
    """Reads two unrelated collections of pictures: ``first`` are sources, ``second`` targets.

    Args:
        first: a name that ``read_pictures`` takes.
        second: another one; or a name for messages and the pictures, uint8 (h, w, C) each.
        channels: as for ``read_pictures``, for each collection on its own.
        image_size: as for ``read_pictures``.
        split: as for ``read``, of both.
        data_dir: where tensorflow-datasets keeps prepared data sets.
        stream: whether pictures in files stay on disk, as for ``read_pairs``.

    Raises:
        InputError: as ``read_pictures``.
    """
    form = {"channels": channels, "image_size": image_size}
    names = [first, second if isinstance(second, str) else second[0]]
    where = {"split": split, "data_dir": data_dir, "image_size": image_size, "stream": stream}
    stores = [open_pictures(side, **where) if isinstance(side, str) else None for side in (first, second)]
    name = " and ".join(names)
    on_disk = stay_on_disk(name, stores, stream=stream, **form)
    sides = []
    for side, store in zip((first, second), stores, strict=True):
        if on_disk and store is not None:
            sides.append(stored_files(side, store, read_headers(side, store), **form))
        elif isinstance(side, str):
            sides.append(read_pictures(side, split=split, data_dir=data_dir, store=store, **form))
        else:
            sides.append((side[1], ()))
    if on_disk:
        held = (side if isinstance(side, StoredPictures) else held_pictures(*side) for side in sides)
        return StoredPairs(name, *held)
    (sources, source_names), (targets, target_names) = sides
    return PicturePairs(name, sources, targets, paired=False, names=source_names, target_names=target_names)


def _parts(kind: str, rest: str) -> list[str]:
    """Splits what stands behind the kind of pairs; colons within paths are theirs."""
    if kind == "sidebyside":
        return [rest]
    if kind == "npzpairs":
        return rest.rsplit(":", 2)
    pieces = rest.split(":")
    splits = [[":".join(pieces[:i]), ":".join(pieces[i:])] for i in range(1, len(pieces))]
    # Two folders that are there; without them, what is wrong is said of all pieces.
    there = (split for split in splits if all(Path(part).expanduser().is_dir() for part in split))
    return next(there, pieces)


def _check_name(name: str, kind: str) -> None:
    """Raises InputError if ``name`` is a misspelt data set of pairs."""
    close = difflib.get_close_matches(kind, _FORMS, n=1)
    if ":" in name and close:
        raise InputError(f"pairs {name!r} are not known, did you mean {_FORMS[close[0]][1]}?")


def _check_make(name: str, make: str | None, scale: int) -> None:
    allowed = ", ".join(MAKES)
    if make is None:
        raise InputError(
            f"pairs {name!r}: choose by make how sources are made of these pictures, one of {allowed}; "
            f"data that come in pairs are {', '.join(form for _, form in _FORMS.values())}"
        )
    if make not in MAKES:
        raise InputError(f"make {make!r} is unknown: choose one of {allowed}")
    if (make in SMALLER) != (scale > 1):
        raise InputError(
            f"make {make!r} with scale {scale}: 'small' and 'degraded' need at least 2, all others 1"
        )


def _made(name: str, pictures: Pictures, names: tuple[str, ...], make: str, scale: int) -> PicturePairs:
    _check_room(name, [picture.shape[:2] for picture in pictures], names, scale)
    sources, targets = zip(*map(_maker(make, scale), pictures), strict=True)
    return PicturePairs(name, sources, targets, scale, names=names)


def _with_stored_sources(name: str, pictures: StoredPictures, make: str, scale: int) -> StoredPictures:
    sound = np.flatnonzero(pictures.sound)
    _check_room(name, pictures.sizes[0][sound].tolist(), [pictures.names[i] for i in sound], scale)
    channels = 1 if make in SKETCHES else pictures.channels[0]
    return with_sources(pictures, _maker(make, scale, Small), scale, channels)


def _check_room(name: str, sizes: Sequence[Sequence[int]], names: Sequence[str], scale: int) -> None:
    for (height, width), picture_name in zip(sizes, names, strict=True):
        if min(height, width) < scale:
            raise InputError(f"{name}: {picture_name} is {width}x{height}, too small for scale {scale}")


def _maker(
    make: str, scale: int, shrink: Callable[[np.ndarray, int], np.ndarray | Small] = small
) -> Callable[[np.ndarray], tuple[Source, np.ndarray]]:
    """Returns what makes a source, and the target that goes with it, of a picture."""

    def pair(picture: np.ndarray) -> tuple[Source, np.ndarray]:
        target = whole_multiple(picture, scale)
        if make == "degraded":
            return Degraded(target, scale), target
        if make == "small":
            return shrink(target, scale), target
        return target if make == "same" else SKETCHES[make](target), target

    return pair
