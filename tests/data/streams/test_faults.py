"""Damaged items: named once, counted, more than 1 % an error with a list."""

import logging

import pytest
import tensorflow as tf

from tfgan_ref.data.streams.faults import Faults
from tfgan_ref.errors import InputError


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_an_item_is_named_and_counted_once(caplog):
    faults = Faults("photos", 200)
    for _ in range(3):
        faults.add(7, "a.jpg", "truncated")
    faults.add(9, "b.jpg", "empty")
    assert len(faults) == 2
    assert 7 in faults
    assert 8 not in faults
    assert said(caplog) == [
        "photos: passed over, cannot be read: a.jpg (truncated)",
        "photos: passed over, cannot be read: b.jpg (empty)",
    ]


def test_more_than_one_in_a_hundred_end_the_reading(tmp_path, refused):
    faults = Faults("photos", 450)
    faults.report = tmp_path / "damaged.txt"
    for number in range(4):
        faults.add(number, f"{number}.jpg", "truncated")
    assert not faults.report.exists()
    with refused(
        "photos: 5 of 450 items cannot be read, more than 1 %: 0.jpg (truncated), 1.jpg (truncated), "
        f"2.jpg (truncated) and 2 more; all that were met are in {faults.report}"
    ):
        faults.add(4, "4.jpg", "truncated")
    assert faults.report.read_text().splitlines() == [f"{number}.jpg (truncated)" for number in range(5)]
    assert str(faults.error).startswith("photos: 5 of 450")


def test_without_a_run_there_is_no_list(refused):
    with refused("photos: 1 of 99 items cannot be read, more than 1 %: a.jpg (empty)"):
        Faults("photos", 99).add(0, "a.jpg", "empty")


def test_the_first_error_is_kept():
    faults = Faults("photos", 200)
    assert str(faults.stop("a.jpg is gone")) == "photos: a.jpg is gone"
    assert faults.stop("b.jpg is gone") is faults.error
    assert str(faults.error) == "photos: a.jpg is gone"


@pytest.mark.parametrize("stopped", [True, False])
def test_errors_of_the_graph_become_those_of_the_data(stopped):
    faults = Faults("photos", 200)
    if stopped:
        faults.stop("a.jpg is gone")
    with pytest.raises(InputError if stopped else tf.errors.OpError) as raised, faults.raised():
        raise tf.errors.UnknownError(None, None, "pages of TensorFlow")
    if stopped:
        assert str(raised.value) == "photos: a.jpg is gone"
        assert raised.value.__suppress_context__
