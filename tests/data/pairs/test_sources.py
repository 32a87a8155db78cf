"""Pairs by name: two folders, halves of one picture, two arrays, and sources made of their targets."""

import logging

import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import bicubic_resize, read_pairs, read_pictures, unpaired
from tfgan_ref.data.pairs.sources import MAKES
from tfgan_ref.errors import InputError

RANDOM = np.random.default_rng(0)


def random_picture(height, width, channels=3):
    return RANDOM.integers(0, 256, (height, width, channels), np.uint8)


def save(path, pixels):
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0]).save(path)


def same(first, second):
    return len(first) == len(second) and all(map(np.array_equal, first, second))


@pytest.fixture
def folders(tmp_path):
    """Two folders, and what they hold: grey sources and coloured targets of twice the size."""
    sources = [random_picture(5, 9, 1), random_picture(6, 4, 1)]
    targets = [random_picture(10, 18), random_picture(12, 8)]
    for stem, source, target in zip("ab", sources, targets, strict=True):
        save(tmp_path / "low" / f"{stem}.png", source)
        save(tmp_path / "high" / f"{stem}.bmp", target)
    return f"pairs:{tmp_path / 'low'}:{tmp_path / 'high'}", sources, targets


def test_folders(folders):
    name, sources, targets = folders
    pairs = read_pairs(name, scale=2)
    assert same(pairs.sources, sources)
    assert same(pairs.targets, targets)
    assert pairs.names == ("a.png", "b.png")
    assert (pairs.scale, pairs.paired) == (2, True)


def test_make_is_for_data_without_pairs(folders):
    name, sources, _ = folders
    assert same(read_pairs(name, scale=2, make="small").sources, sources)


def test_files_without_partners_are_named(folders, tmp_path, refused):
    save(tmp_path / "high" / "c.png", random_picture(4, 4))
    with refused("c.png has no partner in", "low"):
        read_pairs(folders[0], scale=2)
    (tmp_path / "high" / "c.png").unlink()
    (tmp_path / "high" / "b.bmp").unlink()
    with refused("b.png has no partner in", "high"):
        read_pairs(folders[0], scale=2)


@pytest.mark.parametrize("image_size", [None, 8])
def test_files_of_unequal_size_are_named(folders, tmp_path, refused, image_size):
    save(tmp_path / "high" / "b.bmp", random_picture(12, 9))
    with refused("b.png", "4x6", "9x12", "8x12"):
        read_pairs(folders[0], scale=2, image_size=image_size)


def test_two_files_of_one_stem(folders, tmp_path, refused):
    save(tmp_path / "high" / "a.png", random_picture(10, 18))
    with refused("a.bmp and a.png"):
        read_pairs(folders[0], scale=2)


def test_folders_brought_to_a_size(folders):
    pairs = read_pairs(folders[0], scale=2, image_size=8, channels=3)
    assert [picture.shape for picture in pairs.sources] == [(4, 4, 3)] * 2
    assert [picture.shape for picture in pairs.targets] == [(8, 8, 3)] * 2
    pictures, _ = read_pictures(f"folder:{folders[0].rpartition(':')[2]}", image_size=8)
    assert same(pairs.targets, pictures)


def test_a_damaged_file_takes_its_partner_along(tmp_path, caplog, refused):
    for i in range(120):
        for side in "ab":
            save(tmp_path / side / f"{i:03}.png", np.full((4, 4, 1), i, np.uint8))
    (tmp_path / "b" / "050.png").write_bytes(b"nothing")
    name = f"pairs:{tmp_path / 'a'}:{tmp_path / 'b'}"
    pairs = read_pairs(name)
    kept = [i for i in range(120) if i != 50]
    for side in (pairs.sources, pairs.targets):
        assert [picture[0, 0, 0] for picture in side] == kept
    warned = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert "050.png" in warned[0]
    (tmp_path / "b" / "051.png").write_bytes(b"nothing")
    with refused("2 of 120 images cannot be read"):
        read_pairs(name)


def test_folders_that_are_missing_or_empty(tmp_path, refused):
    (tmp_path / "empty").mkdir()
    with refused("there is no such folder"):
        read_pairs(f"pairs:{tmp_path / 'absent'}:{tmp_path / 'empty'}")
    with refused("no images in", "empty"):
        read_pairs(f"pairs:{tmp_path / 'empty'}:{tmp_path / 'empty'}")


