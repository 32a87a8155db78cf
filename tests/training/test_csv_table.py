"""The tables of a run, after kills and full disks."""

import pytest

from tfgan_ref.errors import InputError
from tfgan_ref.training.csv_table import CSVTable


def rows(path):
    return path.read_text().splitlines()


def test_rows_after_the_last_checkpoint_are_dropped(tmp_path):
    path = tmp_path / "metrics.csv"
    table = CSVTable(path, up_to_step=0)
    assert table.last == {}
    for step in (2, 4, 5):
        table.append({"step": step, "loss": step / 10})
    again = CSVTable(path, up_to_step=4)
    assert again.last == {"step": "4", "loss": "0.4"}
    again.append({"step": 6, "loss": 0.7})
    assert rows(path) == ["step,loss", "2,0.2", "4,0.4", "6,0.7"]


@pytest.mark.parametrize("left", ["", "st", "step,loss", "step,loss\n", "step,loss\n2,0.", "step,loss\n2"])
def test_what_a_kill_left_half_written_is_written_anew(tmp_path, left):
    path = tmp_path / "metrics.csv"
    path.write_text(left)
    table = CSVTable(path, up_to_step=2)
    assert table.last == {}
    table.append({"step": 2, "loss": 0.25})
    assert rows(path) == ["step,loss", "2,0.25"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"step,loss\n2,0.1\n4\n", "line 3 is no row"),
        (b"step,loss\nx,0.1\n", "line 2 is no row"),
        (b"step,loss\n2,much\n", "line 2 is no row"),
        (b"step,loss\n2,0.1\xff\n", "it is no text"),
    ],
)
def test_what_no_run_writes_is_said(tmp_path, content, message):
    path = tmp_path / "metrics.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"metrics\.csv is damaged: {message}"):
        CSVTable(path, up_to_step=4)
