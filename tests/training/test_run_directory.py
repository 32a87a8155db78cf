"""Run directories are made once and opened with care."""

import pytest

from tfgan_ref.errors import InputError
from tfgan_ref.training.run_directory import RunDirectory


def test_round_trip(tmp_path):
    config = {"recipe": "gan", "settings": {"steps": 3}}
    RunDirectory.create(tmp_path / "a" / "run", config)
    assert RunDirectory.open(tmp_path / "a" / "run").config() == config


def test_existing_run_is_not_touched(tmp_path):
    run = tmp_path / "my run"
    RunDirectory.create(run, {"a": 1})
    with pytest.raises(InputError, match=f"run directory {run} exists: .*--resume '{run}'$"):
        RunDirectory.create(run, {"a": 2})
    assert RunDirectory.open(run).config() == {"a": 1}


def test_settings_change_under_the_lock_and_leave_the_rest(tmp_path):
    run = RunDirectory.create(tmp_path / "run", {"recipe": "gan", "settings": {"steps": 3}})
    with run.in_use(), pytest.raises(InputError, match="in use by another process"):
        run.change_settings({"steps": 4})
    assert run.config()["settings"] == {"steps": 3}
    run.change_settings({"steps": 4})
    assert run.config() == {"recipe": "gan", "settings": {"steps": 4}}
    assert [part.name for part in run.path.iterdir()] == ["config.json"]


def test_only_a_run_that_wrote_nothing_is_discarded(tmp_path):
    new, begun = (RunDirectory.create(tmp_path / name, {}) for name in ("new", "begun"))
    begun.metrics.write_text("step")
    for run in (new, begun):
        run.discard(folder=True)
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]
    assert sorted(path.name for path in begun.path.iterdir()) == ["config.json", "metrics.csv"]


def test_an_empty_directory_may_be_used_and_a_file_not(tmp_path):
    (tmp_path / "empty").mkdir()
    RunDirectory.create(tmp_path / "empty", {})
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "photo.png").write_text("mine")
    for name in ("file", "folder"):  # neither is a run that could go on
        with pytest.raises(InputError, match=f"{name} exists: name another with --out$"):
            RunDirectory.create(tmp_path / name, {})
    assert (tmp_path / "file").read_text() == "mine"


def test_unwritable_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written: .*file is not a folder"):
        RunDirectory.create(tmp_path / "file" / "run", {})


def test_what_is_not_a_run_directory(tmp_path):
    with pytest.raises(InputError, match="is not a run directory: it has no config.json"):
        RunDirectory.open(tmp_path)
    for text in ("", "{", "[1, 2]", "\xff\xfe"):
        (tmp_path / "config.json").write_bytes(text.encode("latin1"))
        with pytest.raises(InputError, match=r"config\.json"):
            RunDirectory.open(tmp_path).config()


def test_what_a_killed_process_left_unfinished_is_removed(tmp_path):
    run = RunDirectory.create(tmp_path / "run", {})
    unfinished = [
        ".metrics.csv.123.tmp", ".0a1b2c3d.keras", ".0a1b2c3d.tmp",
        ".saved_model.new.0a1b2c3d.tmp/variables/data",
        "checkpoints/.step_00000004.123.tmp/state.index", "samples/.step_00000004.png.123.tmp",
    ]  # fmt: skip
    others = ["metrics.csv", ".notes", "mine.tmp", "checkpoints/step_00000002/state.index", ".cache/keep.tmp"]
    for name in (*unfinished, *others):
        (run.path / name).parent.mkdir(parents=True, exist_ok=True)
        (run.path / name).write_text("")
    with run.in_use():
        left = {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}
    assert left == {"config.json", *others}


def test_a_run_that_was_killed_before_its_config_can_be_started(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".config.json.123.tmp").write_text("{")
    run = RunDirectory.create(tmp_path / "run", {"a": 1})
    assert run.config() == {"a": 1}
    assert not run.has_begun()
    (run.checkpoints / "step_00000000").mkdir(parents=True)
    assert run.has_begun()
