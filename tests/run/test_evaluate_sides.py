"""The two sides of an evaluation: which classes are drawn, and what counts as the class asked for."""

import dataclasses
import json
import logging

import numpy as np
import pytest
from PIL import Image

from tests.recorded_rows import RecordedRows
from tfgan_ref import __version__, data
from tfgan_ref.data import ImageArrays
from tfgan_ref.data.streams.pictures import PictureRows
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import chosen_rows
from tfgan_ref.media.medium import renumbered
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run.evaluate_images import evaluate
from tfgan_ref.run.evaluate_sides import Real, Source, compare_with, read_own, read_real
from tfgan_ref.run.sample import Sampler


def source(*names):
    return Source((8, 8, 1), 12, sampler=Sampler(None, 4, (8, 8, 1), names))


def arrays(labels, *names):
    images = np.zeros((len(labels), 8, 8, 1), np.uint8)
    return ImageArrays("x", images, np.array(labels, np.int32), names)


def test_classes_are_matched_by_their_names():
    # The data number dog 0 and cat 1; they have no hen, and three times as many cats. Nobody draws a fox.
    real = arrays([0] * 100 + [1] * 300 + [2] * 600, "dog", "cat", "fox")
    generator = source("cat", "dog", "hen")
    labels = generator.choose_labels(real, 8000, seed=0)
    shares = np.bincount(labels, minlength=3) / 8000
    np.testing.assert_allclose(shares, [0.75, 0.25, 0], atol=0.03)  # five standard deviations are 0.024
    numbers = renumbered(np.array([0, 1, 2, 0]), generator.class_names, real.class_names)
    assert numbers.tolist() == [1, 0, -1, 1]


def test_without_a_name_in_common_every_class_comes_in_turn():
    real = arrays([0, 0, 0, 1], "dog", "cat")
    assert source("0", "1").choose_labels(real, 5, seed=0).tolist() == [0, 1, 0, 1, 0]


def pictures(folder, seed, count=3, mode="RGB"):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.random.default_rng((seed, number)).integers(0, 256, (10, 12, 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(folder / f"{number}.png")


def run_on(path, name, stream="off", **form):
    """A run directory of ``gan`` as far as its config, of a run on the data ``name``."""
    arrays = data.read(name, stream=stream, **form)
    config = {
        "recipe": "gan",
        "settings": dataclasses.asdict(find_recipe("gan").settings(data=name, stream=stream, **form)),
        "data": {
            "fingerprint": arrays.fingerprint, "sample_shape": arrays.images.shape[1:], "num_classes": None
        },
        "versions": {"tfgan_ref": __version__},
    }  # fmt: skip
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    return Source(arrays.images.shape[1:], 12), arrays


@pytest.mark.parametrize("form", [{}, {"image_size": 8}, {"image_size": 8, "channels": 1}], ids=str)
def test_own_data_are_read_as_in_training(tmp_path, form):
    pictures(tmp_path / "p", 0)
    source, arrays = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}", **form)
    real = read_own(str(tmp_path / "run"), source, None, None)
    assert real.name == f"folder:{tmp_path / 'p'}"
    np.testing.assert_array_equal(real.training.images, arrays.images)
    height, width, channels = arrays.images.shape[1:]
    assert f"both sides are {width}x{height} images with {channels} channel" in real.notes[0]
    assert real.reference is None
    assert "no images were held out of training" in real.notes[1]
    assert real.floor == "real vs real"


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    """Leaves every set on disk, where ``stream`` is auto; its headers are kept away from the user's cache."""
    monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("stream", ["on", "off"])
def test_own_data_are_where_they_were_in_training(tmp_path, on_disk, stream):
    pictures(tmp_path / "p", 0, 20)
    source, arrays = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}", stream)
    real = read_own(str(tmp_path / "run"), source, None, None)
    assert real.training.on_disk == (stream == "on")
    np.testing.assert_array_equal(real.training.images[:], arrays.images[:])
    (tmp_path / "p" / "19.png").unlink()
    with pytest.raises(InputError, match="is not what run"):
        read_own(str(tmp_path / "run"), source, None, None)


@pytest.mark.parametrize("stream", ["on", "off"])
def test_own_data_are_read_from_the_runs_cache(tmp_path, on_disk, monkeypatch, stream):
    pictures(tmp_path / "p", 0, 20)
    decoded = {"image_size": 8, "cache": str(tmp_path / "decoded")}
    source, arrays = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}", stream, **decoded)
    before = sorted((tmp_path / "decoded").iterdir())
    monkeypatch.setattr(PictureRows, "fetch", None)
    monkeypatch.setattr("tfgan_ref.data.images.stored.decode_first", None)
    real = read_own(str(tmp_path / "run"), source, None, None)
    assert real.training.on_disk == (stream == "on")
    np.testing.assert_array_equal(real.training.images[:], arrays.images[:])
    assert sorted((tmp_path / "decoded").iterdir()) == before


class FirstPixel:
    """An extractor of the first pixel in each channel."""

    name, label, key = "first pixel", "distance", "first-pixel"

    def __call__(self, images):
        return images[:, 0, 0].astype(np.float32), np.zeros((len(images), 0), np.float32)