def test_halves(tmp_path):
    wholes = [random_picture(6, 8), random_picture(4, 20)]
    for stem, whole in zip("ba", wholes, strict=True):
        save(tmp_path / f"{stem}.png", whole)
    pairs = read_pairs(f"sidebyside:{tmp_path}")
    assert pairs.names == ("a.png", "b.png")
    assert same(pairs.sources, [wholes[1][:, :10], wholes[0][:, :4]])
    assert same(pairs.targets, [wholes[1][:, 10:], wholes[0][:, 4:]])
    back = read_pairs(f"sidebyside:{tmp_path}", reverse=True)
    assert same(back.sources, pairs.targets)
    assert same(back.targets, pairs.sources)


def test_halves_brought_to_a_size(tmp_path):
    tile = random_picture(8, 12)
    save(tmp_path / "a.png", np.concatenate([tile, tile], axis=1))
    pairs = read_pairs(f"sidebyside:{tmp_path}", image_size=4, channels=1)
    assert pairs.sources[0].shape == (4, 4, 1)
    assert same(pairs.sources, pairs.targets)  # nothing of one half gets into the other


def test_halves_that_are_refused(tmp_path, refused):
    save(tmp_path / "odd.png", random_picture(6, 9))
    with refused("odd.png is 9x6", "odd"):
        read_pairs(f"sidebyside:{tmp_path}")
    with refused("scale 2"):
        read_pairs(f"sidebyside:{tmp_path}", scale=2)


@pytest.fixture
def archive(tmp_path):
    arrays = {"edge": RANDOM.integers(0, 256, (5, 6, 8), np.uint8), "photo": random_picture(5 * 6, 8)}
    arrays["photo"] = arrays["photo"].reshape(5, 6, 8, 3)
    arrays["classes"] = RANDOM.integers(0, 2, (5, 6, 8, 12), np.uint8)
    arrays["wide"] = RANDOM.integers(0, 256, (5, 12, 16, 3), np.uint8)
    arrays["floats"] = np.zeros((5, 6, 8))
    arrays["objects"] = np.array([None])
    np.savez(tmp_path / "data.npz", **arrays)
    return f"npzpairs:{tmp_path / 'data.npz'}", arrays


def test_arrays(archive):
    name, arrays = archive
    pairs = read_pairs(f"{name}:edge:photo")
    assert same(pairs.sources, arrays["edge"][..., None])
    assert same(pairs.targets, arrays["photo"])
    assert read_pairs(f"{name}:classes:photo").source_channels == 12
    assert read_pairs(f"{name}:edge:wide", scale=2).scale == 2
    sized = read_pairs(f"{name}:edge:wide", scale=2, image_size=8, channels=3)
    assert sized.sources[0].shape == (4, 4, 3)
    assert sized.targets[0].shape == (8, 8, 3)


def test_arrays_that_are_refused(archive, refused):
    name, _ = archive
    with refused("no key 'photos'", "edge, floats"):
        read_pairs(f"{name}:edge:photos")
    with refused("floats is float64", "uint8"):
        read_pairs(f"{name}:floats:photo")
    with refused("pickled"):
        read_pairs(f"{name}:objects:photo")
    with refused("all pairs", "8x6", "16x12"):
        read_pairs(f"{name}:edge:wide")
    with refused("classes has 12 channels"):
        read_pairs(f"{name}:classes:photo", channels=3)
    with refused("npzpairs:PATH:SOURCE:TARGET"):
        read_pairs(f"{name}:edge")
    with refused("there is no such file"):
        read_pairs("npzpairs:/absent.npz:a:b")


@pytest.fixture
def folder(tmp_path):
    save(tmp_path / "a.png", random_picture(17, 22))
    save(tmp_path / "b.png", random_picture(30, 15))
    return f"folder:{tmp_path}"


@pytest.mark.parametrize("make", ["edges", "sobel", "lines", "grey"])
def test_drawings(folder, make):
    pairs = read_pairs(folder, make=make)
    pictures, names = read_pictures(folder)
    assert same(pairs.targets, pictures)
    assert pairs.names == names
    assert (pairs.source_channels, pairs.target_channels) == (1, 3)
    assert [p.shape[:2] for p in pairs.sources] == [p.shape[:2] for p in pictures]
    back = read_pairs(folder, make=make, reverse=True)
    assert (back.source_channels, back.target_channels) == (3, 1)


