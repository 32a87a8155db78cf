"""The record of how a run was trained."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tfgan_ref.training import starts
from tfgan_ref.training.starts import add_start, read_starts


def test_each_start_is_added_with_its_machine(tmp_path):
    path = tmp_path / "starts.json"
    assert read_starts(path) == []
    add_start(path, {"from_step": 0, "arguments": ["train", "gan"]})
    add_start(path, {"from_step": 5, "arguments": None})
    first, second = read_starts(path)
    assert (first["from_step"], first["arguments"]) == (0, ["train", "gan"])
    assert (second["from_step"], second["arguments"]) == (5, None)
    assert datetime.now(UTC) - datetime.fromisoformat(first["time"]) < timedelta(minutes=1)
    assert first["cores"] >= 1
    assert first["processor"]
    assert first["system"]


def test_of_very_many_the_first_and_the_last_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(starts, "MOST", 3)
    for step in range(6):
        add_start(tmp_path / "starts.json", {"from_step": step})
    assert [start["from_step"] for start in read_starts(tmp_path / "starts.json")] == [0, 4, 5]


@pytest.mark.parametrize("damaged", ["", "{}", "[1, [2]]", "[" * 100000, '"x"'], ids=range(5))
def test_a_damaged_record_begins_anew(tmp_path, damaged):
    path = tmp_path / "starts.json"
    path.write_text(damaged)
    assert read_starts(path) == []
    add_start(path, {"from_step": 3})
    assert json.loads(path.read_text())[0]["from_step"] == 3
