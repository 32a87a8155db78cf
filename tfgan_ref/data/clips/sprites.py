"""Clips of sprite characters: a folder with one array for each action and what each character wears."""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfgan_ref.data.clips.clips import Clips
from tfgan_ref.data.clips.factors import ACTION
from tfgan_ref.data.clips.ground import on_ground
from tfgan_ref.data.clips.stored import SpriteRows
from tfgan_ref.data.images.array_forms import Form, npz_form
from tfgan_ref.data.images.npz import load_arrays
from tfgan_ref.data.streams.choice import goes_to_disk, streams
from tfgan_ref.errors import InputError, reason, whole_number

logger = logging.getLogger(__name__)

CHARACTERS = "characters.json"
DIRECTIONS = ("north", "west", "south", "east")  # the rows of a sprite sheet of the Liberated Pixel Cup
# The layer of hair says what these say, where they are there.
_LAYER, _PARTS = "hair", {"hair_style", "hair_color"}
_TAKEN = (ACTION, "direction", "phase", "image", "factors")
_FIRST = {"walk": 1}  # frame 0 of it stands still


def read_sprites(name: str, place: str, *, image_size: int = 64, stream: str = "off") -> Clips:
    """Reads a folder of sprites: ``characters.json`` and an npz file for each action.

    ``characters.json`` is a list of N objects of strings, the same keys in each: its keys become attributes.
    Of LPC data ``hair`` is left out, where ``hair_style`` or ``hair_color`` says it too.
    Paths of layer files become short names: of ``torso/leather/chest_male.png`` remains ``leather/chest``.
    Every npz file holds ``images``, uint8 RGBA (N, 4, F, S, S, 4): character, direction (north, west, south,
    east), frame, picture; the file's name is the action's, and direction is one more attribute. All clips get
    as many phases as the shortest action has frames; of longer ones some frames are left out, evenly.

    Args:
        name: the data set's name for messages.
        place: the folder.
        image_size: side of the frames: that of the sprites, or a whole part of it (means of squares).
        stream: whether sprites stay in their files, which must not be compressed then, see ``streams``.

    Returns:
        RGB clips on a grey ground.

    Raises:
        InputError: a file is missing, damaged or not as described, or ``image_size`` is no part of the side.
    """
    whole_number("image_size", image_size, 1)
    folder = Path(place).expanduser()
    if not folder.is_dir():
        raise InputError(f"{name}: there is no such folder")
    characters = _characters(name, folder / CHARACTERS)
    forms = {path: npz_form(f"{name}: {path.name}", path, "images") for path in sorted(folder.glob("*.npz"))}
    if not forms:
        raise InputError(f"{name}: there is no npz file of an action")
    for path, form in forms.items():
        _check_sheet(name, path, form.dtype, form.shape, len(characters))
    sides = {form.shape[-2] for form in forms.values()}
    if len(sides) > 1 or min(sides) % image_size:
        found = ", ".join(map(str, sorted(sides)))
        raise InputError(f"{name}: image_size {image_size} is no whole part of the sprites' side {found}")
    firsts = [_FIRST.get(path.stem, 0) for path in forms]
    counts = [form.shape[2] - first for form, first in zip(forms.values(), firsts, strict=True)]
    phases = [
        first + np.arange(min(counts)) * count // min(counts)
        for first, count in zip(firsts, counts, strict=True)
    ]
    if _stay_on_disk(name, forms, len(phases[0]) * image_size**2 * 3, stream):
        frames = SpriteRows(name, forms, phases, image_size)
    else:
        sheets = (load_arrays(name, path, required=("images",))["images"] for path in forms)
        shown = (sheet[:, :, chosen] for sheet, chosen in zip(sheets, phases, strict=True))
        frames = np.concatenate(
            [on_ground(clips.reshape(-1, *clips.shape[2:]), image_size) for clips in shown]
        )
    factors, attributes = _attributes(name, characters)
    rows = np.repeat(attributes, len(DIRECTIONS), axis=0)
    directions = np.tile(np.arange(len(DIRECTIONS)), len(attributes))
    conditions = [np.column_stack([rows, directions, np.full(len(rows), i)]) for i in range(len(forms))]
    factors |= {"direction": DIRECTIONS, ACTION: tuple(path.stem for path in forms)}
    return Clips(name, frames, np.concatenate(conditions).astype(np.int32), factors)


def _stay_on_disk(name: str, forms: Mapping[Path, Form], clip_bytes: int, stream: str) -> bool:
    """Returns whether clips are read from disk; compressed ones are not, which is said.

    Raises:
        InputError: they are to stay on disk and cannot.
    """
    nbytes = clip_bytes * sum(form.shape[0] * form.shape[1] for form in forms.values())
    if not goes_to_disk(nbytes, stream):
        return False
    for path, form in forms.items():
        if form.packed or form.fortran:
            must = f"images of {path.name} must be in C order and not compressed (np.savez)"
            if stream == "on":
                raise InputError(f"{name}: to stay on disk (stream=on), {must}; or set stream=off")
            logger.info(f"{name}: kept in memory; to stay on disk, {must}")
            return False
    return streams(name, nbytes, stream)


def _characters(name: str, path: Path) -> list[dict[str, str]]:
    try:
        characters = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: {path.name} cannot be read ({reason(error)})") from error
    if not isinstance(characters, list) or not characters or not all(map(_is_character, characters)):
        raise InputError(f"{name}: {path.name} is not a list of objects of strings")
    if any(character.keys() != characters[0].keys() for character in characters):
        raise InputError(f"{name}: {path.name} has characters with different keys")
    return characters


def _is_character(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(type(word) is str for word in value.values())


def _check_sheet(name: str, path: Path, dtype: np.dtype, shape: tuple[int, ...], characters: int) -> None:
    rows = (characters, len(DIRECTIONS))
    if dtype != np.uint8 or len(shape) != 6 or shape[:2] != rows or shape[5] != 4:
        raise InputError(
            f"{name}: images of {path.name} are {dtype} of shape {shape}, they must be uint8 of shape "
            f"({characters}, {len(DIRECTIONS)}, F, S, S, 4)"
        )
    if shape[3] != shape[4] or shape[2] <= _FIRST.get(path.stem, 0) or not shape[3]:
        raise InputError(f"{name}: images of {path.name} have shape {shape}: no square frames")


def _attributes(name: str, characters: list[dict[str, str]]) -> tuple[dict[str, tuple[str, ...]], np.ndarray]:
    """Returns the factors of characters, and the numbers of their values (N, A)."""
    factors, columns = {}, []
    for key in characters[0]:
        if key == _LAYER and not _PARTS.isdisjoint(characters[0]):
            continue
        if key in _TAKEN:
            raise InputError(
                f"{name}: {CHARACTERS} has an attribute {key!r}, which means something else here"
            )
        values = [_short(character[key]) for character in characters]
        factors[key] = tuple(sorted(set(values)))
        columns.append([factors[key].index(value) for value in values])
    return factors, np.array(columns, np.int32).T.reshape(len(characters), -1)


def _short(value: str) -> str:
    """Returns a layer's path without its kind and sex; other strings as they are."""
    if not value.endswith(".png"):
        return value
    parts = [part for part in value.removesuffix(".png").split("/")[1:] if part not in ("male", "female")]
    return re.sub(r"_(fe)?male$", "", "/".join(parts))
