"""Paths in names of data sets are made absolute; all else in the names stays."""

import pytest

from tfgan_ref.data.names import absolute_paths


@pytest.mark.parametrize(
    ("name", "absolute"),
    [
        ("digits", "digits"),
        ("mnist:3.0.1", "mnist:3.0.1"),
        ("folder:nowhere", "folder:nowhere"),
        ("folder:a", "folder:{here}/a"),
        ("folder:/", "folder:/"),
        ("npzpairs:b:first:second", "npzpairs:{here}/b:first:second"),
        ("tsv:b:a:b", "tsv:{here}/b:a:b"),
        ("wav:a:{{label}}_{{take}}", "wav:{here}/a:{{label}}_{{take}}"),
        ("pairs:a:b", "pairs:{here}/a:{here}/b"),
        ("folder:c:d", "folder:{here}/c:d"),
        ("folder:~/a", "folder:{here}/a"),
        ("tfrecord:?", "tfrecord:{here}/?"),
        ("d.py:make", "{here}/d.py:make"),
        ("~/d.py:make", "{here}/d.py:make"),
        ("nowhere.py:make", "nowhere.py:make"),
        ("tfrecord:?.x", "tfrecord:?.x"),
    ],
)
def test_paths_that_exist_become_absolute(tmp_path, monkeypatch, name, absolute):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in ("a", "b", "c:d", "digits", "d.py"):
        (tmp_path / folder).mkdir()
    assert absolute_paths(name.format()) == absolute.format(here=tmp_path)
