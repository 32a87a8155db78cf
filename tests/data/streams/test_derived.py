"""Rows that are computed from others as these are read."""

import numpy as np
import pytest

from tests.recorded_rows import RecordedRows
from tfgan_ref.data.streams import derived
from tfgan_ref.data.streams.derived import DerivedRows

IMAGES = np.random.default_rng(0).integers(0, 256, (300, 4, 6, 1), np.uint8)


def halves(rows):
    return DerivedRows(rows, (4, 3, 1), lambda images: images[:, :, :3], "halves")


def test_each_row_is_derived_and_few_are_read_at_a_time(monkeypatch):
    monkeypatch.setattr(derived, "_TOGETHER", 7)
    rows = RecordedRows(IMAGES)
    part = halves(rows.take(np.arange(100, 160)))
    assert part.shape == (60, 4, 3, 1)
    np.testing.assert_array_equal(part[:], IMAGES[100:160, :, :3])
    np.testing.assert_array_equal(part.take(np.array([5, 3]))[1], IMAGES[103, :, :3])
    assert max(rows.asked) == 7


def test_damaged_rows_are_those_of_what_is_read(monkeypatch, caplog):
    monkeypatch.setattr(derived, "_TOGETHER", 7)
    rows = RecordedRows(IMAGES, {9, 12})
    images, places = halves(rows).read_sound(np.arange(20))
    sound = np.setdiff1d(np.arange(20), [9, 12])
    np.testing.assert_array_equal(places, sound)
    np.testing.assert_array_equal(images, IMAGES[sound, :, :3])
    assert 9 in rows.faults
    assert "12.png (cut off)" in caplog.text


@pytest.mark.parametrize("text", ["fingerprint", "version"])
def test_names_tell_what_was_derived(text):
    rows = RecordedRows(IMAGES)
    others = [DerivedRows(rows, (4, 6, 1), lambda images: images, how) for how in ("one", "two")]
    assert len({getattr(each, text) for each in (rows, *others)}) == 3


def test_of_rows_without_a_version_nothing_has_one():
    assert halves(RecordedRows(IMAGES, version=None)).version is None
