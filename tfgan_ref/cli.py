"""The command line: calls the commands, keeps libraries quiet, and turns errors into one line.

``tfgan COMMAND ...`` and ``python scripts/COMMAND.py ...`` are the same ``call``. The arguments of a command
are in ``run/arguments/COMMAND.py``, which does not import TensorFlow; what it does is in ``run/COMMAND.py``.
"""

import argparse
import contextlib
import errno
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# Before TensorFlow is imported: its notes about the machine would hide the commands' own lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tfgan_ref
from tfgan_ref.errors import InputError, TrainingDiverged, WorkerLost, out_of_memory, unknown

COMMANDS = {
    "train": "trains a recipe in a run directory, or continues a run",
    "sample": "draws samples from a run or a SavedModel",
    "project": "finds the latents whose pictures come nearest to given ones",
    "apply": "applies a translator to files: pictures or recordings",
    "evaluate": "scores a run, a SavedModel or any images against real data",
    "compare": "trains and scores several recipes, or values of a setting, alike",
    "export": "exports the averaged generator of a run as a SavedModel",
    "report": "writes a page for a browser on a run, or compares several",
    "list": "lists the recipes and the defaults of their settings",
}

ALIASES = {"lr": "learning_rate"}  # what a setting may be called on the command line


def main() -> None:
    """Runs the command ``tfgan``, and ``python -m tfgan_ref``."""
    parser = argparse.ArgumentParser(
        prog="tfgan",
        description="GANs for Keras 3 and TensorFlow. The commands are:\n\n"
        + "\n".join(f"  {name:9} {summary}" for name, summary in COMMANDS.items()),
        epilog="tfgan COMMAND --help shows the arguments of a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", metavar="COMMAND", help="one of those above")
    parser.add_argument("--version", action="version", version=f"tfgan_ref {tfgan_ref.__version__}")
    command = parser.parse_args(sys.argv[1:2]).command
    if command is None:
        parser.print_help()
    else:
        run(call, command, sys.argv[2:])


def call(command: str, given: Sequence[str] | None = None) -> int | None:
    """Calls a command with the arguments ``given``, by default the script's, and returns its exit code.

    Raises:
        InputError: there is no such command, or its input cannot be used.
    """
    if command not in COMMANDS:
        raise unknown("command", command, COMMANDS)
    taken = importlib.import_module(f"tfgan_ref.run.arguments.{command}")
    if given is not None:  # else argparse shows the name of the script
        taken.PARSER.prog = f"tfgan {command}"
    arguments = taken.PARSER.parse_args(given)
    if command != "train":  # whose run directory has checks of its own
        from tfgan_ref.files import check_writable  # imports NumPy, which --help does without

        for option in ("out", "picture", "video"):
            if getattr(arguments, option, None) is not None:
                check_writable(getattr(arguments, option))
    # A recipe that is named alone, as its file is called, leaves nothing to check.
    named = {key for key, value in vars(arguments).items() if value not in (None, False, [])}
    own_file = Path(tfgan_ref.__file__).parent / "recipes" / f"{getattr(arguments, 'recipe', None)}.py"
    alone = named <= {"recipe", "out"} and own_file.is_file() and not os.path.exists(arguments.out or "")
    if hasattr(taken, "check") and not alone:
        taken.check(arguments)
    if getattr(taken, "TENSORFLOW", True):
        quiet_tensorflow()
    return importlib.import_module(f"tfgan_ref.run.{command}").main(arguments)


def run(main: Callable[..., int | None], *given: Any) -> None:
    """Calls ``main(*given)`` and ends the process: 0 if all went well, 2 for bad input or too little memory.

    The exit code is 3 when training diverged, 4 when another worker was lost, 5 when the disk is full, 130
    after Ctrl-C and 141 when nothing reads the output any more.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("tfgan_ref").setLevel(logging.INFO)
    try:
        code = main(*given) or 0
        sys.stdout.flush()
        sys.exit(code)
    except BrokenPipeError:  # the reader has what it wants: | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python flushes at its end
        sys.exit(141)
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
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG):
            raise
        print(f"error: {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        sys.exit(2 if error.errno == errno.ENAMETOOLONG else 5)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        line = out_of_memory(error)
        if line is None:
            raise
        print(f"error: {line}", file=sys.stderr)
        sys.exit(2)


def typed(command: str) -> str:
    """Returns how the user calls a command: as a script of the clone, or with ``tfgan``."""
    return f"python scripts/{command}.py" if _script() else f"tfgan {command}"


def arguments_given() -> list[str] | None:
    """Returns the words behind ``tfgan`` that started this process; None if another program did."""
    if script := _script():
        return [script, *sys.argv[1:]]
    program = Path(sys.argv[0])
    by_module = program.name == "__main__.py" and program.parent.name == "tfgan_ref"
    return sys.argv[1:] if program.stem == "tfgan" or by_module else None


def _script() -> str | None:
    """Returns the command whose script started this process; None if something else did."""
    program = Path(sys.argv[0])
    return program.stem if program.suffix == ".py" and program.stem in COMMANDS else None


def settings_given(arguments: argparse.Namespace, flags: Sequence[str]) -> dict[str, str]:
    """Returns the texts of all settings on a command line, by key: those of ``flags`` and of ``--set``.

    Raises:
        InputError: a ``--set`` is not of the form key=value, or a setting is given twice.
    """
    given = {flag: getattr(arguments, flag) for flag in flags if getattr(arguments, flag) is not None}
    for pair in arguments.set:
        key, separator, value = pair.partition("=")
        key = ALIASES.get(key, key)
        if not separator:
            raise InputError(f"--set {pair!r} is not of the form key=value")
        if key in given:
            raise InputError(f"setting {key!r} is given twice")
        given[key] = value
    return given


def quiet_tensorflow() -> None:
    """Imports TensorFlow and hides what its libraries print about the machine before they read any level.

    A GPU's memory is taken as it is needed, not all at once.
    """
    sys.stderr.flush()
    standard_error = os.dup(2)
    with tempfile.TemporaryFile() as hidden:
        os.dup2(hidden.fileno(), 2)
        try:
            import tensorflow as tf

            for gpu in tf.config.list_physical_devices("GPU"):
                with contextlib.suppress(RuntimeError, ValueError):  # in use, or divided by the user
                    tf.config.experimental.set_memory_growth(gpu, True)
        except BaseException:
            hidden.seek(0)
            os.write(standard_error, hidden.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)


def prepare_scoring() -> None:
    """Imports TensorFlow for scoring: quiet, with operations that give the same bits each time, in float32.

    The classifier behind the scores may be trained on the way, and another classifier gives other scores. By
    default a GPU's products round their inputs to ten bits (TF32).
    """
    quiet_tensorflow()
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    # It takes the exports of one run after another for one function that is traced in vain.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def usage(saved_model: Path, lines: str, label: str) -> str:
    """Returns where an exported generator is and how to use it.

    Args:
        saved_model: where it is.
        lines: how to use it; ``{path}``, ``{apply}`` and ``{sample}`` stand for it and for two commands,
            ``{label}`` for the label.
        label: an example.
    """
    filled = lines.format(path=saved_model, apply=typed("apply"), sample=typed("sample"), label=label)
    return f"SavedModel   {saved_model}\n\n{filled}"
