"""The page of published figures is what its script writes, and says what is not measured."""

import pytest

from tests.conftest import ROOT


@pytest.fixture
def published(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import published

    return published


def test_the_page_is_what_the_script_writes(published):
    assert (ROOT / "docs" / "published.md").read_text(encoding="utf-8") == published.page(), (
        "run python benchmarks/published.py"
    )


def test_modes_are_means_over_seeds_with_minutes(published):
    row = {"objective": "r1", "seed": 1, "modes": 24, "high_quality": 0.96, "reverse_kl": 0.01}
    row |= {"steps": 24_000, "seconds": 90, "cores": 2}
    other = row | {"seed": 2, "modes": 25, "high_quality": 0.98, "reverse_kl": 0.03}
    read = published.modes_of("r1")
    found = "`r1`: 24.5 ± 0.7 modes, 97.0 ± 1.4 %, KL 0.020 ± 0.014"
    assert read([row, other]) == (found, "2", "24,000", "at most 3.0")
    assert read([row | {"cpu_seconds": 60}, other | {"cpu_seconds": 120}])[3] == "1.5"


def test_what_has_no_row_is_not_measured(published, monkeypatch):
    assert published.modes_of("r1")([]) is None
    assert published.restored("srgan")([]) is None
    assert published.label_agreement({"rows": []}) is None
    entries = [("R1", "", lambda _: None)]
    section = published.Section("Ring", "Text.", "modes/ring/results.json", entries)
    monkeypatch.setattr(published, "SECTIONS", [section])
    assert "| R1 | - | not measured |  |  |  |" in published.page()
