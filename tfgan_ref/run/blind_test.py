"""A blind test: pictures of two sides in mixed order, a form that asks what they are, and the key to it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan_ref import data, plotting
from tfgan_ref.errors import InputError
from tfgan_ref.files import new_folder, write_json, write_text
from tfgan_ref.run.blind_form import blind_form
from tfgan_ref.run.build import VERSIONS
from tfgan_ref.run.evaluate_sides import Source, open_source, with_channels
from tfgan_ref.run.sample_pictures import MOST_PIXELS

SIDES = ("A", "B")
SHEET, FORM, KEY = "sheet.png", "form.html", "key.json"
SMALL = 112  # pixels: pictures with a shorter side are enlarged to about that
COLUMNS = 10


def write_blind_test(
    first: str,
    second: str,
    out: Path,
    *,
    data_dir: str | None = None,
    split: str = "train",
    image_size: int | None = None,
    n: int = 25,
    seed: int = 0,
) -> list[str]:
    """Writes a blind test of two sides to a new folder: ``sheet.png``, ``form.html`` and ``key.json``.

    The sheet and the form show the same numbered pictures and say nothing of their sides; the key does.
    Both sides have the size of the first one's pictures, and three channels if either has.

    Args:
        first: side A, the generated pictures: a run directory, a SavedModel, or images by a name that
            ``data.read`` takes (folder:PATH, ...).
        second: side B, the real pictures; or another generator, if the first side is one.
        out: the folder.
        data_dir: where tensorflow-datasets keeps its data.
        split: of the second side's images.
        image_size: to which images are resized; None: the first side's own size.
        n: pictures of each side, where both have as many.
        seed: of the samples, of the images chosen and of the order.

    Returns:
        What a reader must know of the pictures, one line each.

    Raises:
        InputError: a side cannot be used, or the sheet would be too large; nothing has been written then.
    """
    sources = _open_sides(first, second, data_dir, split, image_size, n)
    count = min(n, *(source.available for source in sources))
    shape = (*sources[0].image_shape[:2], max(source.image_shape[-1] for source in sources))
    _check_sheet(shape, count)
    drawn = [
        _draw(source, sources[1], count, (seed + side) % 2**31, shape[-1])
        for side, source in enumerate(sources)
    ]
    order = np.random.default_rng((seed, 0)).permutation(2 * count)
    images = np.concatenate(drawn)[order]
    pngs = [tf.io.encode_png(image).numpy() for image in images]
    digests = [hashlib.sha256(png).hexdigest() for png in pngs]
    test = f"blind-{hashlib.sha256(''.join(digests).encode()).hexdigest()[:16]}"
    key = {
        "test": test,
        "sides": {
            "A": {"name": first, "kind": "generated"},
            "B": {"name": second, "kind": "real" if sources[1].sampler is None else "generated"},
        },
        "pictures": {
            str(number): {"side": SIDES[place // count], "sha256": digest}
            for number, (place, digest) in enumerate(zip(order, digests, strict=True), 1)
        },
        "settings": {"n": count, "seed": seed, "split": split, "image_shape": list(shape)},
        "versions": VERSIONS,
    }
    with new_folder(out) as folder:
        plotting.save_png(folder / SHEET, contact_sheet(images))
        write_text(folder / FORM, blind_form(test, pngs, enlarged=min(shape[:2]) < SMALL))
        write_json(folder / KEY, key)
    notes = _notes((first, second), sources, n, count, shape)
    if len(set(digests)) < len(digests):
        notes.append(f"only {len(set(digests))} of all {len(digests)} pictures differ")
    return notes


def contact_sheet(images: np.ndarray) -> np.ndarray:
    """Lays images (N, H, W, C) uint8 out in rows, each below its number; the first one is 1.

    Small ones are enlarged by a whole factor.
    """
    enlarge = _enlargement(images.shape[1:])
    tiles = images.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    numbers = [str(number + 1) for number in range(len(images))]
    captions = plotting.captions(numbers, tiles.shape[2], images.shape[-1])
    return plotting.grid(np.concatenate([captions, tiles], axis=1), min(COLUMNS, len(images)))


def _enlargement(shape: Sequence[int]) -> int:
    return max(1, round(SMALL / min(shape[:2])))


def _check_sheet(shape: Sequence[int], count: int) -> None:
    height, width, _ = shape
    most = MOST_PIXELS // (2 * height * width * _enlargement(shape) ** 2)
    if count > most:
        raise InputError(f"n {count} is too many for one sheet of {width}x{height} pictures: at most {most}")


def _open_sides(
    first: str, second: str, data_dir: str | None, split: str, image_size: int | None, n: int
) -> list[Source]:
    """Opens both sides, with images of one height and width."""
    source = open_source(first, image_size, n)
    height, width, _ = source.image_shape
    if not Path(second).exists():
        form = {"image_size": (height, width), "split": split, "data_dir": data_dir}
        arrays = data.read(second, stream="auto", **form)
        return [source, Source(arrays.images.shape[1:], len(arrays.images), arrays=arrays)]
    other = open_source(second, None, n)
    if source.sampler is None:
        raise InputError(f"{first} is no generator and {second} is one: name the generator first")
    if other.image_shape[:2] != (height, width):
        raise InputError(
            f"{first} draws pictures of {width}x{height}, {second} of {other.image_shape[1]}x"
            f"{other.image_shape[0]}: the size would tell them apart"
        )
    return [source, other]


def _draw(source: Source, second: Source, n: int, seed: int, channels: int) -> np.ndarray:
    """Draws ``n`` images of a side, of classes as frequent as in the second side's images if it has such."""
    if second.arrays is not None:
        labels = source.choose_labels(second.arrays, n, seed)
    else:
        labels = source.sampler.labels(n, None)
    return with_channels(source.drawer(n, seed, labels), channels)(0, n)


def _notes(
    names: Sequence[str], sources: Sequence[Source], n: int, count: int, shape: Sequence[int]
) -> list[str]:
    height, width, channels = shape
    plural = "s" if channels > 1 else ""
    notes = [f"{count} pictures of each side, {width}x{height} with {channels} channel{plural}"]
    if any(source.arrays is not None for source in sources):
        notes.append("images of another size were scaled to cover that and cropped to the middle")
    for name, source in zip(names, sources, strict=True):
        if source.available < n:
            notes.append(f"{name} has {source.available} images, fewer than n = {n}")
        if source.image_shape[-1] < channels:
            notes.append(f"the pictures of {name} are grey, the others are not: that may tell them apart")
    return notes
