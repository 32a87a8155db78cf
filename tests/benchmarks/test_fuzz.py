"""Damaged files of every kind end in the project's own error, soon, in little memory (benchmarks/fuzz.py)."""

import json

from tests.conftest import ROOT


def test_nothing_but_our_own_error_comes_out_of_the_readers(run_script, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    code, out, error = run_script("fuzz.py", "--n", 120, "--seed", 3, "--out", tmp_path, folder="benchmarks")
    assert code == 0, out + error
    rows = json.loads((tmp_path / "results.json").read_text())
    assert {"picture", "npz", "idx", "wav", "tsv", "config.json"} < {row["reader"] for row in rows}
    assert all(row["escaped"] == 0 for row in rows)
    # Mutations do damage: a reader that refused nothing was not tried.
    assert all(row["refused"] > 0 for row in rows)


def test_an_escape_is_found_and_kept(run_script, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr("tfgan_ref.data.read_picture", lambda path: 1 / 0)
    arguments = ["--readers", "picture", "--n", 3, "--out", tmp_path]
    code, _, error = run_script("fuzz.py", *arguments, folder="benchmarks")
    assert code == 2
    assert "escaped" in error
    assert len(list((tmp_path / "escapes").iterdir())) == 6
