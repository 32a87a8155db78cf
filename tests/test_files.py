"""What is written to files."""

import errno
import json
import os

import numpy as np
import pytest

from tfgan_ref import files
from tfgan_ref.errors import InputError
from tfgan_ref.files import check_writable, write_bytes, write_json


def test_json_is_json_whatever_the_numbers(tmp_path):
    value = {
        "a": [1.5, float("inf")],
        "b": {"c": (float("nan"), -np.inf, np.float64(2))},
        "d": "inf",
    }
    write_json(tmp_path / "a.json", value)

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    read = json.loads((tmp_path / "a.json").read_text(), parse_constant=refuse)
    assert read == {"a": [1.5, None], "b": {"c": [None, None, 2]}, "d": "inf"}


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("图" * 83 + ".bytes")  # 255 bytes
    check_writable(path)
    write_bytes(path, b"content")
    assert [(part.name, part.read_bytes()) for part in tmp_path.iterdir()] == [(path.name, b"content")]
    with pytest.raises(InputError, match="cannot be written: a name has more than 255 bytes"):
        check_writable(path.with_name("x" + path.name))
    with pytest.raises(InputError, match="cannot be written: a name has more than 255 bytes"):
        check_writable(tmp_path / ("x" * 256) / "a.png")


def test_where_nothing_can_be_written_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file"
    file.write_text("mine")
    for path in (file, tmp_path / "a" / "b" / "c.png", tmp_path, type(file)("here.png"), type(file)("a/b")):
        check_writable(path)
    with pytest.raises(InputError, match="file/a/b.png cannot be written: .*file is not a folder"):
        check_writable(file / "a" / "b.png")
    assert [part.name for part in tmp_path.iterdir()] == ["file"]
    # As for a folder without permission, which root would have.
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    for path in (tmp_path / "new.png", tmp_path / "a" / "b", file, tmp_path):
        with pytest.raises(InputError, match="cannot be written: no permission to write in"):
            check_writable(path)


def test_a_cache_that_cannot_be_written_is_said_and_left(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    files.keep(tmp_path / "file" / "a.json", lambda path: files.write_json(path, 1))
    files.keep_folder(tmp_path / "file" / "b", lambda folder: pytest.fail("there is no folder to fill"))
    assert [record.getMessage().partition(" cannot be written")[0] for record in caplog.records] == [
        str(tmp_path / "file" / "a.json"),
        str(tmp_path / "file" / "b"),
    ]

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        files.keep(tmp_path / "c", full)
