"""The run directory: everything that belongs to a training run."""

import contextlib
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

from tfgan_ref.errors import InputError
from tfgan_ref.files import LONGEST_NAME, check_writable, write_json

# The temporary names of this file, `files`, `export` and `checkpoints`.
_UNFINISHED = re.compile(r"\..+\.\w+\.tmp|\.[0-9a-f]{8}\.(tmp|keras)")


class RunDirectory:
    """The paths of a run's parts.

    Attributes:
        path: the directory, with ``config.json``, which is enough to build the run's GAN again.
        checkpoints: complete states of the run, one directory each.
        logs: TensorBoard's event files.
        metrics: the logged values, one row per logged step.
        samples: sample grids from fixed latents, by step.
        evaluations: the averaged generator's scores in training, one row per evaluation, if asked for.
        best: which evaluation was the best.
        best_generator: the averaged generator of the best evaluation, for Keras.
        final_samples: the sample grid of the end.
        generator: the averaged generator of the end, for Keras.
        saved_model: the averaged generator of the end, for users without this package.
        walk: an animation through the latents of the averaged generator of the end, where it has some.
        starts: by which commands and on which machines it was trained, see ``training.starts``.
        report: a page for a browser that shows all of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.logs = path / "logs"
        self.metrics = path / "metrics.csv"
        self.samples = path / "samples"
        self.evaluations = path / "evaluations.csv"
        self.best = path / "best.json"
        self.best_generator = path / "best_generator.keras"
        self.final_samples = path / "samples.png"
        self.generator = path / "generator.keras"
        self.saved_model = path / "saved_model"
        self.walk = path / "walk.webp"
        self.starts = path / "starts.json"
        self.report = path / "report.html"

    @staticmethod
    def refuse_existing(path: Path) -> None:
        """Raises InputError if ``path`` exists and holds anything, or cannot be written."""
        above = next((part for part in path.parents if os.path.exists(part)), Path())
        short = len(os.fsencode(path.name)) <= LONGEST_NAME
        if not (short and above.is_dir() and os.access(above, os.W_OK)):
            check_writable(path)  # says what is wrong; the way of a sound run to its first step is short
        if path.is_file() or (
            path.is_dir() and any(not _UNFINISHED.fullmatch(part.name) for part in path.iterdir())
        ):
            more = f", or continue it with --resume {shlex.quote(str(path))}"
            more = more if (path / "config.json").is_file() else ""
            raise InputError(f"run directory {path} exists: name another with --out{more}")

    @classmethod
    def create(cls, path: Path, config: dict[str, Any]) -> "RunDirectory":
        """Makes a new run directory with its ``config.json``.

        Raises:
            InputError: ``path`` exists and holds anything, or cannot be written.
        """
        cls.refuse_existing(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            # Renamed when complete: a run that is killed before can be started again.
            temporary = path / f".config.json.{os.getpid()}.tmp"
            temporary.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            temporary.rename(path / "config.json")
        except OSError as error:
            raise InputError(f"run directory {path} cannot be written: {error.strerror}") from error
        return cls(path)

    def discard(self, *, folder: bool) -> None:
        """Removes a new run that wrote nothing but its ``config.json``, so that ``--out`` may name it again.

        Args:
            folder: whether to remove the directory itself too: one that was there before the run stays.
        """
        if {part.name for part in self.path.iterdir()} <= {"config.json", ".lock"}:
            for part in self.path.iterdir():
                part.unlink()
            if folder:
                self.path.rmdir()

    @classmethod
    def open(cls, path: Path) -> "RunDirectory":
        """Opens an existing run directory.

        Raises:
            InputError: there is none at ``path``.
        """
        if not (path / "config.json").is_file():
            raise InputError(f"{path} is not a run directory: it has no config.json")
        return cls(path)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Locks the directory against other processes until the end of the ``with`` block.

        The system releases the lock when the process ends, however it ends. Unfinished files of a process
        that was killed are removed.

        Raises:
            InputError: another process trains in it, or it cannot be written.
        """
        if not os.access(self.path, os.W_OK):
            raise InputError(f"run directory {self.path} cannot be written")
        # The folder itself is locked, as a file in it may be replaced by another; Windows locks files only.
        where, flags = (self.path, os.O_RDONLY) if fcntl else (self.path / ".lock", os.O_RDWR | os.O_CREAT)
        descriptor = os.open(where, flags)
        try:
            try:
                if fcntl:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                else:
                    import msvcrt

                    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except (BlockingIOError, PermissionError) as error:
                raise InputError(f"run directory {self.path} is in use by another process") from error
            for folder in (self.path, self.checkpoints, self.samples):
                for part in folder.iterdir() if folder.is_dir() else ():
                    if _UNFINISHED.fullmatch(part.name):
                        shutil.rmtree(part) if part.is_dir() else part.unlink()
            yield
        finally:
            os.close(descriptor)

    def has_begun(self) -> bool:
        """Returns whether the run came as far as its first checkpoint, which one row at most precedes."""
        lines = self.metrics.read_bytes().count(b"\n") if self.metrics.exists() else 0
        return lines > 2 or any(self.checkpoints.glob("step_*"))

    def config(self) -> dict[str, Any]:
        """Reads ``config.json``.

        Raises:
            InputError: it is not a JSON object.
        """
        try:
            config = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{self.path / 'config.json'} cannot be read: {error}") from error
        if not isinstance(config, dict):
            raise InputError(f"{self.path / 'config.json'} is not a JSON object")
        return config

    def change_settings(self, settings: dict[str, Any]) -> None:
        """Writes other ``settings`` to ``config.json``, under the lock of ``in_use``.

        Raises:
            InputError: another process trains in the directory, or it cannot be written.
        """
        self._change({"settings": settings})

    def note_rollback(self, rollback: dict[str, Any]) -> None:
        """Adds to the list ``rollbacks`` of ``config.json``, under the lock of ``in_use``.

        Raises:
            InputError: another process trains in the directory, or it cannot be written.
        """
        self._change({"rollbacks": [*self.config().get("rollbacks", []), rollback]})

    def _change(self, parts: dict[str, Any]) -> None:
        with self.in_use():
            write_json(self.path / "config.json", self.config() | parts)
