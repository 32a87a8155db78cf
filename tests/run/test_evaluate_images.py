"""Scores against real data: which features are used, and which metrics they serve."""

import logging
import re
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from tfgan_ref.data import ImageArrays
from tfgan_ref.data.streams.pictures import PictureRows
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import SmallClassifier
from tfgan_ref.networks.features.classifier import small_classifier
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run import evaluate_images
from tfgan_ref.run.evaluate_images import evaluate, generator_evaluator, make_extractor, usable_metrics
from tfgan_ref.run.evaluate_sides import Comparison, Source
from tfgan_ref.run.sample import Sampler


@pytest.mark.parametrize(
    ("labels", "names", "rotations"),
    [(None, (), True), ([0, 0, 0], ("cat",), True), ([0, 0, 0], ("cat", "dog"), True),
     ([0, 1, 0], ("cat", "dog"), False)],
)  # fmt: skip
def test_data_without_two_classes_get_features_of_rotations(monkeypatch, labels, names, rotations):
    chosen = []
    monkeypatch.setattr(
        evaluate_images, "classifier_for", lambda arrays, *, rotations: chosen.append(rotations)
    )
    labels = None if labels is None else np.array(labels, np.int32)
    make_extractor("classifier", ImageArrays("x", np.zeros((3, 8, 8, 1), np.uint8), labels, names), None)
    assert chosen == [rotations]


@pytest.mark.parametrize(
    ("features", "weights", "line"),
    [
        ("random-conv", "file", "weights: random-conv draws its own, leave out --weights"),
        ("saved-model", None, "saved-model needs --weights PATH: a SavedModel's folder or a .keras file"),
        (
            "dinov2",
            None,
            "features 'dinov2' is unknown: choose one of classifier, random-conv, saved-model, in",
        ),
    ],
)
def test_features_and_weights_that_do_not_fit(features, weights, line):
    with pytest.raises(InputError, match=re.escape(line)):
        make_extractor(features, ImageArrays("x", np.zeros((3, 16, 16, 1), np.uint8)), weights)


def test_features_without_classes(tmp_path):
    arrays = ImageArrays("x", np.zeros((3, 16, 16, 1), np.uint8))
    images = keras.Input((16, 16, 1))
    keras.Model(images, keras.layers.Flatten()(images)).save(tmp_path / "own.keras")
    for features, weights in (("random-conv", None), ("saved-model", tmp_path / "own.keras")):
        extractor = make_extractor(features, arrays, weights)
        metrics, notes = usable_metrics(["fid", "is", "mode_score"], extractor)
        assert metrics == ["fid"]
        assert notes == [*extractor.notes, "left out, since these features know no classes: is, mode_score"]
        with pytest.raises(
            InputError, match="they need predicted classes, and these features know no classes"
        ):
            usable_metrics(["is"], extractor)


def test_scores_of_random_convolutions(cats_data):
    report = evaluate(cats_data, data_name=cats_data, metrics=["fid", "is"], features="random-conv", n=40)
    assert report.extractor == "random convolutions"
    assert [found.title for found in report.scores] == ["Frechet distance (random)"]
    assert any(note.startswith("the features are of random, untrained convolutions") for note in report.notes)


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Two folders of grey pictures, as names of data sets; a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for seed, name in enumerate(("fake", "real")):
        (tmp_path / name).mkdir()
        for number, image in enumerate(np.random.default_rng(seed).integers(0, 256, (45, 16, 16), np.uint8)):
            Image.fromarray(image).save(tmp_path / name / f"{number:02}.png")
    return [f"folder:{tmp_path / name}" for name in ("fake", "real")]


@pytest.fixture
def asked(monkeypatch):
    """The numbers of pictures of each request to read some."""
    found, fetch = [], PictureRows.fetch
    monkeypatch.setattr(
        PictureRows, "fetch", lambda rows, numbers: found.append(len(numbers)) or fetch(rows, numbers)
    )
    return found


