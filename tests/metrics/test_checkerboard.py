"""Checkerboard energy against closed forms of known lattices, a sum written out, and what has none."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tfgan_ref.errors import InputError
from tfgan_ref.metrics import checkerboard_energy

SIDE = 96
# (sum of w)^2 of two Hann windows of 32 whose squares sum to 1: (32/2)^2 / (32 * 3/8) along each axis.
GAIN = (16**2 / 12) ** 2
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def levels(values):
    return np.rint(values).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("lattice", "power"),
    [
        # Of an amplitude a: a^2 at one frequency, or (a/2)^2 at each of two.
        (8 * (-1) ** (ROWS + COLUMNS), 8**2),
        (8 * (-1) ** COLUMNS, 8**2),
        (8 * np.cos(np.pi / 2 * ROWS), 2 * 4**2),
        (8 * np.cos(np.pi / 2 * (ROWS + COLUMNS)), 2 * 4**2),
        # One pixel of each 4x4 or 2x2: (h / 16)^2 at all of 15 frequencies, (h / 4)^2 at 3.
        (64 * ((ROWS % 4 == 1) & (COLUMNS % 4 == 2)), 15 * 4**2),
        (64 * ((ROWS % 2 == 1) & (COLUMNS % 2 == 0)), 3 * 16**2),
    ],
    ids=["chequers", "columns", "rows of period 4", "slanted", "dots of period 4", "dots of period 2"],
)
def test_a_lattice_has_its_power_over_that_of_rounding(lattice, power):
    expected = 1 + GAIN * power / 15 / (1 / 12)
    assert checkerboard_energy(levels(100 + lattice)) == pytest.approx(expected, rel=1e-9)


def test_a_lattice_in_noise_has_its_power_over_that_of_the_noise():
    noise = np.random.default_rng(0).normal(0, 20, (320, 320, 3))
    rows, columns = np.mgrid[:320, :320]
    lattice = 5 * (-1) ** (rows + columns) + 6 * np.cos(np.pi / 2 * columns)
    found = checkerboard_energy(levels(128 + noise + lattice[..., np.newaxis]))
    assert found == pytest.approx(1 + GAIN * (5**2 + 2 * 3**2) / 15 / (20**2 + 2 / 12), rel=0.05)


def test_white_noise_and_flat_and_smooth_pictures_have_about_1():
    rng = np.random.default_rng(1)
    assert checkerboard_energy(np.full((40, 50, 3), 77, np.uint8)) == pytest.approx(1)
    assert checkerboard_energy(rng.integers(0, 256, (320, 320), np.uint8)) == pytest.approx(1, abs=0.05)
    smooth = gaussian_filter(rng.normal(0, 1, (320, 320, 3)), (4, 4, 0))
    assert checkerboard_energy(levels(128 + 40 * smooth / smooth.std())) == pytest.approx(1, abs=0.1)


def test_dots_of_period_4_raise_the_energy_of_a_texture():
    rng = np.random.default_rng(2)
    texture = gaussian_filter(rng.normal(0, 1, (256, 256)), 0.7)
    texture = 128 + 30 * texture / texture.std()
    dotted = texture + 6 * ((np.arange(256) % 4 == 0)[:, None] & (np.arange(256) % 4 == 0))
    assert checkerboard_energy(levels(dotted)) > 1.5 * checkerboard_energy(levels(texture))


def test_where_a_lattice_begins_makes_no_difference():
    lattice = 20 * ((ROWS % 4 == 0) & (COLUMNS % 4 == 0)) + 7 * (-1) ** ROWS
    energies = [
        checkerboard_energy(levels(90 + np.roll(lattice, shift, (0, 1)))) for shift in [(0, 0), (1, 3)]
    ]
    assert energies[0] == pytest.approx(energies[1])


def test_against_the_sums_of_the_definition():
    image = np.random.default_rng(3).integers(0, 256, (51, 35, 2), np.uint8)  # tiles at rows 0 and 16
    hann = np.sin(np.pi * np.arange(32) / 32) ** 2
    window = np.outer(hann, hann) / np.linalg.norm(np.outer(hann, hann))
    turns = np.exp(-2j * np.pi * np.outer(np.arange(32), np.arange(32)) / 32)
    powers = [
        np.abs(turns @ (window * image[top : top + 32, :32, c]) @ turns.T) ** 2
        for top in (0, 16)
        for c in (0, 1)
    ]
    power = np.mean(powers, axis=0)
    ratios = []
    for p in range(4):
        for q in range(4):
            if p or q:
                square = np.roll(power, (2 - 8 * p, 2 - 8 * q), (0, 1))[:5, :5]
                neighbours = (square.sum() - square[1:4, 1:4].sum()) / 16
                ratios.append((square[2, 2] + 1 / 12) / (neighbours + 1 / 12))
    assert checkerboard_energy(image) == pytest.approx(np.mean(ratios))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((40, 40)), "must be uint8 of shape"),
        (np.zeros((2, 40, 40, 3), np.uint8), "must be uint8 of shape"),
        (np.zeros((40, 40, 0), np.uint8), "must be uint8 of shape"),
        (np.zeros((31, 40, 3), np.uint8), "at least 32x32 pixels, not 31x40"),
    ],
)
def test_bad_images(bad, message):
    with pytest.raises(InputError, match=message):
        checkerboard_energy(bad)
