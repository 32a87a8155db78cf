"""``evaluate --anomalies``: which pictures are compared, what is reported of them, and what is refused."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from tests.conftest import tiny_gan
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref import __version__, data
from tfgan_ref.data.streams.rows import Rows
from tfgan_ref.evaluation import Inversion
from tfgan_ref.recipes import find_recipe
from tfgan_ref.run import evaluate_anomalies


def arrays_file(path, n, low=0, high=256, seed=0, size=8):
    images = np.random.default_rng(seed).integers(low, high, (n, size, size, 1), np.uint8)
    np.savez(path, images=images)
    return f"npz:{path}"


def run_on(path, name, recipe="gan", stream="off"):
    """A run directory as far as its config, of a run on the data ``name`` of 8x8 pictures."""
    arrays = data.read(name, image_size=8, stream=stream)
    more = {"image_size": 8, "stream": stream} if recipe == "gan" else {}
    config = {
        "recipe": recipe,
        "settings": dataclasses.asdict(find_recipe(recipe).settings()) | {"data": name, **more},
        "data": {"fingerprint": arrays.fingerprint, "sample_shape": (8, 8, 1), "num_classes": None},
        "versions": {"tfgan_ref": __version__},
    }
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.fixture
def brightness(monkeypatch):
    """Scores that are known: D's is how bright a picture is, that of inversion how dark."""
    monkeypatch.setattr("tfgan_ref.run.build.restore_gan", lambda run: None)
    means = lambda gan, images: images.mean(axis=(1, 2, 3))  # noqa: E731
    monkeypatch.setattr(evaluate_anomalies, "discriminator_scores", means)
    monkeypatch.setattr(
        evaluate_anomalies,
        "invert",
        lambda gan, images, **_: Inversion(
            -means(gan, images), *np.zeros((2, len(images))), np.zeros(images.shape, np.float32)
        ),
    )


def test_normal_pictures_are_the_test_split_and_scores_are_of_both_sides(run_script, tmp_path, brightness):
    run = run_on(tmp_path / "run", "digits")
    bright = arrays_file(tmp_path / "bright.npz", 30, 200)
    out = tmp_path / "scores.json"
    code, table, err = run_script("evaluate.py", run, "--anomalies", bright, "--out", out)
    assert code == 0, err
    report = json.loads(out.read_text())
    settings = report["settings"]
    assert (settings["data"], settings["split"]) == ("digits", None)
    assert (settings["n_normal"], settings["n_anomalous"], settings["inversion_steps"]) == (599, 30, 500)
    by_discriminator, by_inversion = report["scores"]
    assert (by_discriminator["score"], by_discriminator["auroc"]) == ("discriminator", 1)
    assert (by_inversion["score"], by_inversion["auroc"]) == ("inversion", 0)
    assert by_inversion["average_precision"] == pytest.approx(
        np.mean([k / (599 + k) for k in range(1, 31)]), abs=1e-3
    )
    assert "599 normal pictures, 30 anomalous ones" in table
    assert "1.000   1.000 to 1.000               1.000" in table
    assert table.splitlines()[5].split() == ["(chance)", "0.5", "0.048"]
    code, table, err = run_script(
        "evaluate.py", run, "--anomalies", bright, "--data", "digits", "--split", "all", "--n", 50
    )
    assert code == 0, err
    assert "50 normal pictures, 30 anomalous ones" in table


def test_pictures_on_disk_are_read_for_each_batch(run_script, tmp_path, monkeypatch):
    """Those that were held out are no others of the same folder than in memory."""
    monkeypatch.setattr("tfgan_ref.data.streams.choice.SHARE_IN_MEMORY", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tfgan_ref.run.build.restore_gan", lambda run: None)
    seen = []
    monkeypatch.setattr(
        evaluate_anomalies,
        "discriminator_scores",
        lambda gan, images: seen.append(images) or np.arange(len(images)),
    )
    nothing = Inversion(*np.zeros((3, 30)), np.zeros((30, 8, 8, 1), np.float32))
    monkeypatch.setattr(evaluate_anomalies, "invert", lambda *_, **__: nothing)
    (tmp_path / "p").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (300, 8, 8), np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / "p" / f"{number:03}.png")
    name = f"folder:{tmp_path / 'p'}"
    run = run_on(tmp_path / "run", name, stream="on")
    arrays, _ = data.hold_out_images(data.read(name, stream="on"), 0.1)
    config = json.loads((run / "config.json").read_text())
    config["data"]["fingerprint"] = arrays.fingerprint
    (run / "config.json").write_text(json.dumps(config))
    picture = tmp_path / "extremes.png"
    code, _, err = run_script("evaluate.py", run, "--anomalies", name, "--n", 30, "--picture", picture)
    assert code == 0, err
    assert picture.exists()
    normal, anomalous = seen
    _, held_out = data.hold_out_images(data.read(name), 0.1)
    np.testing.assert_array_equal(normal[:], held_out.images)
    assert isinstance(anomalous, Rows)
    assert len(anomalous) == 30