@pytest.mark.parametrize("damaged", [(), (33, 34)])
def test_labels_are_those_of_the_images_that_can_be_read(tmp_path, monkeypatch, damaged):
    """The first pixel of an image is its class; classes have other numbers in the real data."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    labels = np.arange(240, dtype=np.int32) % 3
    images = np.broadcast_to(labels[:, None, None, None], (240, 4, 4, 1)).astype(np.uint8)
    fakes = ImageArrays("fakes", RecordedRows(images, damaged), labels, ("a", "b", "c"))
    coloured = images[::-1].repeat(3, axis=-1)
    reals = ImageArrays("reals", RecordedRows(coloured), labels[::-1].copy(), ("c", "a", "b"))
    source = Source((4, 4, 1), 240, arrays=fakes)
    comparison = compare_with(Real("reals", reals, None, []), source, FirstPixel(), 240, 0)
    assert comparison.labelled
    sides = comparison.sides(None)
    assert {33, 34} < {*chosen_rows(240, 120, 0)}  # as many as there are on either side
    assert len(sides.fake.features) == 120 - len(damaged)
    for side, number in ((sides.fake, 1), (sides.training, 0)):
        assert side.features.shape[1] == 3
        np.testing.assert_array_equal(side.labels, (side.features[:, 0] + number) % 3)


@pytest.mark.parametrize("grey", ["fake", "real"])
def test_sides_on_disk_are_compared_in_rgb(tmp_path, on_disk, grey):
    for name in ("fake", "real"):
        pictures(tmp_path / name, 0, 20, mode="L" if name == grey else "RGB")
    arrays = data.read(f"folder:{tmp_path / 'fake'}", stream="auto")
    source = Source(arrays.images.shape[1:], 20, arrays=arrays)
    real = read_real(source, f"folder:{tmp_path / 'real'}", None, "train")
    assert real.training.on_disk
    assert real.training.images.shape == (20, 10, 12, 3)
    shown = real.training.images[:]
    assert (shown == shown[..., :1]).all() == (grey == "real")


def test_changed_data_are_not_the_runs_own(tmp_path):
    pictures(tmp_path / "p", 0)
    source, _ = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}")
    run = str(tmp_path / "run")
    for changed in ({"seed": 1}, {"seed": 0, "count": 4}):
        pictures(tmp_path / "p", **changed)
        with pytest.raises(
            InputError, match="p is not what run .*run was started with: put it back, or name"
        ):
            read_own(run, source, None, None)


def test_another_split_of_the_runs_data_is_not_that_of_its_training(tmp_path):
    source, arrays = run_on(tmp_path / "run", "digits", image_size=12)
    for split in (None, "test"):
        real = read_own(str(tmp_path / "run"), source, None, split)
        test = data.read("digits", image_size=12, split="test").images
        np.testing.assert_array_equal(real.reference.images, test)
        np.testing.assert_array_equal(real.training.images, arrays.images)
        assert real.floor == "training set"
    assert read_own(str(tmp_path / "run"), source, None, "train").reference is None


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_images_that_a_run_held_out_are_what_it_is_scored_against(tmp_path, caplog, share):
    images = np.random.default_rng(0).integers(0, 256, (80, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "all.npz", images=images)
    name = f"npz:{tmp_path / 'all.npz'}"
    settings = find_recipe("gan").settings(data=name, hold_out=share)
    with caplog.at_level(logging.INFO, "tfgan_ref"):
        read = find_recipe("gan").read(settings)
    assert ("20 images are held out of training, for scores" in caplog.text) == (share > 0)
    assert read.count == len(read.items.images) == round(80 * (1 - share))
    run = tmp_path / "run"
    run.mkdir()
    config = {
        "recipe": "gan",
        "settings": dataclasses.asdict(settings),
        "data": {"fingerprint": read.fingerprint, "sample_shape": (8, 8, 1), "num_classes": None},
        "versions": {"tfgan_ref": __version__},
    }
    (run / "config.json").write_text(json.dumps(config))
    real = read_own(str(run), Source((8, 8, 1), 12), None, None)
    np.testing.assert_array_equal(real.training.images, read.items.images)
    if not share:
        assert (read.held_out, real.reference) == (None, None)
        return
    np.testing.assert_array_equal(real.reference.images, read.held_out.images)
    both = np.concatenate([read.items.images, read.held_out.images])
    assert {image.tobytes() for image in both} == {image.tobytes() for image in images}
    assert "20 images of" in real.notes[1]
    assert "held out of training" in real.notes[1]


def test_evaluation_stops_at_changed_data_before_anything_is_drawn(tmp_path, monkeypatch):
    pictures(tmp_path / "p", 0)
    source, _ = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}")
    pictures(tmp_path / "p", 1)
    monkeypatch.setattr("tfgan_ref.run.evaluate_images.open_source", lambda *_: source)
    monkeypatch.setattr("tfgan_ref.run.evaluate_images.make_extractor", lambda *_: pytest.fail("went on"))
    with pytest.raises(InputError, match="is not what run"):
        evaluate(str(tmp_path / "run"), metrics=["fid"])
