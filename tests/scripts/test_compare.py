"""compare.py: runs side by side, gone on with where they stopped, and one clear line for bad input."""

import json

import pytest
from PIL import Image

from tests.conftest import as_if_killed
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref.evaluation import classifier

pytestmark = pytest.mark.usefixtures("eager_training")

TINY = ["--set", "batch_size=8", "--set", "latent_dim=8", "--n", "40"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """A short classifier, kept for all tests of this file and away from the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "compare-cache"))
    monkeypatch.setattr(classifier, "STEPS", 4)


def files_of(path):
    return {
        str(p.relative_to(path)): (p.stat().st_mtime_ns, p.read_bytes())
        for p in path.rglob("*")
        if p.is_file()
    }


@pytest.mark.slow
def test_two_recipes_and_what_is_used_again(run_script, tmp_path):
    out = tmp_path / "out"
    command = ["compare.py", "gan", "cgan", "--steps", "4", "--out", out, "--set", "width=4", *TINY]
    code, shown, err = run_script(*command)
    assert code == 0, err
    assert "width is left out for gan" in err
    assert "gan (1 of 2): trains" in shown
    table = (out / "table.md").read_text()
    assert table in shown
    rows = {row["name"]: row for row in json.loads((out / "results.json").read_text())}
    assert list(rows) == ["gan", "cgan"]
    # Both are scored by the same classifier on the same real images, and the floor is one and the same.
    evaluations = [row["evaluation"] for row in rows.values()]
    assert len({evaluation["extractor"] for evaluation in evaluations}) == 1
    assert len({evaluation["scores"][0]["floor"] for evaluation in evaluations}) == 1
    assert all(evaluation["settings"]["n_fake"] == 40 for evaluation in evaluations)
    assert rows["gan"]["evaluation"]["label_agreement"] is None
    assert 0 <= rows["cgan"]["evaluation"]["label_agreement"] <= 1
    assert all(row["steps"] == 4 and row["seconds"] > 0 for row in rows.values())
    for column in ("precision", "recall", "coverage", "sharpness", "label agreement", "parameters of G"):
        assert f" {column} " in table
    width, height = Image.open(out / "comparison.png").size
    assert width > 5 * height
    assert not (out / "sweep.png").exists()

    # As if the first had been killed after its first checkpoint: it goes on, and ends as it had ended. The
    # second is used as it is.
    kept, picture = files_of(out / "cgan"), (out / "gan" / "samples.png").read_bytes()
    (out / "gan").rename(tmp_path / "finished")
    as_if_killed(tmp_path / "finished", out / "gan", 2)
    code, shown, err = run_script(*command)
    assert code == 0, err
    assert "resuming" in err
    assert "cgan (2 of 2): is finished" in shown
    assert shown.count("4/4") == 1
    assert (out / "gan" / "samples.png").read_bytes() == picture
    assert files_of(out / "cgan") == kept
    again = {row["name"]: row for row in json.loads((out / "results.json").read_text())}
    for name in rows:
        assert again[name]["evaluation"]["scores"] == rows[name]["evaluation"]["scores"]
    assert again["cgan"]["seconds"] == rows["cgan"]["seconds"]

    # With other settings none of them is the run that is asked for.
    code, _, err = run_script(*command, "--set", "beta_1=0.4")
    assert code == 2
    assert f"{out / 'gan'} holds a run with another beta_1, 0.5 instead of 0.4" in err.splitlines()[-1]


@pytest.mark.slow
def test_sweep_with_a_run_that_diverges(run_script, tmp_path):
    out = tmp_path / "out"
    command = ["compare.py", "gan", "--steps", "10", "--out", out, *TINY, "--metrics", "fid,is"]
    code, shown, err = run_script(*command, "--sweep", "lr=1e30,1e-3")
    assert code == 0, err
    first, second = json.loads((out / "results.json").read_text())
    assert first["name"] == "gan-learning_rate=1e+30"
    assert "training stopped" in first["diverged"]
    assert first["evaluation"] is None
    assert (second["name"], second["value"], second["diverged"]) == ("gan-learning_rate=0.001", 1e-3, None)
    assert [found["metric"] for found in second["evaluation"]["scores"]] == ["fid", "is"]
    assert "| gan-learning_rate=1e+30 (diverged) | - |" in shown
    assert (out / "sweep.png").exists()
    assert (out / "gan-learning_rate=0.001" / "saved_model").is_dir()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([], ["no recipe is named"]),
        (["gan", "dcgann"], ["recipe 'dcgann' is unknown", "did you mean dcgan?"]),
        (["gan", "dcgan", "gan"], ["recipe gan is named twice"]),
        (["gan", "--sweep", "batch_size="], ["sweep batch_size= lacks a key or a value"]),
        (["gan", "--sweep", "batch_size"], ["sweep batch_size= lacks a key or a value"]),
        (["gan", "--sweep", "batch_size=4,,8"], ["sweep batch_size=4,,8 lacks"]),
        (["gan", "--sweep", "bach_size=4,8"], ["'bach_size' is unknown to gan", "did you mean batch_size?"]),
        (["gan", "--sweep", "batch_size=4,x"], ["gan: setting batch_size='x' is not a whole number"]),
        (["gan", "--sweep", "batch_size=4,0"], ["gan: batch_size 0 is out of range"]),
        (["gan", "--sweep", "beta_1=0.5,5e-1"], ["sweep beta_1: value 5e-1 is given twice"]),
        (["gan", "--sweep", "steps=4,8"], ["setting 'steps' is both given and swept"]),
        (["gan", "--sweep", "data_dir=a,b"], ["scores compare only on the same data"]),
        (["gan", "dcgan", "--sweep", "width=4,8"], ["sweep width: recipe gan has no such setting"]),
        (["gan", "dcgan", "--set", "widht=4"], ["setting 'widht' is unknown to gan, dcgan", "width?"]),
        (["gan", "--set", "beta_1"], ["is not of the form key=value"]),
        (["gan", "--set", "steps=3"], ["setting 'steps' is given twice"]),
        (["gan", "--set", "initializer=glorot"], ["gan: initializer 'glorot' is unknown"]),
        (["gan", "--metrics", "fid,foo"], ["metric 'foo' is unknown"]),
        (["gan", "--features", "vgg"], ["features 'vgg' is unknown"]),
        (["gan", "--n", "3"], ["n 3 is out of range: at least 12"]),
        (["gan", "--seed", "-1"], ["seed -1 is out of range"]),
        (["gan", "--data", "folder:nowhere"], ["nowhere"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_arguments(run_script, tmp_path, arguments, parts):
    result = run_script("compare.py", *arguments, "--steps", "4", "--out", tmp_path / "out")
    is_one_line_error(result, *parts)
    assert not (tmp_path / "out").exists()


def test_steps_and_out_must_be_named(run_script, tmp_path):
    is_one_line_error(run_script("compare.py", "gan", "--out", tmp_path), "--steps is missing")
    is_one_line_error(run_script("compare.py", "gan", "--steps", "4"), "--out is missing")


def test_an_out_that_is_a_file(run_script, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = run_script("compare.py", "gan", "--steps", "4", "--out", tmp_path / "file")
    assert result[0] == 2
    assert result[2].splitlines()[-1] == f"error: --out {tmp_path / 'file'} cannot be written: File exists"
