"""A run that is killed and resumed ends where an uninterrupted one does, bit for bit."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from tests.conftest import ROOT, same, values, without_export
from tfgan_ref.recipes import RECIPES
from tfgan_ref.run import build, train
from tfgan_ref.training.checkpoints import Checkpoints

# Every technique with state or noise of its own, on a network small enough for a test.
SETTINGS = {
    "dropout": 0.3, "replay": 40, "instance_noise": 0.2, "instance_noise_steps": 60, "schedule": "cosine",
    "warmup_steps": 5, "label_noise": 0.05, "label_smoothing": 0.1, "n_critic": 2, "width": 4,
    "batch_size": 16, "log_every": 10, "sample_every": 20, "checkpoint_every": 10,
    "steps_per_execution": 5, "balanced": True,
}  # fmt: skip
STEPS = 60


def command(*arguments):
    return [sys.executable, str(ROOT / "scripts" / "train.py"), *map(str, arguments)]


def start(out):
    pairs = [part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")]
    return command("cgan", "--steps", STEPS, "--out", out, *pairs)


def state(run):
    gan = build.restore_gan(run)
    return values([variable for group in gan.state().values() for variable in group])


def newest(run):
    return max((p.name for p in (run / "checkpoints").glob("step_*")), default="")


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    run = tmp_path_factory.mktemp("resume") / "straight"
    subprocess.run(start(run), check=True, capture_output=True)
    return run


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A run that SIGKILL ended about half way, between two checkpoints."""
    run = tmp_path_factory.mktemp("resume") / "killed"
    process = subprocess.Popen(start(run), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while newest(run) < f"step_{STEPS // 2:08d}" and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run ended before it was killed"
    assert newest(run) < f"step_{STEPS:08d}"
    return run


@pytest.mark.slow
def test_killed_and_resumed_run_is_bit_identical(uninterrupted, killed):
    done = subprocess.run(command("--resume", killed), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "resuming" in done.stderr
    straight, resumed = state(uninterrupted), state(killed)
    assert len(straight) > 50
    assert same(straight, resumed)
    # What users see is the same too.
    assert (uninterrupted / "samples.png").read_bytes() == (killed / "samples.png").read_bytes()
    tables = []
    for run in (uninterrupted, killed):
        with (run / "metrics.csv").open() as file:
            tables.append([{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)])
    assert tables[0] == tables[1]
    assert [int(row["step"]) for row in tables[0]] == list(range(10, STEPS + 1, 10))


@pytest.mark.slow
def test_run_directory_holds_all_that_a_run_is(uninterrupted):
    names = {p.name for p in uninterrupted.iterdir()}
    assert names == {
        "config.json", "checkpoints", "logs", "metrics.csv", "samples", "samples.png", "generator.keras",
        "saved_model", "walk.webp", "starts.json", "report.html",
    }  # fmt: skip
    report = (uninterrupted / "report.html").read_text(encoding="utf-8")
    data = json.loads(report.partition('id="data">')[2].partition("</script>")[0])
    (shown,) = data["runs"]
    assert shown["status"]["finished"]
    assert shown["curves"]["columns"]["step"] == list(range(10, STEPS + 1, 10))
    assert shown["starts"][0]["command"].startswith("tfgan train cgan --steps 60 --out ")
    assert sorted(p.name for p in (uninterrupted / "samples").iterdir()) == [
        f"step_{step:08d}.png" for step in (20, 40, 60)
    ]
    assert list((uninterrupted / "logs").glob("events*"))
    assert len(list((uninterrupted / "checkpoints").iterdir())) == 3


@pytest.mark.slow
def test_resuming_a_finished_run_changes_nothing(uninterrupted):
    before = (uninterrupted / "metrics.csv").read_bytes(), state(uninterrupted)
    assert train.resume_run(uninterrupted)
    assert (uninterrupted / "metrics.csv").read_bytes() == before[0]
    assert same(state(uninterrupted), before[1])


@pytest.mark.slow
def test_a_run_with_xla_resumes_bit_for_bit(tmp_path):
    """Whatever the number of steps in a call: measured in one run, 1 and then measured in the other."""
    recipe = without_export(RECIPES["gan"])
    common = {"depth": 1, "batch_size": 8, "jit": "on", "log_every": 4, "checkpoint_every": 4}
    assert train.start_run(recipe, recipe.settings(steps=12, **common), tmp_path / "straight")
    settings = recipe.settings(steps=6, steps_per_execution=1, **common)
    assert train.start_run(recipe, settings, tmp_path / "resumed")
    assert train.resume_run(tmp_path / "resumed", steps=12, steps_per_execution=None)
    assert same(state(tmp_path / "straight"), state(tmp_path / "resumed"))
    rows = [(tmp_path / run / "metrics.csv").read_text().splitlines() for run in ("straight", "resumed")]
    assert [row.split(",")[0] for row in rows[0]] == ["step", "4", "8", "12"]
    assert [row.split(",")[2:] for row in rows[0][:2]] == [row.split(",")[2:] for row in rows[1][:2]]


@pytest.mark.slow
def test_ctrl_c_saves_a_checkpoint_and_exits(tmp_path):
    run = tmp_path / "run"
    process = subprocess.Popen(start(run), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 120
    while newest(run) < "step_00000010" and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert f"continue with: python scripts/train.py --resume {run}" in output
    assert "Traceback" not in output
    gan = build.restore_gan(run)
    step = int(gan.step.numpy())
    assert 10 <= step < STEPS
    assert Checkpoints(run / "checkpoints", gan).paths()[-1].name == f"step_{step:08d}"
    assert not np.isnan(gan.generate(1, 0)).any()


@pytest.mark.slow
def test_run_that_evaluates_keeps_its_best_generator(tmp_path, monkeypatch, run_script):
    """Scores every few steps; after a kill and a resume the table and the best are as if there was none."""
    from tfgan_ref.evaluation import classifier

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(classifier, "STEPS", 4)
    settings = {"width": 4, "batch_size": 16, "evaluate_every": 4, "evaluate_n": 50, "checkpoint_every": 2,
                "evaluate_metrics": "fid,precision_recall", "log_every": 4, "sample_every": 4}  # fmt: skip
    pairs = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    for name, steps in (("straight", 12), ("short", 6)):
        code, _, err = run_script("train.py", "cgan", "--steps", steps, "--out", tmp_path / name, *pairs)
        assert code == 0, err
    # A row after the last checkpoint, as a kill leaves it: cut off.
    with (tmp_path / "short" / "evaluations.csv").open("a") as file:
        file.write("8,1.0")
    code, _, err = run_script("train.py", "--resume", tmp_path / "short", "--steps", 12)
    assert code == 0, err
    tables = [(tmp_path / name / "evaluations.csv").read_text() for name in ("straight", "short")]
    assert tables[0] == tables[1]
    header, *rows = tables[0].splitlines()
    assert header == "step,fid,precision_recall.precision,precision_recall.recall"
    assert [row.split(",")[0] for row in rows] == ["4", "8", "12"]
    best = json.loads((tmp_path / "straight" / "best.json").read_text())
    lowest = min(rows, key=lambda row: float(row.split(",")[1]))
    assert best["metric"] == "fid"
    assert [score["metric"] for score in best["scores"]] == header.split(",")[1:]
    assert best["scores"][0]["value"] == best["value"]
    assert best["scores"][0]["floor"] >= 0
    assert str(best["step"]) == lowest.split(",")[0]
    generator = keras.saving.load_model(tmp_path / "straight" / "best_generator.keras")
    assert generator.output_shape == (None, 28, 28, 1)
