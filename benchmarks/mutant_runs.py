"""Test runs of a changed package: copies of the tree that share files, and forks that run pytest."""

import compileall
import contextlib
import gc
import importlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("tfgan_ref", "tests", "scripts", "benchmarks", "setup.cfg", "pyproject.toml", "requirements.txt")
CAUGHT, SURVIVED, BROKEN, LATE = "caught", "survived", "broken", "timed out"
# A change that ends in one of these was not written with care: any test at all would have caught it.
CARELESS = ("ImportError", "ModuleNotFoundError", "NameError", "SyntaxError", "UnboundLocalError")


def import_libraries() -> None:
    """Imports what takes seconds, so that forked processes have it from the start.

    Runs no operation: TensorFlow starts its threads at the first one, and no fork would have them.
    """
    sys.stderr.flush()
    standard_error = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)  # TensorFlow's notes about the machine
        try:
            import hypothesis  # noqa: F401
            import keras  # noqa: F401
            import matplotlib.figure  # noqa: F401
            import PIL.ImageOps  # noqa: F401
            import scipy.linalg
            import scipy.ndimage
            import scipy.optimize
            import scipy.signal  # noqa: F401
            import tensorflow as tf  # noqa: F401
            from _pytest.config import default_plugins

            for name in default_plugins:
                importlib.import_module(f"_pytest.{name}")
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
    gc.freeze()  # or each fork's garbage collector would look at all of it, and so copy the memory


def copy_tree(folder: Path) -> Path:
    """Copies what tests need into ``folder``, without results of benchmarks, and compiles the package."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
        else:
            shutil.copy2(source, folder / name)
    compileall.compile_dir(folder / "tfgan_ref", quiet=2)
    return folder


def share_tree(whole: Path, folder: Path, file: str | None = None, text: str = "") -> Path:
    """Makes a tree in ``folder`` that shares all files with ``whole`` but ``file``, which holds ``text``."""
    shutil.copytree(whole, folder, copy_function=os.link)
    if file is not None:
        path = folder / "tfgan_ref" / file
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
            compiled.unlink()
        path.unlink()
        path.write_text(text, encoding="utf-8")
    return folder


class Outcome(NamedTuple):
    """What came of a test run.

    Attributes:
        code: the exit code of pytest, None when it ran out of time.
        test: the first test that failed, if any.
        error: the first line of its complaint.
        tests: how many were run.
        seconds: wall-clock.
        output: what it printed.
    """

    code: int | None
    test: str
    error: str
    tests: int
    seconds: float
    output: str

    @property
    def verdict(self) -> str:
        """Returns what the run says of a change: only a test that ran and failed has caught it."""
        if self.code is None:
            return LATE
        if self.code == 0:
            return SURVIVED
        careless = self.error.partition(":")[0] in CARELESS
        return CAUGHT if self.code == 1 and self.test and not careless else BROKEN


@dataclass
class TestRun:
    """A process that runs pytest in a tree.

    Args:
        tree: what ``share_tree`` made, for this run alone.
        tests: files or node ids.
        limit: seconds.
    """

    tree: Path
    tests: Sequence[str]
    limit: float

    def start(self) -> None:
        """Forks the process."""
        self.begun = time.monotonic()
        self.process = os.fork()
        if not self.process:
            code = 70
            try:
                code = _run_pytest(self.tree, self.tests)
            finally:
                os._exit(code)

    def poll(self) -> Outcome | None:
        """Returns the outcome once there is one; kills the process after its time."""
        ended, status = os.waitpid(self.process, os.WNOHANG)
        seconds = time.monotonic() - self.begun
        if not ended and seconds < self.limit:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process, signal.SIGKILL)  # with what tests have started
        if not ended:
            os.waitpid(self.process, 0)
        note: dict[str, Any] = {"test": "", "error": "", "tests": 0}
        with contextlib.suppress(OSError, ValueError):
            note |= json.loads((self.tree / "outcome.json").read_text(encoding="utf-8"))
        output = (self.tree / "output.txt").read_text(encoding="utf-8", errors="replace")
        code = os.waitstatus_to_exitcode(status) if ended else None
        return Outcome(code, seconds=round(seconds, 1), output=output, **note)


class _Recorder:
    """A plugin of pytest that counts tests and notes the first failure."""

    def __init__(self) -> None:
        self.note: dict[str, Any] = {"test": "", "error": "", "tests": 0}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Takes one report in."""
        self.note["tests"] += report.when == "call"
        if report.failed and not self.note["test"]:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            first = (message.strip().splitlines() or [""])[0]
            # Without the folder that pytest makes anew for each run.
            first = re.sub(r"/\S*/pytest-of-\w+/pytest-\d+/", "", first)
            self.note |= {"test": report.nodeid, "error": first[:200]}


def _run_pytest(tree: Path, tests: Sequence[str]) -> int:
    """Runs pytest in this process, a fork, as if it had been started in ``tree``; returns its exit code."""
    os.setpgid(0, 0)
    output = os.open(tree / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(tree)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("tfgan_ref", "tests")]:
        del sys.modules[name]
    sys.path[:] = [str(tree), *(path for path in sys.path if path and not _is_ours(path))]
    os.environ["PYTHONPATH"] = str(tree)
    import pytest

    recorder = _Recorder()
    code = pytest.main([*tests, "-x", "-q", "-p", "no:cacheprovider"], plugins=[recorder])
    (tree / "outcome.json").write_text(json.dumps(recorder.note), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code)


def _is_ours(path: str) -> bool:
    """Returns whether ``path`` belongs to the tree that this script is of, rather than to a library."""
    return Path(path).resolve() in (ROOT, ROOT / "benchmarks")
