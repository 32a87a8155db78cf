"""Pairs of pictures in memory: what is refused, and what tells them apart."""

from dataclasses import replace

import numpy as np
import pytest

from tfgan_ref.data import PicturePairs, split_pairs


def picture(height, width, channels=3, value=0):
    return np.full((height, width, channels), value, np.uint8)


@pytest.fixture
def pairs():
    sources = picture(4, 5, 1), picture(6, 3, 1)
    targets = picture(8, 10), picture(12, 6)
    return PicturePairs("two", sources, targets, scale=2, names=("a.png", "b.png"))


def test_channels_of_each_side(pairs):
    assert (pairs.source_channels, pairs.target_channels) == (1, 3)


def test_unequal_sizes_name_the_picture(pairs, refused):
    with refused("two: b.png", "3x6", "7x12", "scale 2", "6x12"):
        replace(pairs, targets=(picture(8, 10), picture(12, 7)))
    with refused("two: source 0", "scale 1"):
        replace(pairs, scale=1, names=())


def test_wrong_pictures_are_named(pairs, refused):
    with refused("two: b.png has 3 channels, the first one has 1"):
        replace(pairs, sources=(picture(4, 5, 1), picture(6, 3)))
    with refused("target of b.png", "float64"):
        replace(pairs, targets=(picture(8, 10), np.zeros((12, 6, 3))))
    with refused("a.png", "(4, 5)"):
        replace(pairs, sources=(np.zeros((4, 5), np.uint8), picture(6, 3, 1)))
    with refused("target 1", "(0, 6, 3)"):
        replace(pairs, targets=(picture(8, 10), picture(0, 6)), names=(), paired=False)


def test_counts(pairs, refused):
    with refused("2 sources and 1 targets"):
        replace(pairs, targets=pairs.targets[:1])
    with refused("no sources"):
        replace(pairs, sources=(), names=())
    with refused("1 names for 2 sources"):
        replace(pairs, names=("a.png",))
    with refused("target_names"):
        replace(pairs, target_names=("c.png", "d.png"))
    with refused("scale=0"):
        replace(pairs, scale=0)


def test_collections_without_pairs_have_any_lengths_and_sizes():
    sources = tuple(picture(4 + i, 9) for i in range(3))
    loose = PicturePairs("x", sources, (picture(5, 5, 1),), paired=False, target_names=("t.png",))
    assert (loose.source_name(2), loose.target_name(0)) == ("source 2", "t.png")


def test_fingerprint_tells_pictures_apart(pairs):
    dot = picture(12, 6)
    dot[3, 2, 1] = 1
    upright = PicturePairs("x", (picture(8, 2),), (picture(8, 2),))
    others = [
        pairs,
        replace(pairs, targets=(picture(8, 10), dot)),
        replace(pairs, paired=False),
        upright,
        PicturePairs("x", (picture(4, 4),), (picture(4, 4),)),  # the same bytes in another shape
    ]
    assert len({other.fingerprint for other in others}) == len(others)
    assert replace(pairs, name="another name").fingerprint == pairs.fingerprint
    assert pairs.fingerprint.replace("-", "").isalnum()


def test_held_out_pairs_are_the_same_each_time_and_stay_pairs(refused):
    numbers = range(7)
    sources = tuple(np.full((4, 4, 1), number, np.uint8) for number in numbers)
    targets = tuple(np.full((4, 4, 1), 100 + number, np.uint8) for number in numbers)
    pairs = PicturePairs("numbers", sources, targets, names=tuple(map(str, numbers)))
    training, held_out = split_pairs(pairs, 3)
    assert len(held_out.sources) == 3
    assert {*training.names, *held_out.names} == set(pairs.names)
    for part in (training, held_out):
        for source, target, name in zip(part.sources, part.targets, part.names, strict=True):
            assert target[0, 0, 0] == 100 + source[0, 0, 0] == 100 + int(name)
    assert split_pairs(pairs, 3)[1].names == held_out.names
    everything, nothing = split_pairs(pairs, 0)
    assert everything.names == pairs.names
    assert nothing is None
    with refused("hold_out 7 is out of range: numbers has 7 pairs"):
        split_pairs(pairs, 7)
