"""The benchmark of speech, at a size that shows only that it runs and writes what it says."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.scripts.test_scripts import is_one_line_error
from tfgan_ref.data.sounds.wav import read_wav
from tfgan_ref.evaluation import classifier


@pytest.fixture
def run(run_script, monkeypatch, tmp_path):
    """Runs the benchmark in this process, with a short classifier away from the user's cache."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(classifier, "STEPS", 20)
    return lambda *arguments: run_script("speech.py", *arguments, folder="benchmarks")


@pytest.mark.filterwarnings("ignore:Frechet distance from")  # of so few samples, it warns
@pytest.mark.slow
def test_benchmark_scores_and_writes(run, tmp_path):
    labels = np.arange(120) % 2
    pitch = (300 + 1500 * labels + np.arange(120))[:, None]
    audio = np.sin(2 * np.pi * pitch * np.arange(1024) / 8000).astype(np.float32)
    names = np.array(["low", "high"])
    np.savez(tmp_path / "a.npz", audio=audio, labels=labels, sample_rate=np.array(8000), class_names=names)
    out = tmp_path / "out"
    arguments = [f"--data=npz:{tmp_path / 'a.npz'}", "--length", 1024, "--steps", 2, "--n", 20, "--out", out]
    code, said, err = run(*arguments)
    assert code == 0, err
    (row,) = json.loads((out / "results.json").read_text())
    for key in ("agreement", "precision", "recall", "classifier_accuracy"):
        assert 0 <= row[key] <= 1
    assert row["agreement"] == pytest.approx(np.mean(list(row["agreement_by_class"].values())))
    assert row["frechet"] > row["frechet_floor"] > 0
    assert row["cpu_seconds"] > 0
    assert "| both |" in (out / "table.md").read_text()
    assert "agreement of both" in said
    assert Image.open(out / "spectrograms.png").size == (8 * 18 + 2, 2 * 130 + 2)
    for name in ("0_low", "1_high"):
        samples, rate = read_wav(out / f"{name}.wav")
        assert (samples.shape, rate) == ((1024,), 8000)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--ways", "both,ear"], "way 'ear' is unknown: choose some of both, waveform, wgan_gp"),
        (["--n", 3], "n 3 is out of range: at least 20"),
        (["--data", "nowhere"], "data set 'nowhere' is not known"),
        (["--steps", "few"], "setting steps='few' is not a whole number"),
    ],
)
def test_bad_arguments(run, tmp_path, arguments, part):
    is_one_line_error(run(*arguments, "--out", tmp_path / "out"), part)


def test_diversity_is_that_within_classes(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import speech

    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 10)
    varied = rng.integers(0, 256, (20, 4, 4, 1), np.uint8)
    same = np.repeat(varied[[0, 10]], 10, axis=0)
    assert speech.spread(same, labels) == 0
    pairs = [
        np.linalg.norm(varied[i].astype(float) - varied[j])
        for i in range(20)
        for j in range(i + 1, 20)
        if labels[i] == labels[j]
    ]
    assert speech.spread(varied, labels) == pytest.approx(np.mean(pairs), rel=1e-5)
