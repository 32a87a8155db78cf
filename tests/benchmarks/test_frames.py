"""The benchmark of frames: whom it draws, and the pictures that it writes."""

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from tfgan_ref.data.clips.factors import holds, holds_any
from tfgan_ref.data.clips.figures import FACTORS, HELD_OUT


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import frames

    return frames


def test_groups_hold_their_pairs_and_are_as_large_as_asked(benchmark):
    groups = benchmark.groups_of(30)
    assert list(groups) == [*map(str, HELD_OUT), benchmark.ALL, benchmark.SEEN]
    for pair in HELD_OUT:
        assert holds(groups[str(pair)], pair, FACTORS).sum() == len(groups[str(pair)]) == 30
    assert len(groups[benchmark.ALL]) == 30 * len(HELD_OUT)
    assert len(groups[benchmark.SEEN]) == 30
    assert not holds_any(groups[benchmark.SEEN], HELD_OUT, FACTORS).any()


def test_pictures_show_drawn_above_real(benchmark, tmp_path):
    shown = [(np.full((4, 8, 32, 32, 3), 200, np.uint8), np.full((4, 8, 32, 32, 3), 90, np.uint8))] * 2
    benchmark.write_pictures(tmp_path, shown)
    picture = np.asarray(Image.open(tmp_path / "held_out.png"))
    assert [picture[2 * (34 * row + 10), 20, 0] for row in range(4)] == [200, 90, 200, 90]
    with Image.open(tmp_path / "held_out.gif") as gif:
        assert gif.size == (4 * 64, 2 * 64)
