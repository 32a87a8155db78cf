"""The command ``project``: pictures, and the latents whose pictures come nearest to them."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tfgan_ref import data, plotting
from tfgan_ref.data.images.decoding import fit, from_pixels, to_pixels
from tfgan_ref.evaluation.projection import Projection, project
from tfgan_ref.files import new_folder, write_npz
from tfgan_ref.run.apply_pictures import picture_files, say_channels
from tfgan_ref.run.sample import Sampler, open_sampler

PICTURE, LATENTS = "projections.png", "latents.npz"
PAIRS = 4  # in a row of the picture
CELL = 112  # pixels: narrower pictures are enlarged to about that


def main(arguments: argparse.Namespace) -> None:
    """Projects the pictures of the command line, writes what was found, and prints how near it comes."""
    sampler = open_sampler(arguments.model)
    files = list(dict.fromkeys(file for path in arguments.pictures for file in picture_files(path)))
    classes = None
    if arguments.label not in (None, "all"):
        classes = sampler.labels(1, arguments.label)
    elif sampler.num_classes is not None:
        classes = np.arange(sampler.num_classes)
    images = read_fitted(files, sampler.sample_shape)
    found = project(
        sampler.serve,
        images,
        sampler.latent_dim,
        classes,
        steps=arguments.steps,
        seed=arguments.seed,
        title="projection",
    )
    with new_folder(arguments.out) as folder:
        plotting.save_png(folder / PICTURE, pairs(images, found.images))
        labels = {} if found.labels is None else {"labels": found.labels}
        write_npz(folder / LATENTS, latents=found.latents, psnr=found.psnr, **labels)
    print(table(files, found, sampler))
    print(f"\n{arguments.out / PICTURE}   each picture, and what the generator makes of its latents")
    print(f"{arguments.out / LATENTS}   the latents, for sample --latents")


def read_fitted(files: Iterable[Path], shape: Sequence[int]) -> np.ndarray:
    """Reads pictures scaled to cover ``shape``, (H, W, C), and cropped to the middle: uint8 (N, H, W, C).

    Raises:
        InputError: one cannot be read.
    """
    height, width, channels = shape
    images = []
    for file in files:
        picture = data.read_picture(file)
        say_channels(file, picture, channels)
        images.append(to_pixels(fit(from_pixels(picture), (height, width)), channels))
    return np.stack(images)


def pairs(images: np.ndarray, made: np.ndarray) -> np.ndarray:
    """Lays each picture out beside its projection: uint8 (H', W', C)."""
    both = np.stack([images, made], axis=1).reshape(-1, *images.shape[1:])
    enlarge = max(1, round(CELL / images.shape[2]))
    return plotting.grid(both, 2 * min(PAIRS, len(images)), enlarge=enlarge)


def table(files: Sequence[Path], found: Projection, sampler: Sampler) -> str:
    """Returns the names of the pictures, their classes and how near their projections come, as text."""
    names = [file.name for file in files]
    width = max(7, *map(len, names))
    lines = [f"{'picture':{width}} {'PSNR (dB)':>10}" + ("" if found.labels is None else "  class")]
    for i, name in enumerate(names):
        kind = "" if found.labels is None else f"  {sampler.class_names[found.labels[i]]}"
        lines.append(f"{name:{width}} {found.psnr[i]:>10.1f}{kind}")
    return "\n".join(lines)
