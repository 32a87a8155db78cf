"""The list of mutants fits the package and its committed results (benchmarks/mutants.py)."""

import json
from collections import Counter

import pytest

from tests.conftest import ROOT
from tests.scripts.test_scripts import is_one_line_error

RESULTS = ROOT / "benchmarks" / "results" / "mutants" / "results.json"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_every_mutant_fits_the_code_and_its_tests_are_there():
    import mutants

    found = mutants.read_mutants()
    assert len(found) >= 120
    for mutant in found:
        mutant.source()
        for test in mutant.tests:
            file, _, name = test.partition("::")
            code = (ROOT / file).read_text(encoding="utf-8")
            assert f"def {name.partition('[')[0]}(" in code or not name, f"{mutant.name}: {test}"


def test_committed_results_are_of_the_list():
    import mutants

    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    assert set(mutants.kept_rows(RESULTS, mutants.read_mutants())) == {row["name"] for row in rows}
    assert len(rows) == len(mutants.read_mutants())
    results = Counter(row["result"] for row in rows)
    assert results["caught"] >= 0.95 * len(rows)
    assert set(results) <= {"caught", "survived"}


@pytest.fixture
def tree(tmp_path):
    """A tree of one module and its tests, which pass."""
    for folder in ("tfgan_ref", "tests"):
        (tmp_path / "whole" / folder).mkdir(parents=True)
        (tmp_path / "whole" / folder / "__init__.py").touch()
    (tmp_path / "whole" / "tfgan_ref" / "sums.py").write_text("def twice(x):\n    return 2 * x\n")
    (tmp_path / "whole" / "tests" / "test_sums.py").write_text(
        "from tfgan_ref.sums import twice\n\n\ndef test_twice():\n    assert twice(3) == 6\n"
    )
    return tmp_path


CHANGES = {
    "2 * x": "survived",
    "3 * x": "caught",
    "2 * y": "broken",  # NameError, whatever is tested
    "__import__('time').sleep(60)": "timed out",
    ")": "broken",  # cannot be imported
}


@pytest.mark.slow
def test_verdicts(tree):
    import mutants
    from mutant_runs import TestRun, share_tree

    runs = []
    for number, change in enumerate(CHANGES):
        text = f"def twice(x):\n    return {change}\n"
        folder = share_tree(tree / "whole", tree / str(number), "sums.py", text)
        limit = 3.0 if "sleep" in change else 60.0
        runs.append((change, TestRun(folder, ["tests/test_sums.py::test_twice"], limit)))
    outcomes = dict(mutants.run_all(runs, 2))
    assert {change: outcome.verdict for change, outcome in outcomes.items()} == CHANGES
    caught = outcomes["3 * x"]
    assert (caught.test, caught.tests) == ("tests/test_sums.py::test_twice", 1)
    assert caught.error.startswith("assert 9 == 6")
    # The tree itself has not changed, and the others are gone.
    assert "2 * x" in (tree / "whole" / "tfgan_ref" / "sums.py").read_text()
    assert [path.name for path in tree.iterdir()] == ["whole"]


def test_a_list_that_is_not_as_described(tmp_path):
    import mutants

    entry = '[["losses.py"]]\nname = "a"\nchange = "b"\nold = "c"\nnew = "d"\ntests = ["e"]\n'
    (tmp_path / "list.toml").write_text(entry)
    (only,) = mutants.read_mutants(tmp_path)
    assert (only.file, only.tests) == ("losses.py", ("e",))
    with pytest.raises(
        mutants.InputError, match="mutant a: its text occurs [0-9]+ times in losses.py, not once"
    ):
        only.source()
    for text, part in (
        (entry * 2, "mutant a is written down twice"),
        (entry.replace("change", "why"), "list.toml is no list of mutants"),
        ("[[", "list.toml is no list of mutants"),
    ):
        (tmp_path / "list.toml").write_text(text)
        with pytest.raises(mutants.InputError, match=part):
            mutants.read_mutants(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "--out is missing: a directory for the results"),
        (["--list", "--jobs", 0], "--jobs 0 is out of range: at least 1"),
        (["--out", "OUT", "--only", "moon"], "mutant 'moon' is unknown: choose some of "),
    ],
)
def test_bad_arguments(run_script, tmp_path, arguments, part):
    arguments = [tmp_path if argument == "OUT" else argument for argument in arguments]
    is_one_line_error(run_script("mutants.py", *arguments, folder="benchmarks"), part)
