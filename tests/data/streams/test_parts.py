"""Files by number, and parts of files, which must stay what they were when they were listed."""

import io
import os

import pytest

from tfgan_ref.data.streams.stores import Changed, FolderStore, Part, Status, read_part


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


@pytest.fixture
def store(tmp_path):
    files = [tmp_path / "a" / "1.jpg", tmp_path / "b" / "2.jpg", tmp_path / "b" / "gone.jpg"]
    for file in files[:2]:
        file.parent.mkdir()
        file.write_bytes(file.name.encode())
    files[2].symlink_to("nothing")
    return FolderStore(tmp_path, files)


def test_files_are_read_by_number(store):
    assert store.names == ["a/1.jpg", "b/2.jpg", "b/gone.jpg"]
    assert store.sizes.tolist() == [5, 5, -1]
    assert store.read(1) == b"2.jpg"
    with store.open(0) as file:
        assert file.read(2) == b"1."


def test_a_link_that_leads_nowhere_is_damaged_and_no_change(store):
    with pytest.raises(OSError, match="leads nowhere"):
        store.read(2)


@pytest.mark.parametrize("instead", ["nothing", "folder", "no folder"])
def test_a_file_that_is_gone_is_a_change(store, instead):
    path = store.place / "a" / "1.jpg"
    path.unlink()
    if instead == "folder":
        path.mkdir()
    elif instead == "no folder":
        path.parent.rmdir()
        path.parent.write_bytes(b"")
    with pytest.raises(Changed, match=r"^a/1.jpg is gone$"):
        store.read(0)


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_that_is_another_one_is_a_change(store, change):
    path = store.place / "b" / "2.jpg"
    if change == "size":
        path.write_bytes(b"longer than before")
    else:
        os.utime(path, ns=(0, int(store.stamps[1]) + 1))
    with pytest.raises(Changed, match=r"^b/2.jpg has changed$"):
        store.read(1)
