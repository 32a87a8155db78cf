"""The pictures of a super-resolution benchmark: originals, and small ones to be enlarged."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan_ref import data
from tfgan_ref.errors import InputError


class BenchmarkPicture(NamedTuple):
    """One picture of a benchmark, both uint8 (H, W, 3)."""

    name: str
    original: np.ndarray
    small: np.ndarray


def read_benchmark(folder: Path, scale: int) -> tuple[list[BenchmarkPicture], str]:
    """Reads a folder of pairs NAME_HR and NAME_LR, or of originals.

    Returns:
        The pictures by name, and in words where the small ones are from.

    Raises:
        InputError: there are none, two have one name less suffix, or one has no partner or a wrong size, or
            cannot be read.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder")
    paths = data.by_stem(data.list_pictures(folder))
    if not paths:
        raise InputError(f"{folder} holds no pictures")
    if not any(stem.endswith(("_HR", "_LR")) for stem in paths):
        pictures = [_from_original(path, scale) for path in paths.values()]
        return pictures, "the small pictures are MATLAB's bicubic of the originals"
    for stem, path in paths.items():
        if not stem.endswith(("_HR", "_LR")):
            raise InputError(f"{path} is neither _HR nor _LR, as others in its folder are")
        partner = stem[:-3] + ("_LR" if stem.endswith("_HR") else "_HR")
        if partner not in paths:
            raise InputError(f"{path} has no partner {partner} in {folder}")
    names = sorted(stem[:-3] for stem in paths if stem.endswith("_HR"))
    pictures = [_from_pair(name, paths[f"{name}_HR"], paths[f"{name}_LR"], scale) for name in names]
    return pictures, "the small pictures are those of the folder"


def _from_original(path: Path, scale: int) -> BenchmarkPicture:
    original = coloured(data.read_picture(path))
    height, width = (side - side % scale for side in original.shape[:2])
    original = original[:height, :width]
    _check_original(path, original, scale)
    return BenchmarkPicture(path.stem, original, rounded(data.bicubic_resize(original, 1 / scale)))


def _from_pair(name: str, original_path: Path, small_path: Path, scale: int) -> BenchmarkPicture:
    original, small = (coloured(data.read_picture(path)) for path in (original_path, small_path))
    if original.shape[:2] != tuple(scale * side for side in small.shape[:2]):
        sizes = [f"{picture.shape[1]}x{picture.shape[0]}" for picture in (small, original)]
        raise InputError(
            f"{small_path} is {sizes[0]}: not {scale} times smaller than its original {sizes[1]}"
        )
    _check_original(original_path, original, scale)
    return BenchmarkPicture(name, original, small)


def _check_original(path: Path, original: np.ndarray, scale: int) -> None:
    """Checks that an original is large enough for SSIM without its border, and no flat colour."""
    least = 11 + 2 * scale
    if min(original.shape[:2]) < least:
        height, width = original.shape[:2]
        raise InputError(f"{path} is {width}x{height} in multiples of {scale}: at least {least}x{least}")
    if (original == original[0, 0]).all():
        raise InputError(f"{path} is one flat colour, which no score can tell from its copies")


def coloured(picture: np.ndarray) -> np.ndarray:
    """Returns a picture (H, W, 1 or 3) as (H, W, 3)."""
    return np.broadcast_to(picture, (*picture.shape[:2], 3))


def rounded(picture: np.ndarray) -> np.ndarray:
    """Returns a picture of any numbers as uint8, clipped."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
