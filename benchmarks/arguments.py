"""What the benchmarks' command lines share: one line for every complaint, and a directory for results."""

import argparse
import os
from pathlib import Path
from typing import NoReturn

from tfgan_ref.errors import InputError


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
