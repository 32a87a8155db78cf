"""Blur kernels of Real-ESRGAN: Wang et al. 2021, sections 3.1 and 3.3, with the ranges of the code."""

import numpy as np

SIZES = np.arange(7, 22, 2)
# Shapes and their probabilities, where the kernel is no sinc filter.
SHAPES = {
    ("gaussian", "isotropic"): 0.45,
    ("gaussian", "anisotropic"): 0.25,
    ("generalised", "isotropic"): 0.12,
    ("generalised", "anisotropic"): 0.03,
    ("plateau", "isotropic"): 0.12,
    ("plateau", "anisotropic"): 0.03,
}
BETAS = {"gaussian": (1.0, 1.0), "generalised": (0.5, 4.0), "plateau": (1.0, 2.0)}
SINC_PROBABILITY = 0.1
WIDE = 13  # from this size on, sinc filters may cut off more


def draw_kernel(rng: np.random.Generator, sigmas: tuple[float, float]) -> np.ndarray:
    """Draws a kernel (k, k), k odd from 7 to 21, whose sum is 1.

    Args:
        rng: what draws.
        sigmas: between which standard deviations lie, in pixels.
    """
    size = int(rng.choice(SIZES))
    if rng.random() < SINC_PROBABILITY:
        return sinc_kernel(size, rng.uniform(np.pi / (3 if size < WIDE else 5), np.pi))
    shape, symmetry = list(SHAPES)[rng.choice(len(SHAPES), p=list(SHAPES.values()))]
    first, second = rng.uniform(*sigmas, 2)
    angle = rng.uniform(-np.pi, np.pi)
    if symmetry == "isotropic":
        second = first
    low, high = BETAS[shape]
    beta = rng.uniform(low, 1) if rng.random() < 0.5 else rng.uniform(1, high)
    make = plateau_kernel if shape == "plateau" else gaussian_kernel
    return make(size, (first, second), angle, beta)


def draw_sinc(rng: np.random.Generator) -> np.ndarray:
    """Draws the sinc kernel that comes last, (k, k), k odd from 7 to 21."""
    return sinc_kernel(int(rng.choice(SIZES)), rng.uniform(np.pi / 3, np.pi))


def gaussian_kernel(
    size: int, sigmas: tuple[float, float], angle: float = 0.0, beta: float = 1.0
) -> np.ndarray:
    """Returns exp(-q^beta / 2) of q = x' S^-1 x, (size, size), divided by its sum: Gaussian where beta is 1.

    Args:
        size: of the kernel, odd.
        sigmas: roots of the eigenvalues of S.
        angle: from the x axis, which points right, to the first eigenvector, towards y, which points down.
        beta: below 1 the kernel is more pointed, above 1 flatter.
    """
    kernel = np.exp(-(_distances(size, sigmas, angle) ** beta) / 2)
    return kernel / kernel.sum()


def plateau_kernel(
    size: int, sigmas: tuple[float, float], angle: float = 0.0, beta: float = 1.0
) -> np.ndarray:
    """Returns 1 / (1 + q^beta), (size, size), divided by its sum; see ``gaussian_kernel``."""
    kernel = 1 / (1 + _distances(size, sigmas, angle) ** beta)
    return kernel / kernel.sum()


def sinc_kernel(size: int, cutoff: float) -> np.ndarray:
    """Returns the ideal low-pass filter of radial frequencies below ``cutoff``, cut to (size, size).

    Section 3.3: cutoff J_1(cutoff r) / (2 pi r), cutoff^2 / (4 pi) at 0, divided by its sum. It makes ringing
    and overshoot.

    Args:
        size: of the kernel, odd.
        cutoff: in radians per pixel, up to pi.
    """
    from scipy.special import j1

    offsets = np.arange(size) - size // 2
    radii = np.hypot(offsets, offsets[:, np.newaxis])
    radii[size // 2, size // 2] = 1  # the value there is set below
    kernel = cutoff * j1(cutoff * radii) / (2 * np.pi * radii)
    kernel[size // 2, size // 2] = cutoff**2 / (4 * np.pi)
    return kernel / kernel.sum()


def _distances(size: int, sigmas: tuple[float, float], angle: float) -> np.ndarray:
    """Returns the q of ``gaussian_kernel`` at each pixel."""
    x = np.arange(size) - size // 2
    y = x[:, np.newaxis]
    first, second = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    return (first / sigmas[0]) ** 2 + (second / sigmas[1]) ** 2
