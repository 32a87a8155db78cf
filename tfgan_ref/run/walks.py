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


def walks(
    latents: np.ndarray, legs: Sequence[tuple[int, int]], shares: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Goes each leg in as many points as there are ``shares``.

    Args:
        latents: (N, latent_dim).
        legs: pairs of rows of ``latents``.
        shares: how much of the way each point has gone, S numbers from 0 to 1.

    Returns:
        The points, float32 (legs * S, latent_dim), and for each the row of an end: the first half of a leg
        belongs to its start.
    """
    first_half = 2 * np.arange(len(shares)) < len(shares)
    points = [great_circle(latents[start], latents[end], shares) for start, end in legs]
    return np.concatenate(points), np.concatenate([np.where(first_half, *leg) for leg in legs])


def round_trip(latents: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Goes as ``walks`` from each latent to the next and from the last to the first, ``steps`` points a leg.

    Slower near the latents than between them, each of which is shown once.
    """
    legs = [(start, (start + 1) % len(latents)) for start in range(len(latents))]
    return walks(latents, legs, (1 - np.cos(np.pi * np.arange(steps) / steps)) / 2)


def round_trips(latents: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Makes a ``round_trip`` through each row of latents, (N, K, latent_dim).

    Returns:
        The points, float32 (K * steps, N, latent_dim), and for each which of the K latents it belongs to.
    """
    trips = [round_trip(each, steps) for each in latents]
    return tuple(np.stack(parts, axis=1) for parts in zip(*trips, strict=True))
