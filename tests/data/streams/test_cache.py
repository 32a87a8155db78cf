"""Decoded pictures in a file: the bits of those decoded each time, and never those of other files."""

import fcntl
import json
import logging
import os
import threading
import types

import numpy as np
import pytest

from tests.data.streams.conftest import jpeg
from tfgan_ref.data import read
from tfgan_ref.data.streams import cache
from tfgan_ref.data.streams.pictures import PictureRows
from tfgan_ref.errors import InputError

N = 12


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "pictures"
    for number in range(N):
        path = place / "ab"[number % 2] / f"{number:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(number))
    return place


def cached(folder, place, **form):
    return read(f"folder:{folder}", image_size=12, cache=place, **form)


def decoded_once(monkeypatch):
    """The list of what is written to caches from now on."""
    written = []
    write = cache._write
    monkeypatch.setattr(cache, "_write", lambda path, rows: written.append(path) or write(path, rows))
    return written


@pytest.mark.parametrize("stream", ["on", "off"])
def test_pictures_are_decoded_once_and_have_the_same_bits(folder, tmp_path, stream, monkeypatch):
    plain = read(f"folder:{folder}", image_size=12, stream=stream)
    written = decoded_once(monkeypatch)
    for _ in range(2):
        kept = cached(folder, tmp_path / "cache", stream=stream)
        np.testing.assert_array_equal(kept.images[:], plain.images[:])
        np.testing.assert_array_equal(kept.labels, plain.labels)
        assert kept.fingerprint == plain.fingerprint
    assert len(written) == 1
    np.testing.assert_array_equal(np.load(written[0]), plain.images[:])  # a file that NumPy reads


@pytest.mark.parametrize("change", ["a file", "the form", "the kept pictures", "the notes"])
def test_what_has_changed_is_decoded_again(folder, tmp_path, change, monkeypatch, caplog):
    cached(folder, tmp_path / "cache", stream="on")
    (kept,) = (tmp_path / "cache").glob("*.npy")
    written = decoded_once(monkeypatch)
    form = {"channels": 1} if change == "the form" else {}
    if change == "a file":
        (folder / "a" / "000.jpg").write_bytes(jpeg(99))
    elif change == "the kept pictures":
        kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    elif change == "the notes":
        kept.with_suffix(".json").write_text("{")
    again = cached(folder, tmp_path / "cache", stream="on", **form)
    assert len(written) == 1
    plain = read(f"folder:{folder}", image_size=12, **form)
    np.testing.assert_array_equal(again.images[:], plain.images)
    assert ("decoding the pictures again" in caplog.text) == (change in ("the kept pictures", "the notes"))


@pytest.mark.parametrize("stream", ["on", "off"])
def test_a_reader_that_may_not_write_uses_what_is_kept_of_the_very_files(
    folder, tmp_path, stream, monkeypatch
):
    def contents():
        return {path.name: path.read_bytes() for path in tmp_path.glob("cache/*")}

    def reads():
        return cached(folder, tmp_path / "cache", stream=stream, write_cache=False)

    plain = read(f"folder:{folder}", image_size=12, stream=stream)
    pixels = plain.images[:]
    for _ in range(2):  # there is no such folder, then an empty one
        np.testing.assert_array_equal(reads().images[:], pixels)
        assert contents() == {}
        (tmp_path / "cache").mkdir(exist_ok=True)
    cached(folder, tmp_path / "cache", stream="on")
    before = contents()
    with monkeypatch.context() as patched:
        patched.setattr(PictureRows, "fetch", None)
        patched.setattr("tfgan_ref.data.images.stored.decode_first", None)
        kept = reads()
        np.testing.assert_array_equal(kept.images[:], pixels)
        assert kept.fingerprint == plain.fingerprint
    (folder / "a" / "000.jpg").write_bytes(jpeg(99))
    changed = read(f"folder:{folder}", image_size=12).images
    np.testing.assert_array_equal(reads().images[:], changed)
    assert contents() == before


def test_damaged_pictures_stay_damaged(folder, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("tfgan_ref.data.streams.faults.LARGEST_BAD_SHARE", 0.1)
    monkeypatch.setattr("tfgan_ref.data.images.stored.LARGEST_BAD_SHARE", 0.1)
    (folder / "b" / "003.jpg").write_bytes(jpeg(3)[:-40])
    plain = read(f"folder:{folder}", image_size=12)
    for _ in range(2):
        on_disk = cached(folder, tmp_path / "cache", stream="on")
        assert len(on_disk.images) == N
        assert len(on_disk.images.faults) == 1
        assert "b/003.jpg" in caplog.text
        in_memory = cached(folder, tmp_path / "cache")
        np.testing.assert_array_equal(in_memory.images, plain.images)
        np.testing.assert_array_equal(in_memory.labels, plain.labels)


def test_one_process_writes_and_another_waits(folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    place = tmp_path / "cache"
    cached(folder, place, stream="on")
    (lock,) = place.glob("*.lock")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threading.Thread(target=cached, args=(folder, place), kwargs={"stream": "on"})
        waiting.start()
        while "waiting for another process" not in caplog.text:
            assert waiting.is_alive()
            os.sched_yield()
    waiting.join(timeout=20)
    assert not waiting.is_alive()


def test_a_writer_that_was_killed_leaves_nothing_that_is_used(folder, tmp_path):
    place = tmp_path / "cache"
    plain = cached(folder, place, stream="on").images[:]
    (kept,) = place.glob("*.npy")
    kept.rename(kept.with_suffix(".tmp"))
    kept.with_suffix(".tmp").write_bytes(b"half of it")
    np.testing.assert_array_equal(cached(folder, place, stream="on").images[:], plain)
    assert json.loads(kept.with_suffix(".json").read_text())["damaged"] == {}
    assert not kept.with_suffix(".tmp").exists()


def test_what_is_refused(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/cache cannot be written"):
        cached(folder, tmp_path / "file" / "cache")
    with pytest.raises(
        InputError,
        match=r"^digits: these are no picture files, of which cache keeps what they hold: leave it out$",
    ):
        read("digits", cache=tmp_path)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=10))
    with pytest.raises(InputError, match="the decoded pictures take 0.0 GB, 0.0 GB are free there"):
        cached(folder, tmp_path / "cache", stream="on")
