"""Checkpoints of a run's complete state: written whole or not at all, checked before they are read."""

import contextlib
import json
import logging
import os
import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfgan_ref.errors import InputError
from tfgan_ref.files import write_json
from tfgan_ref.gans import GenerativeModel

logger = logging.getLogger(__name__)
MANIFEST = "manifest.json"
# What reading a damaged manifest, or files that do not fit one, can raise.
DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class Checkpoints:
    """Saves and restores all variables that ``gan.state()`` lists.

    A checkpoint is a directory ``step_00001000`` with TensorFlow's files and a manifest of their sizes and
    checksums. It is written under a temporary name and renamed when complete, so a crash or a full disk
    leaves the earlier ones as they were.

    Args:
        directory: where they are kept.
        gan: a compiled GAN.
        keep: number of checkpoints kept.
    """

    def __init__(self, directory: Path, gan: GenerativeModel, keep: int = 3) -> None:
        self.directory = directory
        self.gan = gan
        self.keep = keep
        self._checkpoint = tf.train.Checkpoint(**gan.state())

    def paths(self) -> list[Path]:
        """Returns the checkpoints, oldest first."""
        if not self.directory.is_dir():
            return []
        return sorted(p for p in self.directory.iterdir() if re.fullmatch(r"step_\d+", p.name))

    def not_finite(self) -> str | None:
        """Returns the group of ``gan.state()`` that holds NaN or infinity; None if no group does."""
        for group, variables in self.gan.state().items():
            for variable in variables:
                if variable.dtype.is_floating and not tf.reduce_all(tf.math.is_finite(variable)):
                    return group
        return None

    def save(self) -> Path:
        """Writes the present state.

        Raises:
            InputError: it cannot be written; the earlier checkpoints are untouched.
        """
        step = int(self.gan.step.numpy())
        final = self.directory / f"step_{step:08d}"
        if final.exists():
            with contextlib.suppress(*DAMAGE):
                _verified_manifest(final)
                return final
            shutil.rmtree(final)  # passed over by ``restore``, whose run has come here again
        temporary = self.directory / f".step_{step:08d}.{os.getpid()}.tmp"
        try:
            temporary.mkdir(parents=True)
            self._checkpoint.write(str(temporary / "state"))
            files = {p.name: [p.stat().st_size, _checksum(p)] for p in temporary.iterdir()}
            manifest = {"step": step, "files": files, "variables": _describe(self.gan)}
            write_json(temporary / MANIFEST, manifest)
            for part in (*temporary.iterdir(), temporary):
                _flush_to_disk(part)
            temporary.rename(final)
            _flush_to_disk(self.directory)
        except (OSError, tf.errors.OpError) as error:
            shutil.rmtree(temporary, ignore_errors=True)
            last = next(reversed(self.paths()), None)
            # TensorFlow puts its operation and a temporary path before the reason.
            reason = str(error).splitlines()[0].rpartition("; ")[2].partition(" [Op:")[0]
            raise InputError(
                f"checkpoint of step {step} cannot be written to {self.directory}: {reason}; "
                f"the last good one is {last or 'none'}"
            ) from error
        for old in self.paths()[: -self.keep]:
            shutil.rmtree(old)
        return final

    def restore(self) -> int:
        """Restores the newest sound checkpoint and returns its step; damaged ones are named and passed over.

        Raises:
            InputError: no checkpoint is sound, or the newest sound one is another model's.
        """
        for path in reversed(self.paths()):
            try:
                manifest = _verified_manifest(path)
            except DAMAGE as error:
                logger.warning("checkpoint %s is damaged (%s): the one before it is used", path, error)
                continue
            self._refuse_foreign(path, manifest["variables"])
            self._checkpoint.read(str(path / "state")).assert_consumed()
            return int(manifest["step"])
        raise InputError(f"{self.directory} holds no usable checkpoint")

    def _refuse_foreign(self, path: Path, theirs: dict[str, Any]) -> None:
        ours = _describe(self.gan)
        for group, variables in ours.items():
            there = theirs.get(group, [])
            for mine, other in zip(variables, there, strict=False):
                if mine != other:
                    raise InputError(
                        f"checkpoint {path} is of another model: it has {other} where this one has {mine}"
                    )
            if len(there) != len(variables):
                raise InputError(
                    f"checkpoint {path} is of another model: {group} has {len(there)} variables there, "
                    f"{len(variables)} here"
                )


def _describe(gan: GenerativeModel) -> dict[str, list[list[Any]]]:
    return {
        group: [[list(variable.shape), variable.dtype.name] for variable in variables]
        for group, variables in gan.state().items()
    }


def _verified_manifest(path: Path) -> dict[str, Any]:
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    sound = (
        type(manifest["step"]) is int and "state.index" in manifest["files"] and len(manifest["files"]) > 1
    )
    if not (sound and all(isinstance(group, list) for group in manifest["variables"].values())):
        raise ValueError("its manifest is incomplete")
    for name, (size, checksum) in manifest["files"].items():
        if Path(name).name != name:
            raise ValueError(f"its manifest names {name!r}")
        found = (path / name).stat().st_size
        if found != size:
            raise ValueError(f"{name} has {found} of {size} bytes")
        if _checksum(path / name) != checksum:
            raise ValueError(f"{name} has another checksum")
    return manifest


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _flush_to_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # which Windows does not open
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)  # as Windows wants it
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
