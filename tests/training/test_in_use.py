"""Two processes do not train in one run directory."""

import os
import runpy
import subprocess
import sys
import textwrap
import types

import pytest

from tests.conftest import ROOT
from tfgan_ref.errors import InputError
from tfgan_ref.training import run_directory
from tfgan_ref.training.run_directory import RunDirectory


def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path):
    run = RunDirectory.create(tmp_path / "run", {})
    code = """
        import sys
        from pathlib import Path
        from tfgan_ref.training.run_directory import RunDirectory
        with RunDirectory(Path(sys.argv[1])).in_use():
            print("locked", flush=True)
            sys.stdin.read()
    """
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(run.path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(InputError, match=r"run is in use by another process"), run.in_use():
            pass
    finally:
        other.kill()
        other.communicate()
    with run.in_use():
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere; runs as any other user")
def test_a_read_only_run_directory_is_said(tmp_path):
    run = RunDirectory.create(tmp_path / "run", {})
    run.path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="cannot be written"), run.in_use():
            pass
    finally:
        run.path.chmod(0o700)


def test_windows_has_another_lock(tmp_path, monkeypatch):
    """It has no fcntl, locks no folder and replaces no locked file: a file of its own is locked."""
    held = []

    def locking(descriptor, mode, count):
        place = os.fstat(descriptor).st_ino
        if (mode, place) in held:
            raise PermissionError(13, "Permission denied")
        held.append((mode, place))
        assert count == 1

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2))
    there = runpy.run_path(run_directory.__file__)["RunDirectory"]
    run = there.create(tmp_path / "run", {})
    with run.in_use():
        assert held == [(2, (run.path / ".lock").stat().st_ino)]
        with pytest.raises(InputError, match="run is in use by another process"), run.in_use():
            pass
