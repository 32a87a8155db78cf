"""The figures in the documents are those of the committed results."""

import pytest

from tests.conftest import ROOT

RESULTS = ROOT / "benchmarks" / "results"
FILES = sorted(str(path.relative_to(RESULTS)) for path in RESULTS.rglob("*.json"))
UNPUBLISHED = {"mutants/results.json"}
CALLED = {"images_per_class", "batch_size"}


@pytest.fixture
def figures(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import figures

    return figures


def others(value, key=""):
    """The same results, every number a quarter larger and every yes a no; what rows are called by stays."""
    if isinstance(value, dict):
        return {name: others(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [others(item, key) for item in value]
    if isinstance(value, bool):
        return False
    return value * 1.25 if isinstance(value, int | float) and key not in CALLED else value


@pytest.mark.parametrize("file", [name for name in FILES if name not in UNPUBLISHED])
def test_the_documents_have_the_figures_of_the_file_and_no_others(figures, file):
    results = figures.read(file)
    assert figures.lacking(file, results) == []
    texts = list(figures.FIGURES[file](results))
    # Some rows are of counts and of verdicts, which stay.
    assert len(figures.lacking(file, others(results))) >= len(texts) / 4


def test_every_file_is_checked_and_named_in_the_list_of_figures(figures):
    assert set(FILES) == set(figures.FIGURES) | UNPUBLISHED
    listed = (ROOT / "docs" / "figures.md").read_text(encoding="utf-8")
    assert [name for name in FILES if name not in listed] == []


def test_a_text_stands_wherever_lines_end_and_gaps_are_within_a_line(figures):
    document = "It takes 4.5\nseconds (floor\n2.0).\n| a | 1 | x | 2 |\n| b | 3 | x | 4 |\n"
    assert figures.stands("takes 4.5 seconds (floor 2.0)", document)
    assert not figures.stands("takes 4.6 seconds", document)
    assert figures.stands("| a | 1 ... | 2 |", document)
    assert not figures.stands("| a | 1 ... | 4 |", document)
    assert not figures.stands("4x5", document)


def test_what_is_lacking_is_said(figures, monkeypatch, capsys):
    assert figures.main() == 0
    assert capsys.readouterr().out == f"the figures of {len(FILES) - 1} files stand in the documents\n"
    monkeypatch.setattr(
        figures, "FIGURES", {"claims/results.json": lambda _: iter([("README.md", "no such line")])}
    )
    assert figures.main() == 1
    assert capsys.readouterr().out == "README.md lacks, by claims/results.json: no such line\n"
