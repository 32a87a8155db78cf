"""What all scripts share: quiet libraries, and one line with exit code 2 for bad input."""

import logging
import os
import sys
from collections.abc import Callable

# Before TensorFlow is imported: its notes about the machine would hide the script's own lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from tfgan_ref.errors import InputError, TrainingDiverged


def run(main: Callable[[], int | None]) -> None:
    """Runs ``main`` and ends the process: 0 when it went well, 2 for bad input, 3 when training diverged.

    After Ctrl-C the exit code is 130.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("tfgan_ref").setLevel(logging.INFO)
    try:
        sys.exit(main() or 0)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except TrainingDiverged as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