def test_the_extremes_are_drawn(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        evaluate_anomalies.plotting, "save_strips", lambda *arguments: drawn.append(arguments)
    )
    normal, anomalous = (np.full((6, 8, 8, 1), 10 * k, np.uint8) for k in (1, 2))
    scores = np.array([3, 12, 5, 7, 1, 9.0]), np.array([11, 2, 4, 6, 8, 10.0])
    made = np.full((6, 8, 8, 1), -1, np.float32)
    inversions = [Inversion(side, side, side, made) for side in scores]
    evaluate_anomalies.draw_extremes(tmp_path / "x.png", (normal, anomalous), inversions)
    ((_, rows, titles, names),) = drawn
    sides = ["normal", *["anomalous"] * 2, "normal", *["anomalous", "normal"] * 2]
    assert titles == [f"{side} {n}" for side, n in zip(sides, [12, 11, 10, 9, 4, 3, 2, 1], strict=True)]
    expected = [10, 20, 20, 10, 20, 10, 20, 10]
    assert [[int(each.max()) for each in row] for row in rows] == [expected, [0] * 8, expected]
    assert {each.shape for row in rows for each in row} == {(8, 8, 3)}
    assert names == ["picture", "reconstruction", "difference"]


@pytest.mark.slow
def test_with_networks_and_a_picture(run_script, tmp_path, monkeypatch):
    monkeypatch.setattr("tfgan_ref.run.build.restore_gan", lambda run: tiny_gan())
    run = run_on(tmp_path / "run", "digits")
    bright = arrays_file(tmp_path / "bright.npz", 30, 200)
    picture = tmp_path / "extremes.png"
    code, table, err = run_script(
        "evaluate.py", run, "--anomalies", bright, "--inversion-steps", 2, "--n", 20, "--picture", picture
    )
    assert code == 0, err
    assert "20 normal pictures, 20 anomalous ones" in table
    assert Image.open(picture).size[0] > 800


def test_what_cannot_be_compared_is_refused(run_script, tmp_path, brightness):
    normal, bright = (arrays_file(tmp_path / f"{name}.npz", 9, low) for name, low in (("n", 0), ("b", 200)))
    run = run_on(tmp_path / "run", normal)

    def refused(*arguments):
        return run_script("evaluate.py", *arguments)

    is_one_line_error(
        refused(run, "--anomalies", bright),
        "normal pictures, from the run's own data if not from --data: no images of npz:",
        "n.npz were held out of training",
    )
    is_one_line_error(
        refused(run, "--anomalies", bright, "--data", normal), "are those of the training: name other normal"
    )
    single = arrays_file(tmp_path / "single.npz", 1)
    is_one_line_error(refused(run, "--anomalies", single, "--data", bright), "has 1 image: at least 2")
    masks = np.eye(8, dtype=bool)[None].repeat(3, 0)
    np.savez(tmp_path / "holes.npz", images=np.ones((3, 8, 8, 1), np.uint8), masks=masks)
    is_one_line_error(
        refused(run, "--anomalies", f"npz:{tmp_path / 'holes.npz'}", "--data", bright),
        "holes.npz has missing pixels: anomalies are scored on complete images",
    )
    other = run_on(tmp_path / "other", normal, "edges2image")
    is_one_line_error(
        refused(other, "--anomalies", bright, "--data", bright), "draws no pictures from latents"
    )
    is_one_line_error(refused(tmp_path, "--anomalies", bright), "run")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--anomalies", "digits"], "name either a model or --pairs"),
        (["run", "--anomalies", "digits", "--metrics", "fid"], "--metrics does not go with --anomalies"),
        (["run", "--anomalies", "digits", "--image-size", 8], "--image-size does not go with --anomalies"),
        (["run", "--anomalies", "digits", "--inversion-steps", 0], "inversion_steps 0 is out of range"),
        (["run", "--anomalies", "npz:nowhere.npz"], "npz:nowhere.npz: there is no such file or folder"),
        (["run", "--inversion-steps", 5], "--inversion-steps goes with --anomalies DATA2"),
        (["run", "--picture", "a.png"], "--picture goes with --benchmark DIR or --anomalies DATA2"),
    ],
)
def test_options_that_do_not_go_together(run_script, arguments, part):
    is_one_line_error(run_script("evaluate.py", *arguments), part)
