"""Each time that a run was trained: by which command, from which step, on which machine."""

import contextlib
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tfgan_ref.files import write_json

MOST = 100  # that are kept: the first one and the last


def machine() -> dict[str, Any]:
    """Returns what this machine and its Python are, and the time now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor_name(),
        "cores": cores,
    }


def processor_name() -> str:
    """Returns what the first processor is called."""
    with contextlib.suppress(OSError, UnicodeDecodeError, StopIteration):  # not on Linux
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return next(filter(None, names))
    return platform.processor() or platform.machine()


def read_starts(path: Path) -> list[dict[str, Any]]:
    """Returns the starts that a file holds, the first one first; none if it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return [start for start in found if isinstance(start, dict)] if isinstance(found, list) else []


def add_start(path: Path, start: dict[str, Any]) -> None:
    """Adds a start, with this machine, to those that a file holds."""
    starts = [*read_starts(path), start | machine()]
    write_json(path, starts[:1] + starts[1:][1 - MOST :])
