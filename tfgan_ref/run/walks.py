"""Walks through latents: rows of pictures between random ones, and animations that go round."""

from collections.abc import Sequence

import numpy as np


def great_circle(start: np.ndarray, end: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Goes from one latent to another on a great circle.

    Straight lines would pass through lengths that N(0, I) hardly ever draws (White 2016, equation 1).

    Args:
        start: (latent_dim,).
        end: (latent_dim,).
        shares: how much of the way, S numbers from 0 to 1.

    Returns:
        float32 (S, latent_dim).
    """
    lengths = np.linalg.norm(start) * np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / lengths, -1, 1)) if lengths else 0.0
    shares = np.asarray(shares)[:, np.newaxis]
    if np.sin(angle) < 1e-6:
        return ((1 - shares) * start + shares * end).astype(np.float32)
    weights = np.sin((1 - shares) * angle), np.sin(shares * angle)
    return ((weights[0] * start + weights[1] * end) / np.sin(angle)).astype(np.float32)


def walks(latents: np.ndarray, legs: Sequence[tuple[int, int]], steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Goes each leg in ``steps`` points, both ends included.

    Args:
        latents: (N, latent_dim).
        legs: pairs of rows of ``latents``.
        steps: points of each leg.

    Returns:
        The points, float32 (legs * steps, latent_dim), and for each the row of the nearer end.
    """
    shares = np.linspace(0, 1, steps)
    points = np.concatenate([great_circle(latents[start], latents[end], shares) for start, end in legs])
    nearer = np.concatenate([np.where(shares < 0.5, start, end) for start, end in legs])
    return points, nearer


def round_trip(latents: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Goes from each latent to the next and from the last to the first, ``steps`` points a leg.

    Slower near the latents than between them, each of which is shown once.

    Args:
        latents: (N, latent_dim).
        steps: points of each leg.

    Returns:
        The points, float32 (N * steps, latent_dim), and for each the row of the nearer end.
    """
    shares = (1 - np.cos(np.pi * np.arange(steps) / steps)) / 2
    ends = [(start, (start + 1) % len(latents)) for start in range(len(latents))]
    points = np.concatenate([great_circle(latents[start], latents[end], shares) for start, end in ends])
    first_half = 2 * np.arange(steps) < steps
    return points, np.concatenate([np.where(first_half, start, end) for start, end in ends])
