"""Whether data stay on disk."""

import logging
import os

import pytest

from tfgan_ref.data.streams import choice

GB = 10**9


@pytest.mark.parametrize(
    ("stream", "nbytes", "expected"),
    [("off", 100 * GB, False), ("on", 1, True), ("auto", 2 * GB - 1, False), ("auto", 2 * GB, True)],
)
def test_data_stay_on_disk_if_they_take_a_quarter_of_the_free_memory(
    stream, nbytes, expected, monkeypatch, caplog
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(choice, "available_memory", lambda: 8.0 * GB)
    assert choice.streams("photos", nbytes, stream) is expected
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == expected
    if stream == "auto" and expected:
        assert said == [
            "photos: read from disk, not kept in memory: 2.0 GB, "
            "more than a quarter of the 8.0 GB that are free"
        ]
    if stream == "on":
        assert said[0].endswith("stream=on")


def test_free_memory_is_what_the_system_says():
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < choice.available_memory() <= there
