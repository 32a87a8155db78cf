"""Data sets of animation clips by name."""

from tfgan_ref.data.clips.clips import Clips
from tfgan_ref.data.clips.factors import holds_any, parse_pairs
from tfgan_ref.data.clips.figures import FACTORS, HELD_OUT, figure_clips, random_conditions
from tfgan_ref.data.clips.sprites import read_sprites
from tfgan_ref.errors import InputError, whole_number

FIGURES = "figures"
DEFAULT = "default"
_SEED = 0  # of the figures: every run of the same settings trains on the same ones


def read_clips(
    name: str,
    *,
    image_size: int = 32,
    clips: int = 1024,
    hold_out: str | None = DEFAULT,
    stream: str = "off",
) -> Clips:
    """Reads clips into memory, or finds them on disk, without those that show a pair that is held out.

    Args:
        name: ``figures``, which are drawn, or ``sprites:PATH``, see
            ``read_sprites``.
        image_size: side of the frames.
        clips: how many figures to draw.
        hold_out: pairs of an attribute's value and an action, ``hat=yes:jump,hair=red:walk``; "default"
            are ``figures.HELD_OUT`` of figures and none of sprites; None is none.
        stream: whether sprites are read each time that they are asked for: "on", "off" or "auto" (if they
            would take more than a quarter of the free memory).

    Raises:
        InputError: an argument is out of range, or the data cannot be read or used.
    """
    kind, _, place = name.partition(":")
    if name == FIGURES:
        if stream == "on":
            raise InputError(
                f"{name}: stream=on is for sprites:PATH, these are drawn in memory: leave it out"
            )
        pairs = HELD_OUT if hold_out == DEFAULT else parse_pairs(hold_out, FACTORS)
        conditions = random_conditions(whole_number("clips", clips, 1), _SEED, pairs)
        return figure_clips(conditions, image_size=image_size, seed=_SEED)
    if kind != "sprites" or not place:
        raise InputError(f"data set {name!r} is not known; allowed are {FIGURES}, sprites:PATH")
    sprites = read_sprites(name, place, image_size=image_size, stream=stream)
    pairs = () if hold_out == DEFAULT else parse_pairs(hold_out, sprites.factors)
    kept = ~holds_any(sprites.conditions, pairs, sprites.factors)
    if not kept.any():
        raise InputError(f"{name}: hold_out {hold_out} leaves no clip to train on")
    return sprites.take(kept)
