"""Sprites: a small folder with known pixels."""

import json

import numpy as np
import pytest

from tfgan_ref.data.clips.ground import GROUND
from tfgan_ref.data.clips.sources import read_clips
from tfgan_ref.data.clips.sprites import read_sprites
from tfgan_ref.errors import InputError

CHARACTERS = [
    {
        "sex": "male",
        "torso": "torso/leather/chest_male.png",
        "hair_color": "gold",
        "hair": "hair/male/x/gold.png",
    },
    {
        "sex": "female",
        "torso": "torso/plate/chest_female.png",
        "hair_color": "blue",
        "hair": "hair/female/y.png",
    },
]
FRAMES = {"walk": 5, "slash": 3}


@pytest.fixture
def folder(tmp_path):
    """Sprites of 8 pixels: red is character and direction, green the frame; the left half is clear."""
    (tmp_path / "characters.json").write_text(json.dumps(CHARACTERS))
    for action, count in FRAMES.items():
        images = np.zeros((2, 4, count, 8, 8, 4), np.uint8)
        images[..., 0] = (100 * np.arange(2)[:, None] + 20 * np.arange(4))[:, :, None, None, None]
        images[..., 1] = (10 * np.arange(count))[:, None, None]
        images[..., 4:, 3] = 255
        np.savez(tmp_path / f"{action}.npz", images=images)
    return tmp_path


def test_factors_and_conditions(folder):
    clips = read_sprites("sprites", str(folder), image_size=8)
    assert clips.factors == {
        "sex": ("female", "male"),
        "torso": ("leather/chest", "plate/chest"),
        "hair_color": ("blue", "gold"),
        "direction": ("north", "west", "south", "east"),
        "action": ("slash", "walk"),
    }
    assert clips.frames.shape == (16, 3, 8, 8, 3)
    np.testing.assert_array_equal(clips.conditions[0], [1, 0, 1, 0, 0])
    np.testing.assert_array_equal(clips.conditions[8 + 4 + 2], [0, 1, 0, 2, 1])


def test_hair_is_an_attribute_where_nothing_else_says_it(folder):
    characters = [{"hair": "red", "sex": "m"}, {"sex": "f", "hair": "black"}]  # objects have no order
    (folder / "characters.json").write_text(json.dumps(characters))
    clips = read_sprites("sprites", str(folder), image_size=8)
    assert clips.factors["hair"] == ("black", "red")
    assert clips.factors["sex"] == ("f", "m")
    np.testing.assert_array_equal(clips.conditions[[0, 4], :2], [[1, 1], [0, 0]])


def test_pixels_belong_to_their_conditions(folder):
    clips = read_sprites("sprites", str(folder), image_size=8)
    character = 1 - clips.conditions[:, 0]
    red = 100 * character + 20 * clips.conditions[:, 3]
    np.testing.assert_array_equal(clips.frames[:, :, 3, 6, 0], np.repeat(red[:, None], 3, axis=1))
    assert (clips.frames[:, :, :, :4] == GROUND).all()
    # Of slash all three frames, of walk three of the four that are no standing still.
    np.testing.assert_array_equal(clips.frames[0, :, 0, 7, 1], [0, 10, 20])
    np.testing.assert_array_equal(clips.frames[8, :, 0, 7, 1], [10, 20, 30])


def test_smaller_frames_are_means_of_squares(folder):
    large, small = (read_sprites("sprites", str(folder), image_size=size) for size in (8, 2))
    squares = large.frames.reshape(16, 3, 2, 4, 2, 4, 3).astype(float).mean(axis=(3, 5))
    np.testing.assert_allclose(small.frames, squares, atol=0.5)


def test_pairs_are_held_out(folder):
    name = f"sprites:{folder}"
    whole = read_clips(name, image_size=8)
    less = read_clips(name, image_size=8, hold_out="hair_color=blue:walk")
    assert len(whole) - len(less) == 4
    assert not ((less.conditions[:, 2] == 0) & (less.conditions[:, 4] == 1)).any()
    every = ",".join(f"sex={sex}:{action}" for sex in ("male", "female") for action in FRAMES)
    with pytest.raises(InputError, match="leaves no clip to train on"):
        read_clips(name, image_size=8, hold_out=every)


def test_folders_that_cannot_be_used(folder):
    def refused(message, image_size=8):
        with pytest.raises(InputError, match=message) as caught:
            read_sprites("sprites:x", str(folder), image_size=image_size)
        assert "\n" not in str(caught.value)

    refused("image_size 3 is no whole part of the sprites' side 8", image_size=3)
    np.savez(folder / "slash.npz", images=np.zeros((2, 3, 3, 8, 8, 4), np.uint8))
    refused(r"must be uint8 of shape \(2, 4, F, S, S, 4\)")
    (folder / "slash.npz").write_bytes(b"PK\x03\x04")
    refused("slash.npz|is no npz file")
    (folder / "slash.npz").unlink()
    for text, message in (
        ("[", "cannot be read"),
        ("[1]", "is not a list of objects of strings"),
        ('[{"sex": "male"}, {"body": "orc"}]', "different keys"),
        ('[{"action": "walk"}, {"action": "slash"}]', "means something else here"),
    ):
        (folder / "characters.json").write_text(text)
        refused(message)
