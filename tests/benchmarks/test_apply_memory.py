"""What memory it takes to apply translators (benchmarks/apply_memory.py)."""

import json

import pytest

from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def scripts_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.mark.slow
def test_memory_is_measured_for_pictures_whole_and_in_tiles(run_script, tmp_path):
    arguments = ["--rows", "srresnet 256,inpaint", "--enlarged", "300x200", "--translated", "300x200"]
    code, out, err = run_script("apply_memory.py", *arguments, "--out", tmp_path, folder="benchmarks")
    assert code == 0, err
    rows = json.loads((tmp_path / "results.json").read_text())
    assert [row["row"] for row in rows] == ["srresnet 256", "inpaint"]
    for row in rows:
        assert row["picture"] == "300x200"
        # Four times as wide, the result alone is 48 bytes for each pixel.
        assert 40 < row["bytes_per_pixel"] < 2**20 * row["memory_mb"] / (300 * 200)
    assert (tmp_path / "table.md").read_text().strip() in out


def test_pictures_have_sizes(run_script, tmp_path):
    code, _, err = run_script(
        "apply_memory.py", "--enlarged", "big", "--out", tmp_path / "x", folder="benchmarks"
    )
    assert (code, err) == (2, "error: --enlarged big is no WIDTHxHEIGHT of 10 to 9999 pixels\n")
    assert not (tmp_path / "x").exists()
