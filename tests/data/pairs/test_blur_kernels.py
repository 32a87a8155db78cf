"""Blur kernels against moments, frequency responses and integrals that define them."""

import numpy as np
import pytest

from tfgan_ref.data.pairs.blur_kernels import (
    SIZES,
    draw_kernel,
    draw_sinc,
    gaussian_kernel,
    plateau_kernel,
    sinc_kernel,
)


def covariance(kernel):
    """The second moments of (x, y), x to the right and y down."""
    offsets = np.arange(len(kernel)) - len(kernel) // 2
    y, x = np.meshgrid(offsets, offsets, indexing="ij")
    points = np.stack([x.ravel(), y.ravel()])
    return (kernel.ravel() * points) @ points.T


@pytest.mark.parametrize(("sigmas", "angle"), [((1.5, 1.5), 0.0), ((2.0, 1.0), 0.6), ((1.0, 2.0), -2.0)])
def test_a_gaussian_has_the_covariance_asked_for(sigmas, angle):
    kernel = gaussian_kernel(21, sigmas, angle)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(covariance(kernel), axes @ np.diag(np.square(sigmas)) @ axes.T, atol=5e-3)


def test_shapes_at_single_pixels():
    # The pixel to the right is at q = (1 / 2)^2, the one below at q = (1 / 0.5)^2.
    for beta in (0.5, 1.0, 1.7):
        generalised, plateau = (make(7, (2.0, 0.5), 0.0, beta) for make in (gaussian_kernel, plateau_kernel))
        for (row, column), q in {(3, 4): 0.25, (4, 3): 4.0, (2, 3): 4.0, (4, 4): 4.25}.items():
            assert generalised[row, column] / generalised[3, 3] == pytest.approx(np.exp(-(q**beta) / 2))
            assert plateau[row, column] / plateau[3, 3] == pytest.approx(1 / (1 + q**beta))
    np.testing.assert_array_equal(
        gaussian_kernel(9, (1.1, 0.7), 0.4, 1.0), gaussian_kernel(9, (1.1, 0.7), 0.4)
    )


def test_sinc_is_the_integral_over_a_disc_of_frequencies():
    cutoff, size = 1.9, 9
    kernel = sinc_kernel(size, cutoff)
    grid = (np.arange(400) + 0.5) / 400 * 2 * cutoff - cutoff
    inside = np.hypot(grid, grid[:, None]) < cutoff
    waves = np.exp(1j * np.outer(np.arange(size) - size // 2, grid))
    integral = (waves @ inside @ waves.T).real
    np.testing.assert_allclose(kernel, integral / integral.sum(), atol=2e-4)


def test_sinc_passes_low_frequencies_and_stops_high_ones():
    response = np.abs(np.fft.fft2(sinc_kernel(21, np.pi / 2), (64, 64)))
    radii = 2 * np.pi * np.hypot(np.fft.fftfreq(64), np.fft.fftfreq(64)[:, None])
    assert np.abs(response[radii < 0.3 * np.pi] - 1).max() < 0.2
    assert response[(radii > 0.7 * np.pi) & (radii < np.pi)].max() < 0.1


def test_what_is_drawn():
    rng = np.random.default_rng(0)
    kernels = [draw_kernel(rng, (0.2, 3.0)) for _ in range(400)]
    assert {len(kernel) for kernel in kernels} == set(SIZES) == {7, 9, 11, 13, 15, 17, 19, 21}
    for kernel in kernels:
        assert kernel.sum() == pytest.approx(1)
        np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-12)
    negative = np.mean([kernel.min() < -1e-6 for kernel in kernels])
    assert 0.05 < negative < 0.15  # sinc filters, one in ten
    widest = max(np.trace(covariance(kernel)) for kernel in kernels)
    narrow = [np.trace(covariance(draw_kernel(rng, (0.2, 0.3)))) for _ in range(50)]
    assert np.median(narrow) < 0.2 < widest
    assert all(draw_sinc(rng).min() < 0 for _ in range(20))
