"""Measuring one row of a table in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

from tfgan_ref.errors import InputError


def measure_apart(script: str, name: str, **flags: object) -> dict[str, Any]:
    """Returns the row that ``script --worker name`` prints as JSON in its last line.

    Raises:
        InputError: it failed; the message is the last line of its complaint.
    """
    command = [sys.executable, script, "--worker", name]
    command += [text for flag, value in flags.items() for text in (f"--{flag}", str(value))]
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)
    if done.returncode:
        raise InputError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])
