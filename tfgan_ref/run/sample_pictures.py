"""The pictures of the command ``sample``: one sheet, or a folder of single files."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan_ref import data, plotting
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.errors import InputError
from tfgan_ref.export.generator import numbers
from tfgan_ref.files import check_writable, new_folder
from tfgan_ref.media.medium import file_stem
from tfgan_ref.run.arguments.sample import NEIGHBOURS, STEPS

if TYPE_CHECKING:
    from tfgan_ref.run.sample import Sampler

MOST_PIXELS = 2**26  # of a sheet: 200 MB in colour
VALUES_AT_ONCE = 2**25  # of training images that are compared with the samples: 130 MB


def draw_pictures(sampler: "Sampler", arguments: argparse.Namespace) -> None:
    """Draws the pictures that the command line asks for and writes them to a sheet or to a new folder.

    Raises:
        InputError: an argument cannot be used; nothing has been drawn then.
    """
    out = arguments.out or Path("samples.png")
    check_writable(out)
    suffix = out.suffix.lower()
    if suffix not in (".png", ""):
        raise InputError(f"--out {out} is not a .png file, nor a folder, whose name has no suffix")
    if out.exists():
        raise InputError(f"{out} exists: name another with --out")
    labels = sampler.labels(arguments.n, arguments.label)
    if suffix:
        plotting.save_png(out, _sheet(sampler, arguments, labels))
    else:
        _write_each(sampler, arguments, labels, out)
    print(out)


def _write_each(
    sampler: "Sampler", arguments: argparse.Namespace, labels: np.ndarray | None, out: Path
) -> None:
    """Writes each picture to a file, whose name ends with its class; the folder is there when all are."""
    for option in ("interpolate", "neighbours"):
        if getattr(arguments, option):
            raise InputError(f"--{option} makes one sheet: name a .png file with --out, not {out}")
    n = arguments.n
    latents = sampler.latents(n, arguments.seed)
    names = [""] * n if labels is None else [sampler.class_names[label] for label in labels]
    drawn = (image for piece in sampler.pieces(latents, labels) for image in piece)
    with new_folder(out) as folder:
        shown = tqdm(drawn, total=n, unit="picture", disable=None)
        for i, (image, name) in enumerate(zip(shown, names, strict=True)):
            (folder / f"{file_stem(i, n, name)}.png").write_bytes(tf.io.encode_png(image).numpy())


def _sheet(sampler: "Sampler", arguments: argparse.Namespace, labels: np.ndarray | None) -> np.ndarray:
    """Returns all pictures in one."""
    n = arguments.n
    height, width, _ = sampler.sample_shape
    enlarge = 2 if height < 48 else 1
    pictures = n * (NEIGHBOURS + 1) if arguments.neighbours else n
    most = MOST_PIXELS // ((height + plotting.PADDING) * (width + plotting.PADDING) * enlarge**2)
    if pictures > most:
        raise InputError(
            f"n {n} is too many for one sheet: {pictures} pictures of {width}x{height}, at most {most}; "
            "name a folder with --out for single files"
        )
    columns = max(1, min(n, round(n**0.5)))
    if labels is not None and arguments.label in (None, "all"):
        columns = -(-n // sampler.num_classes)
    rows = None
    if arguments.interpolate:
        walks = -(-n // STEPS)
        latents = interpolate(sampler.latents(2 * walks, arguments.seed), STEPS)
        if labels is not None:
            one_row_each = arguments.label in (None, "all")
            of_walks = np.arange(walks) % sampler.num_classes if one_row_each else labels[:1].repeat(walks)
            labels = of_walks.repeat(STEPS)
        images, columns = sampler.draw(latents, labels), STEPS
    else:
        images = sampler.draw(sampler.latents(n, arguments.seed), labels)
        rows = labels
    if arguments.neighbours:
        form = {"image_size": images.shape[1:3], "channels": images.shape[3]}
        arrays = data.read(arguments.neighbours, data_dir=arguments.data_dir, stream="auto", **form)
        chosen = nearest_neighbours(images, arrays.images, NEIGHBOURS)
        nearest = arrays.images[chosen.ravel()].reshape(*chosen.shape, *images.shape[1:])
        images = np.concatenate([images[:, None], nearest], axis=1).reshape(-1, *images.shape[1:])
        columns, rows = NEIGHBOURS + 1, None
    names = sampler.class_names
    if names == numbers(sampler.num_classes or 0):
        names = None  # they would only count the rows
    return plotting.grid(images, columns, enlarge=enlarge, labels=rows, names=names)


def interpolate(latents: np.ndarray, steps: int) -> np.ndarray:
    """Goes from each latent to the next one on a great circle, in ``steps`` pictures.

    Straight lines would pass through lengths that N(0, I) hardly ever draws (White 2016, equation 1).

    Args:
        latents: (2 * R, latent_dim): the ends of R walks.
        steps: points per walk, ends included.

    Returns:
        (R * steps, latent_dim), walk by walk.
    """
    walks = []
    for start, end in latents.reshape(-1, 2, latents.shape[-1]):
        cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
        angle = np.arccos(np.clip(cosine, -1, 1))
        for share in np.linspace(0, 1, steps):
            if np.sin(angle) < 1e-6:
                walks.append((1 - share) * start + share * end)
            else:
                weights = np.sin([(1 - share) * angle, share * angle]) / np.sin(angle)
                walks.append(weights[0] * start + weights[1] * end)
    return np.stack(walks).astype(np.float32)


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
