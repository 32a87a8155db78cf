"""Drawn clips of an articulated figure, of which every attribute, action and phase is known exactly.

A figure is painted from capsules (all points within a radius of a line), far parts first. The distance of a
pixel's centre from the edge gives the share that is covered, so edges are antialiased at every size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tfgan_ref.data.clips.clips import Clips
from tfgan_ref.data.clips.factors import ACTION, Factors, Pair, holds_any
from tfgan_ref.data.clips.poses import ACTIONS, GROUND, PHASES, POSES, Proportions, joints
from tfgan_ref.errors import InputError, whole_number

SKINS = {"pale": (250, 220, 195), "tan": (215, 160, 110), "brown": (150, 95, 60), "dark": (85, 55, 45)}
HAIRS = {"black": (25, 22, 28), "blond": (240, 205, 80), "red": (185, 60, 20), "grey": (165, 168, 178)}
CLOTHES = {"red": (210, 45, 45), "green": (50, 160, 70), "blue": (50, 90, 205), "yellow": (240, 200, 40)}
TRUNKS = {"slim": 0.050, "average": 0.080, "stout": 0.120}  # radius, in sides of the picture
FACTORS: Factors = {
    "body": tuple(SKINS),
    "hair": tuple(HAIRS),
    "clothing": tuple(CLOTHES),
    "build": tuple(TRUNKS),
    "hat": ("no", "yes"),
    ACTION: ACTIONS,
}
# One value of every attribute that no training clip shows in one action.
HELD_OUT = (
    Pair("body", "dark", "jump"),
    Pair("hair", "red", "walk"),
    Pair("clothing", "green", "wave"),
    Pair("build", "stout", "wave"),
    Pair("hat", "yes", "jump"),
)
SIZES = (16, 256)  # of a picture's side
_CHUNK = 64  # clips drawn at once: their layers fit in a processor's cache


@dataclass(frozen=True)
class Traits:
    """Individual traits of characters beside their attributes, each a uniform draw (N,)."""

    height: np.ndarray  # relative
    head: np.ndarray  # radius
    hair: np.ndarray  # length behind the head, in radii of it
    centre: np.ndarray  # where it stands, from the left
    shade: np.ndarray  # of clothes and hat, relative
    trousers: np.ndarray  # brightness
    ground: np.ndarray  # brightness of what is behind

    @classmethod
    def draw(cls, n: int, seed: int) -> "Traits":
        """Draws the traits of ``n`` characters."""
        rng = np.random.default_rng([seed, 1])
        return cls(
            height=rng.uniform(0.93, 1.05, n),
            head=rng.uniform(0.088, 0.108, n),
            hair=rng.uniform(0.2, 1.3, n),
            centre=rng.uniform(0.45, 0.53, n),
            shade=rng.uniform(0.85, 1.05, n),
            trousers=rng.uniform(0.2, 0.5, n),
            ground=rng.uniform(0.72, 0.95, n),
        )

    def take(self, rows: slice) -> "Traits":
        """Returns the traits of some characters."""
        return Traits(**{name: values[rows] for name, values in vars(self).items()})


class Capsule(NamedTuple):
    """N capsules: all points within ``radius`` (N,) of a line, in ``colour`` (N, 3), RGB to 255."""

    start: np.ndarray  # of the line, (N, 2)
    end: np.ndarray  # (N, 2)
    radius: np.ndarray
    colour: np.ndarray


def figure_clips(conditions: np.ndarray, *, image_size: int = 32, seed: int = 0) -> Clips:
    """Draws one clip of 8 phases for each row of conditions.

    Args:
        conditions: whole numbers (N, 6), of the values in ``FACTORS``.
        image_size: side of the frames, from 16 to 256 pixels.
        seed: of what makes a character itself beside its attributes (``Traits``).

    Returns:
        RGB clips, frames (N, 8, image_size, image_size, 3).

    Raises:
        InputError: an argument is out of its range.
    """
    whole_number("seed", seed, 0)
    if not SIZES[0] <= whole_number("image_size", image_size, 1) <= SIZES[1]:
        raise InputError(f"image_size {image_size} is out of range: {SIZES[0]} to {SIZES[1]} for figures")
    conditions = np.asarray(conditions, np.int32)
    n = len(conditions)
    # Checked before anything is drawn; the frames come in below.
    clips = Clips("figures", np.zeros((n, PHASES, image_size, image_size, 3), np.uint8), conditions, FACTORS)
    traits = Traits.draw(n, seed)
    for action, name in enumerate(ACTIONS):
        members = np.flatnonzero(conditions[:, -1] == action)
        for rows in np.split(members, range(_CHUNK, len(members), _CHUNK)):
            for phase in range(PHASES):
                parts = _figure(conditions[rows], traits.take(rows), name, phase)
                clips.frames[rows, phase] = _paint(parts, traits.ground[rows], image_size)
    return clips


def random_conditions(n: int, seed: int, without: tuple[Pair, ...] = ()) -> np.ndarray:
    """Draws ``n`` rows of conditions, all equally likely but those that hold a pair of ``without``: (n, 6).

    Raises:
        InputError: ``n`` is below 1, or every row holds a pair.
    """
    whole_number("n", n, 1)
    sizes = [len(values) for values in FACTORS.values()]
    every = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1).reshape(-1, len(sizes))
    allowed = every[~holds_any(every, without, FACTORS)]
    if not len(allowed):
        raise InputError(f"hold_out {', '.join(map(str, without))} leaves no figure to train on")
    rng = np.random.default_rng([seed, 0])
    # Every action equally often: what is held out takes more of one than of another.
    actions = rng.integers(len(ACTIONS), size=n)
    present = np.unique(allowed[:, -1])
    rows = np.empty((n, len(sizes)), np.int32)
    for i, action in enumerate(present[actions % len(present)]):
        choices = allowed[allowed[:, -1] == action]
        rows[i] = choices[rng.integers(len(choices))]
    return rows


def _figure(conditions: np.ndarray, traits: Traits, action: str, phase: int) -> Iterator[Capsule]:
    """Yields the parts of N figures in one phase of an action, from the farthest to the nearest."""
    skin, hair, clothes = (
        np.array(list(colours.values()), float)[conditions[:, column]]
        for column, colours in enumerate((SKINS, HAIRS, CLOTHES))
    )
    trunk = np.array(list(TRUNKS.values()))[conditions[:, 3]]
    clothes = np.clip(clothes * traits.shade[:, np.newaxis], 0, 255)
    trousers = 255 * traits.trousers[:, np.newaxis] * np.array([0.9, 0.9, 1.2])
    limb = 0.022 + 0.14 * trunk
    body = Proportions(
        leg=0.30 * traits.height,
        trunk=0.21 * traits.height,
        arm=0.24 * traits.height,
        neck=0.03 + traits.head,
        centre=traits.centre,
    )
    at = joints(POSES[action](phase), body)

    def leg(side: str, light: float) -> Iterator[Capsule]:
        yield Capsule(at["hip"], at[f"knee_{side}"], 1.15 * limb, light * trousers)
        yield Capsule(at[f"knee_{side}"], at[f"foot_{side}"], limb, light * trousers)
        toe = at[f"foot_{side}"] + np.array([0.035, 0.0])
        yield Capsule(at[f"foot_{side}"], toe, 0.85 * limb, light * np.full_like(skin, 45.0))

    def arm(side: str, light: float) -> Iterator[Capsule]:
        yield Capsule(at["neck"], at[f"elbow_{side}"], limb, light * clothes)
        yield Capsule(at[f"elbow_{side}"], at[f"hand_{side}"], 0.9 * limb, light * skin)

    shadow = 0.14 - 0.6 * np.maximum(0.0, GROUND - np.maximum(at["foot_near"], at["foot_far"])[:, 1])
    below = np.stack([traits.centre, np.full_like(traits.centre, GROUND + 0.015)], axis=-1)
    sideways = np.stack([shadow, np.zeros_like(shadow)], axis=-1)
    dark = np.repeat(0.75 * 255 * traits.ground[:, np.newaxis], 3, axis=1)
    yield Capsule(below - sideways, below + sideways, np.full_like(shadow, 0.02), dark)
    yield from arm("far", 0.72)
    yield from leg("far", 0.72)
    yield from leg("near", 1.0)
    yield Capsule(at["hip"] - [0.0, 0.02], at["neck"] + [0.0, 0.02], trunk, clothes)
    yield from _head(at["head"], traits, skin, hair, conditions[:, 4] == 1)
    yield from arm("near", 0.9)


def _head(
    middle: np.ndarray, traits: Traits, skin: np.ndarray, hair: np.ndarray, hat: np.ndarray
) -> Iterator[Capsule]:
    """Yields the parts of N heads with their hair, and with a hat where ``hat`` (N,) says so."""
    radius = traits.head

    def near(x: float, y: float | np.ndarray) -> np.ndarray:
        return middle + np.stack(np.broadcast_arrays(x * radius, y * radius), axis=-1)

    yield Capsule(near(-0.35, -0.2), near(-0.55, traits.hair), 0.75 * radius, hair)
    yield Capsule(middle, middle, radius, skin)
    yield Capsule(near(-0.55, -0.7), near(0.45, -0.75), 0.5 * radius, hair)
    yield Capsule(near(0.55, 0.0), near(0.55, 0.1), 0.15 * radius, np.full_like(skin, 20.0))
    felt = np.array([110.0, 60.0, 150.0]) * traits.shade[:, np.newaxis]
    worn = np.where(hat, radius, -1.0)  # a negative radius covers nothing
    yield Capsule(near(-0.45, -1.35), near(0.35, -1.35), 0.55 * worn, felt)
    yield Capsule(near(-1.25, -0.85), near(1.25, -0.85), 0.22 * worn, 0.8 * felt)


def _paint(parts: Iterator[Capsule], ground: np.ndarray, size: int) -> np.ndarray:
    """Paints capsules over each other on grounds of a brightness (N,): uint8 (N, size, size, 3)."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = axis[np.newaxis, np.newaxis, :], axis[np.newaxis, :, np.newaxis]
    tint = np.array([0.97, 1.0, 1.03])
    canvas = np.empty((len(ground), size, size, 3), np.float32)
    canvas[:] = (255 * np.clip(ground[:, np.newaxis] * tint, 0, 1))[:, np.newaxis, np.newaxis]
    for part in parts:
        covered = _coverage(part, x, y, size)[..., np.newaxis]
        canvas += covered * (part.colour.astype(np.float32)[:, np.newaxis, np.newaxis] - canvas)
    return np.rint(canvas).astype(np.uint8)


def _coverage(part: Capsule, x: np.ndarray, y: np.ndarray, size: int) -> np.ndarray:
    """Returns how much of each pixel a capsule covers, in [0, 1]: float32 (N, size, size)."""

    def column(values: np.ndarray) -> np.ndarray:
        return values.astype(np.float32)[:, np.newaxis, np.newaxis]

    dx, dy = (column(part.end[:, i] - part.start[:, i]) for i in (0, 1))
    px, py = x - column(part.start[:, 0]), y - column(part.start[:, 1])
    # Where on the line the nearest point is; a line without length is a point.
    share = np.clip((px * dx + py * dy) / np.maximum(dx * dx + dy * dy, 1e-12), 0, 1)
    distance = np.sqrt((px - share * dx) ** 2 + (py - share * dy) ** 2) - column(part.radius)
    return np.clip(0.5 - size * distance, 0, 1)