def test_data_on_disk_have_the_scores_of_those_in_memory(folders, monkeypatch, asked):
    fake, real = folders
    arguments = {"data_name": real, "metrics": ["fid", "memorisation"], "features": "random-conv", "n": 40}
    expected = evaluate(fake, **arguments)
    assert not asked
    monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", 0)
    monkeypatch.setattr("tfgan_ref.evaluation.features.BATCH", 25)
    report = evaluate(fake, **arguments)
    assert report.scores == expected.scores
    assert report.settings == expected.settings
    assert (max(asked), sum(asked)) == (25, 40 + 20)  # halves of 40 real ones, and as many others as a half
    asked.clear()
    assert evaluate(fake, **arguments).scores == expected.scores
    assert sum(asked) == 20  # features of the real ones are kept


def test_an_archive_has_the_scores_of_its_folder(folders, tmp_path):
    fake, real = folders
    arguments = {"metrics": ["fid", "kid", "memorisation"], "features": "random-conv", "n": 40}
    shutil.make_archive(str(tmp_path / "real"), "zip", tmp_path / "real")
    shutil.make_archive(str(tmp_path / "fake"), "zip", tmp_path / "fake")
    archives = {"data_name": f"zip:{tmp_path / 'real.zip'}"}
    assert (
        evaluate(f"zip:{tmp_path / 'fake.zip'}", **archives, **arguments).scores
        == evaluate(fake, data_name=real, **arguments).scores
    )


def test_a_file_that_goes_while_images_are_scored_is_one_line_that_speaks_of_no_run(folders, monkeypatch):
    monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", 0)
    fake, real = folders
    opened = evaluate_images.read_real

    def without_files(*arguments):
        found = opened(*arguments)
        shutil.rmtree(real.removeprefix("folder:"))
        return found

    monkeypatch.setattr(evaluate_images, "read_real", without_files)
    message = rf"^{real}: .*\.png is gone since reading began: put the data back and begin again$"
    with pytest.raises(InputError, match=message):
        evaluate(fake, data_name=real, metrics=["fid"], features="random-conv", n=40)


def test_evaluation_while_training_reads_from_disk_once(folders, monkeypatch, asked):
    _, real = folders
    images = np.random.default_rng(1).integers(0, 256, (12, 16, 16, 1), np.uint8)
    monkeypatch.setattr(evaluate_images, "sampler_of", lambda *arguments: Sampler(None, 4, (16, 16, 1), None))
    monkeypatch.setattr(Source, "drawer", lambda *arguments: lambda start, stop: images[start:stop])
    found = []
    for stream in ("on", "off"):
        settings = find_recipe("gan").settings(
            data=real, stream=stream, hold_out=0.3, evaluate_n=12, evaluate_features="random-conv"
        )
        score = generator_evaluator(None, find_recipe("gan").read(settings), settings)
        found.append([score(), score()])
    assert found[0] == found[1]
    assert sum(asked) == 12 + 12  # held out, and to train on


class AtHand(Source):
    """A conditional generator's images, without the generator."""

    def drawer(self, n, seed, labels):
        images = np.random.default_rng(1).integers(0, 256, (n, *self.image_shape), np.uint8)
        return lambda start, stop: images[start:stop]


@pytest.fixture
def cats_data(tmp_path, monkeypatch):
    """Images of one class: the data's name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 1), np.uint8)
    np.savez(tmp_path / "cats.npz", images=images, labels=np.zeros(40, int), class_names=["cat"])
    return f"npz:{tmp_path / 'cats.npz'}"


@pytest.fixture
def cats(cats_data, monkeypatch):
    """Images of one class, and a generator of that class: the data's name."""
    network = SmallClassifier(small_classifier((16, 16, 1), 4), 0.5, 10, "cats", "key", rotations=True)
    monkeypatch.setattr(evaluate_images, "make_extractor", lambda *arguments: network)
    source = AtHand((16, 16, 1), 20, sampler=Sampler(None, 4, (16, 16, 1), ("cat",)))
    monkeypatch.setattr(evaluate_images, "open_source", lambda *arguments: source)
    return cats_data


