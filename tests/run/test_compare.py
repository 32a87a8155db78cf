"""Comparisons: which runs there are, what is refused before any is trained, and what the table says."""

import dataclasses
import json
import logging
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.recorded_rows import RecordedRows
from tests.test_plotting import ink_of
from tfgan_ref import __version__, cli
from tfgan_ref.data import ImageArrays
from tfgan_ref.errors import InputError
from tfgan_ref.evaluation import Score, SmallClassifier
from tfgan_ref.metrics import gradient_energy
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run import compare, compare_results, evaluate_images, train
from tfgan_ref.run.arguments.compare import PARSER
from tfgan_ref.run.evaluate_images import Report
from tfgan_ref.training.run_directory import RunDirectory

pytestmark = pytest.mark.usefixtures("eager_training")

GIVEN = {"data": "digits", "steps": "4", "batch_size": "8"}


class MeanPixels:
    """Stands for a feature network: 2 x 2 mean brightnesses."""

    name = "means"
    label = "Frechet distance (means)"
    key = "means"

    def __call__(self, images):
        n, height, width, channels = images.shape
        parts = images.reshape(n, 2, height // 2, 2, width // 2, channels).mean(axis=(2, 4, 5))
        return parts.reshape(n, 4), np.zeros((n, 2))


@pytest.mark.parametrize("damaged", [(), (4, 5, 299)])
def test_sharpness_of_real_images_is_of_all_that_can_be_read(monkeypatch, damaged):
    monkeypatch.setattr(compare, "BLOCK", 2)
    pixels = np.random.default_rng(0).integers(0, 256, (301, 6, 6, 1), np.uint8)
    rows = RecordedRows(pixels, damaged)
    readable = np.delete(pixels, damaged, axis=0) if damaged else pixels
    assert compare._real_energy(ImageArrays("x", rows)) == pytest.approx(gradient_energy(readable))
    assert max(rows.asked) == 2


@pytest.fixture
def untrained(monkeypatch):
    """Fails the test if anything is trained."""
    monkeypatch.setattr(train, "start_run", lambda *arguments: pytest.fail("a run was started"))
    monkeypatch.setattr(train, "resume_run", lambda *arguments: pytest.fail("a run was resumed"))


def npz(path, **arrays):
    np.savez(path, **arrays)
    return f"npz:{path}"


def images(n=30, size=16):
    return np.random.default_rng(0).integers(0, 256, (n, size, size), np.uint8)


def test_settings_reach_the_recipes_that_have_them(tmp_path, caplog):
    caplog.set_level(logging.INFO, "tfgan_ref")
    entries = compare.plan(
        ["gan", "dcgan", "cgan"],
        GIVEN | {"width": "4", "image_size": "32"},
        tmp_path,
        own={"dcgan": {"image_size": "28"}},
    )
    assert [entry.name for entry in entries] == ["gan", "dcgan", "cgan"]
    assert [entry.path for entry in entries] == [tmp_path / "gan", tmp_path / "dcgan", tmp_path / "cgan"]
    assert not hasattr(entries[0].settings, "width")
    assert [entry.settings.width for entry in entries[1:]] == [4, 4]
    assert [entry.settings.image_size for entry in entries] == [32, 28, 32]
    assert {entry.settings.batch_size for entry in entries} == {8}
    # What nobody named stays each recipe's own.
    assert [entry.settings.learning_rate for entry in entries] == [
        find_recipe(name).settings().learning_rate for name in ("gan", "dcgan", "cgan")
    ]
    assert [record.message for record in caplog.records] == [
        "width is left out for gan: no such setting there"
    ]


def test_sweep_has_a_run_for_each_value_and_recipe(tmp_path):
    entries = compare.plan(["dcgan", "cgan"], GIVEN, tmp_path, sweep=("width", ["4", "8"]))
    assert [(entry.name, entry.value, entry.settings.width) for entry in entries] == [
        ("dcgan-width=4", 4, 4),
        ("dcgan-width=8", 8, 8),
        ("cgan-width=4", 4, 4),
        ("cgan-width=8", 8, 8),
    ]


def test_seeds_have_a_run_each(tmp_path):
    entries = compare.plan(["dcgan"], GIVEN, tmp_path, sweep=("width", ["4", "8"]), seeds=["0", "7"])
    assert [(entry.group, entry.name, entry.settings.width, entry.settings.seed) for entry in entries] == [
        ("dcgan-width=4", "dcgan-width=4-seed=0", 4, 0),
        ("dcgan-width=4", "dcgan-width=4-seed=7", 4, 7),
        ("dcgan-width=8", "dcgan-width=8-seed=0", 8, 0),
        ("dcgan-width=8", "dcgan-width=8-seed=7", 8, 7),
    ]
    assert [entry.path.name for entry in entries] == [entry.name for entry in entries]
    (alone,) = compare.plan(["dcgan"], GIVEN, tmp_path)
    assert (alone.path, alone.group) == (tmp_path / "dcgan", None)


@pytest.mark.parametrize(
    ("seeds", "more", "part"),
    [
        (["0", "1"], {"given": {"seed": "3"}}, "seed and seeds are both given: leave one out"),
        (["0", "1"], {"sweep": ("seed", ["0", "1"])}, "seed and seeds are both given"),
        (["0", "1"], {"own": {"gan": {"seed": "3"}}}, "seed and seeds are both given"),
        (["0", "1", "01"], {}, "seeds: 01 is given twice"),
        (["0"], {}, "seeds 0: name at least two"),
        (["0", ""], {}, "seed"),
        (["0", "-1"], {}, "seed -1 is out of range"),
        (["0", "x"], {}, "seed='x'"),
    ],
    ids=str,
)
def test_seeds_that_cannot_be_used(tmp_path, seeds, more, part):
    options = {"given": {}, **more}
    with pytest.raises(InputError, match=part):
        compare.plan(["gan"], GIVEN | options.pop("given"), tmp_path, seeds=seeds, **options)


def test_the_command_line_has_seeds(tmp_path, monkeypatch):
    seen = {}
    monkeypatch.setattr(cli, "prepare_scoring", lambda: None)
    monkeypatch.setattr(compare, "compare", lambda entries, **options: seen.update(options, entries=entries))
    words = ["gan", "--steps", "4", "--out", str(tmp_path), "--seeds", "5,6"]
    assert compare.main(PARSER.parse_args(words)) == 130
    assert [entry.settings.seed for entry in seen["entries"]] == [5, 6]
    assert seen["seed"] == 5  # of the samples of all
    with pytest.raises(InputError, match="seed and seeds are both given"):
        compare.main(PARSER.parse_args([*words, "--seed", "5"]))


def prepare(entries, **options):
    return compare.compare(entries, metrics=["fid"], n=20, **options)


def test_a_mistake_of_the_last_run_stops_the_first(tmp_path, untrained):
    unlabelled = npz(tmp_path / "unlabelled.npz", images=images(size=28))
    out = tmp_path / "out"
    for names, more, part in (
        (["gan", "cgan"], {"data": unlabelled}, "cgan: recipe cgan needs labels"),
        (["gan", "gan-conv"], {"image_size": "32"}, "gan-conv: image_size 32 is unknown: choose one of 28"),
        (["gan", "dcgan"], {"data": unlabelled, "balanced": "true"}, "needs labels"),
        (["gan"], {"evaluate_every": "2", "evaluate_metrics": "fid,foo"}, "metric 'foo' is unknown"),
        (["gan"], {"data": unlabelled}, "has 30 images: a classifier of rotations needs at least 100"),
    ):
        with pytest.raises(InputError, match=part):
            prepare(compare.plan(names, GIVEN | more, out))
        assert not out.exists()


def test_a_recipe_that_reads_in_its_own_way_shares_its_data_with_its_seeds_alone(tmp_path):
    kept = {}
    entries = compare.plan(["dcgan", "infogan"], {}, tmp_path, seeds=["0", "1"])
    found = [compare._read(entry, kept) for entry in entries]
    assert len(kept) == 2
    assert found[0] is found[1]
    assert found[2] is found[3]
    assert found[0].shape.names is None
    assert found[2].shape.names["classes"][0] == "code 0"


def test_scores_of_classes_are_refused_without_labels_before_training(tmp_path, untrained, monkeypatch):
    network = SmallClassifier(None, 0.5, 10, "unlabelled", "key", rotations=True)
    monkeypatch.setattr(compare, "make_extractor", lambda *arguments: network)
    unlabelled = npz(tmp_path / "unlabelled.npz", images=images())
    entries = compare.plan(["gan"], GIVEN | {"data": unlabelled}, tmp_path / "out")
    with pytest.raises(
        InputError,
        match="metrics is, mode_score: they need predicted classes, and the data have no labels of two",
    ):
        compare.compare(entries, metrics=["is", "mode_score"], n=20)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_unlabelled_data_are_compared_with_features_that_need_no_labels(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for module in (compare, evaluate_images):
        monkeypatch.setattr(module, "make_extractor", lambda *arguments: MeanPixels())
    unlabelled = npz(tmp_path / "unlabelled.npz", images=images())
    given = GIVEN | {"data": unlabelled, "latent_dim": "5"}
    (row,) = prepare(compare.plan(["gan"], given, tmp_path / "out"), features="inception-fid")
    assert row.report.extractor == "means"
    assert row.report.label_agreement is None
    assert row.samples.shape == (compare.STRIP, 16, 16, 1)
    # The generator's hidden layers have gamma and beta instead of a bias.
    hidden = 5 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)
    assert row.parameters["generator"] == hidden + 512 * 256 + 256
    assert row.parameters["discriminator"] == 256 * 512 + 512 + 512 * 256 + 256 + 256 + 1


def test_interrupted_training_ends_the_comparison(tmp_path, monkeypatch):
    monkeypatch.setattr(compare, "make_extractor", lambda *arguments: None)
    monkeypatch.setattr(train, "start_run", lambda *arguments: False)
    assert prepare(compare.plan(["gan", "dcgan"], GIVEN | {"width": "4"}, tmp_path / "out")) is None


def a_run(path, settings, steps=(0,), **config):
    """A run directory as far as its config and the names of its checkpoints."""
    kept = {
        "recipe": "gan",
        "settings": dataclasses.asdict(settings),
        "data": {"fingerprint": "x", "sample_shape": [28, 28, 1], "num_classes": 10},
        "versions": {"tfgan_ref": __version__},
        **config,
    }
    for step in steps:
        (path / "checkpoints" / f"step_{step:08d}").mkdir(parents=True)
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps(kept))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"settings": {"dropout": 0.1}}, "gan holds a run with another dropout, 0.1 instead of 0.3"),
        ({"settings": {"steps": 9}}, "another steps, 9 instead of 4"),
        ({"recipe": "gan-conv"}, "gan-conv instead of gan"),
        ({}, "gan holds a run on other data than digits"),
        ({"fingerprint": True}, "gan holds a run without checkpoints to go on from"),
        ({"fingerprint": True, "steps": (2, 6)}, "gan holds a run at step 6, past 4"),
    ],
    ids=str,
)
def test_a_directory_with_another_run_is_named(tmp_path, untrained, change, part):
    (entry,) = compare.plan(["gan"], GIVEN, tmp_path)
    settings = dataclasses.replace(entry.settings, **change.get("settings", {}))
    more = {}
    if "recipe" in change:
        settings = find_recipe(change["recipe"]).settings(steps=4, batch_size=8, log_every=4)
        more = {"recipe": change["recipe"]}
    if "fingerprint" in change:
        from tfgan_ref import data

        shape = {"sample_shape": [28, 28, 1], "num_classes": 10}
        more = {"data": {"fingerprint": data.read("digits").fingerprint, **shape}}
    a_run(entry.path, settings, change.get("steps", ()), **more)
    (entry.path / "metrics.csv").write_text("step,seconds\n2,1.0\n4,2.0\n")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=part):
        prepare([entry])
    assert sorted(tmp_path.rglob("*")) == before


