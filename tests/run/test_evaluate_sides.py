"""The two sides of an evaluation: which classes are drawn, and what counts as the class asked for."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from tfgan_ref import __version__, data
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run.evaluate_images import evaluate
from tfgan_ref.run.evaluate_sides import Source, read_own
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
    logits = np.eye(3)[[1, 0, 0]]  # taken for cat, dog, dog
    assert generator.label_agreement(real, np.array([0, 1, 0]), logits) == pytest.approx(2 / 3)
    assert generator.label_agreement(real, np.array([0, 2, 0]), logits) is None


def test_without_a_name_in_common_every_class_comes_in_turn():
    real = arrays([0, 0, 0, 1], "dog", "cat")
    assert source("0", "1").choose_labels(real, 5, seed=0).tolist() == [0, 1, 0, 1, 0]


def pictures(folder, seed, count=3):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.random.default_rng((seed, number)).integers(0, 256, (10, 12, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


def run_on(path, name, **form):
    """A run directory of ``gan`` as far as its config, of a run on the data ``name``."""
    arrays = data.read(name, **form)
    config = {
        "recipe": "gan",
        "settings": dataclasses.asdict(find_recipe("gan").settings(data=name, **form)),
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
    name, own, compared = read_own(str(tmp_path / "run"), source, None, "train")
    assert name == f"folder:{tmp_path / 'p'}"
    np.testing.assert_array_equal(own.images, arrays.images)
    height, width, channels = arrays.images.shape[1:]
    assert f"both sides are {width}x{height} images with {channels} channel" in compared


def test_changed_data_are_not_the_runs_own(tmp_path):
    pictures(tmp_path / "p", 0)
    source, _ = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}")
    run = str(tmp_path / "run")
    for changed in ({"seed": 1}, {"seed": 0, "count": 4}):
        pictures(tmp_path / "p", **changed)
        with pytest.raises(
            InputError, match="p is not what run .*run was started with: put it back, or name"
        ):
            read_own(run, source, None, "train")


def test_another_split_of_the_runs_data_is_not_that_of_its_training(tmp_path):
    source, arrays = run_on(tmp_path / "run", "digits", image_size=12)
    _, own, _ = read_own(str(tmp_path / "run"), source, None, "test")
    np.testing.assert_array_equal(own.images, data.read("digits", image_size=12, split="test").images)
    assert len(own.images) != len(arrays.images)


def test_evaluation_stops_at_changed_data_before_anything_is_drawn(tmp_path, monkeypatch):
    pictures(tmp_path / "p", 0)
    source, _ = run_on(tmp_path / "run", f"folder:{tmp_path / 'p'}")
    pictures(tmp_path / "p", 1)
    monkeypatch.setattr("tfgan_ref.run.evaluate_images.open_source", lambda *_: source)
    monkeypatch.setattr("tfgan_ref.run.evaluate_images.make_extractor", lambda *_: pytest.fail("went on"))
    with pytest.raises(InputError, match="is not what run"):
        evaluate(str(tmp_path / "run"), metrics=["fid"])