@pytest.mark.parametrize("scale", [2, 4, 5])
def test_small(folder, scale):
    pairs = read_pairs(folder, make="small", scale=scale)
    for source, target, picture in zip(pairs.sources, pairs.targets, read_pictures(folder)[0], strict=True):
        height, width = (side // scale * scale for side in picture.shape[:2])
        assert np.array_equal(target, picture[:height, :width])
        expected = np.clip(bicubic_resize(target, 1 / scale), 0, 255)
        assert np.array_equal(source, np.rint(expected))


def test_same(folder):
    pairs = read_pairs(folder, make="same", channels=1)
    assert same(pairs.sources, pairs.targets)
    assert pairs.source_channels == 1


def test_made_of_photographs_and_digits():
    assert len(read_pairs("photographs", make="small", scale=4, image_size=32).sources) == 8
    digits = read_pairs("digits", make="edges", split="test", image_size=32)
    assert len(digits.sources) == 599


def test_makes_that_are_refused(folder, refused):
    for unknown in ("egdes", ""):
        with refused(f"make {unknown!r} is unknown", *MAKES):
            read_pairs(folder, make=unknown)
    with refused("make", *MAKES, "pairs:DIR_A:DIR_B", "sidebyside:DIR", "npzpairs:PATH:SOURCE:TARGET"):
        read_pairs(folder)
    with refused("'small' with scale 1"):
        read_pairs(folder, make="small")
    with refused("'edges' with scale 2"):
        read_pairs(folder, make="edges", scale=2)
    with refused("a.png is 22x17", "scale 18"):
        read_pairs(folder, make="small", scale=18)


def test_names_and_numbers_that_are_refused(tmp_path, refused):
    for name in ("pairs:", "pairs:only", "pairs:a:b:c", "pairs::b"):
        with refused(repr(name), "pairs:DIR_A:DIR_B"):
            read_pairs(name)
    with refused("'sidebyside:'", "sidebyside:DIR"):
        read_pairs("sidebyside:")
    with refused("did you mean pairs:DIR_A:DIR_B?"):
        read_pairs("pair:a:b", make="edges")
    with refused("'nothing of that name' is not known"):
        read_pairs("nothing of that name", make="edges")
    with refused("scale=0"):
        read_pairs("digits", make="same", scale=0)
    with refused("image_size=10", "multiple of scale 4"):
        read_pairs("digits", make="small", scale=4, image_size=10)
    with refused("reverse", "scale 1"):
        read_pairs("digits", make="small", scale=4, reverse=True)
    with refused("name the path of the other set"):
        read_pairs(f"sidebyside:{tmp_path}", split="test")


def test_two_collections(folder):
    loose = unpaired(folder, "photographs", image_size=16, channels=3)
    assert not loose.paired
    assert (len(loose.sources), len(loose.targets)) == (2, 8)
    assert (loose.source_name(1), loose.target_name(0)) == ("b.png", "astronaut")
    assert same(loose.targets, read_pictures("photographs", image_size=16)[0])


def test_paths_may_contain_colons(tmp_path):
    """``pairs:`` finds the two folders that are there; ``npzpairs:`` takes its names from the end."""
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    for folder in ("a:b", "c"):
        (tmp_path / folder).mkdir()
        Image.fromarray(picture).save(tmp_path / folder / "x.png")
    np.savez(tmp_path / "p:q.npz", s=picture[None], t=picture[None])
    for name in (
        f"pairs:{tmp_path}/a:b:{tmp_path}/c",
        f"pairs:{tmp_path}/c:{tmp_path}/a:b",
        f"npzpairs:{tmp_path}/p:q.npz:s:t",
    ):
        pairs = read_pairs(name)
        np.testing.assert_array_equal(pairs.sources[0], picture)
        np.testing.assert_array_equal(pairs.targets[0], picture)
    with pytest.raises(InputError, match="must be of the form pairs:DIR_A:DIR_B"):
        read_pairs(f"pairs:{tmp_path}/a:b:{tmp_path}/nowhere")
