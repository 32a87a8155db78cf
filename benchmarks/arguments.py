"""What the benchmarks share: one line for every complaint, a directory for results, facts of the machine."""

import argparse
import contextlib
import os
import platform
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NoReturn

from tfgan_ref.errors import InputError
from tfgan_ref.training.starts import processor_name


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        """Raises InputError."""
        raise InputError(message)


def make_output(path: Path) -> None:
    """Makes the directory of ``--out``.

    Raises:
        InputError: it cannot be made or written to.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {path}: {error.strerror}") from error
    if not os.access(path, os.W_OK):
        raise InputError(f"--out {path} cannot be written to")


def check_names(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    """Checks that each of ``names``, of things of a ``kind``, is among the ``known`` ones.

    Raises:
        InputError: one is not.
    """
    for name in names:
        if name not in known:
            raise InputError(f"{kind} {name!r} is unknown: choose some of {', '.join(known)}")


def check_counts(arguments: argparse.Namespace, *flags: str) -> None:
    """Checks that the numbers of these flags, where they are given, are at least 1.

    Raises:
        InputError: one is not.
    """
    for flag in flags:
        count = getattr(arguments, flag)
        if count is not None and count < 1:
            raise InputError(f"--{flag} {count} is out of range: at least 1")


def whole_numbers(flag: str, text: str) -> list[int]:
    """Returns the numbers of a list with commas, from 0 up, that a flag was given.

    Raises:
        InputError: it is none, or a number is below 0.
    """
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError as error:
        raise InputError(f"--{flag} {text!r} is not a list of whole numbers") from error
    if min(numbers) < 0:
        raise InputError(f"--{flag} {min(numbers)} is out of range: at least 0")
    return numbers


def processor_facts() -> dict[str, str]:
    """Returns what the system says of its first processor, by Linux's names; none where it says nothing."""
    with contextlib.suppress(OSError):
        first, _, _ = Path("/proc/cpuinfo").read_text(encoding="utf-8").partition("\n\n")
        lines = (line.partition(":") for line in first.splitlines())
        return {name.strip(): value.strip() for name, _, value in lines}
    return {}


def describe_machine() -> dict[str, Any]:
    """Returns what seconds depend on: processor, cores, versions."""
    import keras
    import tensorflow as tf

    import tfgan_ref

    return {
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "tfgan_ref": tfgan_ref.__version__,
    }
