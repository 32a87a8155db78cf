"""Digits in synthetic styles: what is drawn follows from digit and style alone."""

import numpy as np
import pytest

from tfgan_ref.data import STYLES, draw_styled, read, styled_digits


@pytest.fixture(scope="module")
def digits():
    return read("digits", image_size=32, channels=1, split="test")


@pytest.fixture(scope="module")
def both():
    return styled_digits(split="test", seed=3)


def test_styles_are_many_and_named():
    assert len(STYLES) >= 6
    assert len({style.name for style in STYLES}) == len(STYLES)
    assert {style.texture for style in STYLES} == {"plain", "stripes", "checks"}
    assert {style.thickness for style in STYLES} == {-1, 0, 1}


@pytest.mark.parametrize("number", range(len(STYLES)))
def test_full_ink_has_the_colours_of_the_style(number):
    style = STYLES[number]
    images = np.zeros((2, 32, 32, 1), np.uint8)
    images[1] = 255
    ground, ink = draw_styled(images, np.array([number, number]))
    assert (ground == style.ground).all()
    colours = {tuple(map(int, colour)) for colour in ink.reshape(-1, 3)}
    assert colours == {style.stroke} | (set() if style.texture == "plain" else {style.second})
    if style.texture == "stripes":
        assert (ink == ink[:, :1]).all()
        assert [tuple(map(int, row[0])) for row in ink[:4]] == [style.stroke] * 2 + [style.second] * 2
    if style.texture == "checks":
        assert (ink[:-2] != ink[2:]).any(-1).all()
        assert (ink[:, :-2] != ink[:, 2:]).any(-1).all()


def test_thickness_moves_the_border_by_a_pixel():
    images = np.zeros((1, 32, 32, 1), np.uint8)
    images[0, 10:20, 8:24] = 255
    for number, style in enumerate(STYLES):
        inked = (draw_styled(images, np.array([number]))[0] != style.ground).any(-1)
        t = style.thickness
        expected = np.zeros((32, 32), bool)
        expected[10 - t : 20 + t, 8 - t : 24 + t] = True
        if t > 0:  # a disc leaves the corners out
            for corner in ((9, 7), (9, 24), (20, 7), (20, 24)):
                expected[corner] = False
        assert np.array_equal(inked, expected)


def test_styles_differ_clearly(digits):
    images = np.repeat(digits.images[:20], len(STYLES), axis=0)
    drawn = draw_styled(images, np.tile(np.arange(len(STYLES)), 20)).reshape(20, len(STYLES), -1).astype(int)
    for a in range(len(STYLES)):
        for b in range(a):
            assert np.abs(drawn[:, a] - drawn[:, b]).mean() > 10


def test_labels_are_the_truth(digits, both):
    contents, styled = both
    assert np.array_equal(contents.images, digits.images.repeat(3, axis=-1))
    assert np.array_equal(contents.labels, digits.labels)
    assert styled.class_names == tuple(style.name for style in STYLES)
    # Each styled image is the drawing of exactly one digit, each digit is drawn once, none in its own row.
    every = {}
    for number in range(len(STYLES)):
        for i, image in enumerate(draw_styled(digits.images, np.full(len(digits.images), number))):
            every[number, image.tobytes()] = i
    found = [every[label, image.tobytes()] for label, image in zip(styled.labels, styled.images, strict=True)]
    assert sorted(found) == list(range(len(digits.images)))
    assert all(i != row for row, i in enumerate(found))


def test_all_styles_come(both):
    counts = np.bincount(both[1].labels, minlength=len(STYLES))
    assert counts.min() > 599 / len(STYLES) / 2


def test_seed_chooses_styles_and_order(both):
    _, again = styled_digits(split="test", seed=3)
    _, other = styled_digits(split="test", seed=4)
    assert again.fingerprint == both[1].fingerprint
    assert other.fingerprint != again.fingerprint


def test_sizes():
    contents, styled = styled_digits(image_size=48, split="test")
    assert contents.images.shape == styled.images.shape == (599, 48, 48, 3)


def test_what_is_refused(digits, refused):
    images = digits.images[:2]
    with refused(f"style {len(STYLES)}", f"from 0 to {len(STYLES) - 1}"):
        draw_styled(images, np.array([0, len(STYLES)]))
    with refused("styles are float64"):
        draw_styled(images, np.array([0.0, 1.0]))
    with refused("styles", "shape (2,)"):
        draw_styled(images, np.array([1]))
    with refused("(N, H, W, 1)"):
        draw_styled(images.repeat(3, axis=-1), np.array([0, 1]))
    with refused("seed=-1"):
        styled_digits(seed=-1)
