"""Kills, clocks that jump and a full disk: nothing is lost (benchmarks/faults.py, benchmarks/memory.py)."""

import errno
import itertools
import json
import time

import pytest

from tests.conftest import ROOT, tiny_dataset, tiny_gan
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref.training.callbacks import RunningMeans
from tfgan_ref.training.csv_table import CSVTable

SETTINGS = ("image_size=8", "log_every=3", "checkpoint_every=2")
TINY = ["gan", "--batch-size", 4, *(part for setting in SETTINGS for part in ("--set", setting))]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.mark.slow
def test_three_kills_and_the_end_is_the_same(run_script, tmp_path):
    arguments = ["--parts", "kills", "--kills", 3, "--steps", 40, "--out", tmp_path]
    code, out, error = run_script("faults.py", *arguments, folder="benchmarks")
    assert code == 0, out + error
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["unequal"] == {"kills": []}
    moments = [row["moment"] for row in results["rows"]]
    assert moments == ["before the first checkpoint", "in a checkpoint", "in the export"]
    assert [row["step"] >= 0 for row in results["rows"]] == [False, True, True]


@pytest.mark.parametrize(
    ("script", "arguments", "part"),
    [
        ("faults.py", ["--kills", 2], "--kills 2 is out of range: at least 3"),
        ("faults.py", ["--steps", 30], "--steps 30 is out of range: a multiple of 20"),
        ("faults.py", ["--parts", "fire"], "part 'fire' is unknown: choose some of kills, workers, disk"),
        ("memory.py", ["--calls", 100], "--calls 100 is out of range: a multiple of 200"),
    ],
)
def test_bad_arguments(run_script, tmp_path, script, arguments, part):
    is_one_line_error(run_script(script, *arguments, "--out", tmp_path, folder="benchmarks"), part)


def test_growth_is_seen():
    import memory

    notes = [
        {"at": at, "megabytes": megabytes} for at, megabytes in ((1, 50), (2, 100), (3, 102), (4, 102.9))
    ]
    assert memory.summarise("a", notes) == {"what": "a", "spread": 1.058, "flat": False, "notes": notes}
    flat = memory.summarise("a", [{"at": 0, "megabytes": 50}, *notes[1:]])
    assert flat["spread"] == 0.029
    assert flat["flat"]


def test_means_go_on_where_a_stopped_run_left_them():
    gan = tiny_gan()
    for steps, counted in ((3, 3), (2, 5), (4, 0), (1, 1)):
        kept = [(variable, variable.numpy()) for metric in gan.metrics for variable in metric.variables]
        means = RunningMeans(9, kept)
        means.start = int(gan.step.numpy())
        gan.fit(tiny_dataset(), steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[means])
        assert {float(tracker.count.numpy()) for tracker in gan.metrics} == {counted}


@pytest.mark.slow
def test_clocks_that_jump_and_a_full_disk_change_only_the_seconds(run_script, tmp_path, monkeypatch):
    def found(run):
        rows = [line.split(",") for line in (run / "metrics.csv").read_text().splitlines()]
        assert len(rows) == 3
        return [[row[0], *row[2:]] for row in rows], (run / "samples.png").read_bytes()

    def full(self, row):
        raise OSError(errno.ENOSPC, "No space left on device", str(self.path))

    straight, hurt = tmp_path / "straight", tmp_path / "hurt"
    assert run_script("train.py", *TINY, "--steps", 6, "--out", straight)[0] == 0
    jumps = itertools.cycle((0, -86400, 86400, -3 * 86400))
    for name in ("time", "monotonic"):
        clock = getattr(time, name)
        monkeypatch.setattr(time, name, lambda clock=clock: clock() + next(jumps))
    with monkeypatch.context() as context:
        context.setattr(CSVTable, "append", full)
        code, _, error = run_script("train.py", *TINY, "--steps", 6, "--out", hurt)
    assert code == 5
    last = error.strip().splitlines()[-1]
    assert last == f"error: {hurt / 'metrics.csv'}: No space left on device"
    assert "Traceback" not in error
    assert run_script("train.py", "--resume", hurt)[0] == 0
    assert found(hurt) == found(straight)
