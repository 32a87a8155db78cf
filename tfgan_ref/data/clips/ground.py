"""Sprites with transparency put on a grey ground."""

import numpy as np

GROUND = 176  # brightness of what is behind the characters


def on_ground(sprites: np.ndarray, size: int) -> np.ndarray:
    """Puts clips of sprites, uint8 (N, P, S, S, 4), on the ground, at a side that divides theirs.

    Returns:
        uint8 (N, P, size, size, 3), means of squares.
    """
    part = sprites.shape[-2] // size
    result = np.empty((*sprites.shape[:2], size, size, 3), np.uint8)
    # One clip at a time: floats take four times the memory.
    for frames, clip in zip(result, sprites, strict=True):
        alpha = clip[..., 3:].astype(np.float32) / 255
        colours = clip[..., :3] * alpha + GROUND * (1 - alpha)
        squares = colours.reshape(-1, size, part, size, part, 3)
        frames[...] = np.rint(squares.mean(axis=(2, 4)))
    return result
