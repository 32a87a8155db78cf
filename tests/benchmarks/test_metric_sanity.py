"""The sanity suite of the metrics: what it takes for seen, for steady and for a known answer."""

import json

import numpy as np
import pytest

from tests.conftest import ROOT


@pytest.fixture
def suite(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import metric_sanity

    return metric_sanity


def scores_of(suite, **changes):
    """Scores with a noise of 0.01 around 1, and what cases change."""
    noise = np.array([-0.01, 0.0, 0.01])
    return {case: 1 + noise + changes.get(case, 0.0) for case in suite.CASES}


def test_verdicts_of_a_perfect_metric_of_fidelity(suite):
    metric = suite.Metric("fidelity", lambda draw: 0.0, better=1, ideal=1.0, share=True)
    bad = dict.fromkeys(("shift", "wide", "behind outlier", "units", "shift, d = 2", "shift, d = 64"), -0.8)
    halves = dict.fromkeys(("half shift", "units, half"), -0.4)
    found = suite.verdicts(metric, scores_of(suite, invented=-0.5, **bad, **halves))
    assert all(passed for passed, _, _ in found.values())
    assert len(found) == 16
    assert found["half"][2] == pytest.approx(0.5)
    assert found["shift"][2] == pytest.approx(80)


@pytest.mark.parametrize(
    ("case", "change", "check"),
    [
        ("wide", -0.02, "wide"),  # two standard deviations are not seen
        ("dropped", -0.1, "dropped"),
        ("fake outliers", 0.1, "fake outliers"),
        ("few", -0.1, "few"),
        ("copies", 0.1, "copies"),  # taken for better than perfect fakes
        ("perfect, d = 2", -0.2, "d = 2"),
        ("invented", -0.4, "half"),
        ("units", -0.5, "units"),
    ],
)
def test_each_check_can_fail(suite, case, change, check):
    metric = suite.Metric("fidelity", lambda draw: 0.0, better=1, ideal=1.0, share=True)
    bad = dict.fromkeys(("shift", "wide", "behind outlier", "units", "shift, d = 2", "shift, d = 64"), -0.8)
    halves = dict.fromkeys(("half shift", "units, half"), -0.4)
    found = suite.verdicts(metric, scores_of(suite, **{"invented": -0.5} | bad | halves | {case: change}))
    assert {name for name, (passed, _, _) in found.items() if not passed} == {check}


def test_metrics_of_copies_are_asked_for_copies_only(suite):
    metric = suite.Metric("copying", lambda draw: 0.0, ideal=1.0, sees_copies=True)
    found = suite.verdicts(metric, scores_of(suite, copies=0.5, few=0.2))
    assert {name for name, (passed, _, _) in found.items() if not passed} == {"few"}
    assert "collapsed" not in found
    assert not suite.verdicts(metric, scores_of(suite))["copies"][0]


def test_cases_are_what_their_names_say(suite):
    draws = {case: draw(np.random.default_rng(0)) for case, draw in suite.CASES.items()}
    assert {len(draw.fake) for case, draw in draws.items() if case != "few"} == {suite.ROWS}
    assert set(draws["dropped"].labels[2]) == {0, 1}
    assert len(np.unique(draws["collapsed"].fake, axis=0)) == suite.MODES
    np.testing.assert_array_equal(draws["copies"].fake[::-1], draws["copies"].training)
    assert sum(np.linalg.norm(draws["real outliers"].held_out, axis=1) > 50) == suite.ROWS // 100
    moved = draws["shift"].fake - draws["perfect"].fake
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), suite.SHIFT)


def test_too_few_repeats_are_refused(run_script, tmp_path):
    arguments = ("--repeats", 1, "--out", tmp_path)
    code, _, error = run_script("metric_sanity.py", *arguments, folder="benchmarks")
    assert code
    assert error.strip() == "error: --repeats 1 is out of range: at least 2"


@pytest.mark.slow
def test_the_suite_runs(suite, run_script, tmp_path):
    code, out, error = run_script("metric_sanity.py", "--repeats", 2, "--out", tmp_path, folder="benchmarks")
    assert code == 0, error
    rows = json.loads((tmp_path / "results.json").read_text())
    verdicts = {(row["metric"], row["check"]): row["passed"] for row in rows if "check" in row}
    assert verdicts["memorisation", "copies"]
    assert verdicts["Clipped Density", "behind outlier"]
    assert not verdicts["precision", "behind outlier"]
    assert "| memorisation | copying |" in out
