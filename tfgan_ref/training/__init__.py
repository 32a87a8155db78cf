"""Everything around a training step: run directory, checkpoints, schedules, callbacks, a plain loop."""

import importlib
from typing import Any

# Imported when they are first used: a mistake in a command's arguments is found without TensorFlow.
_PLACES = {
    "Checkpoints": "checkpoints",
    "RunDirectory": "run_directory",
    "make_schedule": "schedules",
    "train": "loop",
}

__all__ = ["Checkpoints", "RunDirectory", "make_schedule", "train"]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
