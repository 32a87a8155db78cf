"""Parts of files."""

import io
import os

import pytest

from tfgan_ref.data.streams.stores import Changed, Part, Status, read_part


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    return path


def test_a_part_is_read(file):
    known = Status.of(file)
    assert read_part(file, known, "f", 10, 5) == bytes(range(10, 15))
    assert read_part(file, known, "f", 90) == bytes(range(90, 100))
    with pytest.raises(OSError, match="f ends before it"):
        read_part(file, known, "f", 98, 3)


def test_a_part_of_another_file_is_not(file):
    known = Status.of(file)
    os.utime(file, ns=(0, 7))
    with pytest.raises(Changed, match="f has changed"):
        read_part(file, known, "f")
    file.unlink()
    with pytest.raises(Changed, match="f is gone"):
        read_part(file, known, "f")


def test_a_part_as_a_file(file):
    with io.BufferedReader(Part(file, 20, 10)) as part:
        assert part.read(3) == bytes([20, 21, 22])
        assert part.seek(-2, io.SEEK_END) == 8
        assert part.read() == bytes([28, 29])
        assert part.read() == b""
        part.seek(1)
        assert part.seek(2, io.SEEK_CUR) == 3
        assert part.read(1) == bytes([23])