def test_a_directory_that_is_no_run_is_named(tmp_path, untrained):
    (tmp_path / "gan").mkdir()
    (tmp_path / "gan" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="gan is not a run directory"):
        prepare(compare.plan(["gan"], GIVEN, tmp_path))


def test_seconds_are_those_of_all_steps(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,seconds,g_loss\n100,12.00,1\n200,20.00,1\n")
    run = RunDirectory(tmp_path)
    assert compare._seconds(run, 200) == 20
    assert compare._seconds(run, 250) == 25


def a_score(metric, title, value, floor):
    return Score(metric, title, value, floor, None, None, 20, "low")


def a_row(tmp_path, value, diverged=None, agreement=None, name="gan"):
    given = GIVEN | {"steps": "1200", "learning_rate": str(value)}
    (entry,) = compare.plan([name], given, tmp_path)
    entry = dataclasses.replace(entry, name=f"{name}-learning_rate={value}", value=value)
    if diverged:
        return compare.Row(entry, {"generator": 1234, "discriminator": None}, None, diverged=diverged)
    scores = [
        a_score("fid", "Frechet distance (x)", 10 * value, 2.5),
        a_score("kid", "kernel distance", value, 0.1),
    ]
    report = Report({}, "x", scores, "training set", agreement, ["few images"], 1.0)
    samples = np.full((compare.STRIP, 8, 8, 1), 200, np.uint8)
    return compare.Row(
        entry, {"generator": 1234, "discriminator": 56}, 61.4, report, sharpness=0.75, samples=samples
    )


def test_table(tmp_path):
    rows = [
        a_row(tmp_path, 0.5),
        a_row(tmp_path, 2.0, agreement=0.987, name="cgan"),
        a_row(tmp_path, 3.0, diverged="NaN at 7"),
    ]
    header, line, *body = compare_results.table(rows).splitlines()
    assert header == (
        "| name | Frechet distance (x) | kernel distance | sharpness / real "
        "| label agreement | seconds | steps | parameters of G | of D |"
    )
    assert line.count("|") == header.count("|")
    assert body == [
        "| gan-learning_rate=0.5 | 5 | 0.5 | 0.75 | - | 61 | 1,200 | 1,234 | 56 |",
        "| cgan-learning_rate=2.0 | 20 | 2 | 0.75 | 98.7% | 61 | 1,200 | 1,234 | 56 |",
        "| gan-learning_rate=3.0 (diverged) | - | - | - | - | - | 1,200 | 1,234 | - |",
        "| *training set* | 2.5 | 0.1 | - | - | - | - | - | - |",
        "",
        "* N = 20 images on each side",
        "* features: x",
        "* few images",
        "* gan-learning_rate=3.0: NaN at 7",
    ]


def test_codes_have_a_column_of_their_agreement(tmp_path):
    plain, coded = a_row(tmp_path, 0.5, agreement=0.9, name="cgan"), a_row(tmp_path, 2.0, name="infogan")
    coded = dataclasses.replace(coded, report=dataclasses.replace(coded.report, code_agreement=0.512))
    header, _, first, second, floor, *_ = compare_results.table([plain, coded]).splitlines()
    assert "| sharpness / real | label agreement | code agreement | seconds |" in header
    assert "| 0.75 | 90.0% | - | 61 |" in first
    assert "| 0.75 | - | 51.2% | 61 |" in second
    assert floor.count("|") == header.count("|")


def seeded_rows(tmp_path):
    """Runs of two recipes: those of one have distances of 10, 20 and 60, one of the other diverged."""
    runs = [("gan", 0, 1.0), ("gan", 1, 2.0), ("gan", 2, 6.0), ("cgan", 0, 3.0), ("cgan", 1, None)]
    rows = []
    for name, seed, value in runs:
        row = a_row(tmp_path, value or 9.0, diverged=None if value else "NaN at 7", name=name)
        settings = dataclasses.replace(row.entry.settings, seed=seed)
        entry = dataclasses.replace(
            row.entry, name=f"{name}-seed={seed}", settings=settings, value=None, group=name
        )
        rows.append(dataclasses.replace(row, entry=entry))
    return rows


def test_table_of_several_seeds(tmp_path):
    _, _, *body = compare_results.table(seeded_rows(tmp_path)).splitlines()
    # Mean 3, deviations -2, -1, 3: the variance is 14 / 2, its root 2.646.
    assert [*body[:3], body[4]] == [
        "| gan | 30 ± 26 | 3 ± 2.6 | 0.75 ± 0.00 | - | 61 ± 0 | 1,200 | 1,234 | 56 |",
        "| cgan (1 of 2 diverged) | 30 | 3 | 0.75 | - | 61 | 1,200 | 1,234 | 56 |",
        "| *training set* | 2.5 | 0.1 | - | - | - | - | - | - |",
        "* mean ± standard deviation (of n - 1) of runs with the seeds 0, 1, 2",
    ]
    assert "* cgan-seed=1: NaN at 7" in body


def test_files_of_several_seeds(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    monkeypatch.setattr(
        Axes, "errorbar", lambda self, xs, ys, spreads, **options: drawn.append((ys[0], spreads[0]))
    )
    compare_results.write(seeded_rows(tmp_path), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"comparison.png", "results.json", "seeds.json", "seeds.png", "table.md"}
    assert len(json.loads((tmp_path / "results.json").read_text())) == 5
    first, second = json.loads((tmp_path / "seeds.json").read_text())
    assert (first["name"], first["seeds"], first["diverged"]) == ("gan", [0, 1, 2], [])
    assert (second["name"], second["seeds"], second["diverged"]) == ("cgan", [0], [1])
    root = np.sqrt(7)
    assert first["scores"]["fid"]["values"] == [10, 20, 60]
    assert first["scores"]["fid"]["mean"] == 30
    assert first["scores"]["fid"]["spread"] == pytest.approx(10 * root)
    assert first["sharpness"] == {"mean": 0.75, "spread": 0, "values": [0.75] * 3}
    assert first["label_agreement"] is first["code_agreement"] is None
    assert second["scores"]["kid"] == {
        "title": "kernel distance", "mean": 3, "spread": None, "values": [3]
    }  # fmt: skip
    assert drawn == [(30, pytest.approx(10 * root)), (30, 0), (3, pytest.approx(root)), (3, 0)]


def test_sweep_of_several_seeds_draws_means_and_deviations(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    monkeypatch.setattr(
        Axes,
        "errorbar",
        lambda self, xs, ys, spreads, **options: drawn.append((list(xs), list(ys), spreads)),
    )
    rows = [
        dataclasses.replace(row, entry=dataclasses.replace(row.entry, value=value))
        for row, value in zip(seeded_rows(tmp_path)[:3], (4, 4, 8), strict=True)
    ]
    compare_results._save_sweep(tmp_path / "sweep.png", rows, "width")
    # Of 10 and 20, and of 1 and 2, the mean and the deviation; 8 has one run.
    half = np.sqrt(0.5)
    assert drawn == [
        ([4, 8], [15, 60], [pytest.approx(10 * half), 0]),
        ([4, 8], [1.5, 6], [pytest.approx(half), 0]),
    ]


def test_files(tmp_path):
    rows = [a_row(tmp_path, 0.5), a_row(tmp_path, 3.0, diverged="NaN at 7")]
    compare_results.write(rows, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["comparison.png", "results.json", "table.md"]
    first, second = json.loads((tmp_path / "results.json").read_text())
    assert first["evaluation"]["scores"][0]["value"] == 5
    assert first["settings"]["learning_rate"] == first["value"] == 0.5
    assert (first["diverged"], second["diverged"], second["evaluation"]) == (None, "NaN at 7", None)
    picture = np.asarray(Image.open(tmp_path / "comparison.png").convert("L"))
    # The bright samples of the first run are in the upper half, none in the lower.
    middle = len(picture) // 2
    strips = picture[:, -compare.STRIP * 28 :]
    assert (strips[:middle] == 200).sum() == compare.STRIP * 16**2
    assert (strips[middle:] == 40).all()


def test_the_names_of_runs_stand_whole_beside_their_samples(tmp_path):
    rows = [a_row(tmp_path, 0.5), a_row(tmp_path, 2.0), a_row(tmp_path, 3.0, diverged="NaN at 7")]
    names = ["bgan-pretrain_steps=200", "W" * 255, "gan"]
    rows = [
        dataclasses.replace(row, entry=dataclasses.replace(row.entry, name=name))
        for row, name in zip(rows, names, strict=True)
    ]
    coloured = np.full((compare.STRIP, 16, 16, 3), 150, np.uint8)
    compare_results._save_strips(
        tmp_path / "c.png", [rows[0], dataclasses.replace(rows[1], samples=coloured), rows[2]]
    )
    picture = np.asarray(Image.open(tmp_path / "c.png").convert("L"), np.float64)
    samples = compare.STRIP * 2 * 18 + 4
    column, strips = np.split(picture, [picture.shape[1] - samples], axis=1)
    rows_of = [slice(i * 36, i * 36 + 36) for i in range(3)]
    # 8 and 16 pixels to the side, twice as large; of what diverged there is the name alone.
    assert [(strips[rows] > 40).sum() for rows in rows_of] == [12 * 16**2, 12 * 32**2, 0]
    for rows, name in zip(rows_of, [*names[:2], "gan (diverged)"], strict=True):
        assert (column[rows] - 40).sum() == pytest.approx(ink_of(name), rel=0.03)
    assert (column[:, 0] == 40).all()


def test_long_names_below_panels_stay_in_the_picture_and_leave_the_panels_their_size(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda self, path, dpi: drawn.append(self))
    rows = [
        dataclasses.replace(row, entry=dataclasses.replace(row.entry, value="orthogonal$x$" * 7 + str(i)))
        for i, row in enumerate([a_row(tmp_path, 0.5), a_row(tmp_path, 2.0)])
    ]
    compare_results._save_sweep(tmp_path / "sweep.png", rows, "initializer")
    compare_results._save_seeds(tmp_path / "seeds.png", {f"gan-{row.entry.value}": [row] for row in rows})
    for figure in drawn:
        figure.draw_without_rendering()
        for axes in figure.axes:
            panel = axes.get_window_extent()
            assert panel.width > 2 * figure.dpi < 1.2 * panel.height
            for label in axes.get_xticklabels():
                box = label.get_window_extent()
                assert box.height > figure.dpi
                assert box.x0 >= 0 <= box.y0
                assert box.x1 <= figure.bbox.x1
                assert not any(box.y1 > other.get_window_extent().y0 + 1 for other in figure.axes)


@pytest.mark.parametrize("values", [(1e-4, 5e-4, 2e-3), ("he", "xavier", None)])
def test_sweep_draws_every_metric_against_the_value(tmp_path, monkeypatch, values):
    from matplotlib.axes import Axes

    drawn = []

    def plot(self, xs, ys, **options):
        drawn.append((options["label"], list(xs), list(ys)))

    monkeypatch.setattr(Axes, "plot", plot)
    monkeypatch.setattr(Axes, "legend", lambda self: None)
    rows = [a_row(tmp_path, 0.5 * (i + 1), "NaN" if i == 1 else None) for i in range(3)]
    rows = [
        dataclasses.replace(row, entry=dataclasses.replace(row.entry, value=value))
        for row, value in zip(reversed(rows), reversed(values), strict=True)
    ]
    compare_results.write(rows, tmp_path, "setting")
    assert (tmp_path / "sweep.png").stat().st_size > 1000
    places = [values[0], values[2]] if isinstance(values[0], float) else [2, 0]
    scores = ([5.0, 15.0], [0.5, 1.5])
    if places == [2, 0]:  # in the order of the rows, which are reversed
        places, scores = [0, 2], ([15.0, 5.0], [1.5, 0.5])
    assert drawn == [("gan", places, scores[0]), ("gan", places, scores[1])]


def test_a_type_without_discriminator_has_no_number_of_its_parameters():
    weights = [np.zeros((3, 4)), np.zeros(4)]
    alone = SimpleNamespace(generator=SimpleNamespace(trainable_variables=weights))
    assert compare._parameters(alone, "generator") == 16
    assert compare._parameters(alone, "discriminator") is None
