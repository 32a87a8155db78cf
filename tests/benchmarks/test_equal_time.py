"""Quality at equal time: the clock, the peers' published numbers, what is kept, and the whole of it once."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import ROOT
from tests.scripts.test_scripts import is_one_line_error, npz
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import classifier


@pytest.fixture(autouse=True)
def peers(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


class Work:
    """A clock of its own hands: each call of a step moves them, and saving does too."""

    def __init__(self, folder, at):
        from equal_time_peers.clock import Clock

        self.now, self.saved = 0.0, []
        self.clock = Clock(lambda: self.now, at, folder)
        self.clock.start(self.save)

    def save(self, path):
        self.now += 1000
        self.saved.append(path.name)

    def call(self, seconds, pictures, steps=1):
        self.now += seconds
        return self.clock.tick(pictures, steps)


def test_tracing_costs_no_time_and_its_steps_are_charged(tmp_path):
    work = Work(tmp_path, at=[4, 6.5])
    assert work.call(50, 20, steps=2)
    assert work.clock.seconds == 0
    assert work.call(2, 20, steps=2)  # 2 s for 20 pictures, 40 by now
    assert work.clock.seconds == pytest.approx(4)
    assert work.saved == ["4.keras"]
    assert work.call(70, 5)  # the smaller batch at the end of an epoch, which is traced too
    assert work.clock.seconds == pytest.approx(4.5)
    assert not work.call(2, 20, steps=2)
    assert work.saved == ["4.keras", "6.5.keras"]
    assert work.clock.tracing == 120
    assert work.clock.marks == [
        {"at": 4, "seconds": pytest.approx(4), "steps": 4, "pictures": 40},
        {"at": 6.5, "seconds": pytest.approx(6.5), "steps": 7, "pictures": 65},
    ]


def test_a_long_call_may_reach_two_times_at_once(tmp_path):
    work = Work(tmp_path, at=[1, 2])
    work.call(1, 8)
    assert not work.call(9, 8)
    assert work.saved == ["1.keras", "2.keras"]


@pytest.mark.parametrize(
    ("pictures", "counted"),
    [(20, [(8, 1), (8, 1), (4, 1), (8, 1)]), (None, [(8, 1), (8, 1), (8, 1), (8, 1)])],
)
def test_fit_counts_the_smaller_batch_at_the_end_of_an_epoch(pictures, counted):
    from equal_time_peers.ticks import Ticks

    seen = []

    def tick(pictures, steps):
        seen.append((pictures, steps))
        return len(seen) < 4

    ticks = Ticks(SimpleNamespace(tick=tick), 8, pictures)
    ticks.set_model(SimpleNamespace(stop_training=False))
    for epoch in range(2):
        ticks.on_epoch_begin(epoch)
        for batch in range(3 if epoch == 0 else 1):
            ticks.on_train_batch_end(batch)
    assert seen == counted
    assert ticks.model.stop_training


def test_several_steps_in_a_call_of_fit():
    from equal_time_peers.ticks import Ticks

    seen = []
    ticks = Ticks(SimpleNamespace(tick=lambda *counted: seen.append(counted) or True), 8)
    ticks.on_epoch_begin(0)
    ticks.on_train_batch_end(19)
    ticks.on_train_batch_end(39)
    assert seen == [(160, 20), (160, 20)]


def test_networks_of_the_peers_have_the_published_sizes():
    from equal_time_peers import keras_io_cgan, tutorial_dcgan

    def kernels(*shapes):
        return sum(int(np.prod(shape)) for shape in shapes)

    norms = 4 * (7 * 7 * 256 + 128 + 64)
    generator = kernels((100, 7 * 7 * 256), (5, 5, 256, 128), (5, 5, 128, 64), (5, 5, 64, 1)) + norms
    assert tutorial_dcgan.build_generator().count_params() == generator
    discriminator = kernels((5, 5, 1, 64), (5, 5, 64, 128), (7 * 7 * 128, 1)) + 64 + 128 + 1
    assert tutorial_dcgan.build_discriminator().count_params() == discriminator
    generator = kernels((138 + 1, 7 * 7 * 138), (4, 4, 138, 128), (4, 4, 128, 128), (7, 7, 128, 1)) + 257
    assert keras_io_cgan.build_generator().count_params() == generator
    discriminator = kernels((3, 3, 11, 64), (3, 3, 64, 128), (128, 1)) + 64 + 128 + 1
    assert keras_io_cgan.build_discriminator().count_params() == discriminator


def test_label_planes_are_alike_and_their_band_stands_for_the_class():
    from equal_time_peers.keras_io_cgan import label_planes

    planes = label_planes(tf.one_hot(np.arange(10), 10)).numpy()
    assert planes.shape == (10, 28, 28, 10)
    assert planes.sum(axis=(1, 2, 3)).tolist() == [784] * 10
    for number, picture in enumerate(planes):
        rows = picture.reshape(28, 280).any(axis=1).nonzero()[0]
        assert rows.tolist() == [r for r in range(28) if r + 1 > 2.8 * number and r < 2.8 * (number + 1)]
        alike = picture == picture[..., :1]
        assert alike.mean() > 0.99  # all but the places where a band begins and ends


def results(seeds=(0, 1)):
    """Results of two made-up contestants."""
    scores = {"precision": 0.5, "recall": 0.25, "coverage": 0.75}
    rows = [
        {"contestant": name, "seed": seed, "at": at, "steps": 100 * at, "epochs": at / 4, **scores}
        | {"frechet": frechet + seed, "labels_right": right}
        for name, frechet, right in (("cgan", 4.0, 0.9), ("tutorial", 200.0, None))
        for seed in seeds
        for at in (5, 7.5)
    ]
    trainings = [
        {"name": name, "tracing_seconds": 3.25, "load_before": 0.5, "facts": {"onednn": name == "cgan"}}
        for name in ("cgan", "tutorial")
        for _ in seeds
    ]
    settings = {"clock": "cpu", "at": [5, 7.5], "n": 1000, "seeds": list(seeds)}
    ours = {"name": "cgan", "title": "ours", "epochs": 1.28}
    theirs = {"name": "tutorial", "title": "theirs", "epochs": 50}
    return {
        "settings": settings | {"pictures": 3000, "threads": 2},
        "classifier": {"accuracy": 0.984, "held_out": 300},
        "contestants": [ours, theirs],
        "rows": rows,
        "floor": [row for row in rows if row["contestant"] == "tutorial" and row["at"] == 5],
        "trainings": trainings,
    }


def test_table_has_means_and_deviations_over_seeds():
    from equal_time_peers.report import markdown

    text = markdown(results())
    assert "| ours | 7.5 | 750 | 1.88 of 1.28 | 4.5 ± 0.707 | 0.500 ± 0.000 |" in text
    assert "90.0% ± 0.0% |" in text
    assert "| theirs | 5 | 500 | 1.25 of 50 | 200 ± 0.707 |" in text
    assert "| training pictures (floor) |  |  |  | 200 ± 0.707 |" in text
    assert "* ours: 3.2, 3.2 s; load 0.5, 0.5; with oneDNN" in text
    assert "* theirs: 3.2, 3.2 s; load 0.5, 0.5; without oneDNN" in text
    assert "| ours | 7.5 | 750 | 1.88 of 1.28 | 4 | 0.500 |" in markdown(results(seeds=(0,)))


def test_names_beside_pictures_are_not_cut():
    from equal_time_peers.report import MARGIN, named_rows

    pictures = np.full((3, 28, 28, 1), 200, np.uint8)
    long = "a contestant with a name that is longer than the others' by far, 600 CPU s"
    picture = named_rows([("short", pictures), (long, pictures)])[..., 0]
    grid = 2 * (3 * 30 + 2)
    assert len(picture) == 2 * 2 * (28 + 4)
    lower = picture[len(picture) // 2 :, :-grid]
    assert (lower[:, -MARGIN:] == 40).all()
    assert (lower[:, -2 * MARGIN :] > 40).any()  # the column is as wide as the name, and no wider
    alone = named_rows([("short", pictures)])
    assert alone.shape[1] < picture.shape[1]


def test_a_training_that_is_there_is_used_again(tmp_path, monkeypatch):
    import equal_time

    answer = {"marks": [{"at": 5, "pictures": 640}], "tracing_seconds": 1.0, "facts": {"onednn": True}}
    calls = []

    def run(command, **_):
        calls.append(json.loads(command[-1]))
        return SimpleNamespace(returncode=0, stdout=f"noise\n{json.dumps(answer)}\n", stderr="")

    monkeypatch.setattr(equal_time.subprocess, "run", run)
    request = {"name": "cgan", "seed": 0, "at": [5.0], "clock": "cpu"}
    given = (tmp_path / "data.npz", tmp_path / "cgan-0")
    first = equal_time.train(request, *given, {"kernel": (3, 3)})
    assert first["marks"] == answer["marks"]
    assert equal_time.train(request, *given, {"kernel": (3, 3)}) == first
    (call,) = calls
    assert call == request | {"data": str(given[0]), "folder": str(given[1])}
    with pytest.raises(InputError, match=r"cgan-0 holds a training with at \[5.0\], not \[9.0\]: name"):
        equal_time.train(request | {"at": [9.0]}, *given, {"kernel": (3, 3)})


def test_what_a_contestant_failed_of_is_one_line(tmp_path, monkeypatch):
    import equal_time

    failed = SimpleNamespace(returncode=1, stdout="", stderr="Traceback\n  File x\nValueError: no memory\n\n")
    monkeypatch.setattr(equal_time.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(InputError, match="^cgan-0 failed: ValueError: no memory$"):
        equal_time.train({"name": "cgan", "seed": 0}, tmp_path / "data.npz", tmp_path / "cgan-0", {})
    assert not (tmp_path / "cgan-0" / "training.json").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--at", "60,x"], "--at '60,x' is not a list of numbers"),
        (["--at", "60,60"], "--at 60,60 is out of range: rising numbers above 0"),
        (["--at", "0"], "--at 0 is out of range"),
        (["--seeds", "a"], "--seeds 'a' is not a list of whole numbers"),
        (["--threads", "0"], "--threads 0 is out of range"),
        (["--contestants", "dcgan,pytorch"], "contestant 'pytorch' is unknown: choose some of dcgan, cgan"),
        (["--n", "600"], "--n 600 is out of range: 12 to 599"),
        (["--clock", "sun"], "invalid choice: 'sun'"),
    ],
)
def test_bad_arguments(run_script, tmp_path, arguments, part):
    words = ["--train", "digits", "--test", "digits", *arguments, "--out", tmp_path / "out"]
    is_one_line_error(run_script("equal_time.py", *words, folder="benchmarks"), part)


def test_pictures_that_the_peers_do_not_take(run_script, tmp_path):
    images, labels = np.zeros((40, 32, 32, 3), np.uint8), np.arange(40) % 10
    large = npz(tmp_path / "large.npz", images=images, labels=labels)
    words = ["--train", large, "--test", "digits", "--n", "20", "--out", tmp_path / "out"]
    is_one_line_error(run_script("equal_time.py", *words, folder="benchmarks"), "10 classes of 32x32x3")


@pytest.mark.slow
def test_all_of_it(run_script, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(classifier, "STEPS", 30)
    words = ["--train", "digits", "--test", "digits", "--at", "0.2,0.4", "--seeds", "0", "--n", 200]
    words += ["--threads", 1, "--out", tmp_path / "out", "--runs", tmp_path / "runs"]
    code, out, err = run_script("equal_time.py", *words, folder="benchmarks")
    assert code == 0, err
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    names = [contestant["name"] for contestant in found["contestants"]]
    assert {"dcgan", "cgan", "tutorial", "keras_io"} <= {*names}
    order = [(row["contestant"], row["at"]) for row in found["rows"]]
    assert order == [(name, at) for name in names for at in (0.2, 0.4)]
    for row in found["rows"]:
        assert row["seconds"] >= row["at"]
        assert row["steps"] > 1
        assert (row["labels_right"] is None) == (row["contestant"] in ("dcgan", "tutorial"))
        assert row["frechet"] > found["floor"][0]["frechet"]
    assert str(tmp_path) not in (tmp_path / "out" / "results.json").read_text()
    assert Image.open(tmp_path / "out" / "grids.png").size[1] == len(found["rows"]) * 2 * (28 + 4)
    table = (tmp_path / "out" / "table.md").read_text()
    assert table.strip() in out
    keras.backend.clear_session()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*.keras")}
    code, out, err = run_script("equal_time.py", *words, folder="benchmarks")
    assert code == 0, err
    assert (tmp_path / "out" / "table.md").read_text() == table
    assert kept == {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*.keras")}


@pytest.mark.slow
def test_the_discriminator_of_keras_io_reads_its_label_planes():
    """The bands are no reason for wrong labels: it learns from them whether a picture is of its class."""
    from equal_time_peers import keras_io_cgan

    from tfgan_ref import data

    keras.utils.set_random_seed(0)
    discriminator = keras_io_cgan.build_discriminator()
    discriminator.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(from_logits=True))
    rng = np.random.default_rng(0)
    sides = []
    for split in ("train", "test"):
        digits = data.read("digits", split=split)
        wrong = (digits.labels + rng.integers(1, 10, len(digits.labels))) % 10
        one_hot = tf.one_hot(np.concatenate([digits.labels, wrong]), 10)
        images = np.concatenate([digits.images] * 2).astype("float32") / 255
        right = np.arange(len(images)) < len(wrong)
        inputs = np.concatenate([images, keras_io_cgan.label_planes(one_hot)], axis=-1)
        sides.append((inputs, right.astype("float32")[:, None]))
    (seen, targets), (held_out, right) = sides
    discriminator.fit(seen, targets, batch_size=64, epochs=5, verbose=0)
    assert np.mean((discriminator.predict(held_out, verbose=0) > 0) == right) > 0.7