def test_rotations_give_no_scores_of_classes(cats):
    report = evaluate("model", data_name=cats, metrics=["is", "fid", "mode_score"], n=20)
    assert [(found.metric, found.title) for found in report.scores] == [
        ("fid", "Frechet distance (rotations)")
    ]
    assert report.settings["metrics"] == ["fid"]
    assert "left out, since the data have no labels of two classes: is, mode_score" in report.notes
    assert any("the features are of a classifier of rotations" in note for note in report.notes)
    assert report.label_agreement is None  # the network tells rotations, not classes


def test_rotations_with_scores_of_classes_alone_are_refused(cats):
    with pytest.raises(
        InputError, match="metrics is: they need predicted classes, and the data have no labels of two"
    ):
        evaluate("model", data_name=cats, metrics=["is"], n=20)


def test_evaluation_while_training_says_what_is_left_out(cats, monkeypatch, caplog):
    images = np.random.default_rng(1).integers(0, 256, (12, 16, 16, 1), np.uint8)
    monkeypatch.setattr(evaluate_images, "sampler_of", lambda *arguments: Sampler(None, 4, (16, 16, 1), None))
    monkeypatch.setattr(Source, "drawer", lambda *arguments: lambda start, stop: images[start:stop])
    gan = find_recipe("gan")
    with caplog.at_level(logging.INFO, "tfgan_ref"):
        settings = gan.settings(data=cats, evaluate_every=1, evaluate_metrics="is,fid", evaluate_n=12)
        scores = generator_evaluator(None, gan.read(settings), settings)()
    assert [(found.metric, found.n, found.interval) for found in scores] == [("fid", 12, None)]
    assert "left out, since the data have no labels of two classes: is" in caplog.text
    settings = gan.settings(data=cats, evaluate_every=1, evaluate_metrics="is")
    with pytest.raises(InputError, match="metrics is: they need predicted classes"):
        generator_evaluator(None, gan.read(settings), settings)


@pytest.mark.parametrize("names", [("code 0", "code 1", "code 2"), ("cat", "dog", "hen")])
def test_codes_are_no_classes_and_agree_by_their_best_assignment(tmp_path, monkeypatch, names):
    """A sample of code c is taken for class c + 1: all agree as codes, and none of them as classes."""
    images = np.random.default_rng(0).integers(0, 256, (30, 16, 16, 1), np.uint8)
    np.savez(
        tmp_path / "pets.npz", images=images, labels=np.arange(30) % 3, class_names=["cat", "dog", "hen"]
    )
    network = SmallClassifier(small_classifier((16, 16, 1), 3), 0.5, 10, "pets", "key", rotations=False)
    monkeypatch.setattr(evaluate_images, "make_extractor", lambda *arguments: network)
    source = AtHand((16, 16, 1), 30, sampler=Sampler(None, 4, (16, 16, 1), names))
    monkeypatch.setattr(evaluate_images, "open_source", lambda *arguments: source)
    drawn = Comparison.sides

    def sides(self, title):
        found = drawn(self, title)
        asked = self.codes if self.codes is not None else found.fake.labels
        return found._replace(fake=found.fake._replace(logits=np.eye(3)[(asked + 1) % 3]))

    monkeypatch.setattr(Comparison, "sides", sides)
    report = evaluate("model", data_name=f"npz:{tmp_path / 'pets.npz'}", metrics=["fid"], n=30)
    agreement = {"code agreement": report.code_agreement, "label agreement": report.label_agreement}
    expected = {"code agreement": 1.0} if names[0] == "code 0" else {"label agreement": 0.0}
    assert {title: share for title, share in agreement.items() if share is not None} == expected
    for title in agreement:
        assert (title in report.table()) == (title in expected)
