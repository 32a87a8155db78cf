"""The mode tables: which runs are left, what a line says, and the discriminators' units and slopes."""

import numpy as np
import pytest

from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def path(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def row(objective, seed, modes, quality, divergence, **facts):
    found = {"modes": modes, "high_quality": quality, "reverse_kl": divergence}
    return {"objective": objective, "seed": seed, "summary": f"{objective}'s", **found, **facts}


def test_lines_have_mean_and_spread_over_seeds_best_coverage_first():
    from mode_table import table_cells

    rows = [
        row("few", 2, 5, 0.5, None),
        row("most", 2, 8, 0.99, 0.3),
        row("most", 1, 8, 0.97, 0.1),
        row("few", 1, 6, 0.6, None),
        row("evenly", 1, 8, 0.9, 0.01),
    ]
    assert table_cells(rows, 8) == [
        ["`evenly`", "evenly's", "8 of 8", "90.0 %", "0.010"],
        ["`most`", "most's", "8, 8 of 8", "98.0 ± 1.4 %", "0.200 ± 0.141"],
        ["`few`", "few's", "6, 5 of 8", "55.0 ± 7.1 %", "-"],
    ]


def test_stacks_have_no_share_of_high_quality():
    from mode_table import table_cells

    assert table_cells([row("r1", 1, 990, None, 0.2)], 1000)[0][2:] == ["990 of 1000", "-", "0.200"]


def test_only_runs_without_a_row_of_the_same_settings_are_left():
    from modes import unfinished

    settings = {"a": {"steps": 10, "settings": "new"}, "b": {"steps": 10, "settings": "same"}}
    rows = [
        row("a", 1, 8, 1.0, 0.0, steps=10, settings="old"),
        row("a", 2, 8, 1.0, 0.0, steps=10, settings="new"),
        row("b", 1, 8, 1.0, 0.0, steps=20, settings="same"),
        row("b", 2, 8, 1.0, 0.0),
    ]
    assert unfinished(rows, ["a", "b"], [1, 2], settings) == [("a", 1), ("b", 1), ("b", 2)]


def test_each_objective_is_described_by_its_settings():
    from mode_objectives import OBJECTIVES

    described = [objective.describe() for objective in OBJECTIVES.values()]
    assert len(set(described)) == len(described)
    assert OBJECTIVES["non_saturating"].describe() == "VanillaGAN"
    assert OBJECTIVES["packing2"].describe() == (
        "VanillaGAN, arguments {'packing': 2}, discriminator {'packing': 2}"
    )
    assert OBJECTIVES["smoothing"].describe().endswith("{'smoothing': 0.1, 'noise': 0.0}}")


def test_units_divide_the_points_and_slopes_multiply_the_logits():
    from mode_distributions import ring

    points = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    plain = ring().discriminator(1, spectral_norm=True)
    expected = 3 * plain(points / 8).numpy()
    given = ring().discriminator(1, spectral_norm=True, unit=8.0, slope=3.0)
    np.testing.assert_allclose(given(points).numpy(), expected, rtol=1e-5)
