"""What all scripts share: quiet libraries, and one line with exit code 2 for bad input."""

import argparse
import errno
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

# Before TensorFlow is imported: its notes about the machine would hide the script's own lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tfgan_ref.errors import InputError, TrainingDiverged, WorkerLost


def run(main: Callable[[], int | None]) -> None:
    """Runs ``main`` and ends the process: 0 when it went well, 2 for bad input, 3 when training diverged.

    When another worker was lost the exit code is 4, when the disk is full 5, after Ctrl-C 130.
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
    except WorkerLost as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(4)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"error: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        sys.exit(5)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def settings_given(arguments: argparse.Namespace, flags: Sequence[str]) -> dict[str, str]:
    """Returns the texts of all settings on a command line, by key: those of ``flags`` and of ``--set``.

    Raises:
        InputError: a ``--set`` is not of the form key=value, or a setting is given twice.
    """
    given = {flag: getattr(arguments, flag) for flag in flags if getattr(arguments, flag) is not None}
    for pair in arguments.set:
        key, separator, value = pair.partition("=")
        if not separator:
            raise InputError(f"--set {pair!r} is not of the form key=value")
        if key in given:
            raise InputError(f"setting {key!r} is given twice")
        given[key] = value
    return given


def quiet_tensorflow() -> None:
    """Imports TensorFlow without what its libraries print about the machine before any level is read."""
    sys.stderr.flush()
    standard_error = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_physical_devices()
        except BaseException:
            hidden.seek(0)
            os.write(standard_error, hidden.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


def prepare_scoring() -> None:
    """Imports TensorFlow for scoring: quiet, and with operations that give the same bits each time.

    The classifier behind the scores may be trained on the way, and another classifier gives other scores.
    """
    quiet_tensorflow()
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    # It takes the exports of one run after another for one function that is traced in vain.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def usage(saved_model: Path, lines: str) -> str:
    """Returns where an exported generator is and, by ``lines`` with ``{path}``, how to use it."""
    return f"SavedModel   {saved_model}\n\n{lines.format(path=saved_model)}"
