"""The scripts as a user runs them: what they write, and one clear line with exit code 2 for bad input."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import ROOT
from tfgan_ref.run import train
from tfgan_ref.run.evaluate_sides import Source, read_own

pytestmark = pytest.mark.usefixtures("eager_training")

TINY = ["--steps", "4", "--batch-size", "8", "--set", "width=4", "--set", "log_every=2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of two steps."""
    path = tmp_path_factory.mktemp("runs") / "run"
    command = [sys.executable, ROOT / "scripts" / "train.py", "cgan", "--out", path, *TINY]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # A newcomer sees the progress, the results, how to use them, and no library's chatter.
    assert "4/4" in done.stdout
    assert str(path / "samples.png") in done.stdout
    assert f'tf.saved_model.load("{path / "saved_model"}")' in done.stdout
    chatter = done.stderr
    if tf.__version__.startswith("2.18."):  # it prints its graph optimizer's errors at every log level
        chatter = re.sub(r"^.*remapper failed.*\n", "", chatter, flags=re.MULTILINE)
    assert chatter == ""
    return path


def is_one_line_error(result, *parts):
    code, _, err = result
    assert code == 2, err
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0], lines[0]


def npz(path, **arrays):
    np.savez(path, **arrays)
    return f"npz:{path}"


IMAGES = np.zeros((20, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["name either a recipe"]),
        (["dcgann"], ["recipe 'dcgann' is unknown", "did you mean dcgan?"]),
        (["gan", "--data", "digts"], ["digts"]),
        (["gan", "--set", "lr=0"], ["learning_rate 0.0 is out of range"]),
        (["gan", "--set", "latent_dim=x"], ["latent_dim='x' is not a whole number"]),
        (["gan", "--set", "latent_dim"], ["is not of the form key=value"]),
        (["gan", "--steps", "5", "--set", "steps=6"], ["setting 'steps' is given twice"]),
        (["gan", "--steps", "-1"], ["steps -1 is out of range"]),
        (["gan", "--batch-size", "0"], ["batch_size 0 is out of range"]),
        (["gan", "--precision", "half"], ["precision 'half' is unknown"]),
        (["gan", "--jit", "yes"], ["jit 'yes' is unknown"]),
        (["gan", "--set", "loss=wgan"], ["loss 'wgan' is unknown"]),
        (["gan", "--set", "initializer=glorot"], ["initializer 'glorot' is unknown"]),
        (["gan", "--set", "schedule=step"], ["schedule 'step' is unknown"]),
        (["gan", "--set", "label_noise=0.7"], ["label_noise 0.7 is out of range"]),
        (["gan", "--set", "replay=8"], ["replay 8 is below the batch size"]),
        (["cgan", "--set", "combine=add"], ["combine 'add' is unknown"]),
        (["gan", "--data", "folder:nowhere"], ["nowhere"]),
        (["gan", "--data", "npz:nowhere.npz"], ["nowhere.npz"]),
        (["gan", "--data", "idx:nowhere"], ["nowhere"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_arguments_of_train(run_script, tmp_path, arguments, parts):
    out = [] if not arguments else ["--out", tmp_path / "run"]
    is_one_line_error(run_script("train.py", *arguments, *out), *parts)
    # Nothing was made that a second try would stumble over.
    assert not (tmp_path / "run").exists()


def test_bad_data_files(run_script, tmp_path):
    with_infinity = np.zeros((20, 28, 28), np.float32)
    with_infinity[3, 4, 5] = np.inf
    cases = {
        "no images": ({"pictures": IMAGES}, "images"),
        "pickled": ({"images": np.array([{"a": 1}], dtype=object)}, "pickle"),
        "infinity": ({"images": with_infinity}, "infinite"),
        "label": ({"images": IMAGES, "labels": np.full(20, -1)}, "label"),
    }
    for name, (arrays, part) in cases.items():
        data = npz(tmp_path / f"{name}.npz", **arrays)
        is_one_line_error(
            run_script("train.py", "gan", "--data", data, "--out", tmp_path / "run"), part, name
        )
    unlabelled = npz(tmp_path / "unlabelled.npz", images=IMAGES)
    result = run_script("train.py", "cgan", "--data", unlabelled, "--out", tmp_path / "run")
    is_one_line_error(result, "recipe cgan needs labels")
    assert not (tmp_path / "run").exists()


def folder_of(path, n, corrupt=0):
    path.mkdir()
    for i in range(n):
        Image.fromarray(np.full((30, 34), i % 256, np.uint8)).save(path / f"{i:03d}.png")
    for i in range(corrupt):
        (path / f"bad{i}.png").write_bytes(b"\x89PNG not really")
    return f"folder:{path}"


def test_bad_folders(run_script, tmp_path):
    empty = folder_of(tmp_path / "empty", 0)
    is_one_line_error(run_script("train.py", "gan", "--data", empty), "empty")
    broken = folder_of(tmp_path / "broken", 0, corrupt=3)
    code, _, err = run_script("train.py", "gan", "--data", broken, "--set", "image_size=28")
    assert code == 2
    assert "error: " in err
    assert "bad0.png" in err


def test_one_corrupt_image_among_many_is_named_and_skipped(run_script, tmp_path):
    data = folder_of(tmp_path / "mixed", 120, corrupt=1)
    arguments = ["--set", "image_size=28", *TINY[:4]]
    code, out, err = run_script("train.py", "gan", "--data", data, "--out", tmp_path / "run", *arguments)
    assert code == 0, err
    assert "bad0.png" in err
    assert "4/4" in out


def test_images_smaller_than_asked_are_enlarged_and_said(run_script, tmp_path):
    data = folder_of(tmp_path / "small", 20)
    arguments = ["--set", "image_size=32", "--set", "width=4", *TINY[:4]]
    code, _, err = run_script("train.py", "dcgan", "--data", data, "--out", tmp_path / "run", *arguments)
    assert code == 0, err
    assert "smaller than 32x32" in err


def test_existing_run_directory_is_refused(run_script, run):
    before = sorted(p.name for p in run.rglob("*"))
    is_one_line_error(run_script("train.py", "cgan", "--out", run, *TINY), str(run), "exists", "--resume")
    assert sorted(p.name for p in run.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--seed", "3"], "leave out seed; what may change is data, data_dir, steps, learning_rate, "),
        (["--set", "width=8"], "leave out width"),
        (["--set", "learning_rate=0"], "learning_rate 0.0 is out of range: above 0"),
        (["--set", "learning_rat=0"], "did you mean learning_rate?"),
        (["--data", "vowels"], "vowels"),
        (["--out", "elsewhere"], "leave out --out"),
        (["--steps", "2"], "steps 2 is below the run's step 4"),
    ],
)
def test_resume_takes_the_runs_own_settings(run_script, run, arguments, part):
    before = (run / "config.json").read_bytes()
    is_one_line_error(run_script("train.py", "--resume", run, *arguments), part)
    assert (run / "config.json").read_bytes() == before


def test_resume_auto_starts_a_run_and_then_continues_it(run_script, tmp_path):
    new = tmp_path / "new"
    command = ["train.py", "cgan", "--out", new, "--resume", "auto", *TINY]
    code, out, err = run_script(*command)
    assert (code, "resuming" in err) == (0, False), err
    later = [*command, "--steps", "6"]
    code, out, err = run_script(*later)
    assert (code, f"resuming {new} from step 4" in err, "6/6" in out) == (0, True, True), err
    is_one_line_error(run_script(*later, "--set", "latent_dim=3"), "leave out latent_dim")
    is_one_line_error(
        run_script("train.py", "gan", "--out", new, "--resume", "auto"), f"run {new} is of recipe cgan"
    )


def test_dry_run_says_what_training_would_take(run_script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_script("train.py", "cgan", *TINY, "--out", "new", "--dry-run")
    assert code == 0, err
    assert "4 steps in about" in out
    assert not list(tmp_path.iterdir())


def test_resume_from_what_is_no_run(run_script, tmp_path):
    is_one_line_error(run_script("train.py", "--resume", tmp_path), "is not a run directory")
    is_one_line_error(run_script("train.py", "--resume", tmp_path / "nothing"), "is not a run directory")
    (tmp_path / "config.json").write_text('{"recipe": "cgan"}')
    is_one_line_error(run_script("train.py", "--resume", tmp_path), "config.json is incomplete")


def test_a_run_of_version_0_1_is_refused(run_script, run, tmp_path):
    old = copied(run, tmp_path / "old")
    config = json.loads((old / "config.json").read_text())
    config["versions"]["tfgan_ref"] = "0.1.0"
    (old / "config.json").write_text(json.dumps(config))
    message = f"run {old} was made by tfgan_ref 0.1.0: this version reads runs of 0.2"
    is_one_line_error(run_script("train.py", "--resume", old), message)
    is_one_line_error(run_script("sample.py", old, "--out", tmp_path / "a.png"), message)


def test_a_run_that_was_killed_before_its_first_checkpoint_starts_again(run_script, run, tmp_path):
    """With one row of its table at most; with more, its checkpoints were lost, which is an error."""
    killed = copied(run, tmp_path / "killed")
    for part in ("checkpoints", "saved_model"):
        shutil.rmtree(killed / part)
    rows = (killed / "metrics.csv").read_text().splitlines(keepends=True)
    assert len(rows) == 3
    is_one_line_error(run_script("train.py", "--resume", killed), "holds no usable checkpoint")
    (killed / "metrics.csv").write_text("".join(rows[:2]))
    code, _, err = run_script("train.py", "--resume", killed)
    assert code == 0, err
    assert "from step 0" in err
    new, old = (
        [row.split(",")[2:] for row in (path / "metrics.csv").read_text().splitlines()]
        for path in (killed, run)
    )
    assert new == old


def copied(run, path):
    shutil.copytree(run, path)
    return path


def test_resume_with_damaged_checkpoints(run_script, run, tmp_path):
    damaged = copied(run, tmp_path / "damaged")
    for checkpoint in (damaged / "checkpoints").iterdir():
        data = next(checkpoint.glob("*.data*"))
        data.write_bytes(data.read_bytes()[:50])
    code, _, err = run_script("train.py", "--resume", damaged)
    assert code == 2
    assert err.strip().splitlines()[-1].endswith("holds no usable checkpoint")
    for checkpoint in (damaged / "checkpoints").iterdir():
        for part in checkpoint.iterdir():
            part.unlink()
        checkpoint.rmdir()
    is_one_line_error(run_script("train.py", "--resume", damaged), "holds no usable checkpoint")


def test_resume_goes_on_to_a_later_end(run_script, run, tmp_path):
    longer = copied(run, tmp_path / "longer")
    changes = ["--set", "schedule=cosine", "--set", "learning_rate=0.04", "--data", "digits"]
    code, out, err = run_script("train.py", "--resume", longer, "--steps", "6", *changes)
    assert code == 0, err
    assert "6/6" in out
    assert "resuming" in err
    # Half a cosine of 6 steps is 0 at its end: at step 4 it is (1 + cos(2 pi / 3)) / 2 = 1 / 4 of its start.
    assert "the learning rate goes on at 0.01, not at 0.001: schedule cosine to step 6" in err
    rows = [row.split(",") for row in (longer / "metrics.csv").read_text().splitlines()]
    assert float(rows[-1][rows[0].index("g_learning_rate")]) == pytest.approx(0, abs=1e-9)
    # The next resume has these settings without being told.
    settings = json.loads((longer / "config.json").read_text())["settings"]
    assert (settings["steps"], settings["schedule"], settings["learning_rate"]) == (6, "cosine", 0.04)
    assert settings["batch_size"] == 8
    assert (longer / "saved_model" / "saved_model.pb").exists()
    assert not [p.name for p in longer.iterdir() if p.name.startswith(".")]


def test_resume_with_other_data_is_refused(run_script, tmp_path):
    data = npz(tmp_path / "data.npz", images=IMAGES, labels=np.arange(20) % 4)
    code, _, err = run_script("train.py", "cgan", "--data", data, "--out", tmp_path / "run", *TINY)
    assert code == 0, err
    npz(tmp_path / "data.npz", images=IMAGES + 1, labels=np.arange(20) % 4)
    is_one_line_error(run_script("train.py", "--resume", tmp_path / "run"), "is not what run", "data.npz")


def test_a_run_finds_its_data_from_any_folder_and_where_they_were_moved_to(run_script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    npz(tmp_path / "data.npz", images=IMAGES, labels=np.arange(20) % 4)
    monkeypatch.setattr(train, "train_gan", lambda *given: True)
    monkeypatch.setattr(train.cli, "usage", lambda *given: "")
    arguments = ["--data", "npz:data.npz", "--out", tmp_path / "run"]
    assert run_script("train.py", "cgan", *arguments)[0] == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert run_script("train.py", "--resume", tmp_path / "run")[0] == 0
    (tmp_path / "data.npz").rename(tmp_path / "elsewhere" / "moved.npz")
    npz(tmp_path / "data.npz", images=IMAGES + 1, labels=np.arange(20) % 4)
    is_one_line_error(run_script("train.py", "--resume", tmp_path / "run"), "name with --data where it is")
    assert run_script("train.py", "--resume", tmp_path / "run", "--data", "npz:moved.npz")[0] == 0
    monkeypatch.chdir(tmp_path)
    assert run_script("train.py", "--resume", tmp_path / "run")[0] == 0
    # ``evaluate`` takes the run's own data from there too.
    real = read_own(str(tmp_path / "run"), Source((*IMAGES.shape[1:], 1), 12), None, "train")
    assert real.name == f"npz:{tmp_path / 'elsewhere' / 'moved.npz'}"


def test_a_run_that_diverges_in_its_first_step_has_no_good_checkpoint(run_script, tmp_path):
    arguments = ["--set", "learning_rate=1e30", "--set", "log_every=1"]
    code, _, err = run_script("train.py", "gan", "--out", tmp_path / "run", "--steps", "50", *arguments)
    assert code == 3
    line = err.strip().splitlines()[-1]
    assert line.endswith("at step 1: training stopped; no checkpoint came before it")
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def test_list_shows_every_recipe_with_its_settings(run_script):
    from tfgan_ref.recipes import RECIPES

    code, out, _ = run_script("train.py", "--list")
    assert code == 0
    for name in RECIPES:
        assert f"{name} " in out
    assert "combine=projection" in out


def test_sample_writes_grids(run_script, run, tmp_path):
    sizes = {}
    for name, arguments in {
        "all": ["--n", "30"],
        "unequal": ["--n", "21"],
        "one": ["--n", "9", "--label", "3"],
        "walks": ["--n", "20", "--interpolate"],
        "neighbours": ["--n", "10", "--neighbours", "digits"],
    }.items():
        code, _, err = run_script("sample.py", run, "--out", tmp_path / f"{name}.png", *arguments)
        assert code == 0, err
        sizes[name] = Image.open(tmp_path / f"{name}.png").size
    # Columns and rows of 28 + 2 pixels, doubled.
    cells = {name: ((w // 2 - 2) // 30, (h // 2 - 2) // 30) for name, (w, h) in sizes.items()}
    assert cells == {
        "all": (3, 10),
        "unequal": (3, 10),
        "one": (3, 3),
        "walks": (10, 2),
        "neighbours": (8, 10),
    }


def test_run_and_saved_model_give_the_same_samples(run_script, run, tmp_path):
    for name, model in (("a", run), ("b", run / "saved_model")):
        code, _, err = run_script(
            "sample.py", model, "--n", "20", "--seed", "5", "--out", tmp_path / f"{name}.png"
        )
        assert code == 0, err
    first, second = (np.asarray(Image.open(tmp_path / f"{n}.png"), np.int16) for n in "ab")
    assert np.abs(first - second).max() <= 1
    model = tf.saved_model.load(str(run / "saved_model"))
    direct = model.sample(20, 5, np.repeat(np.arange(10), 2).astype(np.int32))
    corner = np.asarray(direct)[0, :, :, 0].repeat(2, 0).repeat(2, 1) * 255
    assert np.abs(second[4:60, 4:60] - corner).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--n", "0"], "n 0 is out of range"),
        (["--seed", "-1"], "seed -1 is out of range"),
        (["--label", "10"], "label '10' is out of range: 0 to 9, or all"),
        (["--label", "x"], "label 'x' is out of range"),
        (["--out", "picture.jpg"], "is not a .png file"),
    ],
)
def test_bad_arguments_of_sample(run_script, run, tmp_path, monkeypatch, arguments, part):
    monkeypatch.chdir(tmp_path)
    is_one_line_error(run_script("sample.py", run, *arguments), part)
    assert list(tmp_path.iterdir()) == []


def test_sample_refuses_what_is_no_model_and_what_exists(run_script, run, tmp_path):
    out = tmp_path / "a.png"
    is_one_line_error(run_script("sample.py", tmp_path / "none", "--out", out), "does not exist")
    is_one_line_error(run_script("sample.py", tmp_path, "--out", out), "is not a run directory")
    (tmp_path / "saved_model.pb").write_bytes(b"not a model")
    is_one_line_error(run_script("sample.py", tmp_path, "--out", out), "is not a generator's SavedModel")
    out.write_bytes(b"mine")
    is_one_line_error(run_script("sample.py", run, "--out", out), "exists")
    assert out.read_bytes() == b"mine"


def test_load_gives_the_samples_of_the_saved_model(run):
    import tfgan_ref as tg

    model = tf.saved_model.load(str(run / "saved_model"))
    direct = np.rint(model.sample(12, 5).numpy() * 255)
    for path in (run, str(run), run / "saved_model"):
        images = tg.load(path).sample(12, seed=5)
        assert images.dtype == np.uint8
        assert np.abs(images - direct).max() <= 1
    threes = tg.load(run).sample(2, label=3)
    np.testing.assert_array_equal(threes, tg.load(run).sample(2, label="3"))
    for arguments, part in (((0,), "n 0"), ((1, -1), "seed -1"), ((1, 0, 10), "label 10")):
        with pytest.raises(tg.errors.InputError, match=f"{part} is out of range"):
            tg.load(run).sample(*arguments)


def test_load_says_what_is_no_model(tmp_path):
    import tfgan_ref as tg

    with pytest.raises(tg.errors.InputError, match="does not exist: name a run directory or a SavedModel"):
        tg.load(tmp_path / "none")
    with pytest.raises(tg.errors.InputError, match="is not a run directory"):
        tg.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"not a model")
    with pytest.raises(tg.errors.InputError, match="is not a generator's SavedModel"):
        tg.load(tmp_path)


def test_export(run_script, run, tmp_path):
    code, out, err = run_script("export.py", run, "--out", tmp_path / "model")
    assert code == 0, err
    assert "tf.saved_model.load" in out
    model = tf.saved_model.load(str(tmp_path / "model"))
    assert model.sample(2, 0).shape == (2, 28, 28, 1)
    is_one_line_error(run_script("export.py", run, "--out", tmp_path / "model"), "exists")
    is_one_line_error(
        run_script("export.py", tmp_path, "--out", tmp_path / "other"), "is not a run directory"
    )
