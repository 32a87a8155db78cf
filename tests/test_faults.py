"""Kills, clocks that jump and a full disk: nothing is lost (benchmarks/faults.py, benchmarks/memory.py)."""

import errno
import itertools
import json
import re
import time

import pytest

from tests.conftest import ROOT, tiny_dataset, tiny_gan
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref.training.callbacks import RunningMeans
from tfgan_ref.training.csv_table import CSVTable

TINY = [
    "gan",
    "--batch-size",
    4,
    "--set",
    "image_size=8",
    "--set",
    "log_every=2",
    "--set",
    "checkpoint_every=2",
]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_three_kills_and_the_end_is_the_same(run_script, tmp_path):
    arguments = ["--parts", "kills", "--kills", 3, "--steps", 40, "--out", tmp_path]
    code, out, error = run_script("faults.py", *arguments, folder="benchmarks")
    assert code == 0, out + error
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["unequal"] == {"kills": []}
    moments = [row["moment"] for row in results["rows"]]
    assert moments == ["before the first checkpoint", "in a checkpoint", "in the export"]
    assert results["rows"][0]["step"] == -1
    assert results["rows"][1]["half_written"]


@pytest.mark.parametrize(
    ("script", "arguments", "part"),
    [
        ("faults.py", ["--kills", 2], "--kills 2 is out of range: at least 3"),
        ("faults.py", ["--steps", 30], "--steps 30 is out of range: a multiple of 20"),
        ("faults.py", ["--parts", "fire"], "part 'fire' is unknown: choose some of kills, workers"),
        ("memory.py", ["--calls", 100], "--calls 100 is out of range: a multiple of 200"),
    ],
)
def test_bad_arguments(run_script, tmp_path, script, arguments, part):
    is_one_line_error(run_script(script, *arguments, "--out", tmp_path, folder="benchmarks"), part)


def test_growth_is_seen():
    import memory

    notes = [{"at": at, "megabytes": megabytes} for at, megabytes in ((1, 50), (2, 100), (3, 102), (4, 103))]
    assert memory.summarise("a", notes) == {"what": "a", "spread": 1.06, "flat": False, "notes": notes}
    flat = memory.summarise("a", [{"at": 0, "megabytes": 50}, *notes[1:]])
    assert flat["spread"] == 0.03
    assert flat["flat"]


def test_means_go_on_where_a_stopped_run_left_them():
    gan = tiny_gan()
    for steps, counted in ((3, 3), (2, 5), (4, 0), (1, 1)):
        gan.fit(tiny_dataset(), steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[RunningMeans(9)])
        assert {float(tracker.count.numpy()) for tracker in gan.metrics} == {counted}


def test_clocks_that_jump_change_only_the_seconds(run_script, tmp_path, monkeypatch):
    def train(run, *ends):
        for number, steps in enumerate(ends):
            arguments = ["--resume", run] if number else [*TINY, "--out", run]
            code, _, error = run_script("train.py", *arguments, "--steps", steps)
            assert code == 0, error
        rows = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
        return [[row[0], *row[2:]] for row in rows], (run / "samples.png").read_bytes()

    straight = train(tmp_path / "straight", 6)
    jumps = itertools.cycle((0, -86400, 86400, -3 * 86400))
    for name in ("time", "monotonic"):
        clock = getattr(time, name)
        monkeypatch.setattr(time, name, lambda clock=clock: clock() + next(jumps))
    assert train(tmp_path / "jumping", 4, 6) == straight
    assert len(straight[0]) == 3


def test_a_full_disk_is_said_in_one_line_and_the_run_goes_on_later(run_script, tmp_path, monkeypatch):
    run = tmp_path / "run"

    def full(self, row):
        raise OSError(errno.ENOSPC, "No space left on device", str(self.path))

    with monkeypatch.context() as context:
        context.setattr(CSVTable, "append", full)
        code, _, error = run_script("train.py", *TINY, "--steps", 4, "--out", run)
    assert code == 5
    assert re.fullmatch(r"error: .*metrics\.csv: No space left on device", error.strip().splitlines()[-1])
    assert "Traceback" not in error
    assert run_script("train.py", "--resume", run)[0] == 0
    assert len((run / "metrics.csv").read_text().splitlines()) == 2
