"""The run directory: all that a training run is, in one place."""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json

# The temporary names of `files`, `export` and `checkpoints`.
_UNFINISHED = re.compile(r"\..+\.\w+\.tmp|\.[0-9a-f]{8}\.keras")


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run's parts.

    ``config.json`` (enough to rebuild the run), ``checkpoints/``, ``logs/`` (TensorBoard), ``metrics.csv``,
    ``samples/step_*.png``, and once it ends ``samples.png``, ``generator.keras`` and ``saved_model/``. Runs
    that evaluate while they train have ``evaluations.csv``, ``best.json`` and ``best_generator.keras``.
    """

    path: Path

    @staticmethod
    def refuse_existing(path: Path) -> None:
        """Raises InputError if ``path`` exists and holds anything."""
        if path.is_file() or (path.is_dir() and any(not _is_unfinished(part) for part in path.iterdir())):
            raise InputError(
                f"run directory {path} exists: name another with --out, or continue it with --resume {path}"
            )

    @classmethod
    def create(cls, path: Path, config: dict[str, Any]) -> "RunDirectory":
        """Makes a new run directory with its ``config.json``.

        Raises:
            InputError: ``path`` exists and holds anything, or cannot be written.
        """
        cls.refuse_existing(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            write_json(path / "config.json", config)
        except OSError as error:
            raise InputError(f"run directory {path} cannot be written: {error.strerror}") from error
        return cls(path)

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
        """Keeps other processes from training in this directory until the end of the ``with`` block.

        The system ends the lock with the process, however that ends. What a killed process left unfinished
        is removed.

        Raises:
            InputError: another process trains in it, or it cannot be written.
        """
        if not os.access(self.path, os.W_OK):
            raise InputError(f"run directory {self.path} cannot be written")
        with (self.path / "config.json").open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(f"run directory {self.path} is in use by another process") from error
            self._remove_unfinished()
            yield

    def has_begun(self) -> bool:
        """Returns whether the run came as far as its first checkpoint, which is there before any row."""
        return self.metrics.exists() or (self.checkpoints.is_dir() and any(self.checkpoints.glob("step_*")))

    def _remove_unfinished(self) -> None:
        for folder in (self.path, self.checkpoints, self.samples):
            for part in filter(_is_unfinished, folder.iterdir() if folder.is_dir() else ()):
                if part.is_dir():
                    shutil.rmtree(part)
                else:
                    part.unlink()

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

    @property
    def checkpoints(self) -> Path:
        """The complete states of the run, one directory each."""
        return self.path / "checkpoints"

    @property
    def logs(self) -> Path:
        """TensorBoard's event files."""
        return self.path / "logs"

    @property
    def metrics(self) -> Path:
        """The logged values, one row per logged step."""
        return self.path / "metrics.csv"

    @property
    def evaluations(self) -> Path:
        """The scores of the averaged generator while training, one row per evaluation."""
        return self.path / "evaluations.csv"

    @property
    def best(self) -> Path:
        """Which evaluation was the best."""
        return self.path / "best.json"

    @property
    def best_generator(self) -> Path:
        """The averaged generator of the best evaluation, for Keras."""
        return self.path / "best_generator.keras"

    @property
    def samples(self) -> Path:
        """Sample grids from fixed latents, by step."""
        return self.path / "samples"

    @property
    def final_samples(self) -> Path:
        """The sample grid of the end."""
        return self.path / "samples.png"

    @property
    def generator(self) -> Path:
        """The averaged generator for Keras."""
        return self.path / "generator.keras"

    @property
    def saved_model(self) -> Path:
        """The averaged generator for users without this package."""
        return self.path / "saved_model"


def _is_unfinished(path: Path) -> bool:
    return _UNFINISHED.fullmatch(path.name) is not None
