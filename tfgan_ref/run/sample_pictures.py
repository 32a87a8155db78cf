"""The pictures of the command ``sample``: one sheet, an animation, or a folder of single files."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan_ref import data, plotting
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import numbers
from tfgan_ref.files import check_writable, new_folder, write_bytes
from tfgan_ref.media.medium import file_stem, renumbered
from tfgan_ref.run.arguments.sample import FRAMES, KEYS, NEIGHBOURS, STEPS, N
from tfgan_ref.run.latents import read_latents
from tfgan_ref.run.walks import round_trips, walks

if TYPE_CHECKING:
    from tfgan_ref.run.sample import Sampler

MOST_PIXELS = 2**26  # of a sheet: 200 MB in colour
MOST_ANIMATED = 2**28  # pixels of all frames together
MILLISECONDS = 50  # that an animation shows each frame
SMALLEST = 128  # pixels: lower animations are enlarged
VALUES_AT_ONCE = 2**25  # of training images that are compared with the samples: 130 MB


class Chosen(NamedTuple):
    """What is drawn.

    Attributes:
        n: how many samples.
        labels: of each; None for an unconditional generator.
        kept: the latents of a file, float32 (n, latent_dim); None: they are drawn from the seed.
        in_rows: whether a sheet begins a new row with each class.
    """

    n: int
    labels: np.ndarray | None
    kept: np.ndarray | None
    in_rows: bool


def draw_pictures(sampler: "Sampler", arguments: argparse.Namespace) -> None:
    """Draws the pictures that the command line asks for, to a sheet, an animation or a new folder.

    Raises:
        InputError: an argument cannot be used; nothing has been drawn then.
    """
    out = arguments.out or Path("samples.png")
    check_writable(out)
    suffix = out.suffix.lower()
    if suffix not in ("", ".png", *plotting.ANIMATIONS):
        raise InputError(
            f"--out {out} is not a .png file, nor a .gif or .webp one, nor a folder, whose name has no suffix"
        )
    if out.exists():
        raise InputError(f"{out} exists: name another with --out")
    if suffix in plotting.ANIMATIONS and not arguments.interpolate:
        raise InputError(f"--out {out}: an animation goes with --interpolate")
    chosen = _choose(sampler, arguments)
    if suffix in plotting.ANIMATIONS:
        frames = _frames(sampler, arguments, chosen)
        write_bytes(out, plotting.encode_animation(frames, plotting.ANIMATIONS[suffix], MILLISECONDS))
    elif suffix:
        plotting.save_png(out, _sheet(sampler, arguments, chosen))
    else:
        _write_each(sampler, arguments, chosen, out)
    print(out)


def _choose(sampler: "Sampler", arguments: argparse.Namespace) -> Chosen:
    """Returns what the command line asks for; latents of a seed are drawn when they are needed."""
    by_class = sampler.num_classes is not None and arguments.label in (None, "all")
    if arguments.latents is None:
        n = N if arguments.n is None else arguments.n
        return Chosen(n, sampler.labels(n, arguments.label), None, by_class)
    latents, labels = read_latents(arguments.latents, sampler)
    if arguments.label not in (None, "all"):
        labels = sampler.labels(len(latents), arguments.label)
    elif by_class and labels is None:
        raise InputError(f"{arguments.latents} has no labels: name a class with --label")
    if arguments.interpolate and len(latents) < 2:
        raise InputError(f"{arguments.latents} has one latent: --interpolate goes from each to the next")
    return Chosen(len(latents), labels, latents, False)


def _latents(
    sampler: "Sampler", arguments: argparse.Namespace, n: int, kept: np.ndarray | None = None
) -> np.ndarray:
    """Returns the latents ``kept``, or ``n`` of the seed, moved towards their mean."""
    latents = sampler.latents(n, arguments.seed) if kept is None else kept
    return np.float32(arguments.truncation) * latents


def _write_each(sampler: "Sampler", arguments: argparse.Namespace, chosen: Chosen, out: Path) -> None:
    """Writes each picture to a file, whose name ends with its class; the folder is there when all are."""
    for option in ("interpolate", "neighbours", "beside"):
        if getattr(arguments, option):
            raise InputError(f"--{option} makes one sheet: name a .png file with --out, not {out}")
    n, labels, kept, _ = chosen
    latents = _latents(sampler, arguments, n, kept)
    names = [""] * n if labels is None else [sampler.class_names[label] for label in labels]
    drawn = (image for piece in sampler.pieces(latents, labels) for image in piece)
    with new_folder(out) as folder:
        shown = tqdm(drawn, total=n, unit="picture", disable=None)
        for i, (image, name) in enumerate(zip(shown, names, strict=True)):
            (folder / f"{file_stem(i, n, name)}.png").write_bytes(tf.io.encode_png(image).numpy())


def _sheet(sampler: "Sampler", arguments: argparse.Namespace, chosen: Chosen) -> np.ndarray:
    """Returns all pictures in one."""
    n, labels, kept, _ = chosen
    each = NEIGHBOURS + 1 if arguments.neighbours else 2 if arguments.beside else 1
    if kept is not None and arguments.interpolate:
        each = STEPS
    _check_sheet(sampler, n, n * each)
    columns, rows = _columns(sampler, chosen), labels if kept is None else None
    if arguments.interpolate:
        images, columns, rows = _walks(sampler, arguments, chosen), STEPS, None
    else:
        images = sampler.draw(_latents(sampler, arguments, n, kept), labels)
    if arguments.beside:
        return _beside(sampler, arguments, chosen, images)
    if arguments.neighbours:
        arrays = _read(arguments.neighbours, sampler, arguments)
        nearest = nearest_neighbours(images, arrays.images, NEIGHBOURS)
        beside = arrays.images[nearest.ravel()].reshape(*nearest.shape, *images.shape[1:])
        images = np.concatenate([images[:, None], beside], axis=1).reshape(-1, *images.shape[1:])
        columns, rows = NEIGHBOURS + 1, None
    return _grid(sampler, images, columns, rows)


def _check_sheet(sampler: "Sampler", n: int, pictures: int) -> None:
    height, width, _ = sampler.sample_shape
    side = (height + plotting.PADDING) * (width + plotting.PADDING) * _enlargement(sampler) ** 2
    if pictures > MOST_PIXELS // side:
        raise InputError(
            f"n {n} is too many for one sheet: {pictures} pictures of {width}x{height}, at most "
            f"{MOST_PIXELS // side}; name a folder with --out for single files"
        )


def _enlargement(sampler: "Sampler") -> int:
    return 2 if sampler.sample_shape[0] < 48 else 1


def _columns(sampler: "Sampler", chosen: Chosen) -> int:
    n = chosen.n
    return -(-n // sampler.num_classes) if chosen.in_rows else max(1, min(n, round(n**0.5)))


def _grid(
    sampler: "Sampler",
    images: np.ndarray,
    columns: int,
    labels: np.ndarray | None,
    enlarge: int | None = None,
) -> np.ndarray:
    """Lays pictures out, with the names of their classes unless these would only count the rows."""
    names = sampler.class_names
    if names == numbers(sampler.num_classes or 0):
        names = None
    return plotting.grid(
        images, columns, enlarge=enlarge or _enlargement(sampler), labels=labels, names=names
    )


def _walks(sampler: "Sampler", arguments: argparse.Namespace, chosen: Chosen) -> np.ndarray:
    """Draws rows of ``STEPS`` pictures: between two random latents, or from each of a file to the next."""
    n, labels, kept, in_rows = chosen
    if kept is not None:
        legs = [(start, start + 1) for start in range(n - 1)]
    else:
        rows = -(-n // STEPS)
        n = 2 * rows
        legs = [(start, start + 1) for start in range(0, n, 2)]
        if labels is not None:
            labels = (np.arange(rows) % sampler.num_classes if in_rows else labels[:1].repeat(rows)).repeat(2)
    points, nearer = walks(_latents(sampler, arguments, n, kept), legs, np.linspace(0, 1, STEPS))
    return sampler.draw(points, None if labels is None else labels[nearer])


def _frames(sampler: "Sampler", arguments: argparse.Namespace, chosen: Chosen) -> Iterator[np.ndarray]:
    """Returns the frames of an animation, each a sheet.

    Each picture of the sheet goes round through ``KEYS`` random latents, the first of which are the
    sheet's; or the only one goes round through those of a file.
    """
    n, labels, kept, _ = chosen
    _check_sheet(sampler, n, n if kept is None else 1)
    if kept is not None:
        keys = _latents(sampler, arguments, n, kept)[np.newaxis]
        labels = None if labels is None else labels[np.newaxis]
        columns, rows = 1, None
    else:
        keys = _latents(sampler, arguments, KEYS * n).reshape(KEYS, n, -1).transpose(1, 0, 2)
        columns, rows = _columns(sampler, chosen), labels
        labels = None if labels is None else np.tile(labels[:, np.newaxis], KEYS)
    points, nearer = round_trips(keys, FRAMES)
    high = -(-len(keys) // columns) * (sampler.sample_shape[0] + plotting.PADDING)
    enlarge = max(_enlargement(sampler), -(-SMALLEST // high))
    wide = columns * (sampler.sample_shape[1] + plotting.PADDING)
    if len(points) * high * wide * enlarge**2 > MOST_ANIMATED:
        raise InputError(f"n {n} is too many for an animation of {len(points)} frames: lower --n")

    def draw() -> Iterator[np.ndarray]:
        cells = np.arange(len(keys))
        for at, nearest in zip(tqdm(points, unit="frame", disable=None), nearer, strict=True):
            images = sampler.draw(at, None if labels is None else labels[cells, nearest])
            yield _grid(sampler, images, columns, rows, enlarge)

    return draw()


def _read(name: str, sampler: "Sampler", arguments: argparse.Namespace) -> data.ImageArrays:
    """Reads real images in the form of the samples; those of large data sets stay on disk."""
    height, width, channels = sampler.sample_shape
    form = {"image_size": (height, width), "channels": channels}
    return data.read(name, data_dir=arguments.data_dir, stream="auto", **form)


def _beside(
    sampler: "Sampler", arguments: argparse.Namespace, chosen: Chosen, images: np.ndarray
) -> np.ndarray:
    """Returns real images, of the same classes where these have the same names, and the samples in one."""
    arrays = _read(arguments.beside, sampler, arguments)
    real = arrays.images[choose_real(arrays, chosen.labels, sampler.class_names, len(images), arguments.seed)]
    columns, rows = _columns(sampler, chosen), chosen.labels if chosen.in_rows else None
    halves = [_grid(sampler, side, columns, rows) for side in (real, images)]
    titled = [
        np.concatenate([plotting.captions([title], half.shape[1], half.shape[2])[0], half])
        for title, half in zip(("real", "generated"), halves, strict=True)
    ]
    gap = np.full((len(titled[0]), 4 * plotting.PADDING, images.shape[3]), plotting.GREY, np.uint8)
    return np.concatenate([titled[0], gap, titled[1]], axis=1)


def choose_real(
    arrays: data.ImageArrays,
    labels: np.ndarray | None,
    names: tuple[str, ...] | None,
    n: int,
    seed: int,
) -> np.ndarray:
    """Chooses ``n`` different images; of the classes ``labels`` where the data have all of these.

    Args:
        arrays: the images.
        labels: of the samples beside which they will stand, (n,); None: of any class.
        names: what these labels stand for.
        n: how many.
        seed: of the choice.

    Returns:
        Their numbers, (n,).

    Raises:
        InputError: there are fewer, of any or of some class.
    """
    order = np.random.default_rng(seed).permutation(len(arrays.images))
    if labels is None or arrays.labels is None or not {names[i] for i in labels} <= set(arrays.class_names):
        if len(order) < n:
            raise InputError(f"n {n} is more than the {len(order)} images of {arrays.name}")
        return order[:n]
    known = renumbered(arrays.labels, arrays.class_names, names)
    found = np.empty(n, np.int64)
    for label in np.unique(labels):
        of_class = order[known[order] == label]
        wanted = labels == label
        if len(of_class) < wanted.sum():
            raise InputError(
                f"{arrays.name} has {len(of_class)} images of class {names[label]}, "
                f"{wanted.sum()} are asked for"
            )
        found[wanted] = of_class[: wanted.sum()]
    return found


def nearest_neighbours(samples: np.ndarray, images: np.ndarray | Rows, k: int) -> np.ndarray:
    """Finds the ``k`` training images nearest to each sample by Euclidean distance of pixels.

    Args:
        samples: uint8 (N, H, W, C).
        images: uint8 (M, H, W, C), read in parts if they are on disk.
        k: neighbours of each.

    Returns:
        Indices into ``images``, (N, k), nearest first.
    """
    a = samples.reshape(len(samples), -1).astype(np.float32)
    distances = np.empty((len(samples), len(images)), np.float32)
    together = max(1, min(4096, VALUES_AT_ONCE // a.shape[1]))
    for start in range(0, len(images), together):
        b = images[start : start + together].reshape(-1, a.shape[1]).astype(np.float32)
        distances[:, start : start + together] = (b**2).sum(1) - 2 * a @ b.T
    return np.argsort(distances, axis=1, kind="stable")[:, :k]
